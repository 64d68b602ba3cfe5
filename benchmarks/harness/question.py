"""Questions, what was found, and the verdict."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from harness.session import Session

Better = Literal["higher", "lower"]

REACHED_AIM, REACHED_MUST, NOT_REACHED, NOT_JUDGED = (
    "aim reached",
    "must reached",
    "not reached",
    "not judged",
)


@dataclass(frozen=True)
class Line:
    """One finding: a value that is judged (or not), and every repeat behind it.

    Attributes:
        label: what was measured, in a few words.
        value: the number that is compared with what was asked for.
        samples: every repeat of every side, in the order in which they were taken.
        unit: of the samples.
        judged: False for what is told beside it and was not asked for.
        fault: why it counts as not reached whatever its value; None if nothing speaks against it.
        facts: what else should be known, by name.
    """

    label: str
    value: float
    samples: Mapping[str, Sequence[float]]
    unit: str
    judged: bool = True
    fault: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One question, asked in a way that can be repeated.

    Attributes:
        name: its name on the command line.
        number: its place on the page.
        title: the question in one line.
        how: what exactly is measured.
        unit: of the result: "x" for a ratio, else as it is written behind the number.
        better: whether a higher or a lower result is better.
        must, aim: what the result has to reach, and what it should; None if nothing was asked for.
        repeats: how often each side runs, unless told otherwise.
        measure: answers it.
        on_gpu: whether it is also asked on a GPU, where there is one. Nothing was asked for there, so no verdict.
    """

    name: str
    number: int
    title: str
    how: str
    unit: str
    better: Better
    must: float | None
    aim: float | None
    repeats: int
    measure: Callable[[Session], list[Line]]
    on_gpu: bool = False


def counted(run: Mapping[str, Any]) -> str:
    """Return how many items a run had, in words.

    Example:
        >>> counted({"n_train": 1584, "n_held_out": 396})
        '1,584 to train on, 396 held out'
    """
    return f"{run['n_train']:,} to train on, {run['n_held_out']:,} held out"


def median_ratio(samples: Mapping[str, Sequence[float]], top: str, bottom: str) -> float:
    """Return the median of one side over the median of another."""
    return statistics.median(samples[top]) / statistics.median(samples[bottom])


def verdict(value: float, better: Better, must: float | None, aim: float | None) -> str:
    """Say what a value reached.

    Example:
        >>> verdict(5.0, "higher", must=4, aim=8), verdict(0.1, "lower", must=0.3, aim=0.15)
        ('must reached', 'aim reached')
    """
    if must is None or aim is None:
        return NOT_JUDGED
    reached = (lambda wanted: value >= wanted) if better == "higher" else (lambda wanted: value <= wanted)
    return REACHED_AIM if reached(aim) else REACHED_MUST if reached(must) else NOT_REACHED


def judged(question: Question, line: Line, device: str) -> dict[str, Any]:
    """Return a line as data, with its verdict."""
    asked = line.judged and device == "cpu"
    found = verdict(line.value, question.better, question.must, question.aim) if asked else NOT_JUDGED
    if line.fault is not None and asked:
        found = NOT_REACHED
    return {
        "label": line.label, "value": line.value, "verdict": found, "fault": line.fault, "unit": line.unit,
        "samples": {side: list(values) for side, values in line.samples.items()},
        "medians": {side: statistics.median(values) for side, values in line.samples.items()},
        "facts": dict(line.facts),
    }  # fmt: skip
