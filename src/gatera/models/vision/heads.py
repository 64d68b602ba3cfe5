"""Build fastai's head: the layers that turn a body's features into outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from gatera.core.checks import check_count, check_fraction
from gatera.core.errors import ArgumentError
from gatera.models.layers import AdaptiveConcatPool2d, SigmoidRange

#: Initial bias of a batch norm in a head. Source: fastai 2.8, `BatchNorm` in layers.py.
NORM_BIAS = 1e-3
#: Default size of the hidden layer. Source: fastai 2.8, `create_head`.
HIDDEN_FEATURES = 512
#: Momentum of the batch norm on the outputs. Source: fastai 2.8, `create_head`.
FINAL_NORM_MOMENTUM = 0.01


@dataclass(frozen=True)
class HeadOptions:
    """Settings of a head; see the arguments of `create_head`."""

    lin_ftrs: Sequence[int] | None = None
    ps: float | Sequence[float] = 0.5
    pool: bool = True
    concat_pool: bool = True
    first_bn: bool = True
    bn_final: bool = False
    lin_first: bool = False


def create_head(
    nf: int,
    n_out: int,
    lin_ftrs: Sequence[int] | None = None,
    ps: float | Sequence[float] = 0.5,
    pool: bool = True,
    concat_pool: bool = True,
    first_bn: bool = True,
    bn_final: bool = False,
    lin_first: bool = False,
    y_range: tuple[float, float] | None = None,
) -> nn.Sequential:
    """Build the layers after a body: pooling, then batch norm, dropout and a linear layer for each size.

    Args:
        nf: number of features (channels) from the body.
        n_out: number of outputs K.
        lin_ftrs: sizes of the hidden layers; None for one of 512, () for none.
        ps: dropout before each linear layer, 0..1; a single number is halved for all but the last.
        pool: pool a feature map [N,C,H,W] first; False if the body returns [N,F].
        concat_pool: pool by maximum and mean (twice the features) rather than by mean only.
        first_bn: batch norm on the pooled features (with `lin_first`: after the first hidden layer).
        bn_final: batch norm on the outputs.
        lin_first: put each hidden linear layer before its batch norm and dropout.
        y_range: squash the outputs into this open interval.

    Returns:
        A Sequential, initialised from torch's global generator; [N,C,H,W] (or [N,F]) -> [N,K].

    Raises:
        ArgumentError: if a size is below 1, a dropout is not in 0..1, the number of dropouts does not fit the layers, or
            `y_range` is not (low, high) with low < high.

    Source:
        fastai 2.8 `create_head`: the same layers, defaults and initial values.

    Example:
        >>> [type(layer).__name__ for layer in create_head(512, 37)]
        ['AdaptiveConcatPool2d', 'Flatten', 'BatchNorm1d', 'Dropout', 'Linear', 'ReLU', 'BatchNorm1d', 'Dropout', 'Linear']
    """
    hidden = [HIDDEN_FEATURES] if lin_ftrs is None else list(lin_ftrs)
    sizes = [nf * 2 if pool and concat_pool else nf, *hidden, n_out]
    for size in sizes:
        check_count("the size of a layer in the head (nf, lin_ftrs, n_out)", size, 1)
    dropouts = _dropouts(ps, len(sizes) - 1)
    layers: list[nn.Module] = []
    if pool:
        layers += [AdaptiveConcatPool2d() if concat_pool else nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    layers += (_linear_first if lin_first else _norm_first)(sizes, dropouts, first_bn)
    if bn_final:
        layers.append(nn.BatchNorm1d(n_out, momentum=FINAL_NORM_MOMENTUM))
    if y_range is not None:
        layers.append(SigmoidRange(*y_range))
    head = nn.Sequential(*layers)
    init_head(head)
    return head


def _dropouts(ps: float | Sequence[float], n_layers: int) -> list[float]:
    """Return one dropout probability per linear layer."""
    if isinstance(ps, int | float):
        probabilities = [ps / 2] * (n_layers - 1) + [ps]
    else:
        probabilities = list(ps)
    if len(probabilities) != n_layers:
        raise ArgumentError(
            "ps must be one number or have one value per linear layer of the head",
            got=probabilities, expected=f"a number, or {n_layers} of them",
        )  # fmt: skip
    for probability in probabilities:
        check_fraction("ps (dropout)", probability)
    return probabilities


def _norm_first(sizes: list[int], dropouts: list[float], first_bn: bool) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for i, (n_in, n) in enumerate(pairwise(sizes)):
        norm = first_bn or i > 0
        layers += [nn.BatchNorm1d(n_in)] if norm else []
        layers += _dropout(dropouts[i])
        # No bias next to a batch norm, as in fastai: the norm has its own.
        layers.append(nn.Linear(n_in, n, bias=not norm))
        layers += [nn.ReLU()] if i < len(sizes) - 2 else []
    return layers


def _linear_first(sizes: list[int], dropouts: list[float], first_bn: bool) -> list[nn.Module]:
    layers = _dropout(dropouts[0])
    for i, (n_in, n) in enumerate(pairwise(sizes[:-1])):
        norm = first_bn or i > 0
        layers += [nn.Linear(n_in, n, bias=not norm), nn.ReLU()]
        layers += [nn.BatchNorm1d(n)] if norm else []
        layers += _dropout(dropouts[i + 1])
    return [*layers, nn.Linear(sizes[-2], sizes[-1])]


def _dropout(probability: float) -> list[nn.Module]:
    return [nn.Dropout(probability)] if probability > 0 else []


def init_head(head: nn.Module) -> None:
    """Initialise a head as fastai does, in place, from torch's global generator.

    Linear and convolution weights: Kaiming normal; their biases: 0. Batch norms: weight 1, bias 1e-3.
    """
    for layer in head.modules():
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.ones_(layer.weight)
            nn.init.constant_(layer.bias, NORM_BIAS)
