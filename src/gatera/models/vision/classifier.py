"""Build a whole pretrained classifier as published, to check that weights are loaded correctly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from torch import nn

from gatera.models.backbones.architectures import Architecture, get_architecture
from gatera.models.backbones.timm_backbone import BackboneFacts, backbone_facts, build_classifier
from gatera.models.layers import Normalization
from gatera.models.weights.find import find_weights
from gatera.models.weights.fit import fit_weights


class Classifier(NamedTuple):
    """A classifier in evaluation mode, and the preprocessing that it expects.

    Args:
        model: photos [N,3,H,W] in 0..1 -> logits [N,1000] (ImageNet's classes in their usual order).
        preprocessing: steps for `gatera.program.preprocess.Preprocessing`.
        source: where the weights came from.
    """

    model: nn.Module
    preprocessing: list[dict[str, Any]]
    source: str


def create_classifier(
    arch: str | Architecture | Callable[..., object], pretrained: bool | str | Path = True
) -> Classifier:
    """Build an architecture with its original classifier and pretrained weights.

    Raises:
        ArgumentError: if the architecture is unknown.
        PretrainedError: if weights were not found or do not fit.
    """
    architecture = get_architecture(arch)
    facts = backbone_facts(architecture)
    weights, source = find_weights(architecture, pretrained)
    network = build_classifier(architecture)
    fit_weights(network, weights, architecture, facts, source)
    model = nn.Sequential(Normalization(facts.mean, facts.std), network).eval()
    return Classifier(model, original_preprocessing(facts), source)


def original_preprocessing(facts: BackboneFacts) -> list[dict[str, Any]]:
    """Return the preprocessing that the weights were evaluated with: resize, then crop the centre."""
    height, width = facts.input_size
    resample = facts.interpolation
    if facts.crop_mode == "squash":
        size = [int(height / facts.crop_pct), int(width / facts.crop_pct)]
        resize: dict[str, Any] = {"op": "resize", "size": size, "method": "squish", "resample": resample}
    else:
        resize = {
            "op": "resize_shorter",
            "size": int(min(height, width) / facts.crop_pct),
            "resample": resample,
        }
    return [{"op": "read_photo", "mode": "RGB"}, resize, {"op": "center_crop", "size": [height, width]}]
