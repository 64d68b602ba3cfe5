"""How long does it take to look inside a network? A figure of units, and a map of hidden squares."""

from __future__ import annotations

import statistics

from harness.cli import main
from harness.models import training_data
from harness.question import Line, Question
from harness.session import Session

#: A layer from the middle: as many units, and as much before it, as most.
LAYER = "blocks.3"


def units(session: Session) -> list[Line]:
    asked = {**training_data(session), "layer": LAYER}
    runs = [
        session.job("gatera_inside.py", "units", **asked) for _ in range(session.repeats or UNITS.repeats)
    ]
    samples = {"gatera": [run["seconds"] for run in runs]}
    facts = {
        "photos": f"{runs[0]['photos']:,}, {runs[0]['channels']} channels of {LAYER}",
        "memory beyond the loaded learner": f"{max(run['more_mb'] for run in runs):.0f} MB",
    }
    return [Line("`learn.units`", statistics.median(samples["gatera"]), samples, "s", facts=facts)]


def occlusion(session: Session) -> list[Line]:
    patch, stride = (16, 16) if session.quick else (32, 16)
    asked = {**training_data(session), "patch": patch, "stride": stride}
    run = session.job("gatera_inside.py", "occlusion", **asked)
    samples = {"gatera": run["seconds"]}
    facts = {"squares": str(run["squares"])}
    return [Line("`learn.occlusion`", statistics.median(run["seconds"]), samples, "s", facts=facts)]


UNITS = Question(
    name="units",
    number=28,
    title="A figure of units of one layer",
    how=(
        "`learn.units` on a layer in the middle of EfficientNet-Lite0: the strongest patches of 16 channels over all validation "
        "photos, each projected back to pixels, and the figure drawn. Photos are read from disk."
    ),
    unit="s",
    better="lower",
    must=60,
    aim=25,
    repeats=3,
    measure=units,
)

OCCLUSION = Question(
    name="occlusion",
    number=29,
    title="A map of hidden squares",
    how="`learn.occlusion` with squares of 32 pixels, 16 apart, on a photo of 224 pixels; the median of five photos.",
    unit="s",
    better="lower",
    must=10,
    aim=4,
    repeats=1,
    measure=occlusion,
)

QUESTIONS = (UNITS, OCCLUSION)

if __name__ == "__main__":
    main(QUESTIONS)
