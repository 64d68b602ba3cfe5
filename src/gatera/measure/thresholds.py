"""Decision thresholds for multi-label predictions, and how to choose them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import check_at_least, check_fraction
from gatera.core.errors import ArgumentError

#: One probability for all labels, or one for each.
Thresholds: TypeAlias = float | Sequence[float]

#: A label with fewer items gets the best threshold of all labels together: its own would fit noise.
FEW = 5


def checked_thresholds(argument: str, value: Thresholds) -> float | tuple[float, ...]:
    """Return thresholds as one number, or as a tuple with one per label.

    Raises:
        ArgumentError: if one of them is not in 0..1.
    """
    if isinstance(value, np.ndarray | Tensor) and value.ndim == 0:
        value = float(value)  # one of `torch.linspace(0, 1, 9)`, say
    if not isinstance(value, Sequence | np.ndarray | Tensor) or isinstance(value, str):
        check_fraction(argument, value)
        return value
    each = tuple(float(one) for one in value)
    for one in each:
        check_fraction(argument, one)
    return each


def above(scores: Tensor, thresholds: float | tuple[float, ...]) -> Tensor:
    """Return which labels count as predicted, bool [...,K].

    Args:
        scores: probabilities [...,K].
        thresholds: one number, or one for each of the K labels.

    Raises:
        ArgumentError: if there are not K thresholds.
    """
    if not isinstance(thresholds, tuple):
        return scores > thresholds
    if len(thresholds) != scores.shape[-1]:
        raise ArgumentError(
            "there must be one threshold per label",
            got=f"{len(thresholds)} thresholds", expected=f"{scores.shape[-1]} of them, or one number for all",
        )  # fmt: skip
    return scores > torch.tensor(thresholds, dtype=torch.float64).to(scores)


def best_thresholds(probabilities: Any, targets: Any, beta: float = 1.0) -> list[float]:
    """Choose for each label the threshold with the best F score.

    Use predictions for the validation set, `best_thresholds(*learn.get_preds())`, and evaluate the result on other items: on
    those that chose it, it looks better than it is. A label with fewer than five items gets the best threshold of all labels
    together.

    Args:
        probabilities: float [N,K], 0..1.
        targets: 0 or 1 for each, [N,K].
        beta: weight of recall relative to precision.

    Returns:
        K numbers, for `BCEWithLogitsLossFlat(thresh=...)` or `accuracy_multi(thresh=...)`.

    Raises:
        ArgumentError: if the shapes differ, there are no items, or `beta` is negative.

    Example:
        >>> scores = np.array([[0.9], [0.4], [0.35], [0.1], [0.3], [0.2]])
        >>> best_thresholds(scores, np.array([[1], [1], [1], [0], [1], [1]]))
        [0.15]
    """
    check_at_least("beta", beta, 0)
    scores, present = np.asarray(probabilities, np.float64), np.asarray(targets) > 0.5
    if scores.shape != present.shape or scores.ndim != 2 or not len(scores):
        raise ArgumentError(
            "probabilities and targets must be those of the same items and labels",
            got=f"{list(scores.shape)} and {list(present.shape)}", expected="[N,K] both, N at least 1",
        )  # fmt: skip
    common = _best(scores.ravel(), present.ravel(), beta)
    return [
        common if actual.sum() < FEW else _best(column, actual, beta)
        for column, actual in zip(scores.T, present.T, strict=True)
    ]


def _best(scores: np.ndarray, present: np.ndarray, beta: float) -> float:
    """Return the threshold with the best F score, half-way between two scores; 0.5 if no item has the label."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    below = np.append(ordered[1:], 0.0)
    apart = ordered > below  # no threshold separates equal scores, and none lies below 0
    if not present.any() or not apart.any():
        return 0.5
    hits = np.cumsum(present[order])  # correct if the first i + 1 are predicted
    predicted = np.arange(1, len(scores) + 1)
    quality = (1 + beta**2) * hits / (predicted + beta**2 * present.sum())
    best = int(np.argmax(np.where(apart, quality, -1)))
    return _between(float(below[best]), float(ordered[best]))


def _between(low: float, high: float) -> float:
    """Return a threshold that `high` is above and `low` is not, rounded where that leaves it between the two.

    Example:
        >>> _between(0.2, 0.3), _between(0.0, 3e-8), _between(0.9999999, 1.0)
        (0.25, 0.0, 0.9999999)
    """
    middle = round((low + high) / 2, 6)
    # in single precision, in which scores are compared
    return middle if np.float32(low) <= np.float32(middle) < np.float32(high) else low
