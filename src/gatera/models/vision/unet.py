"""Build a U-Net for segmentation on any architecture with feature maps of several sizes.

    photo -> 1/2 -> 1/4 -> 1/8 -> 1/16 -> 1/32     the body, pretrained
      |       |      |      |       |       |
    output <- up  <- up  <- up  <-  up  <---+      the decoder: each step doubles the size and adds the skip connection

Source: Ronneberger et al. 2015, "U-Net" (arXiv 1505.04597); on a pretrained body as in fastai's DynamicUnet. Unlike there,
upsampling is by interpolation rather than pixel shuffle, there are no layers between encoder and decoder, and the last step, from
half the photo's size, has no layers: on camvid_tiny this is more accurate and takes half the time (see LOG.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.checks import check_count
from gatera.core.errors import ArgumentError
from gatera.models.backbones.architectures import Architecture
from gatera.models.layers import SigmoidRange
from gatera.models.vision.body import Body, create_body

#: Channels of the decoder from the smallest maps to the largest; the last number is repeated if there are more. See LOG.md.
WIDTHS = (256, 192, 128, 96)

#: Factor on the Kaiming initial values of the last layer. A decoder has only a few hundred updates, and a larger last layer gives
#: the layers below it larger gradients. Chosen here, see LOG.md.
OUTPUT_GAIN = 2.0


@dataclass(frozen=True)
class Level:
    """The last feature map of a given size in a backbone.

    Attributes:
        index: position of the map in the output of timm's `forward_intermediates`.
        channels: C of the map.
        reduction: the photo's side divided by the map's.
    """

    index: int
    channels: int
    reduction: int


def feature_levels(body: Body) -> list[Level]:
    """Return the feature maps that a U-Net on this body uses, the largest first.

    Raises:
        ArgumentError: if the architecture has no feature maps of several sizes.
    """
    backbone: Any = body.backbone
    if not hasattr(backbone, "forward_intermediates") or not isinstance(
        getattr(backbone, "feature_info", None), list
    ):
        raise _no_pyramid(body)
    deepest: dict[int, Level] = {}  # reduction -> the last level that has it
    for index, about in enumerate(backbone.feature_info):
        deepest[about["reduction"]] = Level(index, about["num_chs"], about["reduction"])
    if len(deepest) < 2:
        raise _no_pyramid(body)
    return [deepest[reduction] for reduction in sorted(deepest)]


def _no_pyramid(body: Body) -> ArgumentError:
    return ArgumentError(
        f"{body.architecture.name} has no feature maps of several sizes, which a U-Net needs",
        remedy="Choose a convolutional architecture, e.g. efficientnet_lite0 or resnet34.",
    )


class Up(nn.Module):
    """One decoder step: upsample to the size of the skip connection, concatenate, convolve.

    Args:
        n_in: channels from the step below.
        n_beside: channels of the skip connection.
        n_out: output channels.
    """

    def __init__(self, n_in: int, n_beside: int, n_out: int) -> None:
        super().__init__()
        # Halve the channels before upsampling, not after: a quarter of the work.
        self.narrow = nn.Conv2d(n_in, n_in // 2, 1)
        self.norm = nn.BatchNorm2d(n_beside)
        self.convs = nn.Sequential(conv_block(n_in // 2 + n_beside, n_out), conv_block(n_out, n_out))

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        """Combine [N,C,h,w] and [N,C',H,W] -> [N,C'',H,W]."""
        grown = resized(self.narrow(x), (beside.shape[-2], beside.shape[-1]))
        return self.convs(F.relu(torch.cat([grown, self.norm(beside)], 1)))


class DynamicUnet(nn.Module):
    """A U-Net: photos float [N,C,H,W] in 0..1 -> logits [N,K,H,W].

    Args:
        body: the architecture's body; layers after its last feature map are removed from it.
        n_out: number of classes K.
        y_range: squash the outputs into this open interval.

    Attributes:
        body, levels: the body, and its feature maps that are used.
        decoder: all other layers.

    Raises:
        ArgumentError: if the architecture has no feature maps of several sizes.
    """

    def __init__(self, body: Body, n_out: int, y_range: tuple[float, float] | None = None) -> None:
        super().__init__()
        check_count("n_out", n_out, 1)
        self.levels = feature_levels(body)
        prune(body, self.levels)
        self.body = body
        self.decoder = Decoder([level.channels for level in self.levels], n_out)
        self.bound = nn.Identity() if y_range is None else SigmoidRange(*y_range)

    def forward(self, x: Tensor) -> Tensor:
        """Compute logits, [N,C,H,W] -> [N,K,H,W]."""
        maps = self.body.feature_maps(x, [level.index for level in self.levels])
        return self.bound(resized(self.decoder(maps), (x.shape[-2], x.shape[-1])))


class Decoder(nn.Module):
    """The decoder of a U-Net: feature maps -> logits of the size of the largest map.

    Args:
        channels: channels of the maps, the largest map first.
        n_out: number of classes K.
    """

    def __init__(self, channels: Sequence[int], n_out: int) -> None:
        super().__init__()
        *beside, n = channels
        self.first = nn.Sequential(nn.BatchNorm2d(n), nn.ReLU())
        self.ups = nn.ModuleList()
        for step, n_beside in enumerate(reversed(beside)):
            width = WIDTHS[min(step, len(WIDTHS) - 1)]
            self.ups.append(Up(n, n_beside, width))
            n = width
        self.output = nn.Conv2d(n, n_out, 1)
        init_decoder(self)
        with torch.no_grad():
            self.output.weight.mul_(OUTPUT_GAIN)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Compute logits from maps [N,C,h,w], the largest first."""
        x = self.first(maps[-1])
        for up, beside in zip(self.ups, reversed(maps[:-1]), strict=True):
            x = up(x, beside)
        return self.output(x)


def conv_block(n_in: int, n_out: int) -> nn.Sequential:
    """Build a 3x3 convolution, batch norm and ReLU; the size is kept."""
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU())


def resized(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize maps [N,C,h,w] by bilinear interpolation, if needed."""
    return x if x.shape[-2:] == size else F.interpolate(x, size=size, mode="bilinear", align_corners=False)


def init_decoder(decoder: nn.Module) -> None:
    """Initialise convolutions with Kaiming normal weights and zero biases, in place, from torch's global generator."""
    for layer in decoder.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def prune(body: Body, levels: Sequence[Level]) -> None:
    """Remove a body's layers after its last feature map, which would never be trained."""
    backbone: Any = body.backbone
    backbone.prune_intermediate_layers([level.index for level in levels], prune_norm=True, prune_head=True)


def create_unet_model(
    arch: str | Architecture | Callable[..., object],
    n_out: int,
    *,
    n_in: int = 3,
    pretrained: bool | str | Path = True,
    normalize: bool = True,
    y_range: tuple[float, float] | None = None,
) -> DynamicUnet:
    """Build a U-Net: photos [N,C,H,W] in 0..1 -> logits [N,K,H,W].

    Args:
        arch: one of Gatera's names, any timm name, or an `Architecture`; it must have feature maps of several sizes.
        n_out: number of classes K.
        n_in: number of input channels C.
        pretrained: True to find weights for the body, a file of weights, or False for random weights.
        normalize: begin with the normalisation that the weights were trained with.
        y_range: squash the outputs into this open interval.

    Raises:
        ArgumentError: if an argument is not allowed; see `create_body` and `DynamicUnet`.
        PretrainedError: if weights were requested but not found, or do not fit.
    """
    return DynamicUnet(create_body(arch, n_in, pretrained, normalize), n_out, y_range)
