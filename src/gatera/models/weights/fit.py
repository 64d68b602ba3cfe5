"""Load weights into a network strictly: every name and shape must match, or the error lists the mismatches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gatera.core.checks import require
from gatera.core.errors import PretrainedError
from gatera.core.random import torch_seeded
from gatera.models.backbones.architectures import ARCHITECTURES, Architecture
from gatera.models.backbones.timm_backbone import PURPOSE, BackboneFacts, backbone_facts, build_classifier
from gatera.models.weights.efficientnet_lite import is_package_naming, to_timm_names

#: Batch counters of batch norms; files from before PyTorch 0.4.1 lack them, and they are not needed.
COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class Misfit:
    """The mismatches between weights and a network, as names."""

    missing: list[str]
    left_over: list[str]
    other_shape: list[str]

    def __bool__(self) -> bool:
        return bool(self.missing or self.left_over or self.other_shape)

    def __str__(self) -> str:
        parts = {"missing": self.missing, "unknown": self.left_over, "of another shape": self.other_shape}
        return "; ".join(
            f"{len(names)} {what} ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"
            for what, names in parts.items()
            if names
        )


def fit_weights(
    network: nn.Module, weights: Mapping[str, Tensor], arch: Architecture, facts: BackboneFacts, source: str
) -> None:
    """Load `weights` into `network` in place.

    The weights may include a classifier that the network does not have, have the names of the EfficientNet-Lite packages, or
    any format that timm converts. The first layer is adapted to the network's input channels.

    Args:
        network: the backbone of `arch`, or the whole architecture.
        weights: name -> tensor.
        arch: the architecture.
        facts: timm's table entry for it.
        source: where the weights came from, for the message.

    Raises:
        PretrainedError: if a weight is missing, unexpected, or of another shape.
    """
    if is_package_naming(weights):
        _check_padding(arch, source)
        weights = to_timm_names(weights)
    whole = _shapes(arch)
    fitted = adapt_input_weights(weights, network, facts)
    misfit = find_misfit(fitted, network, whole, facts.classifiers)
    if misfit and (converted := _converted_by_timm(weights, arch)) is not None:
        fitted = adapt_input_weights(converted, network, facts)
        misfit = find_misfit(fitted, network, whole, facts.classifiers)
    if misfit:
        raise _do_not_fit(weights, arch, source, misfit)
    own = network.state_dict()
    network.load_state_dict({name: value for name, value in fitted.items() if name in own}, strict=True)


def _do_not_fit(
    weights: Mapping[str, Tensor], arch: Architecture, source: str, misfit: Misfit
) -> PretrainedError:
    remedy = "Use the architecture that they were made for, or pretrained=True to find matching weights."
    if looks_like := _looks_like(weights):
        remedy = f"They look like {looks_like}: pass arch={looks_like!r}."
    return PretrainedError(f"the weights in {source} do not fit {arch.name}: {misfit}", remedy=remedy)


def _check_padding(arch: Architecture, source: str) -> None:
    # timm's plain efficientnet_liteN loads these weights, but pads differently, and its logits are wrong by up to 3.
    if not arch.timm_name.startswith("tf_"):
        raise PretrainedError(
            f"the weights in {source} need TensorFlow's padding, which {arch.name} does not use",
            remedy="Pass arch='efficientnet_lite0' (or 1, 2), which does.",
        )


def find_misfit(
    weights: Mapping[str, Tensor], network: nn.Module, whole: Iterable[str], classifiers: Iterable[str]
) -> Misfit:
    """Compare names and shapes of weights with those of a network.

    Args:
        weights: name -> tensor.
        network: the network to load them into.
        whole: names that are ignored if the network lacks them: those of the architecture with its classifier.
        classifiers: layers whose weights are ignored if the network lacks them.
    """
    own = network.state_dict()
    known = own.keys() | set(whole)
    prefixes = _prefixes(classifiers)
    return Misfit(
        missing=[name for name in own if name not in weights and not name.endswith(COUNTER)],
        left_over=[name for name in weights if name not in known and not name.startswith(prefixes)],
        other_shape=[
            name for name, value in weights.items() if name in own and value.shape != own[name].shape
        ],
    )


def adapt_input_weights(
    weights: Mapping[str, Tensor], network: nn.Module, facts: BackboneFacts
) -> dict[str, Tensor]:
    """Return `weights` with the layers that read RGB adapted to the input channels of `network`."""
    adapted, own = dict(weights), network.state_dict()
    for name in (f"{layer}.weight" for layer in facts.first_convs):
        if name in adapted and name in own and adapted[name].ndim == 4 and adapted[name].shape[1] == 3:
            adapted[name] = adapt_input_weight(adapted[name], own[name].shape[1])
    return adapted


def adapt_input_weight(weight: Tensor, n_in: int) -> Tensor:
    """Adapt the weight of a layer that reads RGB to `n_in` channels; [F,3,h,w] -> [F,n_in,h,w].

    One channel: the sum over RGB. Two: the first two times 1.5. More than three: zeros for the others.

    Source: fastai 2.8, vision/learner.py.

    Example:
        >>> adapt_input_weight(torch.ones(1, 3, 1, 1), 2).flatten()
        tensor([1.5000, 1.5000])
    """
    if n_in == 3:
        return weight
    if n_in == 1:
        return weight.sum(dim=1, keepdim=True)  # [F,3,h,w] -> [F,1,h,w]
    if n_in == 2:
        return weight[:, :2] * 1.5
    extra = weight.new_zeros(weight.shape[0], n_in - 3, *weight.shape[2:])
    return torch.cat([weight, extra], dim=1)  # [F,3,h,w] -> [F,n_in,h,w]


def _shapes(arch: Architecture) -> dict[str, torch.Size]:
    """Return name -> shape for the whole architecture with its classifier, using the meta device."""
    with torch.device("meta"):
        return {name: value.shape for name, value in build_classifier(arch).state_dict().items()}


def _converted_by_timm(weights: Mapping[str, Tensor], arch: Architecture) -> dict[str, Tensor] | None:
    """Convert weights of an original release to timm's names; None if timm cannot.

    timm converts while loading, with one function per family, and only for the whole architecture. Some families ignore
    missing weights: values that differ between two random initialisations were not in the file.
    """
    first, second = (_loaded_by_timm(weights, arch, seed) for seed in (0, 1))
    if first is None or second is None:
        return None
    return first if all(torch.equal(value, second[name]) for name, value in first.items()) else None


def _loaded_by_timm(weights: Mapping[str, Tensor], arch: Architecture, seed: int) -> dict[str, Tensor] | None:
    timm = require("timm", "train", PURPOSE)
    overlay = {"state_dict": dict(weights), "custom_load": False}
    with torch_seeded(seed):
        try:
            network = timm.create_model(arch.timm_name, pretrained=True, pretrained_cfg_overlay=overlay)
        except (RuntimeError, LookupError, ValueError, TypeError, AttributeError, AssertionError):
            return None  # each conversion expects its own family's names and fails on others in its own way
    return network.state_dict()


def _looks_like(weights: Mapping[str, Tensor]) -> str | None:
    """Return the name of the Gatera architecture that the weights fit, ignoring the classifier, or None."""
    given = {name: value.shape for name, value in weights.items()}
    for arch in ARCHITECTURES.values():
        classifiers = backbone_facts(arch).classifiers
        if _body_shapes(given, classifiers) == _body_shapes(_shapes(arch), classifiers):
            return arch.name
    return None


def _body_shapes(shapes: Mapping[str, torch.Size], classifiers: Iterable[str]) -> dict[str, torch.Size]:
    prefixes = _prefixes(classifiers)
    return {
        name: shape
        for name, shape in shapes.items()
        if not name.startswith(prefixes) and not name.endswith(COUNTER)
    }


def _prefixes(layers: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{layer}." for layer in layers)
