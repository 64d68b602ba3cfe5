"""How much do the kernels of `fast_training` save of a training step on the processor?"""

from __future__ import annotations

import statistics

from harness.cli import main
from harness.question import Line, Question, median_ratio
from harness.session import Session

FAST, ORDINARY = "fast", "ordinary"

#: Architecture, precision, photos in a batch.
CASES = (
    ("efficientnet_lite0", "auto", 16), ("efficientnet_lite0", "auto", 64), ("efficientnet_lite0", "float32", 16),
    ("efficientnet_lite0", "float32", 64), ("mobilenet_v3_large", "auto", 16), ("convnext_tiny", "auto", 16),
    ("resnet34", "auto", 16), ("resnet34", "auto", 64),
)  # fmt: skip


def measure(session: Session) -> list[Line]:
    cases = CASES[:1] if session.quick else CASES
    small = {"bs": 2, "size": 64, "steps": 2} if session.quick else {}
    sides = {
        f"{arch}, {precision}, {bs} photos": lambda _, case=(arch, precision, bs): session.job(
            "kernel_steps.py", "step_times",
            **{"arch": case[0], "precision": case[1], "bs": case[2], "size": 224, "steps": 4, **small},
        )
        for arch, precision, bs in cases
    }  # fmt: skip
    found = session.interleave(
        sides,
        lambda run: f"{statistics.median(run[ORDINARY]):.1f} -> {statistics.median(run[FAST]):.1f} ms",
        warm_up=False,  # each process warms up by itself
    )
    return [_line(name, runs) for name, runs in found.items()]


def _line(name: str, runs: list[dict[str, list[float]]]) -> Line:
    medians = {side: [statistics.median(run[side]) for run in runs] for side in (FAST, ORDINARY)}
    return Line(name, median_ratio(medians, ORDINARY, FAST), medians, "ms", judged=False)


QUESTION = Question(
    name="training_kernels",
    number=12,
    title="Training step with the kernels of fast_training, against PyTorch's own",
    how=(
        "Forward and backward of the whole model for a batch in memory, 224 px, channels last, batch-norm statistics of "
        'the body fixed, no optimizer; both sides in turn in one process. Milliseconds for each photo. "auto" is bf16 '
        "if the processor supports it."
    ),
    unit="x",
    better="higher",
    must=None,
    aim=None,
    repeats=3,
    measure=measure,
)

if __name__ == "__main__":
    main([QUESTION])
