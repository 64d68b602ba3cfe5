"""Save and load a learner's parameters; `position.py` beside this has what an interrupted fit keeps.

What `learn.save` writes has torch's zip format and contains only tensors, numbers and strings; it is read with
`weights_only=True`. Checkpoints of interrupted fits are safetensors files. Opening either cannot run code.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError, lacks_memory
from gatera.core.files import atomic_write
from gatera.learn.checkpoints.keeper import as_data_error
from gatera.learn.checkpoints.tensor_file import is_tensor_file, read_tensors
from gatera.models.weights.files import DAMAGE

#: What the names of checkpoints end in.
SUFFIXES = (".safetensors", ".pth")


def write(path: Path, content: dict[str, Any]) -> Path:
    """Write parameters; the file gets its name only when it is complete.

    Raises:
        DataError: if the disk is full or not writable.
    """
    try:
        with atomic_write(path) as partial:
            torch.save(content, partial)
    except (OSError, RuntimeError) as err:  # torch turns the disk's error into one of its own
        raise as_data_error(path, err) from err
    return path


def check_is_file(path: Path) -> None:
    """Raise DataError unless there is a file that may be a checkpoint.

    Raises:
        DataError: if the file is missing, cannot be read, or is a folder; the checkpoints in that are named.
    """
    if path.is_dir():
        inside = [file.name for file in sorted(path.iterdir()) if file.suffix in SUFFIXES and file.is_file()]
        raise DataError(
            f"{path} is a folder, not a checkpoint", available=listed(inside, 5) or None,
            remedy="Name a file in it." if inside else "Name a file that a training kept.",
        )  # fmt: skip
    if not path.is_file():
        raise DataError(f"no checkpoint {path}", remedy="learn.save(name) writes one.")
    try:
        path.open("rb").close()
    except OSError as err:
        raise DataError(f"cannot read {path} ({err.strerror})") from err


def read(path: Path, device: torch.device) -> dict[str, Any]:
    """Read a checkpoint.

    Raises:
        DataError: if the file is missing, cannot be read, is damaged or no checkpoint, or contains objects other than plain values.
    """
    check_is_file(path)
    if is_tensor_file(path):
        return read_tensors(path, device)
    try:
        content = torch.load(path, map_location=device, weights_only=True)
    except DAMAGE as err:
        if lacks_memory(err):
            raise
        raise DataError(
            f"cannot read {path} as a checkpoint: it is damaged, another kind of file, or contains objects that could run code",
            expected="a file written by learn.save", remedy="Use an earlier copy, or train again.",
        ) from err  # fmt: skip
    if not isinstance(content, dict) or "model" not in content:
        raise DataError(f"{path} contains no model parameters", expected="a file written by learn.save")
    return content


def load_model(model: torch.nn.Module, state: dict[str, Any], path: Path, strict: bool = True) -> None:
    """Load saved parameters into a model.

    Raises:
        ArgumentError: if they do not fit the model; the message names some of the differences.
    """
    own = model.state_dict()
    wrong = [name for name, value in state.items() if name in own and own[name].shape != value.shape]
    missing, extra = [n for n in own if n not in state], [n for n in state if n not in own]
    if wrong or (strict and (missing or extra)):
        details = [
            f"{len(names)} {what} ({listed(names, 2)})"
            for what, names in (("with another shape", wrong), ("missing", missing), ("unexpected", extra))
            if names
        ]
        raise ArgumentError(
            f"the parameters in {path} do not fit this model: {', '.join(details)}",
            remedy="Create the learner with the architecture, head and number of classes it was saved with.",
        )
    model.load_state_dict(state, strict=strict)


def restore(model: torch.nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Put back parameters and buffers that a model had. Those that it still has are not written: what was computed with them stays valid.

    Args:
        model: the model.
        state: its `state_dict` of then.
    """
    with torch.no_grad():
        for name, own in model.state_dict().items():
            if not _same(own, state[name]):
                own.copy_(state[name])


def _same(own: torch.Tensor, value: torch.Tensor) -> bool:
    return own.dtype == value.dtype and own.device == value.device and torch.equal(own, value)
