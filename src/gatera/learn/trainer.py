"""The training half of a learner: it owns the parts of the loop and runs fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

import torch
from torch import nn

from gatera.core.checks import counted, require
from gatera.core.errors import DataError
from gatera.core.progress import note
from gatera.core.random import fresh_seed
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.device import Precision
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.arithmetic import Arithmetic, settle
from gatera.learn.callbacks.batch_norm import FixBatchNorm
from gatera.learn.callbacks.display import ProgressDisplay
from gatera.learn.callbacks.lr_finder import LRFinder, SuggestedLRs, Suggestion, as_suggestions, find
from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.checkpoints import saved as checkpoint
from gatera.learn.checkpoints.keeper import Keeper
from gatera.learn.fine_tune import FineTuneRates, UnfrozenPart, check_fine_tune, freeze_groups
from gatera.learn.fit import Fit, FitPlan
from gatera.learn.frozen_features import FeatureCache, skip_frozen_part
from gatera.learn.head_start import HeadStart, start_head, suffices, trained_before
from gatera.learn.optimizer import Adam, OptimizerFactory, group_lrs, make_optimizer
from gatera.learn.options import (
    FINE_TUNE_DEFAULTS,
    FIT_DEFAULTS,
    LEARNER_DEFAULTS,
    FitArguments,
    OtherLearnerArguments,
    options_of,
)
from gatera.learn.schedule import DIV, DIV_FINAL, PCT_START, one_cycle
from gatera.learn.state import Callback, CallbackList, LoopState, as_callbacks
from gatera.measure.losses.choose import choose_loss
from gatera.measure.metrics.standard import as_metrics
from gatera.models.groups import ParameterGroup, parameter_groups

if TYPE_CHECKING:
    import pandas as pd

#: Learning rates: one for all parameter groups, `slice(low, high)`, or one per group.
Rates = float | slice | Sequence[float]


class Trainer:
    """Owns data, model, loss and optimizer, and trains the model. `Learner` adds everything that uses the model.

    Args:
        dls: the data.
        model: any module; the loop passes it a batch's inputs and takes its predictions.
        loss_func: see `LearnerArguments`.
        opt_func: see `LearnerArguments`.
        body: the pretrained part of the model, if any; see `FixBatchNorm`.
        arguments: see `OtherLearnerArguments`.

    Raises:
        ArgumentError: if no loss can be chosen, or an argument is unknown or has the wrong type.
    """

    @spelled_out(OtherLearnerArguments, LEARNER_DEFAULTS)
    def __init__(
        self,
        dls: DataLoaders,
        model: nn.Module,
        loss_func: Callable[..., Any] | None = None,
        opt_func: OptimizerFactory = Adam,
        *,
        body: nn.Module | None = None,
        **arguments: Unpack[OtherLearnerArguments],
    ) -> None:
        check_arguments(type(self).__init__, arguments)
        given = LEARNER_DEFAULTS | arguments
        self.dls, self.body, self.opt_func, self.lr = dls, body, opt_func, given["lr"]
        self.options = options_of(given)
        self.path = Path(given["path"] or ".")  # never the data's folder: it may be shared
        self.seed = dls.seed if dls.seed is not None else fresh_seed()
        self.model = model.to(dls.device)
        if self.options.channels_last and any(isinstance(m, nn.Conv2d) for m in model.modules()):
            self.model = self.model.to(memory_format=torch.channels_last)
        self.loss_func = choose_loss(loss_func, given["class_weights"], dls)
        self.metrics = given["metrics"]
        self.cbs: list[Callback] = as_callbacks(given["cbs"])
        self.groups: list[ParameterGroup] = parameter_groups(model, given["splitter"])
        self.opt: torch.optim.Optimizer | None = None
        self.n_frozen, self.epochs_done = 0, 0
        self.recorder, self.display = Recorder(), ProgressDisplay()
        self.feature_cache = FeatureCache()
        #: Writes checkpoints while a fit runs; None writes one after Ctrl-C only.
        self.keeper: Keeper | None = None
        #: What the pretrained model's linear head starts from, once it is solved; None for other heads.
        self.head_start: HeadStart | None = None if body is None else trained_before(model)
        self._say_precision()

    def __repr__(self) -> str:
        n = sum(p.numel() for p in self.model.parameters())
        lines = [
            f"{type(self).__name__}: {type(self.model).__name__}, {n:,} parameters in {counted(len(self.groups), 'group')}"
            f" ({self.n_frozen} frozen); {self.arithmetic}",
            f"loss {self.loss_func!r}, metrics {', '.join(metric.name for metric in self.metrics) or 'none'}",
            f"epochs trained: {self.epochs_done}",
        ]
        return "\n".join(lines)

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
        settle(self.dls.device, self.model, self.loss_func, self.opt)
        return Arithmetic(self.dls.device, self.options.precision, self.options.fast_kernels)

    @property
    def history(self) -> pd.DataFrame:
        """The table of all epochs so far, a new copy each time."""
        return require("pandas", "train", "for the history table").DataFrame(self.recorder.rows)

    def create_opt(self) -> torch.optim.Optimizer:
        """Return the optimizer; it is made at the first call and kept between fits."""
        if self.opt is None:
            self.opt = self._new_opt()
        return self.opt

    def _new_opt(self) -> torch.optim.Optimizer:
        return make_optimizer(self.groups, self.opt_func, self.lr, self.options.wd, self.options.wd_bn_bias)

    @property
    def trains_head_only(self) -> bool:
        """Whether everything but the head is frozen."""
        return 0 < self.n_frozen == len(self.groups) - 1

    def freeze_to(self, n: int) -> None:
        """Freeze the first `n` parameter groups (negative: all but the last -n) and unfreeze the others."""
        self.n_frozen = freeze_groups(self.groups, n)

    def freeze(self) -> None:
        """Freeze all parameter groups except the last one (the head)."""
        self.freeze_to(-1)

    def unfreeze(self) -> None:
        """Unfreeze all parameter groups."""
        self.freeze_to(0)

    def _with_precision(self, precision: Precision) -> Self:
        self.options = replace(self.options, precision=precision)
        self._say_precision()
        return self

    def _say_precision(self) -> None:
        if self.arithmetic.replaces_fp16:
            note(f"fp16 is slow on a CPU: using {self.arithmetic.name} instead.")

    def to_fp16(self) -> Self:
        """Train in half precision (fp16 with gradient scaling) on a GPU; returns the learner.

        On a CPU fp16 is slow: bf16 (if the processor is fast in it) or float32 is used instead, and a line says so.
        """
        return self._with_precision("fp16")

    def to_bf16(self) -> Self:
        """Train in bfloat16; returns the learner."""
        return self._with_precision("bf16")

    def to_fp32(self) -> Self:
        """Train in float32; returns the learner."""
        return self._with_precision("float32")

    def add_cb(self, callback: Callback) -> Self:
        """Add a callback for all later fits; returns the learner."""
        self.cbs += as_callbacks(callback)
        return self

    def remove_cb(self, callback: Callback) -> Self:
        """Remove a callback; returns the learner."""
        self.cbs.remove(callback)
        return self

    def no_bar(self) -> AbstractContextManager[None]:
        """Show no progress bar inside the block."""
        return self.display.without("bar_on")

    def no_logging(self) -> AbstractContextManager[None]:
        """Print no table of epochs inside the block."""
        return self.display.without("table_on")

    # -- training ---------------------------------------------------------------------------------------------------

    def _rates(self, lr: Rates | None) -> list[float]:
        return group_lrs(self.lr if lr is None else lr, len(self.groups))

    def _make_state(
        self, plan: FitPlan, opt: torch.optim.Optimizer, recorder: Recorder, callbacks: Sequence[Callback]
    ) -> LoopState:
        """Return the state of a fit of the whole model, before its first epoch."""
        recorder.metrics = list(self.metrics)
        own = [FixBatchNorm.for_learner(self.body, self.dls, self.options), recorder, self.display]
        return LoopState(
            model=self.model, whole=self.model, loss_func=self.loss_func, optimizer=opt, train=self.dls.train,
            valid=self.dls.valid if plan.validate else None, callbacks=CallbackList([*own, *callbacks, *plan.callbacks]),
            arithmetic=self.arithmetic, seed=self.seed, epochs=plan.epochs, first_epoch=self.epochs_done,
        )  # fmt: skip

    def _skip_frozen_part(self, state: LoopState) -> LoopState:
        if self.options.cache_features:
            skip_frozen_part(state, self.feature_cache, quiet=not self.display.bar_on)
        return state

    def solve_head(self) -> None:
        """Solve a pretrained model's linear head, unless that was done; every fit begins with it. See `head_start`."""
        if self.body is not None and self.head_start is None:
            self.head_start = start_head(
                self.model, self.dls, self.loss_func, self.arithmetic, self.feature_cache,
                self.options.solve_head_below, quiet=not self.display.bar_on,
            )  # fmt: skip

    def _fit(self, plan: FitPlan) -> None:
        saved = None if plan.resume is None else self.load_checkpoint(plan.resume)
        opt = self._new_opt() if plan.reset_opt else self.create_opt()
        state = self._make_state(plan, opt, self.recorder, self.cbs)
        if saved is None:
            self.solve_head()
        plan = replace(plan, head_start=self.head_start)
        state = self._skip_frozen_part(state)
        path = self.model_path("interrupted").with_suffix(".safetensors")
        fit = Fit(plan, state, saved, path, self.n_frozen, self.keeper)
        try:
            fit.run()
        finally:  # an error or Ctrl-C may come after many updates
            self.opt, self.epochs_done = fit.result.opt, fit.result.epochs_done

    @spelled_out(FitArguments, FIT_DEFAULTS)
    def fit(self, n_epoch: int, lr: Rates | None = None, **arguments: Unpack[FitArguments]) -> None:
        """Train with constant learning rates.

        Args:
            n_epoch: number of epochs, at least 1.
            lr: learning rates; the learner's `lr` by default.
            arguments: wd, cbs, reset_opt, resume, phase; see `FitArguments`.
        """
        check_arguments(Trainer.fit, arguments)
        self._fit(FitPlan.of(n_epoch, self._rates(lr), arguments))

    @spelled_out(FitArguments, FIT_DEFAULTS)
    def fit_one_cycle(
        self,
        n_epoch: int,
        lr_max: Rates | None = None,
        div: float = DIV,
        div_final: float = DIV_FINAL,
        pct_start: float = PCT_START,
        moms: tuple[float, float, float] | None = None,
        **arguments: Unpack[FitArguments],
    ) -> None:
        """Train with the 1cycle policy: rates rise by a cosine, then fall to almost nothing; momentum mirrors them.

        Args:
            n_epoch: number of epochs, at least 1.
            lr_max: the peak learning rates; the learner's `lr` by default.
            div: the first rate is the peak / div.
            div_final: the last rate is the peak / div_final.
            pct_start: fraction of the fit, 0..1, during which rates rise.
            moms: momentum at the start, the peak and the end.
            arguments: wd, cbs, reset_opt, resume, phase; see `FitArguments`.
        """
        check_arguments(Trainer.fit_one_cycle, arguments)
        peaks = self._rates(lr_max)
        schedule = one_cycle(peaks, self.options.moms if moms is None else moms, div, div_final, pct_start)
        self._fit(FitPlan.of(n_epoch, peaks, arguments, [schedule]))

    @spelled_out(FitArguments, FINE_TUNE_DEFAULTS)
    def fine_tune(
        self,
        epochs: int,
        base_lr: float | None = None,
        freeze_epochs: int = 1,
        lr_mult: float = 100.0,
        pct_start: float = 0.3,
        div: float = 5.0,
        **arguments: Unpack[FitArguments],
    ) -> None:
        """Transfer learning: train the new head on the frozen body, then all layers, early ones slowly.

        If the learner's options set `fine_tune_groups`, the second part trains only that many of the last groups.

        A linear head starts from a least-squares solution. Without `base_lr`, the frozen part then trains it at a tenth of the
        usual rate; and if the solution misses few training items, the second part has lower rates and leaves the earliest
        group frozen, and a line says so. With `base_lr`, both parts train at that rate, as for any other head.

        Args:
            epochs: number of epochs of the unfrozen part, at least 1.
            base_lr: peak rate of the frozen part; half of it is the head's peak in the unfrozen part. By default
                `fine_tune_lr` of the learner's options, or 2e-3.
            freeze_epochs: number of epochs of the frozen part; 0 skips it.
            lr_mult: the earliest layers' peak is the head's / lr_mult.
            pct_start: fraction of the unfrozen part during which rates rise.
            div: the unfrozen part starts at the peak / div.
            arguments: wd, cbs, reset_opt, resume, for both parts; see `FitArguments`.
        """
        check_arguments(Trainer.fine_tune, arguments)
        check_fine_tune(epochs, base_lr, freeze_epochs, lr_mult, pct_start, div)
        resume = arguments.pop("resume", None)
        stopped = None if resume is None else self.load_checkpoint(resume)["position"]["phase"]
        if resume is None:
            self.solve_head()
        start = self.head_start if base_lr is None else None
        rates = FineTuneRates.of(base_lr, self.options.fine_tune_lr, lr_mult, start)
        if freeze_epochs and stopped != "unfrozen":
            self.freeze()
            frozen = arguments | FitArguments(resume=resume, phase="frozen")
            self.fit_one_cycle(freeze_epochs, slice(rates.frozen), pct_start=0.99, **frozen)
            resume = None
            if suffices(self.head_start, self.options.skip_unfrozen_below):
                return
        part = UnfrozenPart.of(self.groups, rates.unfrozen, start, self.options.fine_tune_groups)
        self.freeze_to(part.n_frozen)
        unfrozen = arguments | FitArguments(resume=resume, phase="unfrozen")
        self.fit_one_cycle(epochs, part.rates, div=div, pct_start=pct_start, **unfrozen)

    def lr_find(
        self,
        start_lr: float = 1e-7,
        end_lr: float = 10.0,
        num_it: int = 100,
        stop_div: bool = True,
        show_plot: bool = False,
        suggest_funcs: str | Suggestion | Sequence[str | Suggestion] = "valley",
    ) -> SuggestedLRs:
        """Try increasing learning rates on a few batches. The learner is restored afterwards, even after Ctrl-C.

        A linear head is solved first, as a fit would do, and stays so.

        Args:
            start_lr: the first rate.
            end_lr: the last rate.
            num_it: number of batches.
            stop_div: stop once the loss is four times its lowest value.
            show_plot: show the plot: below the cell in a notebook, elsewhere in a window if there is a display.
                (A notebook also shows the plot if the result is the last expression of a cell.)
            suggest_funcs: which suggestions: valley, slide, minimum, steep, or your own functions.

        Returns:
            The suggestions by name, with the curve and `.plot()`.
        """
        functions, finder = as_suggestions(suggest_funcs), LRFinder(start_lr, end_lr, num_it, stop_div)
        self.solve_head()
        epochs = -(-num_it // max(len(self.dls.train), 1))
        plan = FitPlan(epochs, self._rates(start_lr), callbacks=[finder], validate=False)
        callbacks = [callback for callback in self.cbs if callback.in_lr_find]
        state = self._skip_frozen_part(self._make_state(plan, self._new_opt(), Recorder(), callbacks))
        with self.no_logging():
            found = find(Fit(plan, state), finder, functions)
        return found.show() if show_plot else found

    # -- checkpoints ------------------------------------------------------------------------------------------

    def model_path(self, name: str | Path) -> Path:
        """Return where `save(name)` puts its file: `<path>/<model_dir>/<name>.pth`."""
        return self.path / self.options.model_dir / f"{name}.pth"

    def load_checkpoint(self, path: str | Path) -> dict[str, Any]:
        """Load the parameters of an interrupted fit, freeze the groups that were frozen, and return the checkpoint."""
        content = checkpoint.read(Path(path), self.dls.device)
        if "position" not in content:
            raise DataError(
                f"{path} was written by learn.save, not by an interrupted fit",
                remedy="Use learn.load for it.",
            )
        checkpoint.load_model(self.model, content["model"], Path(path))
        self.freeze_to(content["position"]["n_frozen"])
        start = content.get("head_start")  # older files lack it
        self.head_start = None if start is None else HeadStart(**start)
        return content
