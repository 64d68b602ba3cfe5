"""Photos per second from the loader: decoded for the first time, from the cache, and as features."""

from __future__ import annotations

import statistics

from harness.cli import main
from harness.models import training_data
from harness.question import Line, Question
from harness.session import Session

PARTS = ("first epoch", "cached epoch", "head epoch on stored features")


def measure(session: Session) -> list[Line]:
    session.read_files()
    found = session.interleave(
        {"gatera": lambda _: session.job("gatera_learner.py", "loader", **training_data(session))},
        lambda run: ", ".join(f"{part} {run[part]:,.0f}" for part in PARTS) + " photos/s",
        warm_up=False,
    )["gatera"]
    lines = []
    for part in PARTS:
        samples = {"gatera": [run[part] for run in found]}
        facts = {} if lines else {"training photos": f"{found[0]['photos']:,}"}
        median = statistics.median(samples["gatera"])
        lines.append(Line(part, median, samples, "photos/s", judged=False, facts=facts))
    return lines


QUESTION = Question(
    name="loader_speed",
    number=10,
    title="the loader alone, and an epoch of the head on stored features",
    how=(
        "Batches of 64, 224 pixels: photos per second while the loader decodes them for the first time, and from its "
        "cache; and an epoch of the head, training and validation, on the frozen body's stored outputs."
    ),
    unit=" photos/s",
    better="higher",
    must=None,
    aim=None,
    repeats=5,
    measure=measure,
)

if __name__ == "__main__":
    main([QUESTION])
