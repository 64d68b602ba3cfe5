"""Metrics computed from one sum and one count: accuracies, and errors of numbers.

Each takes model outputs and targets and returns a 0-d float32 tensor. `STREAMED` defines how each becomes a
`StreamedMetric`, whose value over an epoch is exact for any batch size.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gatera.core.errors import ArgumentError
from gatera.measure.losses.standard import NO_CLASS
from gatera.measure.metrics.base import Sums, float64, ratio
from gatera.measure.thresholds import Thresholds, above, checked_thresholds


def accuracy(pred: Tensor, target: Tensor, axis: int = -1) -> Tensor:
    """Return the share of items whose highest score is that of the right class, 0..1.

    Args:
        pred: logits or probabilities [N,K], or with the classes on another `axis`.
        target: class indices, one per position: [N].
        axis: the axis of the classes.

    Raises:
        ArgumentError: if the shapes do not fit.

    Example:
        >>> accuracy(torch.tensor([[0.9, 0.1], [0.3, 0.7]]), torch.tensor([0, 0])).item()
        0.5
    """
    return _float32(ratio(_hits("accuracy", pred, target, axis), _same))


def error_rate(pred: Tensor, target: Tensor, axis: int = -1) -> Tensor:
    """Return the share of items whose highest score is that of a wrong class: 1 - `accuracy`, same arguments."""
    return _float32(ratio(_misses(pred, target, axis), _same))


def top_k_accuracy(pred: Tensor, target: Tensor, k: int = 5, axis: int = -1) -> Tensor:
    """Return the share of items whose class is among the `k` highest scores, 0..1; arguments as in `accuracy`.

    Raises:
        ArgumentError: if there are fewer than `k` classes, or the shapes do not fit.
    """
    return _float32(ratio(_top_k_hits(pred, target, k, axis), _same))


def accuracy_multi(pred: Tensor, target: Tensor, thresh: Thresholds = 0.5, sigmoid: bool = True) -> Tensor:
    """Return the share of right binary decisions, 0..1, for several labels per item.

    Args:
        pred: logits [N,K] (probabilities if `sigmoid` is False).
        target: 0 or 1 for each, [N,K].
        thresh: the probability above which a label counts as predicted; or one per label.
        sigmoid: apply a sigmoid to the logits first.

    Raises:
        ArgumentError: if the shapes do not fit.
    """
    return _float32(ratio(_multi_hits(pred, target, thresh, sigmoid), _same))


def foreground_acc(pred: Tensor, target: Tensor, bkg_idx: int = 0, axis: int = 1) -> Tensor:
    """Return the accuracy on the pixels whose label is not the background, 0..1.

    Args:
        pred: logits or probabilities [N,K,H,W].
        target: class indices, int64 [N,H,W].
        bkg_idx: index of the background.
        axis: the axis of the classes.

    Raises:
        ArgumentError: if the shapes do not fit.
    """
    return _float32(ratio(_foreground_hits(pred, target, bkg_idx, axis), _same))


def mse(pred: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error; predictions and targets have the same number of values."""
    return _float32(ratio(_squares(pred, target, "mse"), _same))


def rmse(pred: Tensor, target: Tensor) -> Tensor:
    """Return the root of the mean squared error; predictions and targets have the same number of values."""
    return _float32(ratio(_squares(pred, target, "rmse"), torch.sqrt))


def mae(pred: Tensor, target: Tensor) -> Tensor:
    """Return the mean absolute error; predictions and targets have the same number of values."""
    return _float32(ratio(_absolutes(pred, target), _same))


def msle(pred: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error of log(1 + value), for values above -1."""
    return _float32(ratio(_log_squares(pred, target), _same))


def exp_rmspe(pred: Tensor, target: Tensor) -> Tensor:
    """Return the root mean squared relative error of exp(value), for targets that are logarithms."""
    return _float32(ratio(_relative_squares(pred, target), torch.sqrt))


_ONE_CLASS = "For several labels per item use accuracy_multi."

# Sums over a batch ----------------------------------------------------------------------------------------------


def _hits(name: str, pred: Tensor, target: Tensor, axis: int = -1) -> Sums:
    predicted = pred.argmax(dim=axis)  # [N,K] -> [N]
    _check_same_count(name, pred, target, predicted.numel(), _ONE_CLASS)
    return (predicted.reshape(-1) == target.reshape(-1)).sum(), _n_counted(pred, target)


def _n_counted(pred: Tensor, target: Tensor) -> int:
    """Return how many positions count: of pixels and words those with a class, as losses have it. Items of one class each all do."""
    return target.numel() if pred.ndim < 3 else int((target != NO_CLASS).sum())


def _misses(pred: Tensor, target: Tensor, axis: int = -1) -> Sums:
    right, count = _hits("error_rate", pred, target, axis)
    return count - right, count


def _foreground_hits(pred: Tensor, target: Tensor, bkg_idx: int = 0, axis: int = 1) -> Sums:
    predicted = pred.argmax(dim=axis)  # [N,K,H,W] -> [N,H,W]
    _check_same_count("foreground_acc", pred, target, predicted.numel())
    counted = (target.reshape(-1) != bkg_idx) & (target.reshape(-1) >= 0)  # -100 is ignored
    return ((predicted.reshape(-1) == target.reshape(-1)) & counted).sum(), int(counted.sum())


def _top_k_hits(pred: Tensor, target: Tensor, k: int = 5, axis: int = -1) -> Sums:
    if not 1 <= k <= pred.shape[axis]:
        raise ArgumentError(
            "k of top_k_accuracy must be between 1 and the number of classes", got=k,
            expected=f"1 to {pred.shape[axis]}", remedy="Pass partial(top_k_accuracy, k=...).",
        )  # fmt: skip
    top = pred.topk(k, dim=axis).indices.movedim(axis, -1)  # [N,K] -> [N,k]
    _check_same_count("top_k_accuracy", pred, target, top.numel() // k, _ONE_CLASS)
    return (top.reshape(-1, k) == target.reshape(-1, 1)).any(dim=-1).sum(), _n_counted(pred, target)


def _multi_hits(pred: Tensor, target: Tensor, thresh: Thresholds = 0.5, sigmoid: bool = True) -> Sums:
    _check_same_count("accuracy_multi", pred, target, pred.numel())
    labels = above(pred.sigmoid() if sigmoid else pred, checked_thresholds("thresh", thresh))
    return (labels.reshape(-1) == target.reshape(-1).bool()).sum(), pred.numel()


def _squares(pred: Tensor, target: Tensor, name: str = "mse") -> Sums:
    pred, target = _numbers(name, pred, target)
    return (pred - target).square().sum(), pred.numel()


def _absolutes(pred: Tensor, target: Tensor) -> Sums:
    pred, target = _numbers("mae", pred, target)
    return (pred - target).abs().sum(), pred.numel()


def _log_squares(pred: Tensor, target: Tensor) -> Sums:
    pred, target = _numbers("msle", pred, target)
    return (pred.log1p() - target.log1p()).square().sum(), pred.numel()


def _relative_squares(pred: Tensor, target: Tensor) -> Sums:
    pred, target = _numbers("exp_rmspe", pred, target)
    return (1 - (pred - target).exp()).square().sum(), pred.numel()  # (e^t - e^p) / e^t


def _numbers(name: str, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    _check_same_count(name, pred, target, pred.numel())
    return float64(pred).reshape(-1), float64(target).reshape(-1)


def _check_same_count(
    name: str, pred: Tensor, target: Tensor, predicted: int, remedy: str | None = None
) -> None:
    if target.numel() != predicted:
        raise ArgumentError(
            f"{name} got {predicted} predictions and {target.numel()} targets",
            got=f"predictions {list(pred.shape)}, targets {list(target.shape)}",
            expected="the same number of predictions and targets", remedy=remedy,
        )  # fmt: skip


def _same(value: Tensor) -> Tensor:
    return value


def _float32(value: Tensor) -> Tensor:
    return value.float()  # torch prints float32 without a dtype


class Recipe(NamedTuple):
    """The parts of the `StreamedMetric` of a function."""

    sums: Callable[..., Sums]
    finish: Callable[[Tensor], Tensor] = _same


#: The functions above and their parts.
STREAMED: dict[Callable[..., Any], Recipe] = {
    accuracy: Recipe(functools.partial(_hits, "accuracy")),
    error_rate: Recipe(_misses),
    top_k_accuracy: Recipe(_top_k_hits),
    accuracy_multi: Recipe(_multi_hits),
    foreground_acc: Recipe(_foreground_hits),
    mse: Recipe(_squares),
    rmse: Recipe(functools.partial(_squares, name="rmse"), torch.sqrt),
    mae: Recipe(_absolutes),
    msle: Recipe(_log_squares),
    exp_rmspe: Recipe(_relative_squares, torch.sqrt),
}
