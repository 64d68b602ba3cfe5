"""Accuracy on texts, sound, points and several labels: the cells of `examples/chapter1.py`, beside simple baselines.

fastai cannot run these offline, or lacks the application, so only the figures are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.cli import main
from harness.question import Line, Question, counted
from harness.session import Session

#: Folder of the data home -> folder of the data, for each cell.
HOMES = {
    "reviews": ("imdb", "imdb/aclImdb_4k"),
    "digits": ("fsdd", "audio/fsdd"),
    "heads": ("oxford-iiit-pet", "pets/oxford_iiit_pet"),
    "things": ("coco_tiny", "coco_tiny"),
}


def cell(name: str) -> Callable[[Session], list[Line]]:
    """Return what runs one cell of the chapter and tells its figures; the first of them is judged."""

    def measure(session: Session) -> list[Line]:
        home = None if session.quick else _home(session, name)
        out = session.out / "chapter1"
        runs = [
            session.job("gatera_chapter.py", "cell", only=name, home=home, out=out)
            for _ in range(session.repeats)
        ]
        return [
            Line(
                figure["what"].partition(": ")[2] + figure["split"], figure["value"],
                {"gatera": [run["figures"][n]["value"] for run in runs]}, "", judged=n == 0,
                facts={
                    "beside it": figure["beside"],
                    "items": counted(figure),
                    "time of the whole cell": f"{runs[0]['seconds']:.0f} s",
                },
            )
            for n, figure in enumerate(runs[0]["figures"])
        ]  # fmt: skip

    return measure


def _home(session: Session, name: str) -> Path:
    """Return a data home in which the cell finds its data set."""
    folder, source = HOMES[name]
    home = session.work / "chapter1-home"
    link = home / "data" / folder
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to((session.data / source).resolve())
    return home


REVIEWS = Question(
    name="reviews",
    number=24,
    title="aclImdb_4k: accuracy of `text_classifier_learner(dls, MiniLM, drop_mult=0.5)`, `fine_tune(4, 1e-2)`",
    how="Trained on `train`, evaluated on `test`; the baseline is TF-IDF with logistic regression on the same files.",
    unit="",
    better="higher",
    must=0.87,
    aim=0.90,
    repeats=1,
    measure=cell("reviews"),
)

DIGITS = Question(
    name="digits",
    number=25,
    title="fsdd: accuracy on spoken digits, from spectrograms",
    how=(
        "Ten digits spoken by six people, `fine_tune(4, 1e-2)` on EfficientNet-Lite0: 20 % of the recordings held "
        "out at random (judged), and one speaker held out (the figure for new speakers)."
    ),
    unit="",
    better="higher",
    must=0.97,
    aim=0.97,
    repeats=1,
    measure=cell("digits"),
)

HEADS = Question(
    name="heads",
    number=26,
    title="Heads of pets: median error of the head's centre, as a share of the photo's width",
    how="Photos with a box around the head, whole breeds held out; `fine_tune(8, 5e-3)` on EfficientNet-Lite0.",
    unit="",
    better="lower",
    must=0.10,
    aim=0.10,
    repeats=1,
    measure=cell("heads"),
)

THINGS = Question(
    name="things",
    number=27,
    title="coco_tiny: mean average precision over the labels of a photo",
    how="`fine_tune(8, 5e-3)` on EfficientNet-Lite0, 128 px, augmented; evaluated on photos used neither for training nor for thresholds.",
    unit="",
    better="higher",
    must=None,
    aim=None,
    repeats=1,
    measure=cell("things"),
)

QUESTIONS = (REVIEWS, DIGITS, HEADS, THINGS)

if __name__ == "__main__":
    main(QUESTIONS)
