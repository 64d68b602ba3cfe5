"""Learners with fastai's keywords: `wd=`, `ps=`, `lin_ftrs=`, `cut=`, `custom_head=` and the like."""

from __future__ import annotations

import functools
from dataclasses import fields, replace
from typing import Any

from torch import nn

from gatera.core.errors import ArgumentError
from gatera.learn.learner import Learner
from gatera.learn.options import TrainingOptions
from gatera.models.backbones.architectures import get_architecture
from gatera.models.vision import body as bodies
from gatera.models.vision.heads import HeadOptions
from gatera.models.vision.model import create_vision_model
from gatera.vision.learner import input_channels
from gatera.vision.learner import vision_learner as _vision_learner

#: fastai's keywords of learners that are fields of `TrainingOptions`.
_OPTIONS = ("wd", "wd_bn_bias", "train_bn", "moms", "model_dir")

#: Those that are fields of `HeadOptions`.
_HEAD = tuple(field.name for field in fields(HeadOptions))


def with_options(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return keywords of a learner with fastai's about training moved into `options`."""
    given = {name: arguments.pop(name) for name in _OPTIONS if name in arguments}
    if isinstance(given.get("wd_bn_bias"), bool) or "wd" in given:
        given = {name: value for name, value in given.items() if value is not None}
    if given:
        arguments["options"] = replace(arguments.get("options") or TrainingOptions(), **given)
    return arguments


@functools.wraps(_vision_learner)
def vision_learner(dls: Any, *args: Any, **arguments: Any) -> Learner:
    """Create a learner for photos; see `gatera.vision.learner.vision_learner`.

    It also takes fastai's keywords: those of `TrainingOptions`, those of `HeadOptions`, `custom_head`, `n_in`, and
    `weights`, a file, in place of `pretrained`.
    """
    with_options(arguments)
    head = {name: arguments.pop(name) for name in _HEAD if name in arguments}
    head = {name: value for name, value in head.items() if value is not None}
    if head:
        arguments["head"] = replace(arguments.get("head") or HeadOptions(), **_as_options(head))
    if arguments.pop("cut", None) is not None:
        raise ArgumentError(
            "vision_learner has no cut=: the body ends where the architecture's features do",
            remedy="For a body of your own: Learner(dls, nn.Sequential(create_body(arch, cut=-2), head)).",
        )
    arguments.pop("init", None)
    if arguments.get("weights") is not None:
        arguments["pretrained"] = arguments.pop("weights")
    custom, n_in = arguments.pop("custom_head", None), arguments.pop("n_in", None)
    if n_in is not None and n_in != input_channels(dls):
        raise ArgumentError(
            "n_in is not the number of channels of the data", got=n_in, expected=str(input_channels(dls))
        )
    if custom is None:
        return _vision_learner(dls, *args, **arguments)
    return _with_head(custom, dls, *args, **arguments)


def _as_options(head: dict[str, Any]) -> dict[str, Any]:
    return head


def _with_head(
    head: nn.Module, dls: Any, arch: Any, normalize: bool = True, n_out: int | None = None, pretrained: Any = True,
    **arguments: Any,
) -> Learner:  # fmt: skip
    """Create a learner of a pretrained body and the user's head."""
    model = create_vision_model(
        arch, n_out or dls.c or 1, n_in=input_channels(dls), pretrained=pretrained,
        normalize=normalize and dls.normalize is None, head=head,
    )  # fmt: skip
    arguments.pop("y_range", None)
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
        cut: of fastai's; for an architecture of this library the body always ends before its head, and a model of your own is
            cut before its child number `cut`, or by a function.
        options: `normalize`, as there.
    """
    if isinstance(arch, nn.Module):
        return cut(arch) if callable(cut) else nn.Sequential(*list(arch.children())[:cut])
    return bodies.create_body(arch, n_in, pretrained, **options)


class _ModelMeta(dict[Any, dict[str, Any]]):
    """`model_meta[resnet50]`: where fastai cuts an architecture, and the statistics of its weights."""

    def __missing__(self, arch: Any) -> dict[str, Any]:
        facts = bodies.backbone_facts(get_architecture(arch))
        return {"cut": -2, "stats": (list(facts.mean), list(facts.std)), "num_features": None}


#: Facts of architectures, as fastai's table of that name gives them.
model_meta = _ModelMeta()
