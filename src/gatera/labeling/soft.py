"""Labels to train on: probabilities of the classes, and what becomes of items that no function voted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gatera.core.checks import check_choice, check_fraction
from gatera.core.errors import ArgumentError, DataError
from gatera.core.progress import note
from gatera.labeling.votes import Votes

#: What to do with items without a vote.
UNVOTED = ("leave out", "weigh")


@dataclass(frozen=True)
class SoftLabels:
    """Labels to train on.

    Attributes:
        positions: the items that are used, int64 [n].
        labels: for each of these the probability of every class: mappings, as `SoftCategoryBlock` reads them [n].
        classes: the K classes.
    """

    positions: np.ndarray
    labels: list[dict[Any, float]]
    classes: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.labels)


def soft_labels(
    probabilities: Any,
    votes: Votes,
    unvoted: Literal["leave out", "weigh"] = "leave out",
    weight: float = 0.1,
    quiet: bool = False,
) -> SoftLabels:
    """Return labels to train on; a line says what became of items without a vote.

    Args:
        probabilities: of the classes, float [n,K], as `LabelModel.predict_proba` gives them.
        votes: the votes that they come from.
        unvoted: "leave out" items without a vote, or "weigh" them: they keep the classes' prior and count `weight`.
        weight: how much an item without a vote counts, 0..1.
        quiet: print nothing.

    Raises:
        ArgumentError: if the probabilities are not of these votes.
        DataError: if no item is left.

    Example:
        >>> votes = Votes.from_matrix([[0, 0], [-1, -1]], ["cat", "dog"])
        >>> soft_labels([[0.9, 0.1], [0.5, 0.5]], votes, quiet=True).labels
        [{'cat': 0.9, 'dog': 0.1}]
    """
    check_choice("unvoted", unvoted, UNVOTED)
    check_fraction("weight", weight, open_low=True)
    rows = np.asarray(probabilities, dtype=np.float64)
    if rows.shape != (len(votes), len(votes.classes)):
        raise ArgumentError(
            "probabilities are not of these votes",
            got=list(rows.shape),
            expected=f"[{len(votes)}, {len(votes.classes)}]",
        )
    covered = votes.covered
    missing, n = int((~covered).sum()), len(votes)
    if missing == n:
        raise DataError(
            "No item has a vote, so there is nothing to train on", remedy="Look at what the functions return."
        )
    if missing and not quiet:
        what = f"count {weight:g} each" if unvoted == "weigh" else "are left out"
        other = (
            'unvoted="leave out" to leave them out'
            if unvoted == "weigh"
            else 'unvoted="weigh" to keep them with a small weight'
        )
        note(f"{missing:,} of {n:,} items have no vote and {what}; pass {other}.")
    positions = np.flatnonzero(covered) if unvoted == "leave out" else np.arange(n)
    scale = np.where(covered, 1.0, weight)
    labels = [dict(zip(votes.classes, (rows[i] * scale[i]).tolist())) for i in positions]
    return SoftLabels(positions, labels, votes.classes)
