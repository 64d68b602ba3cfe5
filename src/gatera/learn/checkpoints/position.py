"""What an interrupted fit keeps, and how a fit goes on from it: its position, the optimizer, the callbacks."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.learn.head_start import HeadStart
from gatera.learn.optimizer import load_named_state, named_state
from gatera.learn.state import LoopState


@dataclass(frozen=True)
class Position:
    """The position of an interrupted fit.

    Attributes:
        phase: part of a longer recipe, e.g. "frozen" or "unfrozen" in `fine_tune`; "" for a plain fit.
        epoch: number of finished epochs.
        step: number of finished updates in the current epoch.
        epochs: number of epochs of the fit.
        steps: number of updates per epoch; a resumed fit must have the same.
        first_epoch: number of epochs in earlier fits.
        n_frozen: number of frozen parameter groups.
    """

    phase: str = ""
    epoch: int = 0
    step: int = 0
    epochs: int = 0
    steps: int = 0
    first_epoch: int = 0
    n_frozen: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for a checkpoint."""
        return asdict(self)

    def __str__(self) -> str:
        if self.epoch >= self.epochs:
            return f"after {'the last epoch' if self.epochs > 1 else 'the epoch'}{self._part()}"
        return (
            f"in epoch {self.epoch} of {self.epochs}{self._part()}, after batch {self.step} of {self.steps}"
        )

    def _part(self) -> str:
        return f" of the {self.phase} part" if self.phase else ""


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during a fit. A checkpoint has been saved; the message says where, and how to resume.

    Attributes:
        path: the checkpoint.
        position: where the fit was interrupted.
        number: the signal: that of Ctrl-C, SIGTERM or SIGHUP.
    """

    def __init__(
        self, path: Path, position: Position, number: int = signal.SIGINT, remedy: str | None = None
    ) -> None:
        self.path, self.position, self.number = path, position, int(number)
        how = f"create the learner the same way and call the same method with resume={str(path)!r}."
        super().__init__(
            f"Interrupted {position}. Checkpoint saved to {path}. {remedy or f'To resume, {how}'}"
        )


def position_in(kept: Mapping[str, Any], path: Path | None) -> Position:
    """Return the position that a checkpoint holds.

    Raises:
        DataError: if another version of Gatera wrote it, with facts that this one does not know.
    """
    if unknown := [name for name in kept if name not in {each.name for each in fields(Position)}]:
        raise DataError(
            f"the checkpoint {path} was written by another version of Gatera: its position has {listed(unknown)}",
            remedy="Go on with that version, or start over.",
        )
    return Position(**kept)


def position_of(state: LoopState, phase: str, n_frozen: int) -> Position:
    """Return the position of a fit.

    Args:
        state: the loop's state.
        phase: part of a longer recipe, or "".
        n_frozen: number of frozen parameter groups.
    """
    epoch, step = (state.epochs, 0) if state.finished else (state.epoch, state.step)
    return Position(
        phase=phase, epoch=epoch, step=step, epochs=state.epochs,
        steps=len(state.train), first_epoch=state.first_epoch, n_frozen=n_frozen,
    )  # fmt: skip


def content_of(
    state: LoopState, position: Position, epochs_done: int, head_start: HeadStart | None
) -> dict[str, Any]:
    """Return all that a checkpoint of a fit holds.

    Args:
        state: the loop's state.
        position: the position of the fit.
        epochs_done: number of epochs run or begun so far, earlier fits included.
        head_start: what the head of the learner started from.
    """
    return {
        "model": state.whole.state_dict(),
        "opt": named_state(state.optimizer, state.whole),
        "arithmetic": state.arithmetic.state_dict(),
        "position": position.to_dict(),
        "epochs_done": epochs_done,
        "head_start": None if head_start is None else asdict(head_start),
        "callbacks": [callback.state_dict() for callback in state.callbacks],
    }


def resume(state: LoopState, ours: Position, saved: dict[str, Any], path: Path | None) -> None:
    """Let a fit go on where a checkpoint was written. The model's parameters are loaded already.

    Args:
        state: the loop's state, before the first epoch.
        ours: the position of the fit before it resumes.
        saved: the content of the checkpoint.
        path: the checkpoint, for messages.

    Raises:
        ArgumentError: if the checkpoint belongs to a different run.
    """
    position = position_in(saved["position"], path)
    if (ours.phase, ours.epochs, ours.steps) != (position.phase, position.epochs, position.steps):
        raise ArgumentError(
            f"cannot resume from {path}: it belongs to a different run",
            got=f"phase {ours.phase!r}, {ours.epochs} epochs of {ours.steps} batches",
            expected=f"phase {position.phase!r}, {position.epochs} epochs of {position.steps} batches",
            remedy="Call the same method with the same data, batch size and number of epochs as before.",
        )
    load_named_state(state.optimizer, state.whole, saved["opt"])
    state.arithmetic.load_state_dict(saved.get("arithmetic", {}))  # older files lack it
    callbacks = list(state.callbacks)
    if len(saved["callbacks"]) != len(callbacks):
        raise _other_callbacks(path, f"{len(callbacks)} callbacks", f"{len(saved['callbacks'])} callbacks")
    for callback, kept in zip(callbacks, saved["callbacks"], strict=True):
        try:
            callback.load_state_dict(kept)
        except KeyError as err:  # a callback of another kind wrote it
            ours_now = listed(type(each).__name__ for each in callbacks)
            raise _other_callbacks(path, ours_now, "those of the fit that was stopped") from err
    state.epoch, state.step, state.first_epoch = position.epoch, position.step, position.first_epoch


def _other_callbacks(path: Path | None, got: str, expected: str) -> ArgumentError:
    return ArgumentError(
        f"cannot resume from {path}: it belongs to a fit with other callbacks, or another version of Gatera wrote it",
        got=got, expected=expected,
        remedy="Call the same method with the same callbacks as before, or start over without resume.",
    )  # fmt: skip
