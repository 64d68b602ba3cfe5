"""Build the body of a vision model: normalisation and a backbone, with or without pretrained weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from gatera.core.checks import check_count
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

#: What timm calls the parts of a network after its features.
AFTER_FEATURES = ("global_pool", "head", "head_drop")

RANDOM = "random values (pretrained=False)"


class Body(nn.Module):
    """Normalisation, then a backbone: photos [N,C,H,W] in 0..1 -> features.

    Attributes:
        architecture: the architecture.
        facts: timm's table entry.
        num_features: features F (channels of the feature map, or length of the feature vector).
        spatial: True if the output is a feature map [N,F,h,w], False if it is [N,F].
        source: where the weights came from, in words.
        program: what the program is called that they came from; None if it was none.
        started_from: facts of that program: "sha256" of its file, "version" in the registry.
        layer_numbers: parameter name -> number of its layer, 0 at the input.

    Raises:
        ArgumentError: in `forward`, if the architecture accepts only one input size and gets another.
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
        self.program: str | None = None
        self.started_from: dict[str, str] = {}
        self.layer_numbers = {f"backbone.{name}": n for name, n in layer_numbers(backbone).items()}

    def forward(self, x: Tensor) -> Tensor:
        """Compute features; [N,C,H,W] floats 0..1 -> [N,F,h,w] where `spatial`, else [N,F]."""
        return self.backbone(self.normalized(x))

    def __getitem__(self, place: int) -> nn.Module:
        """Return one of the backbone's layers that compute features, by its place; -1 is the last, as in `learn.model[0][-2]`."""
        layers = dict(self.backbone.named_children())
        computing = [
            layer for name, layer in layers.items()
            if name not in AFTER_FEATURES and not isinstance(layer, nn.Identity)
        ]  # fmt: skip
        return computing[place]

    def feature_maps(self, x: Tensor, indices: Sequence[int]) -> list[Tensor]:
        """Compute some of the backbone's intermediate feature maps; [N,C,H,W] floats 0..1 -> [N,C',h,w] each.

        Args:
            x: photos.
            indices: positions of the maps in the output of timm's `forward_intermediates`.
        """
        backbone: Any = self.backbone
        return backbone.forward_intermediates(
            self.normalized(x), indices=list(indices), intermediates_only=True
        )

    def normalized(self, x: Tensor) -> Tensor:
        """Normalise photos and check their size.

        Raises:
            ArgumentError: if the architecture accepts only one input size and gets another.
        """
        size = tuple(x.shape[-2:])
        if self.facts.fixed_size and size != self.facts.input_size:
            height, width = self.facts.input_size
            raise ArgumentError(
                f"{self.architecture.name} accepts only photos of {height} x {width} pixels", got=size,
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
        arch: one of Gatera's names, any timm name, or an `Architecture`.
        n_in: number of input channels. Pretrained weights are adapted: for 1 they are summed over RGB, for 2 the first two are
            multiplied by 1.5, above 3 the other channels start at zero.
        pretrained: True to find weights, a file of weights, or False for random weights.
        normalize: begin with the normalisation that the weights were trained with; False if the data is normalised already.

    Raises:
        ArgumentError: if the architecture is unknown or `n_in` is below 1.
        PretrainedError: if weights were requested but not found, or do not fit.
    """
    architecture = get_architecture(arch)
    check_count("n_in", n_in, 1)
    facts = backbone_facts(architecture)
    # Before anything large is built, so that missing weights are reported at once.
    found = None if pretrained is False else find_weights(architecture, pretrained)
    shape = feature_shape(architecture, facts)
    backbone = build_backbone(architecture, n_in, pooled=not shape[1])
    source = RANDOM if found is None else found.source
    if found is not None:
        fit_weights(backbone, found.state_dict, architecture, facts, source)
    first = Normalization(*channel_statistics(facts, n_in)) if normalize else nn.Identity()
    return Body(architecture, facts, backbone, first, shape, source)


def channel_statistics(facts: BackboneFacts, n_in: int) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation for `n_in` channels: those of RGB, and their average for any other channel."""
    mean, std = list(facts.mean), list(facts.std)
    if n_in == 1:
        return [sum(mean) / len(mean)], [sum(std) / len(std)]
    extra = max(n_in - 3, 0)
    return (mean + [sum(mean) / len(mean)] * extra)[:n_in], (std + [sum(std) / len(std)] * extra)[:n_in]
