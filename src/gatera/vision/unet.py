"""`unet_learner`: a class for every pixel of a photo, by transfer learning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from gatera.core.errors import ArgumentError
from gatera.core.random import torch_seeded
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.learner import Learner
from gatera.learn.options import LEARNER_DEFAULTS, LearnerArguments
from gatera.models.backbones.architectures import Architecture
from gatera.models.vision.unet import create_unet_model
from gatera.vision.learner import input_channels


@spelled_out(LearnerArguments, LEARNER_DEFAULTS)
def unet_learner(
    dls: DataLoaders,
    arch: str | Architecture | Callable[..., object] = "efficientnet_lite0",
    normalize: bool = True,
    n_out: int | None = None,
    pretrained: bool | str | Path = True,
    *,
    y_range: tuple[float, float] | None = None,
    **arguments: Unpack[LearnerArguments],
) -> Learner:
    """Make a learner for masks by transfer learning: a U-Net on a pretrained body, body frozen.

    Args:
        dls: photos and their masks.
        arch: one of our architectures (an object such as `resnet34`, or its name) or any timm name; it must give feature
            maps of several sizes.
        normalize: normalise photos as the pretrained weights expect, in the model's first layer; nothing is added if
            the data's batch transforms already hold a `Normalize`.
        n_out: outputs for each pixel; by default as many as there are classes.
        pretrained: True looks for weights of the body, False starts from random ones, a path names a file of weights.
        y_range: keep outputs within these bounds, for numbers instead of classes.
        arguments: loss_func, opt_func, lr, splitter, cbs, metrics, path, class_weights, options; see `LearnerArguments`.
            The default loss is the cross-entropy of each pixel; to ignore the pixels of a class such as void pass
            `CrossEntropyLossFlat(axis=1, ignore_index=dls.vocab.o2i["Void"])`. The default `splitter` makes the groups early
            body, late body, decoder. `class_weights="balanced"` reads every training mask.

    Returns:
        A learner; frozen if `pretrained`.

    Raises:
        ArgumentError: if `arch` is unknown or gives no feature maps, or the number of outputs is not known.
        PretrainedError: if no weights are found, saying where was looked and what to do.
    """
    check_arguments(unet_learner, arguments)
    outputs = dls.c if n_out is None else n_out
    if outputs is None:
        raise ArgumentError("the data does not say how many outputs it needs", remedy="Pass n_out=.")
    with torch_seeded(dls.seed or 0):  # the same seed gives the same decoder, whatever ran before
        model = create_unet_model(
            arch, outputs, n_in=input_channels(dls), pretrained=pretrained, normalize=normalize and dls.normalize is None,
            y_range=y_range,
        )  # fmt: skip
    learn = Learner(dls, model, body=model.body if pretrained else None, **arguments)
    if pretrained:
        learn.freeze()
    return learn
