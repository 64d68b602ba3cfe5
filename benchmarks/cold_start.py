"""Time from process start to the first prediction."""

from __future__ import annotations

import sys

from harness.cli import main
from harness.models import saved_models
from harness.question import Line, Question, median_ratio
from harness.session import Session

#: What fastai's documentation says to do with an exported learner.
FASTAI = """
import sys
from fastai.vision.all import *
learn = load_learner(sys.argv[1])
with learn.no_bar():
    print(learn.predict(sys.argv[2]))
"""


def measure(session: Session) -> list[Line]:
    saved, photo = saved_models(session), session.some_photos()[0]
    gatera = session.script("gatera")
    found = session.interleave(
        {
            "fastai": lambda _: session.run([sys.executable, "-c", FASTAI, saved.fastai, photo]).seconds,
            "gatera": lambda _: session.run([gatera, "predict", saved.gatera, photo]).seconds,
        },
        lambda seconds: f"{seconds:.3f} s",
    )
    return [Line("first answer", median_ratio(found, "fastai", "gatera"), found, "s")]


QUESTION = Question(
    name="cold_start",
    number=4,
    title="cold start: process start to first answer from the saved model, fastai / `gatera predict`",
    how=(
        "From start to end of the process, one photo: a Python script with `load_learner` and `predict`, against "
        "`gatera predict PROGRAM PHOTO`. Files are in the system's cache."
    ),
    unit="x",
    better="higher",
    must=10,
    aim=20,
    repeats=7,
    measure=measure,
)

if __name__ == "__main__":
    main([QUESTION])
