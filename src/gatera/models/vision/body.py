"""The body of a vision model: normalisation and a backbone, with pretrained weights or without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from gatera.core.checks import check_at_least
from gatera.core.errors import ArgumentError
from gatera.models.backbones.architectures import Architecture, get_architecture
from gatera.models.backbones.timm_backbone import (
    BackboneFacts,
    backbone_facts,
    build_backbone,
    feature_shape,
    layer_numbers,
)
from gatera.models.layers import Normalization
from gatera.models.weights.find import find_weights
from gatera.models.weights.fit import fit_weights

RANDOM = "random values (pretrained=False)"


class Body(nn.Module):
    """Normalisation, then a backbone: photos [N,C,H,W] in 0..1 -> features.

    Attributes:
        architecture: what it is.
        facts: timm's table entry.
        num_features: features F (channels of the feature map, or length of the feature vector).
        spatial: True where the output is a feature map [N,F,h,w], False where it is [N,F].
        source: where the weights came from, in words.
        layer_numbers: parameter name -> number of its layer, 0 at the input.

    Raises:
        ArgumentError: in `forward`, if the architecture takes one input size only and gets another.
    """

    def __init__(
        self, architecture: Architecture, facts: BackboneFacts, backbone: nn.Module, normalization: nn.Module,
        shape: tuple[int, bool], source: str,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalization = normalization
        self.backbone = backbone
        self.architecture, self.facts, self.source = architecture, facts, source
        self.num_features, self.spatial = shape
        self.layer_numbers = {f"backbone.{name}": n for name, n in layer_numbers(backbone).items()}

    def forward(self, x: Tensor) -> Tensor:
        """Compute features; [N,C,H,W] floats 0..1 -> [N,F,h,w] where `spatial`, else [N,F]."""
        return self.backbone(self.normalized(x))

    def feature_maps(self, x: Tensor, indices: Sequence[int]) -> list[Tensor]:
        """Compute some of the backbone's intermediate feature maps; [N,C,H,W] floats 0..1 -> [N,C',h,w] each.

        Args:
            x: photos.
            indices: which of the maps that timm's `forward_intermediates` gives.
        """
        backbone: Any = self.backbone
        return backbone.forward_intermediates(
            self.normalized(x), indices=list(indices), intermediates_only=True
        )

    def normalized(self, x: Tensor) -> Tensor:
        """Return photos as the backbone takes them.

        Raises:
            ArgumentError: if the architecture takes one input size only and gets another.
        """
        size = tuple(x.shape[-2:])
        if self.facts.fixed_size and size != self.facts.input_size:
            height, width = self.facts.input_size
            raise ArgumentError(
                f"{self.architecture.name} takes photos of {height} x {width} pixels only", got=size,
                remedy=f"Use item_tfms=Resize({height}), or another architecture.",
            )  # fmt: skip
        return self.normalization(x)


def create_body(
    arch: str | Architecture | Callable[..., object],
    n_in: int = 3,
    pretrained: bool | str | Path = True,
    normalize: bool = True,
) -> Body:
    """Build the body of a vision model.

    Args:
        arch: one of our names, any timm name, or an `Architecture`.
        n_in: channels of the input. Pretrained weights are adapted: for 1 they are summed over RGB, for 2 the first
            two are taken times 1.5, above 3 the further channels start at zero.
        pretrained: True to look for weights, a file that holds them, or False for random values.
        normalize: begin with the normalisation that the weights were trained with; False if the data have it.

    Raises:
        ArgumentError: if the architecture is unknown or `n_in` is below 1.
        PretrainedError: if weights were asked for and none were found, or they do not fit.
    """
    architecture = get_architecture(arch)
    check_at_least("n_in", n_in, 1)
    facts = backbone_facts(architecture)
    # Before anything large is built: weights that are not there should be missed at once.
    found = None if pretrained is False else find_weights(architecture, pretrained)
    shape = feature_shape(architecture, facts)
    backbone = build_backbone(architecture, n_in, pooled=not shape[1])
    source = RANDOM if found is None else found.source
    if found is not None:
        fit_weights(backbone, found.state_dict, architecture, facts, source)
    first = Normalization(*channel_statistics(facts, n_in)) if normalize else nn.Identity()
    return Body(architecture, facts, backbone, first, shape, source)


def channel_statistics(facts: BackboneFacts, n_in: int) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation for `n_in` channels: RGB's own, and their average where RGB says nothing."""
    mean, std = list(facts.mean), list(facts.std)
    if n_in == 1:
        return [sum(mean) / len(mean)], [sum(std) / len(std)]
    extra = max(n_in - 3, 0)
    return (mean + [sum(mean) / len(mean)] * extra)[:n_in], (std + [sum(std) / len(std)] * extra)[:n_in]
