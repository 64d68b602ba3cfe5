"""The changing half of a learner: it owns the parts of the loop and runs it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import nn

from gatera.core.checks import check_at_least, check_fraction, require
from gatera.core.device import Precision
from gatera.core.errors import ArgumentError, DataError
from gatera.core.progress import note
from gatera.core.random import fresh_seed
from gatera.data.loading.loaders import DataLoader, DataLoaders
from gatera.learn import checkpoint
from gatera.learn.arithmetic import Arithmetic
from gatera.learn.callback import Callback, as_callbacks
from gatera.learn.callbacks.display import ProgressDisplay
from gatera.learn.callbacks.lr_finder import LRFinder, SuggestedLRs, Suggestion, as_suggestions
from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.fit import FitPlan, run_fit
from gatera.learn.freezing import SMALL_DATA, FixBatchNorm, freeze_groups
from gatera.learn.frozen_features import FeatureCache
from gatera.learn.optimizer import (
    Adam,
    OptimizerFactory,
    group_lrs,
    make_optimizer,
)
from gatera.learn.options import TrainingOptions
from gatera.learn.schedule import one_cycle
from gatera.measure.losses.standard import ClassWeights, CrossEntropyLossFlat, Loss, as_loss, default_loss
from gatera.measure.metrics.standard import as_metrics
from gatera.models.groups import ParameterGroup, Splitter, parameter_groups

if TYPE_CHECKING:
    import pandas as pd

#: `base_lr` of `fine_tune` where neither its caller nor the learner's options name one; fastai's.
FINE_TUNE_LR = 2e-3

#: Learning rates: one for all parameter groups, `slice(low, high)`, or one per group.
Rates = float | slice | Sequence[float]


class Trainer:
    """Owns data, model, loss and optimizer, and changes the model's parameters. See `Learner`, which adds using them.

    Args:
        dls: the data.
        model: any module; the loop gives it inputs and takes its predictions.
        loss_func: a loss of ours, a torch loss or any function (predictions, labels) -> scalar. By default the one for
            the data's task.
        opt_func: makes the optimizer; `Adam`, `SGD`, or any torch optimizer class.
        lr: the learning rate where a method is given none.
        splitter: model -> lists of parameters, earliest layers first, for discriminative rates and freezing.
        cbs: callbacks for every fit.
        metrics: functions, classes, instances or names.
        path: where `save`, `export` and checkpoints go; the current folder by default.
        class_weights: what each class counts in the loss: "balanced" (inverse frequency in the training split), or one
            number per class.
        body: the pretrained part of the model, if any; its batch-norm statistics are looked after.
        options: everything else.

    Raises:
        ArgumentError: if no loss can be chosen, or something given is of the wrong kind.
    """

    def __init__(
        self, dls: DataLoaders, model: nn.Module, loss_func: Callable[..., Any] | None = None,
        opt_func: OptimizerFactory = Adam, lr: float = 1e-3,
        splitter: Splitter | None = None,
        cbs: Any = None, metrics: Any = None, path: str | Path | None = None,
        class_weights: ClassWeights = None, body: nn.Module | None = None,
        options: TrainingOptions | None = None,
    ) -> None:  # fmt: skip
        self.dls, self.opt_func, self.lr, self.body = dls, opt_func, lr, body
        self.options = options or TrainingOptions()
        self.path = Path() if path is None else Path(path)  # never the data's folder: it may be shared
        self.seed = dls.seed if dls.seed is not None else fresh_seed()
        self.model = model.to(dls.device)
        if self.options.channels_last and any(isinstance(m, nn.Conv2d) for m in model.modules()):
            self.model = self.model.to(memory_format=torch.channels_last)
        self.loss_func = self._choose_loss(loss_func, class_weights)
        self.metrics = metrics
        self.cbs: list[Callback] = as_callbacks(cbs)
        self.groups: list[ParameterGroup] = parameter_groups(model, splitter)
        self.opt: torch.optim.Optimizer | None = None
        self.n_frozen, self.epochs_done = 0, 0
        self.recorder = Recorder()
        self.display = ProgressDisplay(self.recorder)
        self.feature_cache = FeatureCache()
        self._say_precision()

    def _choose_loss(self, loss_func: Callable[..., Any] | None, class_weights: ClassWeights) -> Loss:
        if loss_func is None:
            if self.dls.task is None:
                raise ArgumentError(
                    "no loss is known for this data", remedy="Pass loss_func=, e.g. nn.CrossEntropyLoss()."
                )
            loss = default_loss(self.dls.task)
        else:
            loss = as_loss(loss_func)
        if class_weights is not None:
            if loss_func is not None or not isinstance(loss, CrossEntropyLossFlat):
                raise ArgumentError(
                    "class_weights goes with the cross-entropy that is chosen for classes", got=class_weights,
                    remedy="Give them to your loss instead, e.g. loss_func=FocalLoss(weight='balanced').",
                )  # fmt: skip
            loss = CrossEntropyLossFlat(loss.axis, class_weights)
        if isinstance(loss, CrossEntropyLossFlat) and loss.weight is not None:
            loss = loss.with_class_weights(self.dls.class_counts, self.dls.vocab)
        return loss

    def __repr__(self) -> str:
        n = sum(p.numel() for p in self.model.parameters())
        return f"{type(self).__name__}({n:,} parameters in {len(self.groups)} groups, {self.n_frozen} frozen; {self.arithmetic})"

    # -- parts ------------------------------------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The metrics; may be assigned functions, classes, instances, names, or a list of them."""
        return self._metrics

    @metrics.setter
    def metrics(self, metrics: Any) -> None:
        self._metrics = as_metrics(metrics)

    @property
    def arithmetic(self) -> Arithmetic:
        """Device and precision of training and batch prediction."""
        return Arithmetic(self.dls.device, self.options.precision)

    @property
    def history(self) -> pd.DataFrame:
        """Every epoch of this learner so far: a fresh table each time, so nothing you do to it changes the record."""
        return require("pandas", "train", "for the history table").DataFrame(self.recorder.rows)

    def own_callbacks(self) -> list[Callback]:
        """Return the callbacks every fit has: batch-norm care, the recorder, and the display."""
        self.recorder.start(self.metrics)
        self.display.recorder = self.recorder  # lr_find records elsewhere
        return [FixBatchNorm(self.body, self._keeps_statistics()), self.recorder, self.display]

    def _keeps_statistics(self) -> bool:
        if self.options.train_bn is not None:
            return not self.options.train_bn
        if not isinstance(self.dls.train, DataLoader):
            return True  # other loaders need not know their size
        data = self.dls.train.dataset
        return len(data) < SMALL_DATA and data.fields.x.photographic

    def create_opt(self) -> torch.optim.Optimizer:
        """Return the optimizer, made at the first call and kept between fits."""
        if self.opt is None:
            o = self.options
            self.opt = make_optimizer(self.groups, self.opt_func, self.lr, o.wd, o.wd_bn_bias)
        return self.opt

    def freeze_to(self, n: int) -> None:
        """Freeze the first `n` parameter groups (negative: all but the last -n) and train the others."""
        self.n_frozen = freeze_groups(self.groups, n)

    def freeze(self) -> None:
        """Train the last parameter group (the head) only; a model with one group stays whole."""
        self.freeze_to(-1)

    def unfreeze(self) -> None:
        """Train everything."""
        self.freeze_to(0)

    def _with_precision(self, precision: Precision) -> Self:
        self.options = replace(self.options, precision=precision)
        self._say_precision()
        return self

    def _say_precision(self) -> None:
        if self.arithmetic.replaces_fp16:
            note(f"fp16 is slow on a CPU: computing in {self.arithmetic.name} instead.")

    def to_fp16(self) -> Self:
        """Compute in half precision (fp16, with scaled gradients) on a GPU; returns the learner.

        On a CPU it means what is quick there, and a line says so: bf16 where the processor has it, else float32.
        """
        return self._with_precision("fp16")

    def to_bf16(self) -> Self:
        """Compute in bfloat16; returns the learner."""
        return self._with_precision("bf16")

    def to_fp32(self) -> Self:
        """Compute in float32; returns the learner."""
        return self._with_precision("float32")

    def add_cb(self, callback: Callback) -> Self:
        """Add a callback to every later fit; returns the learner."""
        self.cbs += as_callbacks(callback)
        return self

    def remove_cb(self, callback: Callback) -> Self:
        """Remove a callback; returns the learner."""
        self.cbs.remove(callback)
        return self

    @contextmanager
    def no_bar(self) -> Iterator[None]:
        """Show no progress bar inside the block."""
        before, self.display.bar_on = self.display.bar_on, False
        try:
            yield
        finally:
            self.display.bar_on = before

    @contextmanager
    def no_logging(self) -> Iterator[None]:
        """Print no table of epochs inside the block."""
        before, self.display.table_on = self.display.table_on, False
        try:
            yield
        finally:
            self.display.table_on = before

    # -- training ---------------------------------------------------------------------------------------------------

    def fit(
        self,
        n_epoch: int,
        lr: Rates | None = None,
        wd: float | None = None,
        cbs: Any = None,
        reset_opt: bool = False,
        resume: str | Path | None = None,
    ) -> None:
        """Train with constant learning rates.

        Args:
            n_epoch: epochs, at least 1.
            lr: rates; the learner's `lr` by default.
            wd: weight decay for this fit.
            cbs: more callbacks, for this fit.
            reset_opt: forget the optimizer's memory first.
            resume: a checkpoint that an interrupted call of this method left.
        """
        rates = self.lr if lr is None else lr
        run_fit(self, FitPlan(n_epoch, rates, wd, as_callbacks(cbs), "", _path(resume), reset_opt))

    def fit_one_cycle(
        self,
        n_epoch: int,
        lr_max: Rates | None = None,
        div: float = 25.0,
        div_final: float = 1e5,
        pct_start: float = 0.25,
        wd: float | None = None,
        moms: tuple[float, float, float] | None = None,
        cbs: Any = None,
        reset_opt: bool = False,
        resume: str | Path | None = None,
        phase: str = "",
    ) -> None:
        """Train with the 1cycle policy: rates rise by a cosine, then fall to almost nothing; momentum mirrors them.

        Args:
            n_epoch: epochs, at least 1.
            lr_max: the peak rates; the learner's `lr` by default.
            div: the first rate is the peak / div.
            div_final: the last rate is the peak / div_final.
            pct_start: the part of the fit, 0..1, during which rates rise.
            wd: weight decay for this fit.
            moms: momentum at the start, peak and end.
            cbs: more callbacks, for this fit.
            reset_opt: forget the optimizer's memory first.
            resume: a checkpoint that an interrupted call of this method left.
            phase: the name of this part of a longer recipe, kept in checkpoints.
        """
        check_fraction("pct_start", pct_start)
        peaks = group_lrs(self.lr if lr_max is None else lr_max, len(self.groups))
        schedule = one_cycle(peaks, moms or self.options.moms, div, div_final, pct_start)
        callbacks = [*as_callbacks(cbs), schedule]
        run_fit(self, FitPlan(n_epoch, peaks, wd, callbacks, phase, _path(resume), reset_opt))

    def fine_tune(
        self,
        epochs: int,
        base_lr: float | None = None,
        freeze_epochs: int = 1,
        lr_mult: float = 100.0,
        pct_start: float = 0.3,
        div: float = 5.0,
        cbs: Any = None,
        resume: str | Path | None = None,
    ) -> None:
        """Transfer learning: train the new head on the frozen body, then everything, early layers slowly.

        Where the learner's options name `fine_tune_groups`, the second part trains only so many of the last groups.

        Args:
            epochs: epochs of the unfrozen part.
            base_lr: peak rate of the frozen part; half of it is the head's peak in the unfrozen part. None for 2e-3, or what
                the learner's options name as `fine_tune_lr`.
            freeze_epochs: epochs of the frozen part; 0 leaves it out.
            lr_mult: the earliest layers' peak is the head's / lr_mult.
            pct_start: the part of the unfrozen part during which rates rise.
            div: the unfrozen part starts at the peak / div.
            cbs: more callbacks, for both parts.
            resume: a checkpoint that an interrupted call left.
        """
        check_at_least("epochs", epochs, 1)
        if base_lr is None:
            base_lr = FINE_TUNE_LR if self.options.fine_tune_lr is None else self.options.fine_tune_lr
        stopped = self.load_checkpoint(resume)["position"]["phase"] if resume is not None else None
        if freeze_epochs and stopped != "unfrozen":
            self.freeze()
            self.fit_one_cycle(
                freeze_epochs, slice(base_lr), pct_start=0.99, cbs=cbs, resume=resume, phase="frozen"
            )
            resume = None
        self.freeze_to(-(self.options.fine_tune_groups or len(self.groups)))
        rates = slice(base_lr / 2 / lr_mult, base_lr / 2)
        self.fit_one_cycle(
            epochs, rates, div=div, pct_start=pct_start, cbs=cbs, resume=resume, phase="unfrozen"
        )

    def lr_find(
        self,
        start_lr: float = 1e-7,
        end_lr: float = 10.0,
        num_it: int = 100,
        stop_div: bool = True,
        show_plot: bool = False,
        suggest_funcs: str | Suggestion | Sequence[str | Suggestion] = "valley",
    ) -> SuggestedLRs:
        """Try growing learning rates on a few batches; the learner is afterwards, also after Ctrl-C, as it was before.

        Args:
            start_lr: the first rate.
            end_lr: the last rate.
            num_it: how many batches.
            stop_div: stop once the loss is four times its best.
            show_plot: show the plot, below the cell in a notebook and elsewhere in a window, where there is a display.
                (A notebook shows the plot by itself when the result is the last thing in a cell.)
            suggest_funcs: which suggestions: valley, slide, minimum, steep, or functions of your own.

        Returns:
            The suggestions by name, with the curve and `.plot()`.
        """
        functions = as_suggestions(suggest_funcs)
        finder = LRFinder(start_lr, end_lr, num_it, stop_div)
        model = copy.deepcopy(self.model.state_dict())
        optimizer, recorder, done, callbacks = self.opt, self.recorder, self.epochs_done, self.cbs
        self.opt, self.recorder = None, Recorder()
        self.cbs = [callback for callback in callbacks if callback.in_lr_find]
        epochs = -(-num_it // max(len(self.dls.train), 1))
        plan = FitPlan(epochs, start_lr, callbacks=[finder], validate=False, save_interrupted=False)
        try:
            with self.no_logging():
                run_fit(self, plan)
        finally:
            self.model.load_state_dict(model)
            self.opt, self.recorder, self.epochs_done, self.cbs = optimizer, recorder, done, callbacks
        found = finder.suggest(functions)
        return found.show() if show_plot else found

    # -- checkpoints ------------------------------------------------------------------------------------------

    def model_path(self, name: str | Path) -> Path:
        """Return where `save(name)` puts its file: `<path>/<model_dir>/<name>.pth`."""
        return self.path / self.options.model_dir / f"{name}.pth"

    def load_checkpoint(self, path: str | Path) -> dict[str, Any]:
        """Load the parameters that an interruption left, freeze what was frozen, and return the whole checkpoint."""
        content = checkpoint.read(Path(path), self.dls.device)
        if "position" not in content:
            raise DataError(
                f"{path} was written by learn.save, not by an interruption", remedy="Use learn.load for it."
            )
        checkpoint.load_model(self.model, content["model"], Path(path))
        self.freeze_to(content["position"]["n_frozen"])
        return content


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
