"""How long does `gatera --help` take?"""

from __future__ import annotations

import statistics

from harness.cli import main
from harness.question import Line, Question
from harness.session import Session


def measure(session: Session) -> list[Line]:
    gatera = session.script("gatera")
    found = session.interleave(
        {"gatera --help": lambda _: session.run([gatera, "--help"]).seconds},
        lambda seconds: f"{seconds:.3f} s",
    )
    return [Line("`gatera --help`", statistics.median(found["gatera --help"]), found, "s")]


QUESTION = Question(
    name="help_time",
    number=8,
    title="`gatera --help`",
    how="The process from start to end, with its output to a file.",
    unit=" s",
    better="lower",
    must=0.3,
    aim=0.15,
    repeats=7,
    measure=measure,
)

if __name__ == "__main__":
    main([QUESTION])
