"""Learners for photos with fastai's keywords: `ps=`, `lin_ftrs=`, `custom_head=` and the like."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Unpack

from torch import nn

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.learner import Learner
from gatera.learn.options import LearnerArguments
from gatera.models.backbones.architectures import Architecture, get_architecture
from gatera.models.vision import body as bodies
from gatera.models.vision.heads import HeadOptions
from gatera.models.vision.linear_head import LinearHeadOptions
from gatera.models.vision.model import create_vision_model
from gatera.vision.learner import input_channels
from gatera.vision.learner import vision_learner as _vision_learner
from gatera.vision.task_defaults import ARCHITECTURE

#: fastai's keywords of `vision_learner` that are fields of `HeadOptions`.
_HEAD = tuple(field.name for field in fields(HeadOptions))


#: fastai's keywords of `vision_learner` that it does not take, and what to do instead.
_REFUSED = {
    "cut": "The body ends where the architecture's features do. For a body of your own: "
    "Learner(dls, nn.Sequential(my_body, create_head(n_features, dls.c))).",
    "init": "Give the head new values yourself: apply_init(learn.model[1], nn.init.kaiming_normal_).",
}


class VisionArguments(LearnerArguments, total=False):
    """Keyword arguments of `vision_learner`: ours, then fastai's."""

    y_range: tuple[float, float] | None
    head: HeadOptions | LinearHeadOptions | None
    lin_ftrs: Sequence[int] | None
    ps: float | Sequence[float]
    pool: bool
    concat_pool: bool
    first_bn: bool
    bn_final: bool
    lin_first: bool
    custom_head: nn.Module | None
    n_in: int | None
    weights: str | Path | None
    cut: Any
    init: Any


@functools.wraps(_vision_learner)
def vision_learner(
    dls: DataLoaders,
    arch: str | Architecture | Callable[..., object] = ARCHITECTURE,
    normalize: bool = True,
    n_out: int | None = None,
    pretrained: bool | str | Path = True,
    **keywords: Unpack[VisionArguments],
) -> Learner:
    """Create a learner for photos; see `gatera.vision.learner.vision_learner`.

    It also takes fastai's keywords: those of `HeadOptions`, `custom_head`, `n_in`, and `weights`, a file, in place of
    `pretrained`.

    Raises:
        ArgumentError: if one of fastai's keywords has no counterpart, or two contradict each other; the message says what to
            do.
    """
    arguments: dict[str, Any] = {
        **keywords, "arch": arch, "normalize": normalize, "n_out": n_out, "pretrained": pretrained
    }  # fmt: skip
    for name, remedy in _REFUSED.items():
        if arguments.pop(name, None) is not None:
            raise ArgumentError(f"vision_learner has no {name}=", remedy=remedy)
    head = {name: arguments.pop(name) for name in _HEAD if arguments.get(name) is not None}
    custom, n_in = arguments.pop("custom_head", None), arguments.pop("n_in", None)
    weights = arguments.pop("weights", None)
    if weights is not None:
        arguments["pretrained"] = _weights_file(weights)
    if n_in is not None and n_in != input_channels(dls):
        raise ArgumentError(
            "n_in is not the number of channels of the data", got=n_in, expected=str(input_channels(dls))
        )
    if custom is not None:
        _check_alone(custom, head, arguments)
        return _with_head(custom, dls, **arguments)
    if head:
        arguments["head"] = _head_options(arguments.get("head"), head)
    return _vision_learner(dls, **arguments)


def _weights_file(weights: Any) -> str | Path:
    if not isinstance(weights, str | Path):
        raise ArgumentError(
            "weights= takes a file",
            got=weights,
            remedy="pretrained=True finds the weights of the architecture.",
        )
    return weights


def _head_options(given: Any, keywords: dict[str, Any]) -> HeadOptions:
    if not isinstance(given, HeadOptions | None):
        raise ArgumentError(
            f"{listed(keywords)} belong to HeadOptions, and head= is of another kind", got=type(given).__name__,
            remedy="Leave out one of them.",
        )  # fmt: skip
    return replace(given or HeadOptions(), **keywords)


def _check_alone(custom: Any, head: dict[str, Any], arguments: dict[str, Any]) -> None:
    """Raise ArgumentError where a keyword about the usual head comes with one of the user's own."""
    others = [*head, *(name for name in ("head", "y_range") if arguments.get(name) is not None)]
    if others:
        raise ArgumentError(
            f"{listed(others)} would change the usual head, and custom_head= replaces it", got=type(custom).__name__,
            remedy="Leave out one of them.",
        )  # fmt: skip


def _with_head(
    head: nn.Module, dls: Any, arch: Any = ARCHITECTURE, normalize: bool = True, n_out: int | None = None,
    pretrained: Any = True, **arguments: Any,
) -> Learner:  # fmt: skip
    """Create a learner of a pretrained body and the user's head, which knows the number of outputs."""
    model = create_vision_model(
        arch, n_out or dls.c or 1, n_in=input_channels(dls), pretrained=pretrained,
        normalize=normalize and dls.normalize is None, head=head,
    )  # fmt: skip
    learn = Learner(dls, model, body=model[0] if pretrained else None, **arguments)
    if pretrained:
        learn.freeze()
    return learn


#: fastai's old name for it.
cnn_learner = vision_learner


@functools.wraps(bodies.create_body)
def create_body(
    arch: Any, n_in: int = 3, pretrained: Any = True, cut: Any = None, **options: Any
) -> nn.Module:
    """Build the body of a vision model; see `gatera.models.vision.body.create_body`.

    Args:
        arch: as there; or a model of your own, which is cut.
        n_in: as there.
        pretrained: as there.
        cut: a model of your own is cut before its child number `cut`, or by a function; the body of an architecture always
            ends before its head, as with fastai's -2.
        options: `normalize`, as there.

    Raises:
        ArgumentError: if an architecture is to be cut elsewhere.
    """
    if isinstance(arch, nn.Module):
        return cut(arch) if callable(cut) else nn.Sequential(*list(arch.children())[:cut])
    if cut not in (None, -1, -2):
        raise ArgumentError(
            "an architecture is always cut before its head", got=cut,
            remedy="Take layers of the body: body = create_body(arch); nn.Sequential(body[0], body[1], body[2]).",
        )  # fmt: skip
    return bodies.create_body(arch, n_in, pretrained, **options)


class _ModelMeta(dict[Any, dict[str, Any]]):
    """`model_meta[resnet50]`: where fastai cuts an architecture, and the statistics of its weights."""

    def __missing__(self, arch: Any) -> dict[str, Any]:
        facts = bodies.backbone_facts(get_architecture(arch))
        return {"cut": -2, "stats": (list(facts.mean), list(facts.std))}


#: Facts of architectures, as fastai's table of that name gives them.
model_meta = _ModelMeta()
