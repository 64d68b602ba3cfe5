"""Accuracy and training time on tables, ratings and masks, compared with fastai on the same items."""

from __future__ import annotations

import csv
import random
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.cli import main
from harness.models import weights
from harness.question import Line, Question, counted, median_ratio
from harness.session import Session

#: All columns of the table. The six categories and three numbers of the book's first chapter alone give 0.836 on both sides,
#: means of fifteen splits, and gradient-boosted trees 0.839: see LOG.md.
ADULT = {
    "y_names": "salary",
    "cat_names": [
        "workclass", "education", "marital-status", "occupation", "relationship", "race", "sex", "native-country",
    ],
    "cont_names": ["age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"],
}  # fmt: skip

Arguments = dict[str, Any]


def tabular(session: Session) -> list[Line]:
    table = _first_rows(session, session.data / "adult" / "adult.csv")
    with table.open() as file:
        n = sum(1 for _ in csv.reader(file)) - 1
    held_out = random.Random(session.seed).sample(range(n), n // 5)
    same: Arguments = {"csv": table, "columns": ADULT, "valid": held_out, "epochs": 3}
    return _compare(session, "tabular", "accuracy", lambda side: same)


def recommend(session: Session) -> list[Line]:
    table = _first_rows(session, session.data / "movielens" / "movie_lens_sample" / "ratings.csv")
    same: Arguments = {"csv": table, "epochs": 1 if session.quick else 10}
    return _compare(session, "recommend", "mean squared error", lambda side: same)


def segmentation(session: Session) -> list[Line]:
    same: Arguments = {"folder": session.data / "camvid" / "camvid_tiny", "epochs": 1 if session.quick else 8}
    body = weights(session)
    return _compare(
        session, "segmentation", "loss", lambda side: {**same, "weights": body} if side == "fastai" else same
    )


def _compare(session: Session, job: str, score: str, arguments: Callable[[str], Arguments]) -> list[Line]:
    def run(side: str) -> Callable[[int], dict[str, Any]]:
        script = f"{side}_applications.py"
        return lambda n: session.job(script, job, seed=session.seed + n, **arguments(side))

    found = session.interleave(
        {"fastai": run("fastai"), "gatera": run("gatera")},
        lambda result: f"{result['seconds']:.1f} s, {score} {result['score']:.4f}",
        warm_up=False,
    )
    scores = {side: [result["score"] for result in results] for side, results in found.items()}
    seconds = {side: [result["seconds"] for result in results] for side, results in found.items()}
    speed = median_ratio(seconds, "fastai", "gatera")
    sizes = counted(found["gatera"][0])
    medians = ", ".join(f"{side} {statistics.median(values):.3g} s" for side, values in seconds.items())
    return [
        Line(
            f"{score} on the validation items", statistics.median(scores["gatera"]), scores, "",
            facts={"training time, fastai / Gatera": f"{speed:.2f} x ({medians})", "items": sizes},
        )
    ]  # fmt: skip


def _first_rows(session: Session, table: Path, n: int = 500) -> Path:
    """Return the table; its beginning only if quick."""
    if not session.quick:
        return table
    small = session.work / table.name
    small.write_text("\n".join(table.read_text().splitlines()[: n + 1]) + "\n")
    return small


TABULAR = Question(
    name="tabular",
    number=21,
    title="adult: accuracy of `tabular_learner`, `fit_one_cycle(3)`",
    how=(
        "Census income, all eight categories and six numbers, the same 20 % of the rows held out on both sides; "
        "each side in a fresh process, times are of the fit."
    ),
    unit="",
    better="higher",
    must=0.845,
    aim=0.85,
    repeats=5,
    measure=tabular,
)

RECOMMEND = Question(
    name="recommend",
    number=22,
    title="movie_lens_sample: mean squared error of `collab_learner`, `fine_tune(10)`",
    how=(
        "Film ratings, `y_range=(0.5, 5.5)`, other arguments default; the same 20 % of the ratings held out on both "
        "sides; each side in a fresh process, times are of the fit."
    ),
    unit="",
    better="lower",
    must=0.70,
    aim=0.676,
    repeats=5,
    measure=recommend,
)

SEGMENTATION = Question(
    name="segmentation",
    number=23,
    title="camvid_tiny: validation loss of a U-Net, `fine_tune(8)`",
    how=(
        "Photos of 128 x 96 pixels with 32 classes, batches of 8, the same ImageNet weights of EfficientNet-Lite0 in "
        "the body on both sides; each side in a fresh process, times are of the fit."
    ),
    unit="",
    better="lower",
    must=0.75,
    aim=0.72,
    repeats=3,
    measure=segmentation,
)

QUESTIONS = (TABULAR, RECOMMEND, SEGMENTATION)

if __name__ == "__main__":
    main(QUESTIONS)
