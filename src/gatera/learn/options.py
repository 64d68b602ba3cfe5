"""The arguments that learners and fits have in common, and the settings that most people never touch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypedDict

from gatera.core.checks import check_at_least, check_choice, check_count, check_fraction, check_positive
from gatera.core.errors import ArgumentError
from gatera.data.device import PRECISIONS, Precision
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.optimizer import Adam, OptimizerFactory
from gatera.measure.losses.standard import ClassWeights
from gatera.models.groups import Splitter


@dataclass(frozen=True)
class TrainingOptions:
    """Settings of a learner.

    Attributes:
        wd: weight decay; None keeps the optimizer's default (0.01 for Adam).
        wd_bn_bias: apply weight decay to biases and normalisation layers too.
        train_bn: whether batch norms of a pretrained body update their statistics while the body is trained. None decides
            by the data: not with fewer than 10,000 training photos; yes with more, and for images that are not photographs.
        moms: momentum at the start, the peak and the end of `fit_one_cycle`.
        precision: "auto" (bf16 if the hardware is fast in it, fp16 on older GPUs, else float32), "float32", "bf16", or
            "fp16" (on a CPU the same as "auto").
        channels_last: keep convolutional models in channels-last memory, which is faster on CPUs and recent GPUs.
        fast_kernels: on a CPU, use faster convolutions and batch norms, equal up to rounding.
        cache_features: run the frozen part of the model once and train on its outputs, if the result is the same.
        fine_tune_lr: default `base_lr` of `fine_tune`; None for 2e-3.
        fine_tune_groups: number of parameter groups (the last ones) that the second part of `fine_tune` trains; None for all.
        solve_head_below: a pretrained model's linear head starts from the least-squares solution if that misses less than this
            fraction of the training items, each judged without it; else it starts from zero. 0 always starts from zero.
        skip_unfrozen_below: `fine_tune` skips its unfrozen part, and says so, if a linear head on the frozen features misses
            less than this fraction of the training items, each judged without it; 0 never skips.
        model_dir: folder, below the learner's path, for `save`, `load` and checkpoints of interrupted fits.
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
    solve_head_below: float = 1.0
    skip_unfrozen_below: float = 0.0
    model_dir: str = "models"

    def __post_init__(self) -> None:
        check_choice("precision", self.precision, PRECISIONS)
        check_moms(self.moms)
        check_fraction("solve_head_below", self.solve_head_below)
        check_fraction("skip_unfrozen_below", self.skip_unfrozen_below)
        if self.fine_tune_groups is not None:
            check_count("fine_tune_groups", self.fine_tune_groups, 1)
        if self.fine_tune_lr is not None:
            check_positive("fine_tune_lr", self.fine_tune_lr)
        if self.wd is not None:
            check_at_least("wd", self.wd, 0)


def check_moms(moms: object) -> None:
    """Raise ArgumentError unless these are three momenta, each in [0, 1)."""
    if not isinstance(moms, Sequence) or isinstance(moms, str) or len(moms) != 3:
        raise ArgumentError("moms must be three momenta", got=moms, expected="three numbers in [0, 1)")
    for mom in moms:
        check_fraction("each of moms", mom, open_high=True)


@dataclass(frozen=True)
class TaskDefaults:
    """What trains well on a kind of task: each application has its records in `task_defaults.py`.

    A recipe uses these settings unless the user says otherwise; the application's learner uses `arch` and `options`.

    Attributes:
        epochs: epochs that train the whole model.
        freeze_epochs: epochs before those, in which only the head is trained; 0 where nothing is pretrained.
        lr: the peak learning rate; None for the learner's own.
        arch: the architecture; None where there is only one.
        size: photos are resized to this many pixels squared.
        wd: weight decay; None for the optimizer's own.
        options: precision and the like.
    """

    epochs: int
    freeze_epochs: int = 0
    lr: float | None = None
    arch: str | None = None
    size: int | None = None
    wd: float | None = None
    options: TrainingOptions = field(default_factory=TrainingOptions)


class OptionKeywords(TypedDict, total=False):
    """Fields of `TrainingOptions` that are also keyword arguments of every learner, as in fastai; None leaves them to `options`.

    Attributes:
        wd, wd_bn_bias, train_bn, moms, model_dir: see `TrainingOptions`.
    """

    wd: float | None
    wd_bn_bias: bool | None
    train_bn: bool | None
    moms: tuple[float, float, float] | None
    model_dir: str | Path | None


class OtherLearnerArguments(OptionKeywords, total=False):
    """Keyword arguments of `Learner` beside its loss and its optimizer, which may be passed by position as in fastai.

    Attributes:
        lr: the learning rate of methods that are called without one.
        splitter: model -> lists of parameters, earliest layers first, for freezing and discriminative learning rates.
        cbs: callbacks for every fit.
        metrics: functions, classes, instances or names, e.g. `error_rate` or "accuracy".
        path: folder for `save`, `export` and checkpoints; the current folder by default.
        class_weights: weight of each class in the loss: "balanced" (inverse frequency in the training set) or one number
            per class.
        options: everything else. The keywords `wd`, `wd_bn_bias`, `train_bn`, `moms` and `model_dir` set its fields of that
            name.
    """

    lr: float
    splitter: Splitter | None
    cbs: Any
    metrics: Any
    path: str | Path | None
    class_weights: ClassWeights
    options: TrainingOptions | None


class LearnerArguments(OtherLearnerArguments, total=False):
    """Keyword arguments that every learner takes, for any kind of data.

    Attributes:
        loss_func: a loss of this library, a torch loss, or any function (predictions, labels) -> scalar; by default the
            loss of the data's task.
        opt_func: makes the optimizer: `Adam`, `SGD`, or any torch optimizer class.
    """

    loss_func: Callable[..., Any] | None
    opt_func: OptimizerFactory


LEARNER_DEFAULTS = LearnerArguments(
    loss_func=None, opt_func=Adam, lr=1e-3, splitter=None, cbs=None, metrics=None, path=None, class_weights=None,
    options=None, wd=None, wd_bn_bias=None, train_bn=None, moms=None, model_dir=None,
)  # fmt: skip


def options_of(given: OtherLearnerArguments) -> TrainingOptions:
    """Return the `options` of a learner's arguments, with the fields that its keywords set."""
    named = {name: given.get(name) for name in OptionKeywords.__annotations__}
    set_by_name = {name: value for name, value in named.items() if value is not None}
    return replace(given.get("options") or TrainingOptions(), **set_by_name)  # type: ignore[arg-type]


def number_of_outputs(dls: DataLoaders, n_out: int | None) -> int:
    """Return how many outputs a model for these data needs: those that are asked for, or else those that the data tell.

    Raises:
        ArgumentError: if neither says it.
    """
    outputs = dls.c if n_out is None else n_out
    if outputs is None:
        raise ArgumentError("the number of outputs cannot be derived from the data", remedy="Pass n_out=.")
    return outputs


class FitArguments(TypedDict, total=False):
    """Keyword arguments of `fit`, `fit_one_cycle` and `fine_tune`.

    Attributes:
        wd: weight decay for this fit.
        cbs: more callbacks, for this fit.
        reset_opt: start with a new optimizer, without the memory of earlier fits.
        resume: a checkpoint that an interrupted call of the same method left.
        phase: name of this part of a longer recipe, kept in checkpoints; `fine_tune` sets it itself.
    """

    wd: float | None
    cbs: Any
    reset_opt: bool
    resume: str | Path | None
    phase: str


FIT_DEFAULTS = FitArguments(wd=None, cbs=None, reset_opt=False, resume=None, phase="")
FINE_TUNE_DEFAULTS = FitArguments(wd=None, cbs=None, reset_opt=False, resume=None)
