"""One fit: set up the loop, run it, and save a checkpoint if Ctrl-C interrupts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gatera.core.checks import check_at_least, check_count
from gatera.core.errors import ArgumentError
from gatera.core.random import torch_state_kept
from gatera.learn import loop
from gatera.learn.checkpoints.keeper import Keeper, as_data_error
from gatera.learn.checkpoints.position import Position, TrainingInterrupted, content_of, position_of, resume
from gatera.learn.checkpoints.tensor_file import write_tensors
from gatera.learn.head_start import HeadStart
from gatera.learn.optimizer import set_hyper
from gatera.learn.options import FIT_DEFAULTS, FitArguments
from gatera.learn.signals import shielded, signal_of
from gatera.learn.state import Callback, LoopState, as_callbacks
from gatera.models.target_scale import balance_gradients


@dataclass(frozen=True)
class FitPlan:
    """What one fit is asked to do.

    Attributes:
        epochs: number of epochs, at least 1.
        lrs: one learning rate per parameter group.
        wd: weight decay for this fit; None keeps what the optimizer has.
        callbacks: for this fit, after the learner's own.
        phase: name of this part of a longer recipe, e.g. "frozen".
        resume: checkpoint to resume from.
        reset_opt: start with a new optimizer.
        validate: whether each epoch ends with validation.
        head_start: what the head of this learner started from; kept in checkpoints.
    """

    epochs: int
    lrs: Sequence[float]
    wd: float | None = None
    callbacks: Sequence[Callback] = ()
    phase: str = ""
    resume: Path | None = None
    reset_opt: bool = False
    validate: bool = True
    head_start: HeadStart | None = None

    def __post_init__(self) -> None:
        check_count("n_epoch", self.epochs, 1)
        if self.wd is not None:
            check_at_least("wd", self.wd, 0)

    @classmethod
    def of(
        cls, epochs: int, lrs: Sequence[float], arguments: FitArguments, schedule: Sequence[Callback] = ()
    ) -> FitPlan:
        """Return a plan from the keyword arguments that the fit methods have in common."""
        given = FIT_DEFAULTS | arguments
        resume = given["resume"]
        return cls(
            epochs, lrs, given["wd"], [*as_callbacks(given["cbs"]), *schedule], given["phase"],
            None if resume is None else Path(resume), given["reset_opt"],
        )  # fmt: skip


@dataclass(frozen=True)
class FitResult:
    """What a fit leaves behind besides the model's new parameters.

    Attributes:
        opt: the optimizer with its memory.
        epochs_done: number of epochs run or begun so far, earlier fits included.
    """

    opt: torch.optim.Optimizer
    epochs_done: int


class Fit:
    """One run of the loop.

    Args:
        plan: what to do.
        state: the loop's state, before the first epoch.
        saved: the content of the checkpoint to resume from, or None; the model's parameters are loaded already.
        checkpoint_to: the file to write after Ctrl-C; None writes nothing.
        n_frozen: number of frozen parameter groups, for the checkpoint.
        keeper: writes checkpoints now and then, and instead of `checkpoint_to`.

    Attributes:
        result: what the fit has changed so far; also valid after an error.
    """

    def __init__(
        self,
        plan: FitPlan,
        state: LoopState,
        saved: dict[str, Any] | None = None,
        checkpoint_to: Path | None = None,
        n_frozen: int = 0,
        keeper: Keeper | None = None,
    ) -> None:
        self.plan, self.state, self.saved = plan, state, saved
        self.checkpoint_to, self.n_frozen, self.keeper = checkpoint_to, n_frozen, keeper
        self.result = FitResult(state.optimizer, state.first_epoch)
        self._interrupted: TrainingInterrupted | None = None
        self._n_bytes = _size_of_checkpoint(state)

    def run(self) -> FitResult:
        """Train.

        Raises:
            ArgumentError: if the checkpoint belongs to a different run.
            TrainingInterrupted: after Ctrl-C; its message names the checkpoint.
            KeyboardInterrupt: after Ctrl-C, if no checkpoint is wanted.
            DataError: after Ctrl-C, if the checkpoint cannot be written.
        """
        state, plan = self.state, self.plan
        set_hyper(state.optimizer, "lr", plan.lrs)
        if plan.wd is not None:
            set_hyper(state.optimizer, "wd", [plan.wd])
        if self.saved is not None:
            resume(state, self._position(), self.saved, plan.resume)
        _check_batches(state)
        balance_gradients(state.model, state.loss_func)
        state.optimizer.zero_grad()  # parameters frozen since the last fit may still have a gradient
        state.keep = self._keep
        if self.keeper is not None:
            self.keeper.forget()
        try:
            with torch_state_kept(_cuda_devices(state)), state.arithmetic.kernels(state.model):
                loop.fit(state)
        except BaseException as err:
            if self._interrupted is None:
                raise
            # where in PyTorch the stop came tells nobody anything, and fills a notebook's screen
            raise self._interrupted from (None if isinstance(err, KeyboardInterrupt) else err)
        finally:
            self.result = replace(self.result, epochs_done=self._epochs_done())
        if self.keeper is not None:
            self.keeper.keep_result(self._content, self._n_bytes)
        return self.result

    def _keep(self, stop: KeyboardInterrupt | None) -> None:
        """Write a checkpoint: always after a stop, else if it is time for one."""
        if stop is None:
            if self.keeper is not None:
                self.keeper.offer(self._content, self._n_bytes)
            return
        path = self._kept()
        if path is not None:
            self._interrupted = TrainingInterrupted(path, self._position(), signal_of(stop))

    def _kept(self) -> Path | None:
        """Write a checkpoint after a stop; returns None if none is wanted, or none can be written."""
        if self.keeper is not None:
            # A second signal may have stopped an update in the middle: the checkpoint before it is the better one.
            return self.keeper.path if self.state.guard.torn else self.keeper.write(self._content())
        if self.checkpoint_to is None:
            return None
        try:
            with shielded():
                write_tensors(self.checkpoint_to, self._content())
        except OSError as err:
            raise as_data_error(self.checkpoint_to, err) from err
        return self.checkpoint_to

    def _epochs_done(self) -> int:
        state = self.state
        if self.saved is not None and Position(**self.saved["position"]).epoch >= state.epochs:
            return int(self.saved["epochs_done"])  # fewer than planned, if the fit was ended early
        return state.first_epoch + min(state.epoch + 1, state.epochs)

    def _position(self) -> Position:
        return position_of(self.state, self.plan.phase, self.n_frozen)

    def _content(self) -> dict[str, Any]:
        return content_of(self.state, self._position(), self._epochs_done(), self.plan.head_start)


def _size_of_checkpoint(state: LoopState) -> int:
    """Return about how many bytes a checkpoint has: parameters, those of the best epoch, and two averages of gradients."""
    whole = sum(value.nbytes for value in state.whole.state_dict().values())
    return 2 * whole + 2 * sum(p.nbytes for p in state.whole.parameters() if p.requires_grad)


def _check_batches(state: LoopState) -> None:
    """Raise ArgumentError if batches are too small for a layer: one row has no spread that it could be normalised by."""
    needs_two = any(isinstance(module, nn.BatchNorm1d) for module in state.model.modules())
    if needs_two and getattr(state.train, "bs", None) == 1:
        raise ArgumentError(
            "batches of one item cannot train a model with batch normalisation", got=1, expected="bs=2 or more",
            remedy="Raise bs=; a training set needs at least two items.",
        )  # fmt: skip


def _cuda_devices(state: LoopState) -> list[int]:
    device = state.arithmetic.device
    return [device.index or 0] if device.type == "cuda" else []
