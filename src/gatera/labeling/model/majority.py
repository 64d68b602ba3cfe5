"""`MajorityLabeler`: every vote counts the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.labeling.model.label_model import as_votes


class MajorityLabeler:
    """Count votes: the probability of a class is its share of an item's votes.

    A vote for several classes is shared among them, and so is "not this class". The baseline beside `LabelModel`.

    Example:
        >>> MajorityLabeler().fit([[0, 0, 1]]).predict_proba([[0, 0, 1], [-1, -1, -1]]).round(2).tolist()
        [[0.67, 0.33], [0.5, 0.5]]
    """

    classes: tuple[Any, ...] | None = None

    def __repr__(self) -> str:
        if self.classes is None:
            return "<MajorityLabeler, not fitted>"
        return f"<MajorityLabeler of {len(self.classes)} classes>"

    def fit(self, votes: Any, classes: Sequence[Any] | int | None = None) -> Self:
        """Note the classes; there is nothing to learn. Arguments as in `LabelModel.fit`."""
        self.classes = as_votes(votes, classes).classes
        return self

    def predict_proba(self, votes: Any) -> np.ndarray:
        """Return each class's share of the votes, float64 [n,K]; the same for all where there is no vote.

        Raises:
            ArgumentError: if the votes are of other classes than in `fit`.
        """
        given = as_votes(votes, self.classes)
        if self.classes is not None and given.classes != self.classes:
            raise ArgumentError(
                "votes are of other classes than in fit",
                got=list(given.classes),
                expected=f"{list(self.classes)}",
            )
        k = len(given.classes)
        shares = np.vstack([given.allowed / given.allowed.sum(axis=1, keepdims=True), np.zeros((1, k))])
        total = np.zeros((len(given), k))
        for column in given.matrix.T:
            total += shares[column]  # -1 is the last row: nothing
        votes_of = total.sum(axis=1, keepdims=True)
        return np.where(votes_of > 0, total / np.maximum(votes_of, 1e-9), 1 / k)

    def predict(self, votes: Any) -> np.ndarray:
        """Return the number of the class with the most votes, int64 [n]; the first one of equals, -1 for an item without a vote."""
        given = as_votes(votes, self.classes)
        return np.where(given.covered, self.predict_proba(given).argmax(axis=1), -1)
