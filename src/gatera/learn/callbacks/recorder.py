"""Training history: one row per epoch, plus the loss of every batch."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gatera.core.figures import new_figure
from gatera.learn.callbacks.epoch_table import html_table, text_table
from gatera.learn.callbacks.stop_at_nan import CHECK_EVERY, UnreadLosses
from gatera.learn.inference.score import Score
from gatera.learn.state import Callback, LoopState
from gatera.measure.metrics.standard import Metric

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Decay of the running average of the training loss (fastai's 0.98: about the last 50 batches).
SMOOTHING = 0.98

#: Width and height of one plot.
PLOT_INCHES = (6.4, 4.4)

#: Number of epochs that `repr` shows: the last ones.
SHOWN_EPOCHS = 10


class Recorder(Callback):
    """Record the history of a learner: smoothed training loss, exact validation loss and metrics, time.

    In a notebook it shows itself as the table of epochs.

    Args:
        metrics: measured in each validation.

    Attributes:
        rows: one dict per finished epoch of all fits: epoch, train_loss, valid_loss, each metric, time (seconds). Rows
            are only ever added.
        losses: the smoothed training loss after each batch.
        iters: number of batches seen by the end of each epoch.
        lrs, moms: learning rate and momentum of the last parameter group, for each batch.
    """

    order = 50
    reads_only = True

    def __init__(self, metrics: Sequence[Metric] = ()) -> None:
        self.rows: list[dict[str, float]] = []
        self.metrics = list(metrics)
        self.iters: list[int] = []
        self.lrs: list[float] = []
        self.moms: list[float] = []
        self._losses: list[Tensor] = []
        self._unread = UnreadLosses()
        self._average: Tensor | float = 0.0
        self._batches = 0
        self._started = 0.0
        self._score = Score()

    @classmethod
    def of(cls, callbacks: Iterable[Callback]) -> Recorder:
        """Return the recorder among the callbacks of a fit."""
        return next(callback for callback in callbacks if isinstance(callback, cls))

    def __repr__(self) -> str:
        if not self.rows:
            return "Recorder(no epochs yet)"
        return text_table(self.rows[-SHOWN_EPOCHS:])

    def _repr_html_(self) -> str | None:
        # metrics may change between fits
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        return html_table(names, self.rows) if self.rows else None

    @property
    def metric_names(self) -> list[str]:
        """The column names of the table of epochs."""
        return ["epoch", "train_loss", "valid_loss", *(metric.name for metric in self.metrics), "time"]

    @property
    def values(self) -> list[list[float]]:
        """One list per epoch: train_loss, valid_loss and the metrics, without epoch and time."""
        return [[value for name, value in row.items() if name not in ("epoch", "time")] for row in self.rows]

    @property
    def losses(self) -> list[float]:
        """The smoothed training loss after every batch."""
        parts = groupby(self._losses, key=lambda loss: loss.device)  # those of a checkpoint are on the CPU
        return [value for _, part in parts for value in torch.stack(list(part)).tolist()]

    def before_fit(self, state: LoopState) -> None:
        """Reset the running average, which covers one fit; a resumed fit continues its own."""
        self._unread = UnreadLosses()
        self._begin_epoch()  # another callback may skip the epoch before `before_epoch` comes here
        if not state.resumed:
            self._average, self._batches = 0.0, 0

    def before_epoch(self, state: LoopState) -> None:
        """Start the clock and the validation sums."""
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self._started = time.perf_counter()
        self._score = Score(self.metrics)

    def after_loss(self, state: LoopState) -> None:
        """Stop at a loss that is NaN or infinite, before the update; in validation, add to the score."""
        if state.training:
            self._unread.add(state)
            if state.arithmetic.device.type == "cpu" or self._batches % CHECK_EVERY == 0:
                self._unread.check(updates=len(self._unread) - 1)
        else:
            self._score.add(state.loss_func, state.predictions, state.labels)

    def after_batch(self, state: LoopState) -> None:
        """Update the running average of the training loss, corrected for its start at zero; record the batch's rates."""
        if not state.training or state.loss is None:
            return
        # here, not before the batch: schedules set it after this callback's turn
        group = state.optimizer.param_groups[-1]
        self.lrs.append(group["lr"])
        self.moms.append(group["betas"][0] if "betas" in group else group.get("momentum", 0.0))
        self._batches += 1
        self._average = SMOOTHING * self._average + (1 - SMOOTHING) * state.loss.detach().float()
        self._losses.append(torch.as_tensor(self._average) / (1 - SMOOTHING**self._batches))

    def after_train(self, state: LoopState) -> None:
        """Stop after an epoch whose last losses were NaN or infinite, where they were not read before."""
        self._unread.check(updates=len(self._unread))

    def after_epoch(self, state: LoopState) -> None:
        """Add the epoch's row."""
        trained = len(self._losses) > (self.iters[-1] if self.iters else 0)
        train_loss = float(self._losses[-1]) if trained else math.nan
        values = [state.epoch, train_loss, *self._score.values(), time.perf_counter() - self._started]
        self.rows.append(dict(zip(self.metric_names, values, strict=True)))
        self.iters.append(len(self._losses))
        self._begin_epoch()

    def state_dict(self) -> dict[str, Any]:
        """Return the whole history, so that a resumed fit continues it."""
        return {
            "rows": [dict(row) for row in self.rows], "iters": list(self.iters), "lrs": list(self.lrs),
            "moms": list(self.moms), "losses": self.losses, "average": float(self._average), "batches": self._batches,
        }  # fmt: skip

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the history."""
        self.rows, self.iters = state["rows"], state["iters"]
        self.lrs, self.moms = state["lrs"], state["moms"]
        self._losses = list(torch.tensor(state["losses"]).unbind()) if state["losses"] else []
        # as a float32 tensor again, or the next average would be rounded differently
        self._average, self._batches = torch.tensor(state["average"]), state["batches"]

    def plot_loss(self, skip_start: int = 5, with_valid: bool = True) -> Figure:
        """Plot the smoothed training loss per batch, and the validation loss at the end of each epoch.

        Args:
            skip_start: number of first batches not to plot; their high loss would flatten the rest.
            with_valid: also plot the validation loss.
        """
        figure = new_figure(PLOT_INCHES)
        axes = figure.subplots()
        losses = self.losses
        start = min(skip_start, max(len(losses) - 2, 0))
        axes.plot(range(start, len(losses)), losses[start:], label="training (smoothed)")
        if with_valid and self.rows:
            axes.plot(
                [i - 1 for i in self.iters],
                [row["valid_loss"] for row in self.rows],
                "o-",
                label="validation",
            )
        axes.set(title="Loss", xlabel="batch", ylabel="loss")
        axes.locator_params(axis="x", integer=True)
        axes.legend()
        return figure

    def plot_sched(self) -> Figure:
        """Plot learning rate and momentum of each batch so far."""
        figure = new_figure((2 * PLOT_INCHES[0], PLOT_INCHES[1]))
        named = {"learning rate": self.lrs, "momentum": self.moms}
        for axis, (name, values) in zip(figure.subplots(1, 2), named.items(), strict=True):
            axis.plot(values)
            axis.set(title=name.capitalize(), xlabel="batch", ylabel=name)
            axis.locator_params(axis="x", integer=True)
        return figure

    def plot_metrics(self) -> Figure:
        """Plot every column of the table of epochs except the time."""
        names = [name for name in self.metric_names if name not in ("epoch", "time")]
        figure = new_figure((len(names) * PLOT_INCHES[0], PLOT_INCHES[1]))
        for axis, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            axis.plot([row.get(name, math.nan) for row in self.rows], "o-")
            axis.set(title=name, xlabel="epoch", ylabel=name)
        return figure
