"""Callbacks for everyday use: stop early, keep the best, log, clip, accumulate."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import torch

from gatera.core.checks import check_at_least, did_you_mean, listed
from gatera.core.errors import ArgumentError
from gatera.core.files import atomic_write
from gatera.learn.callback import Callback, CancelFitException, CancelStepException
from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.loop import LoopState

#: Metrics of which less is better, beside everything whose name ends in "loss".
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
        min_delta: how much better a value must be to count.
        less_is_better: whether small values are good; by default known from the column's name.
        reset_on_fit: forget the best value when a fit begins: losses of the frozen and of the unfrozen part of a
            `fine_tune` are judged apart.

    Raises:
        ArgumentError: before the first epoch, if there is no such column.
    """

    order = 95  # after the table of epochs has its row on the screen
    reads_only = True
    in_lr_find = False

    def __init__(
        self,
        monitor: str = "valid_loss",
        min_delta: float = 0.0,
        less_is_better: bool | None = None,
        reset_on_fit: bool = True,
    ) -> None:
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

    def _begins_anew(self, state: LoopState) -> bool:
        return self.reset_on_fit and not state.resumed

    def before_fit(self, state: LoopState) -> None:
        """Find the recorder, check that the column exists, and forget the best value unless it is to be kept."""
        self.recorder = next(callback for callback in state.callbacks if isinstance(callback, Recorder))
        names = self.recorder.metric_names
        if self.monitor not in names:
            raise ArgumentError(
                f"{type(self).__name__} watches a column that the table of epochs does not have",
                got=self.monitor, expected=listed(names), remedy=did_you_mean(self.monitor, names),
            )  # fmt: skip
        if self._begins_anew(state):
            self.best = self._worst

    def improved(self) -> bool:
        """Whether the epoch that just ended is the best so far; remembers it if so."""
        if self.recorder is None:
            return False
        value = self.recorder.rows[-1][self.monitor]
        better = value < self.best - self.min_delta if self.less else value > self.best + self.min_delta
        if better:
            self.best = value
        return better

    def state_dict(self) -> dict[str, Any]:
        """Return the best value so far."""
        return {"best": self.best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back the best value so far."""
        self.best = state["best"]


class EarlyStoppingCallback(Tracker):
    """End the fit when a column has not improved for some epochs.

    Args:
        monitor: the column to watch.
        patience: after how many epochs without improvement, at least 1, the fit ends.
        min_delta: how much better a value must be to count.
        less_is_better: whether small values are good; by default known from the column's name.
        reset_on_fit: forget the best value when a fit begins.
    """

    def __init__(
        self,
        monitor: str = "valid_loss",
        patience: int = 1,
        min_delta: float = 0.0,
        less_is_better: bool | None = None,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, min_delta, less_is_better, reset_on_fit)
        check_at_least("patience", patience, 1)
        self.patience, self.waited = patience, 0

    def before_fit(self, state: LoopState) -> None:
        """Start to wait anew, unless an interrupted fit goes on."""
        super().before_fit(state)
        if not state.resumed:
            self.waited = 0

    def after_epoch(self, state: LoopState) -> None:
        """Count epochs without improvement."""
        self.waited = 0 if self.improved() else self.waited + 1
        if self.waited >= self.patience:
            print(f"Stopped early: no better {self.monitor} since epoch {state.epoch - self.waited}.")
            raise CancelFitException

    def state_dict(self) -> dict[str, Any]:
        """Return the best value and how long it has lasted."""
        return super().state_dict() | {"waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back the best value and how long it has lasted."""
        super().load_state_dict(state)
        self.waited = state["waited"]


class SaveModelCallback(Tracker):
    """Keep the parameters of the best epoch, and go back to them at the end of the fit.

    Args:
        monitor: the column to watch.
        path: a file (`.pth`) to write the best parameters to as well; None keeps them in memory only.
        min_delta: how much better a value must be to count.
        less_is_better: whether small values are good; by default known from the column's name.
        reset_on_fit: forget the best epoch when a fit begins; False keeps the best of both parts of a `fine_tune`.
    """

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
        """Forget the best epoch of an earlier fit, unless it is to be kept."""
        super().before_fit(state)
        if self._begins_anew(state):
            self._kept = None

    def after_epoch(self, state: LoopState) -> None:
        """Copy the parameters if this epoch was the best."""
        if self.improved():
            self._kept = {name: value.detach().clone() for name, value in state.whole.state_dict().items()}
            if self.path:
                with atomic_write(self.path) as partial:
                    torch.save({"model": self._kept}, partial)

    def state_dict(self) -> dict[str, Any]:
        """Return the best value and the parameters that reached it."""
        return super().state_dict() | {"kept": self._kept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back the best value and its parameters."""
        super().load_state_dict(state)
        self._kept = state["kept"]

    def after_fit(self, state: LoopState) -> None:
        """Load the best parameters back."""
        if self._kept is not None and state.finished:
            state.whole.load_state_dict(self._kept)


class CSVLogger(Callback):
    """Write the table of epochs to a CSV file, a row at each epoch's end.

    Args:
        path: the file; its folder is made where needed.
        append: go on in an existing file instead of starting it anew.
    """

    order = 80
    reads_only = True
    in_lr_find = False

    def __init__(self, path: str | Path = "history.csv", append: bool = False) -> None:
        self.path, self.append = Path(path), append
        self.recorder: Recorder | None = None

    def before_fit(self, state: LoopState) -> None:
        """Write the header, unless rows are appended to an existing file."""
        self.recorder = next(callback for callback in state.callbacks if isinstance(callback, Recorder))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not (self.append and self.path.exists()):
            with self.path.open("w", newline="") as file:
                csv.writer(file).writerow(self.recorder.metric_names)
        self.append = True  # the second fit of a fine_tune goes on in the same file

    def after_epoch(self, state: LoopState) -> None:
        """Add the epoch's row."""
        if self.recorder:
            with self.path.open("a", newline="") as file:
                csv.writer(file).writerow(self.recorder.rows[-1].values())

    def state_dict(self) -> dict[str, Any]:
        """Return whether the file has been begun."""
        return {"append": self.append}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on in the file that the interrupted fit has begun."""
        self.append = state["append"]


class GradientClip(Callback):
    """Scale gradients down when their norm over all parameters is above a limit.

    Args:
        max_norm: the limit.
    """

    order = 20
    reads_only = True

    def __init__(self, max_norm: float = 1.0) -> None:
        check_at_least("max_norm", max_norm, 0)
        self.max_norm = max_norm

    def before_step(self, state: LoopState) -> None:
        """Clip the gradients at their true size."""
        state.arithmetic.unscale(state.optimizer)
        parameters = [p for group in state.optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, self.max_norm)


class GradientAccumulation(Callback):
    """Update only after `n_acc` items, as if the batch were that large.

    Each batch's loss is weighted by its share of the items, so the gradient equals that of one big batch (up to rounding,
    and up to batch normalisation, which sees the small batches).

    Args:
        n_acc: items per update (not batches).
    """

    order = 10
    reads_only = True

    def __init__(self, n_acc: int = 32) -> None:
        check_at_least("n_acc", n_acc, 1)
        self.n_acc, self.items = n_acc, 0
        self._parameters: list[torch.nn.Parameter] = []
        self._gradients: list[torch.Tensor | None] = []  # of an interrupted fit

    def before_train(self, state: LoopState) -> None:
        """Start to count, or go on where an interrupted fit stood."""
        self._parameters = [p for group in state.optimizer.param_groups for p in group["params"]]
        if state.step == 0:
            self.items, self._gradients = 0, []
        for parameter, gradient in zip(self._parameters, self._gradients, strict=False):
            parameter.grad = None if gradient is None else gradient.to(parameter)
        self._gradients = []

    def before_backward(self, state: LoopState) -> None:
        """Weight this batch by its share."""
        self.items += len(state.labels)
        state.loss = state.loss * (len(state.labels) / self.n_acc)

    def after_backward(self, state: LoopState) -> None:
        """Give the loss its own size back, for the recorder."""
        state.loss = state.loss.detach() * (self.n_acc / len(state.labels))

    def before_step(self, state: LoopState) -> None:
        """Skip the update until there are enough items; the epoch's last batch always updates."""
        if self.items < self.n_acc and state.step + 1 < state.steps:
            raise CancelStepException
        if self.items != self.n_acc:
            self._rescale(self.n_acc / self.items)
        self.items = 0

    def _rescale(self, factor: float) -> None:
        # More or fewer items than asked for: the gradient becomes the mean over those that were really seen.
        for parameter in self._parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(factor)

    def state_dict(self) -> dict[str, Any]:
        """Return the items since the last update, and their gradients."""
        now = [None if p.grad is None else p.grad.clone() for p in self._parameters]
        return {"items": self.items, "gradients": self._gradients or now}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back the items since the last update; their gradients are put in place when training goes on."""
        self.items, self._gradients = state["items"], state["gradients"]


class ReduceLROnPlateau(Tracker):
    """Divide the learning rates when a column has not improved for some epochs. For `fit`, whose rates are constant.

    Args:
        monitor: the column to watch.
        patience: after how many epochs without improvement, at least 1, the rates are divided.
        factor: what the rates are divided by.
        min_lr: rates are never set lower than this.
        reset_on_fit: forget the best value when a fit begins.
    """

    def __init__(
        self,
        monitor: str = "valid_loss",
        patience: int = 1,
        factor: float = 10.0,
        min_lr: float = 0.0,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, reset_on_fit=reset_on_fit)
        check_at_least("patience", patience, 1)
        self.patience, self.factor, self.min_lr = patience, factor, min_lr
        self.waited, self.reductions = 0, 0

    def before_fit(self, state: LoopState) -> None:
        """Start anew with the rates of the fit, or reduce them as an interrupted fit had."""
        super().before_fit(state)
        if not state.resumed:
            self.waited, self.reductions = 0, 0
        for _ in range(self.reductions):
            self._reduce(state)

    def after_epoch(self, state: LoopState) -> None:
        """Count epochs without improvement, and reduce the rates when there were enough of them."""
        self.waited = 0 if self.improved() else self.waited + 1
        if self.waited >= self.patience:
            self.waited = 0
            self.reductions += 1
            self._reduce(state)

    def _reduce(self, state: LoopState) -> None:
        for group in state.optimizer.param_groups:
            group["lr"] = max(group["lr"] / self.factor, self.min_lr)

    def state_dict(self) -> dict[str, Any]:
        """Return the best value, how long it has lasted, and how often rates were reduced."""
        return super().state_dict() | {"waited": self.waited, "reductions": self.reductions}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` returned."""
        super().load_state_dict(state)
        self.waited, self.reductions = state["waited"], state["reductions"]
