"""Saving and loading what a learner has learned, and where in a fit it stands.

Files are torch's zip format and hold only tensors, numbers and strings: they are read with `weights_only=True`, so that
opening one can run no code.
"""

from __future__ import annotations

import pickle
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import atomic_write


@dataclass(frozen=True)
class Position:
    """Where a fit stands.

    Attributes:
        phase: which fit of a longer recipe, e.g. "frozen" or "unfrozen" in `fine_tune`; "" for a plain fit.
        epoch: epochs finished.
        step: updates finished in the epoch that was begun.
        epochs: epochs of the fit.
        steps: updates of each epoch; a resumed run must have as many.
        first_epoch: epochs that earlier fits ran.
        n_frozen: how many parameter groups are frozen.
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


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during a fit. What was trained is saved; the message says where, and how to go on.

    Attributes:
        path: the checkpoint that was written.
        position: where the fit stood.
    """

    def __init__(self, path: Path, position: Position) -> None:
        self.path, self.position = path, position
        part = f" of the {position.phase} part" if position.phase else ""
        super().__init__(
            f"Stopped in epoch {position.epoch} of {position.epochs}{part}, after batch {position.step} of "
            f"{position.steps}. Everything trained so far is saved in {path}. To go on where it stopped, make the "
            f"learner in the same way and call the same method with resume={str(path)!r}."
        )


def write(path: Path, content: dict[str, Any]) -> Path:
    """Write a checkpoint; the file takes its name only when it is whole."""
    with atomic_write(path) as partial:
        torch.save(content, partial)
    return path


def read(path: Path, device: torch.device) -> dict[str, Any]:
    """Read a checkpoint.

    Raises:
        DataError: if the file is missing, is no checkpoint, is cut short, or holds objects other than plain values.
    """
    if not path.is_file():
        raise DataError(f"there is no checkpoint {path}", remedy="learn.save(name) writes one.")
    try:
        content = torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError) as err:
        raise DataError(
            f"{path} cannot be read as a checkpoint: it is cut short, damaged, or holds objects that could run code",
            expected="a file written by learn.save", remedy="Use an earlier copy, or train again.",
        ) from err  # fmt: skip
    if not isinstance(content, dict) or "model" not in content:
        raise DataError(f"{path} holds no model parameters", expected="a file written by learn.save")
    return content


def load_model(model: torch.nn.Module, state: dict[str, Any], path: Path, strict: bool = True) -> None:
    """Put saved parameters into a model.

    Raises:
        ArgumentError: if they do not fit it; some of the names or shapes that differ are given.
    """
    own = model.state_dict()
    wrong = [name for name, value in state.items() if name in own and own[name].shape != value.shape]
    missing, extra = [n for n in own if n not in state], [n for n in state if n not in own]
    if wrong or (strict and (missing or extra)):
        details = [
            f"{len(names)} {what} ({listed(names, 2)})"
            for what, names in (("of another shape", wrong), ("missing", missing), ("unknown", extra))
            if names
        ]
        raise ArgumentError(
            f"the parameters in {path} are those of another model: {', '.join(details)}",
            remedy="Make the learner with the architecture, head and number of classes it was saved with.",
        )
    model.load_state_dict(state, strict=strict)
