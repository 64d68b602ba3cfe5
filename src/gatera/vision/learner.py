"""Learners for photos: a pretrained body, a new head, and the rates that suit them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from gatera.core.errors import ArgumentError
from gatera.core.random import torch_seeded
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.learner import Learner
from gatera.learn.optimizer import Adam, OptimizerFactory
from gatera.learn.options import TrainingOptions
from gatera.measure.losses.standard import ClassWeights
from gatera.models.backbones.architectures import Architecture
from gatera.models.vision.heads import HeadOptions
from gatera.models.vision.linear_head import LinearHeadOptions
from gatera.models.vision.model import create_vision_model
from gatera.program.tasks import task_kind
from gatera.vision.defaults import ARCHITECTURE
from gatera.vision.program_head import is_program, take_head

#: `base_lr` of `fine_tune` where the whole model is one group: a body that knows photographs has much to learn of
#: spectrograms (measured, see LOG.md).
ONE_GROUP_LR = 1e-2


def vision_learner(
    dls: DataLoaders,
    arch: str | Architecture | Callable[..., object] = ARCHITECTURE,
    normalize: bool = True,
    n_out: int | None = None,
    pretrained: bool | str | Path = True,
    loss_func: Callable[..., Any] | None = None,
    opt_func: OptimizerFactory = Adam,
    lr: float = 1e-3,
    splitter: Callable[[nn.Module], Sequence[Sequence[nn.Parameter]]] | None = None,
    cbs: Any = None,
    metrics: Any = None,
    path: str | Path | None = None,
    y_range: tuple[float, float] | None = None,
    class_weights: ClassWeights = None,
    head: HeadOptions | LinearHeadOptions | None = None,
    options: TrainingOptions | None = None,
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
        loss_func: a loss of ours, a torch loss or a function; by default the one for the data's task.
        opt_func: makes the optimizer; `Adam`, `SGD`, or any torch optimizer class.
        lr: the learning rate where a method is given none.
        splitter: model -> lists of parameters, earliest layers first; by default early body, late body, head; one group for
            pictures that are no photographs.
        cbs: callbacks for every fit.
        metrics: functions, classes, instances or names, e.g. `error_rate` or "accuracy".
        path: where `save` and `export` put files; the current folder by default.
        y_range: keep outputs within these bounds, for regression; (-1, 1) for points.
        class_weights: "balanced", or what each class counts in the loss.
        head: the shape of the usual head, or `LinearHeadOptions()` for a single layer, which few photos train best.
            Without it points get a head of their own, `PointHead`.
        options: precision, weight decay, batch norm and the like.

    Returns:
        A learner; frozen if `pretrained`, up to its last group.

    Raises:
        ArgumentError: if `arch` is unknown (the nearest name is offered) or the number of outputs is not known.
        PretrainedError: if no weights are found, saying where was looked and what to do.
    """
    outputs = dls.c if n_out is None else n_out
    if outputs is None:
        raise ArgumentError("the data does not say how many outputs it needs", remedy="Pass n_out=.")
    kind = task_kind(dls.task)
    with torch_seeded(dls.seed or 0):  # the same seed gives the same head, whatever ran before
        model = create_vision_model(
            arch, outputs, n_in=input_channels(dls), pretrained=pretrained, normalize=normalize and dls.normalize is None,
            y_range=y_range, head=head, points=kind is not None and kind.coordinates,
        )  # fmt: skip
    if is_program(pretrained):
        take_head(model, pretrained, dls)
    if splitter is None and not dls.train_ds.fields.x.photographic:
        splitter = one_group
        options = options or TrainingOptions()
        if options.fine_tune_lr is None:
            options = replace(options, fine_tune_lr=ONE_GROUP_LR)
    learn = Learner(
        dls, model, loss_func, opt_func, lr, splitter, cbs, metrics, path, class_weights,
        body=model[0] if pretrained else None, options=options,
    )  # fmt: skip
    if pretrained:
        learn.freeze()
    return learn


def one_group(model: nn.Module) -> Sequence[Sequence[nn.Parameter]]:
    """Return all parameters as one group: nothing to freeze, one learning rate."""
    return [list(model.parameters())]


def input_channels(dls: DataLoaders) -> int:
    """Return how many channels the data's photos have: 3 for colour, 1 for grey."""
    return dls.input_batch(dls.train_ds.inputs[0]).shape[1]


#: The same function under the name that older notebooks use.
cnn_learner = vision_learner
