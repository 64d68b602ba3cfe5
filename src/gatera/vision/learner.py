"""Learners for photos: a pretrained body, a new head, and the rates that suit them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from torch import nn

from gatera.core.errors import ArgumentError
from gatera.core.random import torch_seeded
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.learner import Learner
from gatera.learn.options import LEARNER_DEFAULTS, LearnerArguments, TrainingOptions
from gatera.models.backbones.architectures import Architecture
from gatera.models.vision.heads import HeadOptions
from gatera.models.vision.linear_head import LinearHeadOptions
from gatera.models.vision.model import create_vision_model
from gatera.program.tasks import task_kind
from gatera.vision.program_head import has_linear_head, is_program, take_head

#: `base_lr` of `fine_tune` where the whole model is one group: a body that knows photographs has much to learn of
#: spectrograms (measured, see LOG.md).
ONE_GROUP_LR = 1e-2


@spelled_out(LearnerArguments, LEARNER_DEFAULTS)
def vision_learner(
    dls: DataLoaders,
    arch: str | Architecture | Callable[..., object] = "efficientnet_lite0",
    normalize: bool = True,
    n_out: int | None = None,
    pretrained: bool | str | Path = True,
    *,
    y_range: tuple[float, float] | None = None,
    head: HeadOptions | LinearHeadOptions | None = None,
    **arguments: Unpack[LearnerArguments],
) -> Learner:
    """Make a learner for photos by transfer learning: a pretrained body and a new head, body frozen.

    Pictures that are no photographs (spectrograms) ask more of a body that knows photographs: there body and head are one
    group, which learns at one rate (`fine_tune` goes up to 1e-2 where it is given none) and is never frozen.

    Args:
        dls: photos and what is to be said of them.
        arch: one of our architectures (an object such as `resnet34`, or its name) or any timm name.
        normalize: normalise photos as the pretrained weights expect, in the model's first layer; nothing is added if
            the data's batch transforms already hold a `Normalize`.
        n_out: outputs; by default as many as the data asks for.
        pretrained: True looks for weights, False starts from random ones, a path names a file of weights (or a
            `.gatera` program, to go on training it: with its head, too, if it has the same labels and the same shape).
        y_range: keep outputs within these bounds, for regression; (-1, 1) for points.
        head: `LinearHeadOptions()` for a single layer, the default if a pretrained body is to tell one class per photo;
            `HeadOptions()` for fastai's head, the default otherwise. By default points get a head of their own, `PointHead`.
        arguments: loss_func, opt_func, lr, splitter, cbs, metrics, path, class_weights, options; see `LearnerArguments`.
            The default `splitter` makes the groups early body, late body, head; one group for images that are not
            photographs.

    Returns:
        A learner; frozen if `pretrained`, up to its last group.

    Raises:
        ArgumentError: if `arch` is unknown (the nearest name is offered) or the number of outputs is not known.
        PretrainedError: if no weights are found, saying where was looked and what to do.
    """
    check_arguments(vision_learner, arguments)
    outputs = dls.c if n_out is None else n_out
    if outputs is None:
        raise ArgumentError("the data does not say how many outputs it needs", remedy="Pass n_out=.")
    kind, photographic = task_kind(dls.task), dls.train_ds.fields.x.photographic
    points = kind is not None and kind.coordinates
    if head is None and photographic and pretrained and dls.task == "classification":
        head = default_head(pretrained)
    with torch_seeded(dls.seed or 0):  # the same seed gives the same head, whatever ran before
        model = create_vision_model(
            arch, outputs, n_in=input_channels(dls), pretrained=pretrained, normalize=normalize and dls.normalize is None,
            y_range=y_range, head=head, points=points,
        )  # fmt: skip
    if is_program(pretrained):
        take_head(model, pretrained, dls)
    options = arguments.get("options") or TrainingOptions()
    if arguments.get("splitter") is None and not photographic:
        arguments["splitter"] = one_group
        arguments["options"] = replace(options, fine_tune_lr=options.fine_tune_lr or ONE_GROUP_LR)
    learn = Learner(dls, model, body=model[0] if pretrained else None, **arguments)
    if pretrained:
        learn.freeze()
    return learn


def default_head(pretrained: bool | str | Path) -> HeadOptions | LinearHeadOptions:
    """Return the head of a pretrained body if the user names none: linear, unless the program to continue has another."""
    if is_program(pretrained) and not has_linear_head(pretrained):
        return HeadOptions()
    return LinearHeadOptions()


def one_group(model: nn.Module) -> Sequence[Sequence[nn.Parameter]]:
    """Return all parameters as one group: nothing to freeze, one learning rate."""
    return [list(model.parameters())]


def input_channels(dls: DataLoaders) -> int:
    """Return how many channels the data's photos have: 3 for colour, 1 for grey."""
    return dls.input_batch(dls.train_ds.inputs[0]).shape[1]


#: The same function under the name that older notebooks use.
cnn_learner = vision_learner
