"""Look up architectures: Gatera's short names, and any name that timm knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, MappingProxyType

from gatera.core.checks import listed, nearest, require
from gatera.core.errors import ArgumentError


@dataclass(frozen=True)
class Architecture:
    """An architecture together with its recommended pretrained weights.

    Args:
        name: the name that users write, e.g. "resnet34".
        timm_name: timm's name with the tag of the weights, e.g. "resnet34.tv_in1k".
    """

    name: str
    timm_name: str

    def __str__(self) -> str:
        return self.name


# The tags: torchvision's own weights for the ResNets, because fastai users know them (the newer recipe where there is one,
# as with fastai's weights='DEFAULT'); elsewhere timm's default tag, spelled out so that it stays fixed.
resnet18 = Architecture("resnet18", "resnet18.tv_in1k")
resnet34 = Architecture("resnet34", "resnet34.tv_in1k")
resnet50 = Architecture("resnet50", "resnet50.tv2_in1k")
resnet101 = Architecture("resnet101", "resnet101.tv2_in1k")
resnet152 = Architecture("resnet152", "resnet152.tv2_in1k")
# "tf_" means TensorFlow's SAME padding. timm's plain efficientnet_liteN loads the same weights but gives wrong outputs.
efficientnet_lite0 = Architecture("efficientnet_lite0", "tf_efficientnet_lite0.in1k")
efficientnet_lite1 = Architecture("efficientnet_lite1", "tf_efficientnet_lite1.in1k")
efficientnet_lite2 = Architecture("efficientnet_lite2", "tf_efficientnet_lite2.in1k")
efficientnet_lite3 = Architecture("efficientnet_lite3", "tf_efficientnet_lite3.in1k")
efficientnet_lite4 = Architecture("efficientnet_lite4", "tf_efficientnet_lite4.in1k")
mobilenet_v3_large = Architecture("mobilenet_v3_large", "mobilenetv3_large_100.ra_in1k")
convnext_tiny = Architecture("convnext_tiny", "convnext_tiny.in12k_ft_in1k")
vit_small = Architecture("vit_small", "vit_small_patch16_224.augreg_in21k_ft_in1k")

ARCHITECTURES = MappingProxyType(
    {
        architecture.name: architecture
        for architecture in (
            efficientnet_lite0, efficientnet_lite1, efficientnet_lite2, efficientnet_lite3, efficientnet_lite4, resnet18,
            resnet34, resnet50, resnet101, resnet152, mobilenet_v3_large, convnext_tiny, vit_small,
        )
    }
)  # fmt: skip


def get_architecture(arch: str | Architecture | Callable[..., object]) -> Architecture:
    """Return the `Architecture` for a name, an `Architecture`, or a torchvision function such as `resnet34`.

    Gatera's own names need no import; any other name is looked up in timm, which is imported for that.

    Args:
        arch: one of Gatera's names, any timm name (with or without a tag), an `Architecture`, or a function whose name is
            one of those.

    Raises:
        ArgumentError: if the name is unknown; the nearest names are suggested.

    Example:
        >>> get_architecture("resnet34").timm_name
        'resnet34.tv_in1k'
    """
    if isinstance(arch, Architecture):
        return arch
    name = arch.__name__ if isinstance(arch, FunctionType) else arch
    if not isinstance(name, str):
        raise ArgumentError(
            "arch is not an architecture", got=arch,
            expected="a name, one of gatera's architecture objects, or a function of that name",
            remedy="For a model of your own use Learner(dls, model).",
        )  # fmt: skip
    if name in ARCHITECTURES:
        return ARCHITECTURES[name]
    timm = require("timm", "train", "for architectures other than gatera's own")
    if not timm.is_model(name):
        raise _unknown(name, timm.list_models())
    try:
        found = timm.models.get_pretrained_cfg(name)
    except RuntimeError as err:
        base = name.partition(".")[0]
        raise ArgumentError(
            f"architecture {base} has no weights with that tag", got=name,
            available=listed([base, *timm.list_pretrained(f"{base}.*")]),
        ) from err  # fmt: skip
    # a name that timm has given up: "convnext_small_in22k" is "convnext_small.fb_in22k" now
    if found is None:
        now = timm.models._registry._deprecated_models.get(name)
        if now is None:
            raise _unknown(name, timm.list_models())
        return get_architecture(now)
    return Architecture(name, f"{found.architecture}.{found.tag}" if found.has_weights else name)


def _unknown(name: str, timm_names: list[str]) -> ArgumentError:
    near = dict.fromkeys(filter(None, (nearest(name, ARCHITECTURES), nearest(name, timm_names))))
    return ArgumentError(
        "arch is unknown", got=name, expected=f"{listed(ARCHITECTURES)}, or any name of timm's",
        remedy=f"Did you mean {' or '.join(map(repr, near))}?" if near else "timm.list_models() lists all names.",
    )  # fmt: skip
