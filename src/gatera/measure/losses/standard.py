"""The losses, under fastai's names. Each flattens its input, so masks work like single labels.

Losses take the model's raw outputs (logits for classes). Parity with `torch.nn.functional` is tested.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gatera.core.checks import check_at_least, check_choice, check_fraction, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.measure.losses.base import FlatLoss, Loss, Reduction, in_float32
from gatera.measure.losses.wrapped import PlainLoss, as_loss
from gatera.measure.thresholds import Thresholds, checked_thresholds
from gatera.program.tasks import TASKS

__all__ = [
    "BCELossFlat",
    "BCEWithLogitsLossFlat",
    "CrossEntropyLossFlat",
    "FlatLoss",
    "FocalLoss",
    "FocalLossFlat",
    "L1LossFlat",
    "LabelSmoothingCrossEntropy",
    "LabelSmoothingCrossEntropyFlat",
    "Loss",
    "MSELossFlat",
    "PlainLoss",
    "as_loss",
    "balanced_weights",
    "default_loss",
]

#: A target that is ignored, as in torch: pixels of a mask where its photo was padded with zeros.
NO_CLASS = -100

ClassWeights = Sequence[float] | np.ndarray | Tensor | Literal["balanced"] | None


class CrossEntropyLossFlat(FlatLoss):
    """Cross-entropy between logits and class indices or class probabilities.

    Targets are int64 indices [N] (or [N,H,W] with `axis=1`), or float probabilities in the shape of the predictions, e.g. mixed
    labels. Positions with the index -100 are ignored.

    Args:
        axis: the axis of the classes in predictions.
        weight: one weight per class [K], or "balanced" for n / (K * count of the class), computed from the training
            labels by `with_class_weights` (a learner calls it).
        label_smoothing: share of the target, 0..1, spread evenly over all classes.
        reduction: "mean" (weighted by the class weights), "sum" or "none".
        ignore_index: another index to ignore, e.g. that of a mask's void.

    Raises:
        ArgumentError: if an argument is out of its range; when called, if predictions and targets do not fit.

    Source: `torch.nn.functional.cross_entropy`; label smoothing after Szegedy et al. 2016, section 7.

    Example:
        >>> loss = CrossEntropyLossFlat()
        >>> round(loss(torch.tensor([[2.0, 0.0]]), torch.tensor([0])).item(), 4)
        0.1269
    """

    activation_name = "softmax"

    def __init__(
        self,
        axis: int = -1,
        weight: ClassWeights = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
        ignore_index: int | None = None,
    ) -> None:
        super().__init__(reduction)
        check_fraction("label_smoothing", label_smoothing)
        self.axis, self.label_smoothing, self.ignore_index = axis, label_smoothing, ignore_index
        self.weight = _as_weights(weight)

    def compute(self, pred: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        """See `FlatLoss.compute`."""
        pred, target = self._flattened(pred, target)
        weight = self._resolved_weight(pred)
        return F.cross_entropy(
            pred, target, weight=weight, ignore_index=NO_CLASS, reduction=reduction, label_smoothing=self.label_smoothing
        )  # fmt: skip

    def per_item(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each item, float [N]; 0 if all its positions are ignored."""
        if target.is_floating_point():
            return super().per_item(pred, target)
        losses = self.compute(pred, target, "none").reshape(len(pred), -1)  # [N*P] -> [N,P]
        counted = (self._flattened(pred, target)[1] != NO_CLASS).reshape(len(pred), -1).sum(dim=1)
        return losses.sum(dim=1) / counted.clamp(min=1)

    def with_class_weights(
        self, counts: Sequence[int] | np.ndarray, vocab: Sequence[object] | None = None
    ) -> CrossEntropyLossFlat:
        """Return this loss with `weight="balanced"` computed from the training labels.

        Args:
            counts: number of training items of each class, [K].
            vocab: the classes' names [K], for the error message.

        Raises:
            DataError: if a class has no training items.
            ArgumentError: if `weight` was given as numbers, but not K of them.
        """
        if self.weight is None:
            return self
        resolved = copy.copy(self)
        resolved.weight = balanced_weights(counts, vocab) if isinstance(self.weight, str) else self.weight
        if len(resolved.weight) != len(counts):
            raise ArgumentError(
                "weight must have one number per class",
                got=self.weight.tolist() if isinstance(self.weight, Tensor) else self.weight,
                expected=f"{len(counts)} numbers", remedy='Pass weight="balanced" to compute them.',
            )  # fmt: skip
        return resolved

    def divisor(self, target: Tensor) -> float | None:
        """Return what reduction "mean" divides the sum over a batch with these targets by; None while weights are unknown."""
        if target.is_floating_point():
            return float(target.numel() // target.shape[self.axis])
        if isinstance(self.weight, str):
            return None
        classes = target.reshape(-1).long()
        ignored = (NO_CLASS,) if self.ignore_index is None else (NO_CLASS, self.ignore_index)
        counted = classes[~torch.isin(classes, torch.tensor(ignored, device=classes.device))]
        return float(len(counted) if self.weight is None else self.weight.to(target.device)[counted].sum())

    def _flattened(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        classes_last = in_float32(pred).movedim(self.axis, -1).flatten(0, -2)  # [N,K,...] -> [N*P,K]
        if target.is_floating_point() and target.shape == pred.shape:
            return classes_last, target.movedim(self.axis, -1).flatten(0, -2).to(classes_last.dtype)
        if target.is_floating_point() or target.numel() != len(classes_last):
            raise ArgumentError(
                f"{type(self).__name__} cannot compare these predictions and targets",
                got=f"predictions {list(pred.shape)}, {str(target.dtype).removeprefix('torch.')} targets {list(target.shape)}",
                expected=f"{len(classes_last)} class indices (int64), or probabilities in the predictions' shape",
                remedy="For several labels per item use BCEWithLogitsLossFlat, for numbers MSELossFlat.",
            )
        target = target.reshape(-1).long()
        if self.ignore_index is not None:
            target = torch.where(target == self.ignore_index, NO_CLASS, target)
        return classes_last, target

    def _resolved_weight(self, pred: Tensor) -> Tensor | None:
        if isinstance(self.weight, str):
            raise ArgumentError(
                'weight="balanced" has not been computed yet',
                remedy="Call loss.with_class_weights(counts) with the number of training items of each class, "
                "or pass the loss to a learner, which calls it.",
            )
        return None if self.weight is None else self.weight.to(pred)


class LabelSmoothingCrossEntropy(CrossEntropyLossFlat):
    """Cross-entropy with label smoothing: `eps` of each target is spread evenly over all classes.

    Args:
        eps: the share to spread, 0..1.
        weight: see `CrossEntropyLossFlat`.
        reduction: see `CrossEntropyLossFlat`.
        axis: the axis of the classes in predictions.
    """

    def __init__(
        self, eps: float = 0.1, weight: ClassWeights = None, reduction: Reduction = "mean", axis: int = -1
    ) -> None:
        super().__init__(axis, weight, label_smoothing=eps, reduction=reduction)


LabelSmoothingCrossEntropyFlat = LabelSmoothingCrossEntropy


class FocalLoss(CrossEntropyLossFlat):
    """Cross-entropy that down-weights well-classified items: each term is multiplied by (1 - p)**gamma.

    `p` is the predicted probability of the class, without the class weight; with `gamma=0` this is
    `CrossEntropyLossFlat`.

    Args:
        gamma: at least 0; a larger value down-weights easy items more.
        weight: see `CrossEntropyLossFlat` (the paper's alpha).
        reduction: see `CrossEntropyLossFlat`.
        axis: the axis of the classes in predictions.

    Source: Lin et al. 2017, "Focal Loss for Dense Object Detection", equation 5.
    """

    def __init__(
        self, gamma: float = 2.0, weight: ClassWeights = None, reduction: Reduction = "mean", axis: int = -1
    ) -> None:
        super().__init__(axis, weight, reduction=reduction)
        check_at_least("gamma", gamma, 0)
        self.gamma = gamma

    def compute(self, pred: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        """See `FlatLoss.compute`."""
        pred, target = self._flattened(pred, target)
        weight = self._resolved_weight(pred)
        soft = target.is_floating_point()
        shares = target if soft else _one_hot(target, pred.shape[-1]).to(pred.dtype)  # [N,K]
        log_p = pred.log_softmax(dim=-1)
        # The floor keeps the slope of x**gamma finite at x = 0 for gamma below 1.
        miss = (1 - log_p.exp()).clamp_min(torch.finfo(pred.dtype).tiny)
        terms = shares * miss**self.gamma * -log_p
        losses = (terms if weight is None else terms * weight).sum(dim=-1)  # [N,K] -> [N]
        if reduction == "none":
            return losses
        # As in torch: hard labels are averaged by their classes' weights, soft ones by number.
        by = len(losses) if soft else (shares if weight is None else shares * weight).sum()
        return losses.sum() if reduction == "sum" else losses.sum() / by


def _one_hot(target: Tensor, k: int) -> Tensor:
    """Return 1 at each class index, [N] -> [N,K]; all zeros for `NO_CLASS`."""
    return F.one_hot(target.clamp_min(0), k) * (target != NO_CLASS)[:, None]


FocalLossFlat = FocalLoss


class BCEWithLogitsLossFlat(FlatLoss):
    """Binary cross-entropy of each label, from logits: for several labels per item.

    Args:
        thresh: the probability above which a label counts as predicted, 0..1; or one per label.
        pos_weight: weight of the positive targets, one number per label [K].
        reduction: "mean", "sum" or "none".

    Source: `torch.nn.functional.binary_cross_entropy_with_logits`.
    """

    activation_name = "sigmoid"

    def __init__(
        self,
        thresh: Thresholds = 0.5,
        pos_weight: Sequence[float] | np.ndarray | Tensor | None = None,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(reduction)
        self.threshold = self.thresh = checked_thresholds("thresh", thresh)
        self.pos_weight = None if pos_weight is None else torch.as_tensor(pos_weight, dtype=torch.float32)

    def compute(self, pred: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        """See `FlatLoss.compute`."""
        pred, target = self.alike(pred, target)
        weight = None if self.pos_weight is None else self.pos_weight.to(pred)
        loss = F.binary_cross_entropy_with_logits(pred, target, pos_weight=weight, reduction=reduction)
        return loss.flatten() if reduction == "none" else loss


class BCELossFlat(FlatLoss):
    """Binary cross-entropy from probabilities 0..1, for models that end in a sigmoid.

    Args:
        thresh: the probability above which a label counts as predicted, 0..1; or one per label.
        reduction: "mean", "sum" or "none".

    Source: `torch.nn.functional.binary_cross_entropy`.
    """

    def __init__(self, thresh: Thresholds = 0.5, reduction: Reduction = "mean") -> None:
        super().__init__(reduction)
        self.threshold = self.thresh = checked_thresholds("thresh", thresh)

    def compute(self, pred: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        """See `FlatLoss.compute`."""
        pred, target = self.alike(pred, target)
        return F.binary_cross_entropy(pred.flatten(), target.flatten(), reduction=reduction)


class MSELossFlat(FlatLoss):
    """Mean squared error, for regression. Source: `torch.nn.functional.mse_loss`."""

    def compute(self, pred: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        """See `FlatLoss.compute`."""
        pred, target = self.alike(pred, target)
        return F.mse_loss(pred.flatten(), target.flatten(), reduction=reduction)


class L1LossFlat(FlatLoss):
    """Mean absolute error, for regression. Source: `torch.nn.functional.l1_loss`."""

    def compute(self, pred: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        """See `FlatLoss.compute`."""
        pred, target = self.alike(pred, target)
        return F.l1_loss(pred.flatten(), target.flatten(), reduction=reduction)


def mean_divisor(loss: object, target: object) -> float | None:
    """Return what a standard loss with reduction "mean" divides the sum over a batch by.

    So a batch can be computed in parts: their sums, each divided by this, add up to its loss.

    Args:
        loss: any loss.
        target: the targets of the whole batch.

    Returns:
        The number of values, or of positions that count, by the weights of their classes; None for losses of other kinds.

    Example:
        >>> mean_divisor(CrossEntropyLossFlat(weight=[1, 3]), torch.tensor([0, 1, -100]))
        4.0
    """
    if not isinstance(loss, FlatLoss) or loss.reduction != "mean" or not isinstance(target, Tensor):
        return None
    if type(loss) in (BCEWithLogitsLossFlat, BCELossFlat, MSELossFlat, L1LossFlat):
        return float(target.numel())
    if type(loss) not in (CrossEntropyLossFlat, LabelSmoothingCrossEntropy, FocalLoss):
        return None
    assert isinstance(loss, CrossEntropyLossFlat)  # for the type checker: all three are
    return loss.divisor(target)


#: The default losses of `gatera.program.tasks`, by name.
STANDARD_LOSSES: dict[str, Callable[[], Loss]] = {
    "cross_entropy": CrossEntropyLossFlat,
    "binary_cross_entropy": BCEWithLogitsLossFlat,
    "squared_error": MSELossFlat,
    "pixel_cross_entropy": partial(CrossEntropyLossFlat, axis=1),
}


def default_loss(task: str) -> Loss:
    """Return the default loss of a task.

    Args:
        task: "classification" (cross-entropy), "multilabel" (binary cross-entropy), "regression" or "points" (squared
            error), "segmentation" (cross-entropy of each pixel).

    Example:
        >>> default_loss("multilabel").activation_name
        'sigmoid'
    """
    check_choice("task", task, tuple(TASKS))
    return STANDARD_LOSSES[TASKS[task].loss]()


def balanced_weights(counts: Sequence[int] | np.ndarray, vocab: Sequence[object] | None = None) -> Tensor:
    """Return the class weights n / (K * count) [K], which give every class the same total weight.

    Args:
        counts: number of training items of each class, [K].
        vocab: the classes' names [K], for the error message.

    Raises:
        DataError: if a class has no training item.

    Example:
        >>> balanced_weights([30, 10]).tolist()
        [0.6666666865348816, 2.0]
    """
    counts = np.asarray(counts)
    empty = [str(index if vocab is None else vocab[index]) for index in np.flatnonzero(counts == 0).tolist()]
    if empty:
        raise DataError(
            f'weight="balanced" is not possible: no training items of the class {listed(empty)}',
            remedy="Add items of that class to the training set, remove the class from the vocabulary, "
            "or pass the weights as numbers.",
        )
    return torch.tensor(counts.sum() / (len(counts) * counts), dtype=torch.float32)


def _as_weights(weight: ClassWeights) -> Tensor | Literal["balanced"] | None:
    if weight is None or (isinstance(weight, str) and weight == "balanced"):
        return weight
    if isinstance(weight, str):
        raise ArgumentError(
            "weight is unknown", got=weight, expected='None, "balanced", or one number per class'
        )
    numbers = torch.as_tensor(weight, dtype=torch.float32)
    if numbers.ndim != 1 or not bool((numbers.isfinite() & (numbers >= 0)).all()):
        raise ArgumentError(
            "weight holds invalid numbers", got=numbers.tolist(),
            expected="one finite number >= 0 per class",
        )  # fmt: skip
    return numbers
