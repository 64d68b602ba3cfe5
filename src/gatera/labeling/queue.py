"""Which items to label by hand next: those whose true label would teach most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gatera.core.checks import check_count
from gatera.labeling.applying import checked_vectors
from gatera.labeling.model.label_model import LabelModel
from gatera.labeling.model.packed import distinct
from gatera.labeling.report import conflicts
from gatera.labeling.votes import Votes

#: What a vote pattern is still worth after one item with it is in the queue, and an item as similar as can be to one there.
AGAIN, ALIKE = 0.5, 0.2

#: Candidates among which diverse ones are chosen, for each item of the queue.
CANDIDATES = 50


class ToLabel(NamedTuple):
    """An item to label.

    Attributes:
        position: its place among the items.
        name: what it is called.
        score: what its label is worth, compared with the others.
        why: the reason in words.
        probabilities: of the classes, float64 [K].
    """

    position: int
    name: str
    score: float
    why: str
    probabilities: np.ndarray


def next_to_label(
    votes: Votes, model: LabelModel, n: int = 20, gold: Sequence[Any] | None = None, embeddings: Any = None
) -> list[ToLabel]:
    """Return the items whose true label would help most, best first.

    An item is worth more the less certain its label is, the more functions disagree about it, and the more items have the same votes;
    less if one like it (with the same votes, or close to it in `embeddings`) is in the queue already.

    Args:
        votes: the votes.
        model: the label model fitted on them.
        n: how many items.
        gold: known labels; these items are left out.
        embeddings: a vector per item, float [n,D]; None to judge likeness by votes alone.

    Raises:
        ArgumentError: if an argument does not fit the votes.
    """
    check_count("n", n, 1)
    rows = model.predict_proba(votes)
    unknown = np.ones(len(votes), dtype=bool) if gold is None else votes.class_numbers(gold) < 0
    vectors = _unit(embeddings, len(votes))
    _, pattern, counts = distinct(votes.matrix)
    clash: np.ndarray = np.asarray(conflicts(votes).any(axis=1))
    entropy = -(rows * np.log(np.maximum(rows, 1e-12))).sum(axis=1) / np.log(rows.shape[1])
    worth = (entropy + 0.5 * clash * entropy) * np.log1p(counts[pattern])
    worth = np.where(unknown, worth, -1)
    candidates = np.argsort(-worth, kind="stable")[: max(CANDIDATES * n, 1000)]
    left = worth[candidates].copy()
    chosen: list[ToLabel] = []
    while len(chosen) < n and left.size and left.max() > 0:
        place = int(left.argmax())
        position = int(candidates[place])
        chosen.append(
            ToLabel(
                position,
                votes.name(position),
                float(left[place]),
                _why(votes, model, position, rows[position], clash, counts[pattern]),
                rows[position],
            )
        )
        left *= np.where(pattern[candidates] == pattern[position], AGAIN, 1)
        if vectors is not None:
            likeness = np.clip(vectors[candidates] @ vectors[position], 0, 1)
            left *= 1 - (1 - ALIKE) * likeness**4
        left[place] = -1
    return chosen


def _why(
    votes: Votes, model: LabelModel, position: int, row: np.ndarray, clash: np.ndarray, counts: np.ndarray
) -> str:
    said = votes.voted[position]
    same = f"; {int(counts[position]) - 1:,} more with the same votes" if counts[position] > 1 else ""
    best = int(row.argmax())
    sure = f"{model.classes[best]} {100 * row[best]:.0f} %"
    if not said.any():
        return f"no function voted{same}"
    names = [votes.functions[j] for j in np.flatnonzero(said)]
    if clash[position]:
        return (
            f"{sure}; {' and '.join(names[:3])} disagree{same}"
            if len(names) < 4
            else f"{sure}; {len(names)} functions disagree{same}"
        )
    return f"{sure}; only {', '.join(names[:3])}{same}" if len(names) < 4 else f"{sure}{same}"


def _unit(embeddings: Any, n: int) -> np.ndarray | None:
    if embeddings is None:
        return None
    vectors = checked_vectors(embeddings, n, np.float64)
    vectors = vectors - vectors.mean(axis=0)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
