"""Build backbones with timm, and look up their input size, statistics, feature shape and layer numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gatera.core.checks import did_you_mean, require
from gatera.core.errors import ArgumentError
from gatera.models.backbones.architectures import Architecture

PURPOSE = "to build an architecture"


@dataclass(frozen=True)
class BackboneFacts:
    """timm's table entry for an architecture and its weights.

    Args:
        mean: per RGB channel, for inputs 0..1.
        std: per RGB channel, for inputs 0..1.
        input_size: (height, width) in pixels that the weights were trained on.
        fixed_size: True if other input sizes are rejected.
        first_convs: names of the layers that read the input channels.
        classifiers: names of the layers that compute the class scores.
        hub_id: repository on the Hugging Face hub, or None.
        hub_filename: the file in that repository if it has an unusual name, else None.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    input_size: tuple[int, int]
    fixed_size: bool
    first_convs: tuple[str, ...]
    classifiers: tuple[str, ...]
    hub_id: str | None
    hub_filename: str | None


def backbone_facts(arch: Architecture) -> BackboneFacts:
    """Look an architecture up in timm's table.

    Raises:
        ArgumentError: if timm does not know it.
    """
    timm = require("timm", "train", PURPOSE)
    found = timm.models.get_pretrained_cfg(arch.timm_name)
    if found is None:
        raise ArgumentError(
            f"timm has no architecture with the timm_name of {arch.name}", got=arch.timm_name,
            remedy=did_you_mean(arch.timm_name, timm.list_models(), "timm.list_models() lists all names."),
        )  # fmt: skip
    return BackboneFacts(
        mean=tuple(found.mean), std=tuple(found.std), input_size=tuple(found.input_size[-2:]),
        fixed_size=bool(found.fixed_input_size),
        first_convs=_names(found.first_conv), classifiers=_names(found.classifier),
        hub_id=found.hf_hub_id, hub_filename=found.hf_hub_filename,
    )  # fmt: skip


def _names(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def build_classifier(arch: Architecture) -> nn.Module:
    """Build the whole network with its original classifier, randomly initialised; [N,3,H,W] -> [N,1000]."""
    return require("timm", "train", PURPOSE).create_model(arch.timm_name, pretrained=False)


def build_backbone(arch: Architecture, n_in: int = 3, pooled: bool = False) -> nn.Module:
    """Build the network without its classifier, randomly initialised.

    Args:
        arch: the architecture.
        n_in: number of input channels.
        pooled: end with the architecture's own pooling, [N,F]; otherwise with the feature map before it.
    """
    timm = require("timm", "train", PURPOSE)
    pooling = {} if pooled else {"global_pool": ""}
    return timm.create_model(arch.timm_name, pretrained=False, num_classes=0, in_chans=n_in, **pooling)


def feature_shape(arch: Architecture, facts: BackboneFacts) -> tuple[int, bool]:
    """Determine a backbone's output shape by running it on torch's meta device (no memory, no arithmetic).

    Returns:
        The number of features, and whether the output is a map [N,C,H,W] that a head can pool. It is not if the backbone
        works on tokens, or has layers between the pooling and the classifier (as MobileNetV3): such a backbone keeps its
        own pooling and returns [N,F].

    Raises:
        ArgumentError: if the architecture does not return one feature vector per photo.
    """
    with torch.device("meta"):
        backbone: Any = build_backbone(
            arch, pooled=True
        ).eval()  # timm's modules have methods that nn.Module lacks
        photos = torch.zeros(2, 3, *facts.input_size)
        features, vector = backbone.forward_features(photos), backbone(photos)
    if not (isinstance(vector, Tensor) and vector.ndim == 2):
        raise ArgumentError(
            f"{arch.name} does not return one feature vector per photo, so it cannot have a head",
            remedy="Choose another architecture.",
        )
    n_features = vector.shape[1]
    spatial = isinstance(features, Tensor) and features.ndim == 4 and features.shape[1] == n_features
    return n_features, spatial


def layer_numbers(backbone: Any) -> dict[str, int]:
    """Map each parameter's name to the number of its layer, counted from 0 at the input.

    Each block counts as one layer. If timm does not define how an architecture's parameters group, they are numbered in the
    order of their creation.

    Args:
        backbone: a timm module.
    """
    timm = require("timm", "train", PURPOSE)
    try:
        matcher = backbone.group_matcher(coarse=True)
    except (AttributeError, AssertionError):
        # MetaFormer, PiT and CSATv2 have no such method, RDNet has no coarse groups.
        return {name: number for number, (name, _) in enumerate(backbone.named_parameters())}
    return timm.models.group_parameters(backbone, matcher, reverse=True)
