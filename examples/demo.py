"""Train on the bundled photos, evaluate, write a program, and use it on a photo it has not seen.

python examples/demo.py --out demo-output
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from gatera.cli.main import main as gatera
from gatera.samples import sample_path


def run(*arguments: object) -> None:
    """Print a command and run it, as in a terminal."""
    words = [str(argument) for argument in arguments]
    print(f"\n$ gatera {' '.join(words)}", flush=True)
    try:
        gatera(words)
    except SystemExit as end:
        if end.code:
            raise


def main(out: Path, quick: bool = False) -> None:
    """Run everything and write into the folder `out`; `quick` trains for fewer epochs."""
    sample = sample_path("pets_sample")
    unseen = sorted((sample / "images-unseen").rglob("*.jpg"))[0]
    program = out / "cats.gatera"
    epochs = ["--freeze-epochs", 1, "--size", 64] if quick else []
    run("train", sample / "images", "--out", program, "--report", out / "report", "--force", *epochs)
    run("predict", program, unseen)
    to_label = out / "to-label"
    if not to_label.exists():  # labels given there stay
        to_label.mkdir()
        for photo in (sample / "images-unseen").rglob("*.jpg"):
            shutil.copy(photo, to_label)
    print(f"""
What to try next:
  open {out / "report" / "report.html"} in a browser
  gatera info {program}
  gatera predict {program} YOUR_OWN_PHOTO.jpg
  gatera train YOUR_FOLDER --out mine.gatera      (a folder of photos per class)
With pip install "gatera[serve]", in a browser:
  gatera serve {program}
  gatera studio {to_label} --program {program}
  gatera export {program} --web {out / "page"}       (predicts in the browser, on any static host)""")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("demo-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.out, options.quick)
