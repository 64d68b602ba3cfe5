"""The settings of a learner that most people never touch."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatera.core.checks import check_at_least, check_choice
from gatera.core.device import PRECISIONS, Precision
from gatera.core.errors import ArgumentError


@dataclass(frozen=True)
class TrainingOptions:
    """Settings of a learner.

    Attributes:
        wd: weight decay; None keeps the optimizer's default (0.01 for Adam).
        wd_bn_bias: decay biases and normalisation layers too.
        train_bn: whether batch norms of a pretrained body learn new statistics while the body is trained. None decides
            by the data: no below 10,000 training photos, yes from there on, and for pictures that are no photographs.
        moms: momentum at the start, at the peak, and at the end of `fit_one_cycle`.
        precision: "auto" (bf16 where the hardware has it, fp16 on older GPUs, else float32), "float32", "bf16", or "fp16"
            (on a CPU the same as "auto").
        channels_last: keep convolutional models in channels-last memory, which is faster on CPUs and recent GPUs.
        fast_kernels: on a CPU, compute convolutions and batch norms by faster, equal formulas while training.
        cache_features: run the frozen part of the model once and train on its outputs where that changes nothing.
        fine_tune_lr: `base_lr` of `fine_tune` where it is given none.
        fine_tune_groups: how many of the last parameter groups the second part of `fine_tune` trains; None for all.
        model_dir: folder, below the learner's path, for `save`, `load` and what an interruption leaves.
    """

    wd: float | None = None
    wd_bn_bias: bool = False
    train_bn: bool | None = None
    moms: tuple[float, float, float] = (0.95, 0.85, 0.95)
    precision: Precision = "auto"
    channels_last: bool = True
    fast_kernels: bool = True
    cache_features: bool = True
    fine_tune_lr: float | None = None
    fine_tune_groups: int | None = None
    model_dir: str = "models"

    def __post_init__(self) -> None:
        check_choice("precision", self.precision, PRECISIONS)
        if len(self.moms) != 3 or not all(0 <= mom < 1 for mom in self.moms):
            raise ArgumentError(
                "moms is not three momenta", got=self.moms, expected="three numbers in [0, 1)"
            )
        if self.fine_tune_groups is not None:
            check_at_least("fine_tune_groups", self.fine_tune_groups, 1)
        if self.fine_tune_lr is not None and self.fine_tune_lr <= 0:
            raise ArgumentError("fine_tune_lr is not above 0", got=self.fine_tune_lr)
        if self.wd is not None and self.wd < 0:
            raise ArgumentError("wd is negative", got=self.wd, expected="0 or more, or None")


@dataclass(frozen=True)
class TaskDefaults:
    """What trains well on a kind of task: each application has a `defaults.py` with its records.

    A recipe uses these settings unless the user says otherwise; the application's learner uses `arch` and `options`.

    Attributes:
        epochs: epochs that train the whole model.
        freeze_epochs: epochs before those, in which only the head is trained; 0 where nothing is pretrained.
        lr: the peak learning rate; None for the learner's own.
        arch: the architecture; None where there is only one.
        bs: batch size, where the data's block does not choose one.
        size: photos are resized to this many pixels squared.
        wd: weight decay; None for the optimizer's own.
        options: precision and the like.
    """

    epochs: int
    freeze_epochs: int = 0
    lr: float | None = None
    arch: str | None = None
    bs: int = 64
    size: int | None = None
    wd: float | None = None
    options: TrainingOptions = field(default_factory=TrainingOptions)
