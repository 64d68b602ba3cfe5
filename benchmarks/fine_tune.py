"""Time of `fine_tune(1)`, and the error of the resulting model."""

from __future__ import annotations

import statistics
from functools import partial
from typing import Any

from harness.cli import main
from harness.models import fastai_data, saved_models, training_data
from harness.question import Line, Question, counted, median_ratio
from harness.session import Session


def measure(session: Session, tuned: bool = False) -> list[Line]:
    saved_models(session)  # checks that both sides hold the same weights, and warms up their imports
    session.read_files()
    theirs, ours = {**fastai_data(session), "tuned": tuned}, training_data(session)
    found = session.interleave(
        {
            "fastai": lambda n: session.job("fastai_side.py", "fine_tune", seed=session.seed + n, **theirs),
            "gatera": lambda n: session.job("gatera_learner.py", "fine_tune", seed=session.seed + n, **ours),
        },
        lambda run: f"{run['seconds']:.1f} s, error {run['error']:.2%}",
        warm_up=False,
    )
    errors = {side: [run["error"] for run in runs] for side, runs in found.items()}
    return [
        _line("`fine_tune(1)`", found, "seconds", errors, judged=True),
        _line("the whole script, imports and all", found, "process_seconds", errors, judged=False),
    ]


def _line(
    label: str,
    found: dict[str, list[dict[str, Any]]],
    part: str,
    errors: dict[str, list[float]],
    judged: bool,
) -> Line:
    samples = {side: [run[part] for run in runs] for side, runs in found.items()}
    median = {side: statistics.median(values) for side, values in errors.items()}
    worse = median["gatera"] > median["fastai"]
    facts = {f"error of {side}": _percent(values) for side, values in errors.items()}
    facts["photos"] = counted(found["gatera"][0])
    return Line(
        label, median_ratio(samples, "fastai", "gatera"), samples, "s", judged,
        "its error is worse" if worse and judged else None, facts if judged else {},
    )  # fmt: skip


def _percent(errors: list[float]) -> str:
    each = ", ".join(f"{error:.2%}" for error in errors)
    return f"{statistics.median(errors):.2%} ({each})"


QUESTION = Question(
    name="fine_tune",
    number=1,
    title="`fine_tune(1)`, wall time, fastai / Gatera, at an equal or lower error",
    how=(
        "Photos of cats and dogs, EfficientNet-Lite0 with its published ImageNet weights, mean = std = 0.5, 224 "
        "pixels, no augmentation, one frozen and one unfrozen epoch; each side in a fresh process with an empty "
        "cache, all other settings default (fastai: batches of 64, float32, parameter groups body | head; Gatera: a "
        "batch size that suits the data, bf16 if the processor supports it, early body | late body | head)."
    ),
    unit="x",
    better="higher",
    must=4,
    aim=8,
    repeats=3,
    measure=measure,
    on_gpu=True,
)

TUNED = Question(
    name="fine_tune_tuned",
    number=11,
    title="`fine_tune(1)` against fastai at its fastest settings",
    how=(
        "The same with fastai's `to_channelslast()`: on a processor without mixed precision, which fastai has for CUDA only "
        "(its `to_bf16()` changes nothing there); on a GPU with it."
    ),
    unit="x",
    better="higher",
    must=None,
    aim=None,
    repeats=1,
    measure=partial(measure, tuned=True),
    on_gpu=True,
)

if __name__ == "__main__":
    main([QUESTION, TUNED])
