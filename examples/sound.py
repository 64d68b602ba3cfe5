"""Classify spoken digits: recordings become spectrograms for a vision model, and the program reads WAV files.

python examples/sound.py                       on the bundled sample: 120 recordings of six speakers
python examples/sound.py --data FOLDER         on a folder of DIGIT_SPEAKER_NUMBER.wav, such as the whole data set

There are two figures. If recordings are held out at random, every speaker is in the training set; if speakers are held out, the
figure is that for a new speaker.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from gatera.audio.all import *

#: Code that uses the program: it does not need PyTorch.
ANSWER = """
import sys
from gatera import load_program
label, index, probabilities = load_program(sys.argv[1]).predict(sys.argv[2])
print(f"{sys.argv[2]}: {label} ({probabilities[index]:.1%}), PyTorch {'was' if 'torch' in sys.modules else 'never'} imported")
"""


def digit(file: Path) -> str:
    return file.name.split("_")[0]


def speaker(file: Path) -> str:
    return file.name.split("_")[1]


def trained(files: list[Path], splitter: RandomSplitter | GroupSplitter, quick: bool) -> Learner:
    """Return a trained learner; small data sets are trained for more epochs."""
    many = len(files) > 1000
    recipe = DataBlock(
        (AudioBlock(size=64 if quick else None), CategoryBlock), splitter=splitter, get_y=digit
    )
    dls = recipe.dataloaders(files, seed=0)
    learn = vision_learner(dls, efficientnet_lite0, metrics=accuracy)
    learn.fine_tune(1 if quick else 4 if many else 24)
    return learn


def heard(learn: Learner) -> tuple[int, int]:
    """Return the number of correctly classified held-out recordings, and their total."""
    found, true = learn.get_preds()
    return int((found.argmax(1) == true).sum()), len(true)


def say(what: str, right: int, n: int) -> None:
    low, high = wilson_interval(n - right, n)
    print(
        f"{what}: {right / n:.1%} of {n} right (95 % interval {1 - high:.1%} to {1 - low:.1%}); guessing: 10 %."
    )


def main(data: Path | None = None, out: Path = Path("sound-output"), quick: bool = False) -> dict[str, float]:
    """Train twice, evaluate, export, predict; returns the two accuracies."""
    out.mkdir(parents=True, exist_ok=True)
    files = get_audio_files(data or untar_data(URLs.SPOKEN_DIGITS_TINY))
    learn = trained(files, RandomSplitter(0.2, seed=42), quick)
    learn.dls.show_batch().savefig(out / "batch.png")
    learn.show_results().savefig(out / "results.png")
    program = learn.export(out / "digits.gatera", force=True)
    known = heard(learn)

    learn = trained(files, GroupSplitter(speaker, 1 / 6, seed=0), quick)
    names = sorted({speaker(file) for file in learn.dls.valid_ds.items})
    strange = heard(learn)

    say("\nRecordings held out at random", *known)
    say(f"A speaker held out ({', '.join(names)})", *strange)
    subprocess.run([sys.executable, "-c", ANSWER, str(program), str(learn.dls.valid_ds.items[0])], check=True)
    return {"random": known[0] / known[1], "speakers": strange[0] / strange[1]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder of DIGIT_SPEAKER_NUMBER.wav")
    parser.add_argument("--out", type=Path, default=Path("sound-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.data, options.out, options.quick)
