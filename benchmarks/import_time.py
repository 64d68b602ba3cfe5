"""What does our import cost beyond PyTorch's?"""

from __future__ import annotations

import sys

from harness.cli import main
from harness.question import Line, Question, median_ratio
from harness.session import Session


def measure(session: Session) -> list[Line]:
    def importing(module: str) -> float:
        return session.run([sys.executable, "-c", f"import {module}"]).seconds

    found = session.interleave(
        {
            "gatera.vision.all": lambda _: importing("gatera.vision.all"),
            "torch": lambda _: importing("torch"),
            "fastai.vision.all": lambda _: importing("fastai.vision.all"),
        },
        lambda seconds: f"{seconds:.2f} s",
    )
    ours = {side: found[side] for side in ("gatera.vision.all", "torch")}
    theirs = {side: found[side] for side in ("fastai.vision.all", "torch")}
    return [
        Line("`import gatera.vision.all`", median_ratio(ours, *ours), ours, "s"),
        Line(
            "`import fastai.vision.all`, for comparison",
            median_ratio(theirs, *theirs),
            theirs,
            "s",
            judged=False,
        ),
    ]


QUESTION = Question(
    name="import_time",
    number=7,
    title="`import gatera.vision.all`, against `import torch`",
    how="`python -c 'import ...'` from start to end, in turn, compiled files and disk warm.",
    unit="x",
    better="lower",
    must=1.25,
    aim=1.1,
    repeats=7,
    measure=measure,
)

if __name__ == "__main__":
    main([QUESTION])
