"""Copy a model for prediction, with its batch norms folded into the convolutions before them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from gatera.kernels.switch import kernels_on

#: A folded copy whose outputs differ by more than this (of the largest output) is thrown away.
TOLERANCE = 1e-4


class _WithoutNorm(nn.Module):
    """The dropout and activation of timm's `BatchNormAct2d`, once its norm is folded into the convolution."""

    def __init__(self, drop: nn.Module, act: nn.Module) -> None:
        super().__init__()
        self.drop, self.act = drop, act

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.drop(x))


def folded_copy(model: nn.Module, x: Tensor) -> nn.Module:
    """Return a copy of `model` in evaluation mode that computes the same with fewer passes over memory.

    A convolution and the batch norm that stands right after it in the same module become one convolution. That they also
    follow each other when the model runs is not known from that: so the copy's output for `x` is compared with the
    model's, and where it differs the copy is an unfolded one. With GATERA_KERNELS=off it is always unfolded.

    Args:
        model: any module; it is not changed.
        x: an input of it.

    Returns:
        The copy, without gradients.
    """
    plain = copy.deepcopy(model).eval().requires_grad_(False)
    if not kernels_on():
        return plain
    folded = copy.deepcopy(plain)
    for parent, conv, norm in list(_pairs(folded)):
        _fold(parent, conv, norm)
    with torch.no_grad():
        expected, found = plain(x), folded(x)
    if not isinstance(found, Tensor) or found.shape != expected.shape:
        return plain
    same = bool((found - expected).abs().max() <= TOLERANCE * expected.abs().max().clamp(min=1))
    return folded if same else plain


def _pairs(model: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """Yield (parent, name of a convolution, name of the batch norm right after it)."""
    for parent in model.modules():
        children = list(parent.named_children())
        for (name, conv), (next_name, norm) in pairwise(children):
            if not isinstance(conv, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
                continue
            if norm.num_features == conv.out_channels and norm.running_mean is not None:
                yield parent, name, next_name


def _fold(parent: nn.Module, conv_name: str, norm_name: str) -> None:
    conv, norm = getattr(parent, conv_name), getattr(parent, norm_name)
    conv.weight, conv.bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )
    parts = dict(norm.named_children())
    rest = _WithoutNorm(parts["drop"], parts["act"]) if {"drop", "act"} <= set(parts) else nn.Identity()
    setattr(parent, norm_name, rest)
