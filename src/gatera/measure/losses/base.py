"""The interface of a loss: the number to minimise, the activation and the decoding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.checks import check_choice
from gatera.core.errors import ArgumentError
from gatera.core.signatures import one_target
from gatera.measure.thresholds import above

Reduction = Literal["mean", "sum", "none"]
ActivationName = Literal["softmax", "sigmoid", "none"]
REDUCTIONS = ("mean", "sum", "none")


class Loss(nn.Module):
    """A loss that knows the activation and the decoding of its predictions.

    A subclass implements `forward` and `per_item`.

    Attributes:
        activation_name: "softmax", "sigmoid" or "none"; turns the model's output into probabilities.
        threshold: for several labels per item, the probability above which a label counts as predicted; one number, or one
            per label.
        axis: the axis of the classes in predictions.
    """

    activation_name: ActivationName = "none"
    threshold: float | tuple[float, ...] | None = None
    axis: int = -1

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return the loss, a 0-d tensor, of model outputs `pred` [N,...] against `target`."""
        raise NotImplementedError

    def per_item(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each item, float [N]."""
        raise NotImplementedError

    def activation(self, pred: Tensor) -> Tensor:
        """Turn model outputs into probabilities 0..1 in float32; activation "none" keeps the values."""
        if self.activation_name == "softmax":
            return pred.float().softmax(dim=self.axis)
        return pred.float().sigmoid() if self.activation_name == "sigmoid" else pred.float()

    def decodes(self, pred: Tensor) -> Tensor:
        """Turn the result of `activation` into class indices [N], labels bool [N,K], or the values themselves."""
        if self.activation_name == "softmax":
            return pred.argmax(dim=self.axis)
        return pred if self.threshold is None else above(pred, self.threshold)

    def with_class_weights(
        self, counts: Sequence[int] | np.ndarray, vocab: Sequence[object] | None = None
    ) -> Loss:
        """Return this loss with class weights computed from training counts [K]; itself if it has no class weights."""
        return self


class FlatLoss(Loss):
    """A loss over flattened positions; a subclass implements `compute`.

    Args:
        reduction: "mean", "sum" or "none" (one number per flattened position). May be reassigned.

    Raises:
        ArgumentError: if `reduction` is none of these.
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        check_choice("reduction", reduction, REDUCTIONS)
        self.reduction: Reduction = reduction

    def compute(self, pred: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        """Return the loss with the given `reduction`; "none" gives [N*P] for P positions per item."""
        raise NotImplementedError

    def alike(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return predictions in full precision and the target in their shape and dtype, for losses value by value; see `target_like`."""
        pred = in_float32(pred)
        return pred, target_like(type(self).__name__, pred, target)

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return the loss of model outputs `pred` [N,...] against `target`, with `self.reduction`."""
        return self.compute(pred, one_target(type(self).__name__, target), self.reduction)

    def per_item(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each item, float [N]; positions within an item (pixels, outputs) are averaged."""
        return self.compute(pred, target, "none").reshape(len(pred), -1).mean(dim=1)  # [N*P] -> [N,P] -> [N]


def in_float32(pred: Tensor) -> Tensor:
    """Return half-precision predictions as float32, so that losses are summed in full precision; others unchanged."""
    return pred.float() if pred.dtype in (torch.bfloat16, torch.float16) else pred


def target_like(loss_name: str, pred: Tensor, target: Tensor) -> Tensor:
    """Return `target` in the shape and dtype of `pred`, for element-wise losses.

    Raises:
        ArgumentError: if their numbers of values differ; torch would broadcast [N,1] and [N] to [N,N].
    """
    if pred.numel() != target.numel():
        raise ArgumentError(
            f"{loss_name} got {pred.numel()} predictions and {target.numel()} targets",
            got=f"predictions {list(pred.shape)}, targets {list(target.shape)}",
            expected="the same number of predictions and targets",
            remedy="Set n_out to the number of values in one target.",
        )
    return target.reshape(pred.shape).to(pred.dtype)
