"""Classify film reviews with a pretrained transformer, compare with word counts, and export a program.

python examples/text.py                             on short synthetic reviews
python examples/text.py --data aclImdb              on a folder with train/ and test/, in each a folder per class

With --write it also trains a small language model that writes such reviews.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from gatera.text.all import *

#: Code that uses the program: it needs neither PyTorch nor transformers.
ANSWER = """
import sys
from gatera import load_program
texts = sys.stdin.read().splitlines()
for text, answer in zip(texts, load_program(sys.argv[1]).predict_batch(texts)):
    print(f"{answer.label} ({answer.probability:.0%}): {text}")
print("PyTorch and transformers were", "imported" if {"torch", "transformers"} & set(sys.modules) else "never imported")
"""

QUESTIONS = (
    "I really liked that movie!",
    "Two hours of my life that nobody will give back.",
    "Not bad at all.",
)

THINGS = ["acting", "camera", "cast", "dialogue", "ending", "humour", "music", "pace", "plot", "script"]
SAID = {
    "pos": ("is a joy from start to end", "moved me to tears", "could hardly be better", "stays with you for days",
            "made the whole row laugh", "is as fresh as on the first day"),
    "neg": ("sent me to sleep", "is a waste of everybody's time", "could hardly be worse", "made the whole row yawn",
            "is as stale as old bread", "made me look for the exit"),
}  # fmt: skip


def written_reviews(folder: Path, n: int) -> Path:
    """Generate n reviews for training and a third as many for testing; returns their folder."""
    draw = random.Random(0)
    for side, count in (("train", n), ("test", n // 3)):
        for label, phrases in SAID.items():
            (folder / side / label).mkdir(parents=True)
            for number in range(count // 2):
                sentences = [f"The {draw.choice(THINGS)} {draw.choice(phrases)}." for _ in range(3)]
                (folder / side / label / f"{number}.txt").write_text(" ".join(sentences))
    return folder


def writer(data: Path, out: Path, quick: bool) -> str:
    """Train a small language model on the reviews, and let it continue a sentence."""
    dls = TextDataLoaders.from_folder(data, valid="test", is_lm=True, bs=16, seq_len=16, seed=1)
    small = AwdLstmConfig(emb_sz=64, n_hid=128, n_layers=2)
    learn = language_model_learner(
        dls, AWD_LSTM, small, drop_mult=0.3, pretrained=False, metrics=[accuracy, Perplexity()], path=out
    )
    learn.fit_one_cycle(4 if quick else 20, 2e-2)
    learn.save_encoder("writer")
    return learn.predict("The music", 25, temperature=0.75)


def main(
    data: Path | None = None, out: Path = Path("text-output"), quick: bool = False, write: bool = False
) -> dict[str, float]:
    """Train, evaluate, export, predict; returns the accuracy of the network and that of word counts."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as own:
        source = data or written_reviews(Path(own), 96 if quick else 240)
        dls = TextDataLoaders.from_folder(source, valid="test", seed=1, bs=64 if data else 8)
        print(dls.show_batch(max_n=3), "\n")
        learn = text_classifier_learner(dls, MiniLM, drop_mult=0.5, metrics=accuracy)
        learn.fine_tune(4 if data else 2, 1e-2)
        print(learn.show_results(max_n=3), "\n")

        right = learn.validate()[1]
        low, high = wilson_interval(round((1 - right) * dls.valid.n), dls.valid.n)
        print(
            f"network: accuracy {right:.4f} on {dls.valid.n:,} texts (95 % interval {1 - high:.4f} to {1 - low:.4f})"
        )
        words = tfidf_baseline(dls)
        print(f"{words}\n")

        program = learn.export(out / "reviews.gatera", force=True)
        asked = "\n".join(QUESTIONS)
        subprocess.run([sys.executable, "-c", ANSWER, str(program)], input=asked, text=True, check=True)
        if write:
            print(f"\n{writer(source, out, quick)}")
    return {"network": right, "words": words.accuracy}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder like aclImdb")
    parser.add_argument("--out", type=Path, default=Path("text-output"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true", help="train a language model, too")
    options = parser.parse_args()
    main(options.data, options.out, options.quick, options.write)
