"""Confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Confusion(NamedTuple):
    """How often a class was predicted as another; unpacks as (actual, predicted, n)."""

    actual: object
    predicted: object
    n: int


def confusion_matrix(targets: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """Count every pair of actual and predicted class.

    Args:
        targets: actual class indices, int [N], each in 0..K-1.
        predicted: predicted class indices, int [N], each in 0..K-1.
        n_classes: K.

    Returns:
        int64 [K,K]; row = actual, column = predicted.

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), n_classes=2).tolist()
        [[1, 1], [0, 1]]
    """
    pairs = np.asarray(targets, np.int64) * n_classes + np.asarray(predicted, np.int64)
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes).astype(np.int64)


def most_confused(matrix: np.ndarray, vocab: Sequence[object], min_val: int = 1) -> list[Confusion]:
    """List the confusions of a confusion matrix, most frequent first, then by name.

    Args:
        matrix: counts [K,K]; row = actual, column = predicted.
        vocab: the classes [K].
        min_val: skip confusions that happened less often; at least 1.

    Example:
        >>> most_confused(np.array([[5, 2], [1, 4]]), ["cat", "dog"])[0]
        Confusion(actual='cat', predicted='dog', n=2)
    """
    wrong = matrix * (1 - np.eye(len(matrix), dtype=matrix.dtype))
    pairs = np.argwhere(wrong >= max(min_val, 1)).tolist()
    found = [Confusion(vocab[i], vocab[j], int(wrong[i, j])) for i, j in pairs]
    return sorted(found, key=lambda pair: (-pair.n, str(pair.actual), str(pair.predicted)))
