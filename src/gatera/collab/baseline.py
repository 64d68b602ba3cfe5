"""The baseline for ratings: the mean of each user and of each item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gatera.core.checks import check_at_least
from gatera.core.errors import DataError
from gatera.data.loading.row_loaders import RowLoaders

#: This many ratings at the overall mean are added to those of each item and user, so that a few do not count too much.
#: Source: the usual value of damped means (Surprise, LensKit); chosen before any score was seen.
DAMPING = 5.0


@dataclass(frozen=True)
class RatingBaseline:
    """The score of the means of users and items on a validation set.

    Attributes:
        value: mean squared error of overall mean + item's deviation + user's deviation.
        simplest: that of the overall mean.
        n: how many validation ratings there are.
        misses: the squared error of each of them, by either: two arrays, float64 [n].
    """

    value: float
    simplest: float
    n: int
    misses: Sequence[np.ndarray] = field(default=(), repr=False, compare=False)

    def __str__(self) -> str:
        return (
            f"user and item means: mean squared error {self.value:.4f} on {self.n:,} ratings "
            f"(the overall mean: {self.simplest:.4f})"
        )


def user_item_means(dls: RowLoaders, damping: float = DAMPING) -> RatingBaseline:
    """Predict each rating as the overall mean, plus how the item deviates from it, plus how the user does.

    Args:
        dls: the ratings' loaders.
        damping: ratings at the overall mean that are added to those of each item and user.

    Raises:
        DataError: if there is no validation set.
        ArgumentError: if `damping` is negative.
    """
    check_at_least("damping", damping, 0)
    if dls.valid is None:
        raise DataError("The baseline needs a validation set")
    (pairs, ratings), (wanted_pairs, wanted) = _arrays(dls.train_ds), _arrays(dls.valid_ds)
    mean = ratings.mean()
    n_users, n_items = (len(labels) for labels in dls.classes.values())
    of_items = _deviations(pairs[:, 1], ratings - mean, n_items, damping)
    of_users = _deviations(pairs[:, 0], ratings - mean - of_items[pairs[:, 1]], n_users, damping)
    predictions = mean + of_items[wanted_pairs[:, 1]] + of_users[wanted_pairs[:, 0]]
    squares = np.square(predictions - wanted), np.square(mean - wanted)
    return RatingBaseline(float(squares[0].mean()), float(squares[1].mean()), len(wanted), squares)


def _deviations(codes: np.ndarray, rest: np.ndarray, n: int, damping: float) -> np.ndarray:
    """Return the damped mean of `rest` for each code, float64 [n]; 0 for codes that do not occur, as the unknown."""
    counts = np.bincount(codes, minlength=n) + damping
    return np.bincount(codes, rest, minlength=n) / np.maximum(counts, 1e-12)


def _arrays(dataset: Any) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(dataset.arrays), dataset.targets.numpy().astype(np.float64).reshape(len(dataset))
