"""Create learners for photos: a pretrained body, a new head, and learning rates that suit them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack, cast

from torch import nn

from gatera.core.random import torch_seeded
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.learner import Learner
from gatera.learn.options import LEARNER_DEFAULTS, LearnerArguments, TrainingOptions, number_of_outputs
from gatera.models.backbones.architectures import Architecture
from gatera.models.target_scale import scale_for
from gatera.models.vision.heads import HeadOptions
from gatera.models.vision.linear_head import LinearHeadOptions
from gatera.models.vision.model import create_vision_model
from gatera.program.tasks import task_kind
from gatera.vision.program_head import has_linear_head, is_program, load_head
from gatera.vision.start_from_program import start_of
from gatera.vision.task_defaults import ARCHITECTURE

#: Default `base_lr` of `fine_tune` if the whole model is one group: a body pretrained on photographs has much to learn about
#: spectrograms (measured, see LOG.md).
ONE_GROUP_LR = 1e-2


@spelled_out(LearnerArguments, LEARNER_DEFAULTS)
def vision_learner(
    dls: DataLoaders,
    arch: str | Architecture | Callable[..., object] = ARCHITECTURE,
    normalize: bool = True,
    n_out: int | None = None,
    pretrained: bool | str | Path = True,
    *,
    y_range: tuple[float, float] | None = None,
    head: HeadOptions | LinearHeadOptions | None = None,
    **arguments: Unpack[LearnerArguments],
) -> Learner:
    """Create a learner for photos by transfer learning: a frozen pretrained body and a new head.

    Images that are not photographs (spectrograms) need more training of a body pretrained on photographs: there, body and head
    are one group with one learning rate (by default 1e-2 in `fine_tune`), and the body is never frozen. Numbers to predict
    may have any magnitude: see `TargetScale`.

    Args:
        dls: photos and their labels.
        arch: an architecture (an object such as `resnet34`, or its name) or any timm name; or a program to start from, a file or a
            version in the registry ("cats@v3"), whose architecture and weights are taken.
        normalize: normalise photos as the pretrained weights expect, in the model's first layer; ignored if the batch
            transforms already contain a `Normalize`.
        n_out: number of outputs; by default derived from the data.
        pretrained: True to find weights, a file of weights, or False for random weights. A `.gatera` program continues its
            training, including its head if labels and shape match; so does a version in the registry, "cats@v3".
        y_range: squash outputs into this range, for regression; (-1, 1) for points.
        head: `LinearHeadOptions()` for a single layer, the default for a pretrained body and one class per photo;
            `HeadOptions()` for fastai's head, the default otherwise. Points have a `PointHead` by default.
        arguments: loss_func, opt_func, lr, splitter, cbs, metrics, path, class_weights, options; see `LearnerArguments`.
            The default `splitter` makes the groups early body, late body, head; one group for images that are not
            photographs.

    Returns:
        A learner; frozen up to its last group if `pretrained`.

    Raises:
        ArgumentError: if `arch` is unknown (the nearest name is suggested) or the number of outputs is unknown.
        PretrainedError: if no weights are found; the message lists where it looked and what to do.
    """
    check_arguments(vision_learner, arguments)
    outputs = number_of_outputs(dls, n_out)
    arch, pretrained, program = start_of(arch, pretrained)
    kind, photographic = task_kind(dls.task), dls.train_ds.fields.x.photographic
    points = kind is not None and kind.coordinates
    if head is None and photographic and pretrained and dls.task == "classification":
        head = default_head(pretrained)
    with torch_seeded(dls.seed or 0):  # the same seed gives the same head, independent of what ran before
        model = create_vision_model(
            arch, outputs, n_in=input_channels(dls), pretrained=pretrained, normalize=normalize and dls.normalize is None,
            y_range=y_range, head=head, points=points,
        )  # fmt: skip
    scale = scale_for(dls, outputs, y_range)
    if scale is not None:
        cast(Any, model[1]).append(scale)
    if is_program(pretrained):
        load_head(model, pretrained, dls, program)
    options = arguments.get("options") or TrainingOptions()
    if arguments.get("splitter") is None and not photographic:
        arguments["splitter"] = one_group
        # a whole body at this rate ends worse in bf16: 9 of 396 spoken digits wrong, 7 in float32 (see LOG.md)
        exact = options.precision == "auto" and dls.device.type == "cpu"
        arguments["options"] = replace(
            options, fine_tune_lr=options.fine_tune_lr or ONE_GROUP_LR,
            precision="float32" if exact else options.precision,
        )  # fmt: skip
    learn = Learner(dls, model, body=model[0] if pretrained else None, **arguments)
    if pretrained:
        learn.freeze()
    return learn


def default_head(pretrained: bool | str | Path) -> HeadOptions | LinearHeadOptions:
    """Return the default head of a pretrained body: linear, unless the program to continue has another."""
    if is_program(pretrained) and not has_linear_head(pretrained):
        return HeadOptions()
    return LinearHeadOptions()


def one_group(model: nn.Module) -> Sequence[Sequence[nn.Parameter]]:
    """Return all parameters as one group: nothing to freeze, one learning rate."""
    return [list(model.parameters())]


def input_channels(dls: DataLoaders) -> int:
    """Return the number of channels of the data's photos: 3 for colour, 1 for grey."""
    return dls.input_batch(dls.train_ds.inputs[0]).shape[1]


#: fastai's old name for `vision_learner`.
cnn_learner = vision_learner
