"""Going on from a program: where the new learner asks what the program answers, it takes the program's head, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeGuard

from torch import nn

from gatera.core.progress import note
from gatera.data.loading.loaders import DataLoaders
from gatera.models.vision.body import Body
from gatera.models.weights.files import PROGRAM, read_head
from gatera.program.package import read_package


def is_program(pretrained: bool | str | Path) -> TypeGuard[str | Path]:
    """Whether `pretrained` names a program file."""
    return not isinstance(pretrained, bool) and Path(pretrained).suffix == PROGRAM


def has_linear_head(program: str | Path) -> bool:
    """Whether a program's head is a single linear layer."""
    weights = read_head(Path(program).expanduser())
    return sorted(weight.ndim for weight in weights.values()) == [1, 2]


def take_head(model: nn.Sequential, program: str | Path, dls: DataLoaders) -> bool:
    """Load a program's head into a model whose body has the program's weights already, if it fits; a line says which.

    It fits if the data has the program's labels, in the same order, and the head the same layers of the same sizes.

    Args:
        model: body and head.
        program: the file, exported with its weights.
        dls: the data that the model is to be trained on.

    Returns:
        Whether the head was taken.
    """
    path = Path(program).expanduser()
    weights, own = read_head(path), model[1].state_dict()
    reason = _other_question(read_package(path).program, dls)
    if reason is None and {n: w.shape for n, w in weights.items()} != {n: w.shape for n, w in own.items()}:
        reason = "its head has another shape"
    body = model[0]
    if reason is None:
        model[1].load_state_dict(weights)
        note(f"Going on from {path}: body and head.")
    else:
        note(f"Going on from {path}: its body only, with a new head, for {reason}.")
    if isinstance(body, Body):
        body.source = f"{path} ({'body and head' if reason is None else 'its body'})"
    return reason is None


def _other_question(program: dict[str, Any], dls: DataLoaders) -> str | None:
    """Return in what the program answers another question than the data asks, or None."""
    if program["task"] != dls.task:
        return f"its task is {program['task']}"
    labels = program["decode"]["vocab"]
    return None if labels == (None if dls.vocab is None else list(dls.vocab)) else "it has other labels"
