"""A vision model: a body that sees and a head that decides."""

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
        arch: one of our names, any timm name, or an `Architecture`.
        n_out: outputs K.
        n_in: channels C of the input.
        pretrained: True to look for weights, a file that holds them, or False for random values.
        normalize: begin with the normalisation that the weights were trained with.
        y_range: squash the outputs into this open interval (regression).
        head: options for the usual head or for a linear one, or a module of your own in its place.
        points: whether the outputs are places on the photo, x and y by turns. Then, where no head is given and the body gives
            feature maps, the head is a `PointHead`.

    Returns:
        `nn.Sequential(body, head)`, its fresh values drawn from torch's global generator.

    Raises:
        ArgumentError: if an argument is not allowed; see `create_body` and `create_head`.
        PretrainedError: if weights were asked for and none were found, or they do not fit.
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
