"""`unet_learner`: segmentation by transfer learning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from gatera.core.random import torch_seeded
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.learner import Learner
from gatera.learn.options import LEARNER_DEFAULTS, LearnerArguments, number_of_outputs
from gatera.models.backbones.architectures import Architecture
from gatera.models.vision.unet import create_unet_model
from gatera.vision.learner import input_channels
from gatera.vision.start_from_program import note_start, start_of
from gatera.vision.task_defaults import ARCHITECTURE


@spelled_out(LearnerArguments, LEARNER_DEFAULTS)
def unet_learner(
    dls: DataLoaders,
    arch: str | Architecture | Callable[..., object] = ARCHITECTURE,
    normalize: bool = True,
    n_out: int | None = None,
    pretrained: bool | str | Path = True,
    *,
    y_range: tuple[float, float] | None = None,
    **arguments: Unpack[LearnerArguments],
) -> Learner:
    """Create a learner for segmentation: a U-Net on a frozen pretrained body.

    Args:
        dls: photos and their masks.
        arch: an architecture (an object such as `resnet34`, or its name) or any timm name; it must have feature maps of several
            sizes.
        normalize: normalise photos as the pretrained weights expect, in the model's first layer; ignored if the batch
            transforms already contain a `Normalize`.
        n_out: outputs for each pixel; by default the number of classes.
        pretrained: True to find weights for the body, a file of weights (a program's, or a version in the registry, too), or False for
            random weights.
        y_range: squash outputs into this range, for regression.
        arguments: loss_func, opt_func, lr, splitter, cbs, metrics, path, class_weights, options; see `LearnerArguments`.
            The default loss is the cross-entropy of each pixel; to ignore the pixels of a class such as void pass
            `CrossEntropyLossFlat(axis=1, ignore_index=dls.vocab.o2i["Void"])`. The default `splitter` makes the groups early
            body, late body, decoder. `class_weights="balanced"` reads every training mask.

    Returns:
        A learner; frozen if `pretrained`.

    Raises:
        ArgumentError: if `arch` is unknown or has no feature maps, or the number of outputs is unknown.
        PretrainedError: if no weights are found; the message lists where it looked and what to do.
    """
    check_arguments(unet_learner, arguments)
    outputs = number_of_outputs(dls, n_out)
    arch, pretrained, program = start_of(arch, pretrained)
    with torch_seeded(dls.seed or 0):  # the same seed gives the same decoder, independent of what ran before
        model = create_unet_model(
            arch, outputs, n_in=input_channels(dls), pretrained=pretrained, normalize=normalize and dls.normalize is None,
            y_range=y_range,
        )  # fmt: skip
    if program is not None and not isinstance(pretrained, bool):
        note_start(model.body, pretrained, program, "its body")
    learn = Learner(dls, model, body=model.body if pretrained else None, **arguments)
    if pretrained:
        learn.freeze()
    return learn
