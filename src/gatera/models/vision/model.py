"""Build a vision model: a body and a head."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch import nn

from gatera.models.backbones.architectures import Architecture
from gatera.models.vision.body import create_body
from gatera.models.vision.heads import HeadOptions, create_head
from gatera.models.vision.linear_head import LinearHeadOptions, create_linear_head
from gatera.models.vision.point_head import PointHead


def create_vision_model(
    arch: str | Architecture | Callable[..., object],
    n_out: int,
    *,
    n_in: int = 3,
    pretrained: bool | str | Path = True,
    normalize: bool = True,
    y_range: tuple[float, float] | None = None,
    head: HeadOptions | LinearHeadOptions | nn.Module | None = None,
    points: bool = False,
) -> nn.Sequential:
    """Build body and head: photos [N,C,H,W] in 0..1 -> logits [N,K].

    Args:
        arch: one of Gatera's names, any timm name, or an `Architecture`.
        n_out: number of outputs K.
        n_in: number of input channels C.
        pretrained: True to find weights, a file of weights, or False for random weights.
        normalize: begin with the normalisation that the weights were trained with.
        y_range: squash the outputs into this open interval (regression).
        head: settings of the usual head or of a linear one, or a module of your own.
        points: whether the outputs are points in the photo, alternating x and y. The default head is then a `PointHead`, if
            the body returns feature maps.

    Returns:
        `nn.Sequential(body, head)`; random values come from torch's global generator.

    Raises:
        ArgumentError: if an argument is not allowed; see `create_body` and `create_head`.
        PretrainedError: if weights were requested but not found, or do not fit.
    """
    body = create_body(arch, n_in, pretrained, normalize)
    if isinstance(head, nn.Module):
        return nn.Sequential(body, head)
    if points and head is None and body.spatial:
        return nn.Sequential(body, PointHead(body.num_features, n_out // 2, y_range))
    if isinstance(head, LinearHeadOptions):
        made = create_linear_head(body.num_features, n_out, head.power, body.spatial, y_range)
        return nn.Sequential(body, made)
    options = head or HeadOptions()
    return nn.Sequential(
        body,
        create_head(
            body.num_features, n_out, options.lin_ftrs, options.ps, options.pool and body.spatial,
            options.concat_pool, options.first_bn, options.bn_final, options.lin_first, y_range,
        ),
    )  # fmt: skip
