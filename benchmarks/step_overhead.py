"""What does the Learner add to a training loop written by hand?"""

from __future__ import annotations

import statistics

from harness.cli import main
from harness.question import Line, Question, median_ratio
from harness.session import Session

LEARNER, SAME, PLAIN = "Learner", "hand-written", "hand-written, plain kernels"


def measure(session: Session) -> list[Line]:
    settings = {"steps": 2 if session.quick else 20, "bs": 4 if session.quick else 16, "size": 224}
    found = session.interleave(
        {"all": lambda _: session.job("torch_loop.py", "step_times", device=session.device, **settings)},
        lambda run: ", ".join(
            f"{side} {statistics.median(run[side]):.1f} ms" for side in (LEARNER, SAME, PLAIN)
        ),
        warm_up=False,  # each process warms up by itself
    )["all"]
    medians = {side: [statistics.median(run[side]) for run in found] for side in (LEARNER, SAME, PLAIN)}
    same = {LEARNER: medians[LEARNER], SAME: medians[SAME]}
    plain = {LEARNER: medians[LEARNER], PLAIN: medians[PLAIN]}
    return [
        Line("with the same kernels", median_ratio(same, LEARNER, SAME), same, "ms"),
        Line(
            "the loop with PyTorch's own kernels",
            median_ratio(plain, LEARNER, PLAIN),
            plain,
            "ms",
            judged=False,
        ),
    ]


QUESTION = Question(
    name="step_overhead",
    number=6,
    title="Learner step, against a hand-written PyTorch loop with the same settings",
    how=(
        "EfficientNet-Lite0, whole model trained, batches of 16 in memory, AdamW, bf16 autocast if the processor "
        "supports bf16, channels last, batch-norm statistics of the body fixed: 20 steps after 3, the Learner and "
        "the loops in turn step by step in one process."
    ),
    unit="x",
    better="lower",
    must=1.05,
    aim=1.02,
    repeats=5,
    measure=measure,
    on_gpu=True,
)

if __name__ == "__main__":
    main([QUESTION])
