"""The simplest baseline of a classifier: always predict the most frequent class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.measure.intervals import ErrorCount


@dataclass(frozen=True)
class Baseline(ErrorCount):
    """Always predicting one class.

    Attributes:
        index: that class.
        errors: number of validation items of another class.
        n: number of validation items.
    """

    index: int
    errors: int
    n: int


def most_frequent_class(train_targets: Any, valid_targets: Any) -> Baseline:
    """Return the baseline of always predicting the class that is most frequent in the training set.

    Args:
        train_targets: class indices of the training items, int [M]. A tie goes to the lower index.
        valid_targets: class indices of the validation items, int [N].

    Raises:
        ArgumentError: if either is empty.

    Example:
        >>> most_frequent_class([1, 1, 0], [0, 1, 1, 1]).error
        0.25
    """
    train, valid = np.asarray(train_targets), np.asarray(valid_targets)
    if not len(train) or not len(valid):
        raise ArgumentError(
            "a baseline needs training and validation items", got=f"{len(train)} and {len(valid)} items"
        )
    index = int(np.bincount(train).argmax())
    return Baseline(index, int((valid != index).sum()), len(valid))
