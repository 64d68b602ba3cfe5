"""Catch a model's features while it computes: those of its body, else what its last linear layer takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gatera.models.text.model import TextBody
from gatera.models.trees import TableMixture
from gatera.models.vision.body import Body

#: Longer features are not summarised: the covariance would take the memory of a model.
MOST_FEATURES = 8192


@dataclass(frozen=True)
class Tap:
    """Where features are caught.

    Attributes:
        module: the module.
        output: whether its output is caught, or its input.
    """

    module: nn.Module
    output: bool


def find_tap(model: nn.Module) -> Tap | None:
    """Return where a model's features are, or None where it has none: boosted trees, words without a network."""
    if any(isinstance(module, TableMixture) for module in model.modules()):
        return None
    body = next((module for module in model.modules() if isinstance(module, Body | TextBody)), None)
    if body is not None:
        return Tap(body, output=True)
    last = [module for module in model.modules() if isinstance(module, nn.Linear)]
    return Tap(last[-1], output=False) if last else None


@contextmanager
def caught(tap: Tap) -> Iterator[list[Tensor]]:
    """Give a list that receives the features of each pass through the model.

    A hook would do the same, but a batch is not computed in parts by a model with hooks.
    """
    seen: list[Tensor] = []
    forward = tap.module.forward

    def watching(*inputs: Any, **keywords: Any) -> Any:
        found = forward(*inputs, **keywords)
        seen.append(found if tap.output else inputs[0])
        return found

    own = tap.module.__dict__.get("forward")  # kernels replace it in the same way
    tap.module.forward = watching
    try:
        yield seen
    finally:
        if own is None:
            del tap.module.forward
        else:
            tap.module.forward = own


def pooled(features: Tensor) -> Tensor:
    """Return one row of features for each input, float32 [N,F]: the mean over the places of a feature map [N,F,h,w]."""
    return features.float().mean((2, 3)) if features.ndim == 4 else features.float()


class WithFeatures(nn.Module):
    """Compute a model's outputs and features side by side, as one tensor [N,K+F].

    Args:
        model: a model that has a tap.
        outputs: whether to return the outputs, too.
    """

    def __init__(self, model: nn.Module, outputs: bool = True) -> None:
        super().__init__()
        self.model, self.outputs = model, outputs

    def forward(self, x: Any) -> Tensor:
        """Compute."""
        tap = find_tap(self.model)
        assert tap is not None  # for the type checker
        with caught(tap) as seen:
            found = self.model(x)
        features = pooled(seen[-1])
        return torch.cat([found.float().flatten(1), features], 1) if self.outputs else features
