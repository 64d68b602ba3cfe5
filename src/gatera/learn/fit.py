"""One fit: set up the loop, run it, and save a checkpoint if Ctrl-C interrupts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gatera.core.checks import check_at_least
from gatera.core.errors import ArgumentError
from gatera.learn import checkpoint, loop
from gatera.learn.checkpoint import Position, TrainingInterrupted
from gatera.learn.head_start import HeadStart
from gatera.learn.optimizer import load_named_state, named_state, set_hyper
from gatera.learn.options import FIT_DEFAULTS, FitArguments
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
        check_at_least("n_epoch", self.epochs, 1)

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
    ) -> None:
        self.plan, self.state, self.saved = plan, state, saved
        self.checkpoint_to, self.n_frozen = checkpoint_to, n_frozen
        self.result = FitResult(state.optimizer, state.first_epoch)

    def run(self) -> FitResult:
        """Train.

        Raises:
            ArgumentError: if the checkpoint belongs to a different run.
            TrainingInterrupted: after Ctrl-C; its message names the checkpoint.
            KeyboardInterrupt: after Ctrl-C, if no checkpoint is wanted.
        """
        state, plan = self.state, self.plan
        set_hyper(state.optimizer, "lr", plan.lrs)
        if plan.wd is not None:
            set_hyper(state.optimizer, "wd", [plan.wd])
        if self.saved is not None:
            self._resume(self.saved)
        _check_batches(state)
        balance_gradients(state.model, state.loss_func)
        state.optimizer.zero_grad()  # parameters frozen since the last fit may still have a gradient
        try:
            with torch.random.fork_rng(_cuda_devices(state)), state.arithmetic.kernels(state.model):
                loop.fit(state)
        except KeyboardInterrupt as stop:
            if self.checkpoint_to is None:
                raise
            raise TrainingInterrupted(self._save(self.checkpoint_to), self._position()) from stop
        finally:
            done = state.first_epoch + min(state.epoch + 1, state.epochs)
            self.result = replace(self.result, epochs_done=done)
        return self.result

    def _position(self) -> Position:
        state = self.state
        return Position(
            phase=self.plan.phase, epoch=state.epoch, step=state.step, epochs=state.epochs,
            steps=len(state.train), first_epoch=state.first_epoch, n_frozen=self.n_frozen,
        )  # fmt: skip

    def _resume(self, saved: dict[str, Any]) -> None:
        state, position = self.state, Position(**saved["position"])
        ours = self._position()
        if (ours.phase, ours.epochs, ours.steps) != (position.phase, position.epochs, position.steps):
            raise ArgumentError(
                f"cannot resume from {self.plan.resume}: it belongs to a different run",
                got=f"phase {ours.phase!r}, {ours.epochs} epochs of {ours.steps} batches",
                expected=f"phase {position.phase!r}, {position.epochs} epochs of {position.steps} batches",
                remedy="Call the same method with the same data, batch size and number of epochs as before.",
            )
        load_named_state(state.optimizer, state.whole, saved["opt"])
        state.arithmetic.load_state_dict(saved.get("arithmetic", {}))  # older files lack it
        for callback, kept in zip(state.callbacks, saved["callbacks"], strict=True):
            callback.load_state_dict(kept)
        state.epoch, state.step, state.first_epoch = position.epoch, position.step, position.first_epoch

    def _save(self, path: Path) -> Path:
        state = self.state
        content = {
            "model": state.whole.state_dict(),
            "opt": named_state(state.optimizer, state.whole),
            "arithmetic": state.arithmetic.state_dict(),
            "position": self._position().to_dict(),
            "head_start": None if self.plan.head_start is None else asdict(self.plan.head_start),
            "callbacks": [callback.state_dict() for callback in state.callbacks],
        }
        return checkpoint.write(path, content)


def _check_batches(state: LoopState) -> None:
    """Raise ArgumentError if batches are too small for a layer: one row has no spread that it could be normalised by."""
    needs_two = any(isinstance(module, nn.BatchNorm1d) for module in state.model.modules())
    if needs_two and getattr(state.train, "bs", None) == 1:
        raise ArgumentError(
            "batches of one item cannot train a model with batch normalisation", got="bs=1", expected="bs=2 or more",
            remedy="Raise bs=; a training set needs at least two items.",
        )  # fmt: skip


def _cuda_devices(state: LoopState) -> list[int]:
    device = state.arithmetic.device
    return [device.index or 0] if device.type == "cuda" else []
