"""How odd an input looks beside the training set: the distance of its features to the nearest of theirs.

Source: Sun, Ming, Zhu and Li 2022 (deep nearest neighbours find inputs of another kind), on principal components that are scaled
to equal variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: So many of the nearest training items are looked at.
NEIGHBOURS = 5

#: Distances that differ by this much of the features' usual length are equal: engines round differently. Rows of a few categories have
#: equal distances, and none of them is more unusual than the others.
ROUNDING = 2e-5

#: A square below this share of the input's own is mostly rounding, and is found once more.
CLOSE = 1e-4

#: An input is called novel above this share of the held-out items: of ten thousand inputs of the same kind, 100 are.
ALARM = 0.99


def distances(
    features: np.ndarray,
    reference: np.ndarray,
    neighbours: int = NEIGHBOURS,
    squares: np.ndarray | None = None,
) -> np.ndarray:
    """Return the mean distance of each input to the nearest of a reference set, float32 [N].

    Args:
        features: float32 [N,D].
        reference: float32 [R,D], at least one.
        neighbours: how many of the nearest count; fewer where the reference is smaller.
        squares: the squared lengths of the reference, float32 [R], if they are known.

    Example:
        >>> distances(np.array([[0.0], [10.0]], np.float32), np.array([[0.0], [1.0]], np.float32), 1).tolist()
        [0.0, 9.0]
    """
    squares = (reference**2).sum(1) if squares is None else squares
    partly = squares - 2 * (features @ reference.T)  # without the inputs' own lengths, which change no order
    near = min(neighbours, len(reference))
    found = np.zeros(len(features), np.float32)
    for place in np.argpartition(partly, near - 1, axis=1)[:, :near].T:
        # of near rows once more: a difference of large squares would say how they are rounded, and not how far they are
        found += np.sqrt(((features - reference[place]) ** 2).sum(1))
    return found / np.float32(near)


@dataclass(frozen=True, eq=False)
class Novelty:
    """What a program knows of the inputs that it was made with.

    Attributes:
        reference: features of training items, float32 [R,D].
        held_out: features of held-out items, float32 [M,D].
        scores: distances of held-out items, float32 [m], ascending; m is at least M.
    """

    reference: np.ndarray
    held_out: np.ndarray
    scores: np.ndarray

    @property
    def width(self) -> int:
        """Number of features D."""
        return self.reference.shape[1]

    @cached_property
    def _squares(self) -> np.ndarray:
        return (self.reference**2).sum(1)

    @cached_property
    def room(self) -> np.float32:
        """Distances that differ by so little are equal."""
        return np.float32(ROUNDING * math.sqrt(float(self._squares.mean())))

    @cached_property
    def _doubled(self) -> np.ndarray:
        return 2 * self.reference

    @cached_property
    def alarm(self) -> float:
        """The novelty above which an input is called novel: 0.99, or the highest that so few held-out items allow."""
        n = len(self.scores)
        return min(ALARM, (n - 0.5) / (n + 1))

    @property
    def usually(self) -> float:
        """The share of inputs of the same kind that are called novel: about 0.01, or more with few held-out items."""
        n = len(self.scores)
        return sum(place / (n + 1) > self.alarm for place in range(n + 1)) / (n + 1)

    def distances(self, features: np.ndarray) -> np.ndarray:
        """Return how far inputs are from the training set, float32 [N], of features float32 [N,D]."""
        return distances(features, self.reference, squares=self._squares)

    def of(self, features: np.ndarray) -> float:
        """Return the share of held-out items that look less odd than an input of features float32 [D], 0..1.

        The input itself counts as one of them, so that the share is right for few items, too, and never 1.
        """
        # as `distances`, with as few calls as possible for a single row
        partly = self._squares - self._doubled @ features
        near = min(NEIGHBOURS, len(partly))
        own = float(features @ features)
        squares = [max(each + own, 0.0) for each in np.partition(partly, near - 1)[:near].tolist()]
        if min(squares) < CLOSE * own:
            nearest = self.reference[partly.argpartition(near - 1)[:near]]
            squares = [float(away @ away) for away in nearest - features]
        score = np.float32(sum(map(math.sqrt, squares)) / near)
        return int(self.scores.searchsorted(score - self.room, "left")) / (len(self.scores) + 1)
