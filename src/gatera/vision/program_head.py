"""Continue training from a program: load its head as well as its body, if labels and shape match."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

from gatera.core.progress import note
from gatera.data.loading.loaders import DataLoaders
from gatera.models.vision.body import Body
from gatera.models.weights.files import PROGRAM, read_head, suffix_of
from gatera.program.package import read_package
from gatera.vision.start_from_program import note_start


def is_program(pretrained: bool | str | Path) -> TypeGuard[str | Path]:
    """Whether `pretrained` names a program file."""
    return not isinstance(pretrained, bool) and suffix_of(Path(pretrained).expanduser()) == PROGRAM


def has_linear_head(program: str | Path) -> bool:
    """Whether a program's head is a single linear layer."""
    weights = _layers(read_head(Path(program).expanduser()))
    return sorted(len(shape) for shape in weights.values()) == [1, 2]


def load_head(model: nn.Sequential, program: str | Path, dls: DataLoaders, name: str | None = None) -> bool:
    """Load a program's head into a model, if it matches, and print what was loaded.

    It matches if the data has the program's labels in the same order, and the head has the same layers and sizes. The body
    must have the program's weights already.

    Args:
        model: body and head.
        program: the program file, exported with its weights.
        dls: the training data.
        name: what messages call the program; by default its file.

    Returns:
        Whether the head was loaded.
    """
    path = Path(program).expanduser()
    name = name or str(path)
    weights, own = read_head(path), model[1].state_dict()
    reason = _mismatch(read_package(path).program, dls)
    if reason is None and _layers(weights) != _layers(own):
        reason = "its head has another shape"
    body = model[0]
    if reason is None:
        model[1].load_state_dict(weights)
        note(f"Loaded body and head from {name}.")
    else:
        note(f"Loaded only the body from {name}, because {reason}; the head is new.")
    if isinstance(body, Body):
        note_start(body, path, name, "body and head" if reason is None else "its body")
    return reason is None


def _layers(weights: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    """Return the shapes of a head's weights, without the unit of its targets, which older programs do not have."""
    return {name: w.shape for name, w in weights.items() if name.rpartition(".")[2] != "target_scale"}


def _mismatch(program: dict[str, Any], dls: DataLoaders) -> str | None:
    """Return how the program's task or labels differ from the data's, or None if they agree."""
    if program["task"] != dls.task:
        return f"its task is {program['task']}"
    labels = program["decode"]["vocab"]
    return None if labels == (None if dls.vocab is None else list(dls.vocab)) else "its labels differ"
