"""Choose the loss of a learner from its arguments and its data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.measure.losses.base import Loss
from gatera.measure.losses.standard import ClassWeights, CrossEntropyLossFlat, as_loss, default_loss


class LabelledData(Protocol):
    """What the choice needs to know of the data; `DataLoaders` has it."""

    @property
    def task(self) -> str | None:
        """The task's name."""

    @property
    def vocab(self) -> Sequence[object] | None:
        """The classes, [K]."""

    @property
    def class_counts(self) -> np.ndarray:
        """Number of training items of each class, int64 [K]."""


def choose_loss(
    loss_func: Callable[..., Any] | None, class_weights: ClassWeights, data: LabelledData
) -> Loss:
    """Return the loss to train with.

    Args:
        loss_func: the user's loss; None chooses the default loss of the data's task.
        class_weights: "balanced" or one number per class, for the default cross-entropy.
        data: the data; its classes are counted only if weights are to be balanced.

    Raises:
        ArgumentError: if the data has no task and there is no `loss_func`, or the weights do not fit the loss.
    """
    if loss_func is not None:
        loss = as_loss(loss_func)
    elif data.task is not None:
        loss = default_loss(data.task)
    else:
        raise ArgumentError(
            "no default loss for this data", remedy="Pass loss_func=, e.g. nn.CrossEntropyLoss()."
        )
    if class_weights is not None:
        if loss_func is not None or not isinstance(loss, CrossEntropyLossFlat):
            raise ArgumentError(
                "class_weights can only be used with the default cross-entropy loss", got=class_weights,
                remedy="Pass the weights to your loss, e.g. loss_func=FocalLoss(weight='balanced').",
            )  # fmt: skip
        loss = CrossEntropyLossFlat(loss.axis, class_weights)
    if isinstance(loss, CrossEntropyLossFlat) and loss.weight is not None:
        loss = loss.with_class_weights(data.class_counts, data.vocab)
    return loss
