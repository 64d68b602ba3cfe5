"""Watch one column of the table of epochs: stop early, keep the best epoch, reduce the learning rate."""

from __future__ import annotations

import math
from pathlib import Path
from typing import ClassVar

import torch

from gatera.core.checks import check_at_least, check_count, check_finite, check_positive, did_you_mean, listed
from gatera.core.errors import ArgumentError
from gatera.core.files import atomic_write
from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.checkpoints.saved import restore
from gatera.learn.state import Callback, CancelFitException, LoopState

#: Metrics whose lower values are better, besides all names that end in "loss".
LESS_IS_BETTER = (
    "error_rate",
    "mse",
    "rmse",
    "mae",
    "msle",
    "exp_rmspe",
    "perplexity",
    "brier_score",
    "hamming_loss",
)


class Tracker(Callback):
    """Base of callbacks that watch one column of the table of epochs.

    Args:
        monitor: the column, e.g. "valid_loss" or "accuracy".
        min_delta: minimum change that counts as an improvement.
        less_is_better: whether lower values are better; by default decided by the column's name.
        reset_on_fit: forget the best value when a fit begins, so that the frozen and the unfrozen part of a `fine_tune`
            are judged separately.

    Raises:
        ArgumentError: before the first epoch, if there is no such column.
    """

    order = 95  # after the epoch's row has been printed
    reads_only = True
    in_lr_find = False
    _kept_to_resume: ClassVar[tuple[str, ...]] = ("best",)

    def __init__(
        self,
        monitor: str = "valid_loss",
        min_delta: float = 0.0,
        less_is_better: bool | None = None,
        reset_on_fit: bool = True,
    ) -> None:
        check_finite("min_delta", min_delta)
        self.monitor, self.min_delta, self.reset_on_fit = monitor, min_delta, reset_on_fit
        self.less = (
            monitor.endswith("loss") or monitor in LESS_IS_BETTER
            if less_is_better is None
            else less_is_better
        )
        self.best = self._worst
        self.recorder: Recorder | None = None

    @property
    def _worst(self) -> float:
        return math.inf if self.less else -math.inf

    def _starts_over(self, state: LoopState) -> bool:
        return self.reset_on_fit and not state.resumed

    def before_fit(self, state: LoopState) -> None:
        """Find the recorder, check that the column exists, and forget the best value if `reset_on_fit`."""
        self.recorder = Recorder.of(state.callbacks)
        names = self.recorder.metric_names
        if self.monitor not in names:
            raise ArgumentError(
                f"{type(self).__name__}: no column {self.monitor!r} in the table of epochs",
                available=listed(names), remedy=did_you_mean(self.monitor, names),
            )  # fmt: skip
        if self._starts_over(state):
            self.best = self._worst

    def improved(self) -> bool:
        """Whether the epoch that just ended is the best so far; if it is, remember its value."""
        if self.recorder is None:
            return False
        value = self.recorder.rows[-1][self.monitor]
        better = value < self.best - self.min_delta if self.less else value > self.best + self.min_delta
        if better:
            self.best = value
        return better


class EarlyStoppingCallback(Tracker):
    """End the fit when a column has not improved for `patience` epochs.

    Args:
        monitor: the column to watch.
        patience: number of epochs without improvement after which the fit ends, at least 1.
        min_delta: minimum change that counts as an improvement.
        less_is_better: whether lower values are better; by default decided by the column's name.
        reset_on_fit: forget the best value when a fit begins.
    """

    _kept_to_resume = ("best", "waited")

    def __init__(
        self,
        monitor: str = "valid_loss",
        patience: int = 1,
        min_delta: float = 0.0,
        less_is_better: bool | None = None,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, min_delta, less_is_better, reset_on_fit)
        check_count("patience", patience, 1)
        self.patience, self.waited = patience, 0

    def before_fit(self, state: LoopState) -> None:
        """Reset the count, unless the fit is resumed."""
        super().before_fit(state)
        if not state.resumed:
            self.waited = 0

    def after_epoch(self, state: LoopState) -> None:
        """Count epochs without improvement."""
        self.waited = 0 if self.improved() else self.waited + 1
        if self.waited >= self.patience:
            print(f"Stopped early: {self.monitor} has not improved since epoch {state.epoch - self.waited}.")
            raise CancelFitException


class SaveModelCallback(Tracker):
    """Keep the parameters of the best epoch, and restore them at the end of the fit.

    Args:
        monitor: the column to watch.
        path: a file (`.pth`) to write the best parameters to as well; None keeps them in memory only.
        min_delta: minimum change that counts as an improvement.
        less_is_better: whether lower values are better; by default decided by the column's name.
        reset_on_fit: forget the best epoch when a fit begins; False keeps the best of both parts of a `fine_tune`.
    """

    _kept_to_resume = ("best", "_kept")

    def __init__(
        self,
        monitor: str = "valid_loss",
        path: str | Path | None = None,
        min_delta: float = 0.0,
        less_is_better: bool | None = None,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, min_delta, less_is_better, reset_on_fit)
        self.path = None if path is None else Path(path)
        self._kept: dict[str, torch.Tensor] | None = None

    def before_fit(self, state: LoopState) -> None:
        """Forget the best epoch of an earlier fit if `reset_on_fit`."""
        super().before_fit(state)
        if self._starts_over(state):
            self._kept = None

    def after_epoch(self, state: LoopState) -> None:
        """Copy the parameters if this epoch was the best."""
        if self.improved():
            self._kept = {name: value.detach().clone() for name, value in state.whole.state_dict().items()}
            if self.path:
                with atomic_write(self.path) as partial:
                    torch.save({"model": self._kept}, partial)

    def after_fit(self, state: LoopState) -> None:
        """Restore the best parameters."""
        if self._kept is not None and state.finished:
            restore(state.whole, self._kept)


class ReduceLROnPlateau(Tracker):
    """Divide the learning rates when a column has not improved for `patience` epochs. For `fit` with constant rates.

    Args:
        monitor: the column to watch.
        patience: number of epochs without improvement after which the rates are divided, at least 1.
        factor: the divisor.
        min_lr: lower limit of the rates.
        reset_on_fit: forget the best value when a fit begins.
    """

    _kept_to_resume = ("best", "waited", "reductions")

    def __init__(
        self,
        monitor: str = "valid_loss",
        patience: int = 1,
        factor: float = 10.0,
        min_lr: float = 0.0,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, reset_on_fit=reset_on_fit)
        check_count("patience", patience, 1)
        check_positive("factor", factor)
        check_at_least("min_lr", min_lr, 0)
        self.patience, self.factor, self.min_lr = patience, factor, min_lr
        self.waited, self.reductions = 0, 0

    def before_fit(self, state: LoopState) -> None:
        """Reset the counts, or reduce the rates as far as an interrupted fit had."""
        super().before_fit(state)
        if not state.resumed:
            self.waited, self.reductions = 0, 0
        for _ in range(self.reductions):
            self._reduce(state)

    def after_epoch(self, state: LoopState) -> None:
        """Count epochs without improvement; after `patience` of them reduce the rates."""
        self.waited = 0 if self.improved() else self.waited + 1
        if self.waited >= self.patience:
            self.waited = 0
            self.reductions += 1
            self._reduce(state)

    def _reduce(self, state: LoopState) -> None:
        for group in state.optimizer.param_groups:
            group["lr"] = max(group["lr"] / self.factor, self.min_lr)
