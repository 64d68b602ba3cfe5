"""What a model thinks of items: probabilities, and which label each looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from gatera.studio.desk.desk import Decision


@dataclass(frozen=True)
class Guess:
    """What an item looks like.

    Attributes:
        label: the likeliest class.
        probability: 0..1.
        by: who guesses: "NAME@HASH8".
        source: what a label that is taken from it is recorded as.
        at: when, UTC, ISO 8601; "" where that does not matter.
    """

    label: str
    probability: float
    by: str
    source: str = "person"
    at: str = ""


class Suspect(NamedTuple):
    """An item whose label looks wrong.

    Attributes:
        place: its position.
        label: the label that it had.
        looks_like: the label that it looks like.
        margin: how much more probable that is.
    """

    place: int
    label: str
    looks_like: str
    margin: float


@dataclass
class Guesses:
    """The guesses of one model about all items.

    Attributes:
        by: "NAME@HASH8".
        classes: the labels [K].
        probabilities: float [n,K]; NaN in rows of items that were not looked at. Of labelled items they are by a model that
            did not learn from the item.
        features: what items look like, float32 [n,D] of length 1; None without.
        suspects: items whose label looks wrong, the clearest first.
        judged: names of items whose label people kept, or gave, and finished since.
        at: when the labels that people gave in their session were read, UTC, ISO 8601; "" where only those that are kept were.
    """

    by: str
    classes: Sequence[str]
    probabilities: np.ndarray
    features: np.ndarray | None = None
    suspects: Sequence[Suspect] = field(default_factory=list)
    judged: set[str] = field(default_factory=set)
    at: str = ""

    def judges(self, said: Decision) -> bool:
        """Whether a label judges a suspect: it was given since, or kept as it was. Others were trained on, and may be suspects themselves."""
        return said.at > self.at or said.value in said.saw

    def of(self, position: int) -> Guess | None:
        """Return the guess about an item; None where there is none."""
        row = self.probabilities[position]
        if not len(row) or np.isnan(row[0]):
            return None
        best = int(row.argmax())
        return Guess(str(self.classes[best]), float(row[best]), self.by)

    def entropies(self) -> np.ndarray:
        """Return how uncertain each item is, 0..1; -1 where nothing is guessed, float64 [n]."""
        rows = self.probabilities
        if rows.shape[1] < 2:
            return np.full(len(rows), -1.0)
        with np.errstate(invalid="ignore"):
            found = -(rows * np.log(np.maximum(rows, 1e-12))).sum(axis=1) / np.log(rows.shape[1])
        return np.where(np.isnan(found), -1.0, found)
