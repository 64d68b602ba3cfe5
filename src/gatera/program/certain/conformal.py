"""Split-conformal prediction: cutoffs of which a stated share of new items stays on the right side.

A score says how badly an answer fits the truth. Of n held-out items and a new one from the same source, each is as likely as the
others to have the largest score; so the new one's lies with probability `level` at or below the ceil((n + 1) level)-th smallest
of the n, whatever the model and the data are.

Source: Vovk, Gammerman and Shafer 2005; Sadinle, Lei and Wasserman 2019 (least ambiguous sets); Angelopoulos et al. 2022
(conformal risk control, for items with several labels).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gatera.core.checks import check_fraction, percentage
from gatera.core.errors import ArgumentError

#: The level where none is asked for, or the next one that the data supports.
DEFAULT_LEVELS = (0.95, 0.9, 0.8, 0.5)

#: Rounding of (n + 1) * level, which is a whole number for round levels.
ROUNDING = 1e-9

#: Rounding of a weight, which is stored as float32 and at most 1.
WEIGHT_ROUNDING = 6e-8


def least_items(level: float) -> int:
    """Return how many held-out items a level needs.

    Example:
        >>> least_items(0.9), least_items(0.95), least_items(0.99)
        (9, 19, 99)
    """
    return math.ceil(level / (1 - level) - ROUNDING)


def highest_level(n: int) -> float:
    """Return the highest level that n held-out items support, rounded down.

    Example:
        >>> highest_level(19), highest_level(140)
        (0.95, 0.9929)
    """
    return math.floor((n / (n + 1) + ROUNDING) * 1e4) / 1e4


def default_level(n: int) -> float:
    """Return the level that is used where none is asked for; the lowest where even that needs more items.

    Example:
        >>> default_level(140), default_level(12)
        (0.95, 0.9)
    """
    return next((level for level in DEFAULT_LEVELS if least_items(level) <= n), DEFAULT_LEVELS[-1])


def check_level(name: str, level: float, n: int) -> float:
    """Return a level that n held-out items support.

    Raises:
        ArgumentError: if it is not between 0 and 1, or needs more items: the message says how many.
    """
    if meant := percentage(level):
        raise ArgumentError(f"{name} must be a number in (0, 1)", got=level, remedy=f"Did you mean {meant}?")
    check_fraction(name, level, open_low=True, open_high=True)
    needed = least_items(level)
    if needed > n:
        raise ArgumentError(
            f"{name} needs more held-out items than the program has: at least {needed:,} for {level:g}",
            got=n,
            expected=f"at most {name}={highest_level(n):g}" if n else "a program with held-out items",
            remedy=f"Train again with at least {needed:,} items in the validation set, or ask for a lower level.",
        )
    return level


@dataclass(frozen=True)
class Scores:
    """Scores of held-out items.

    Attributes:
        values: the larger, the worse the answer fits the truth; float32 [m], ascending.
        n: number of held-out items.
        weights: the share of its item that each score stands for, float32 [m], where items have several labels; None for
            one score for each item.
    """

    values: np.ndarray
    n: int
    weights: np.ndarray | None = None

    def cutoff(self, name: str, level: float) -> float:
        """Return the value at or below which the score of a new item lies with probability `level`.

        With weights: at or below which, on average, that share of a new item's labels lies.

        Raises:
            ArgumentError: if the level needs more items.
        """
        check_level(name, level, self.n)
        allowed = (1 - level) * (self.n + 1) - 1 + ROUNDING
        if self.weights is not None:
            allowed += len(self.weights) * WEIGHT_ROUNDING  # thirds, say, whose sum is a whole number
        above = self._above  # above[i]: what lies above values[i]; it falls
        place = int(np.searchsorted(-above, -allowed, side="left"))
        return float(self.values[min(place, len(self.values) - 1)]) if len(self.values) else 0.0

    @cached_property
    def _above(self) -> np.ndarray:
        weights = np.ones(len(self.values)) if self.weights is None else self.weights.astype(np.float64)
        return weights.sum() - np.cumsum(weights)


class Answers(NamedTuple):
    """How sure the model was of its answers on held-out items.

    Attributes:
        right: the probabilities of those answers that were right, float32, ascending.
        wrong: of those that were wrong.
    """

    right: np.ndarray
    wrong: np.ndarray

    def least_probability(self, level: float) -> float:
        """Return the lowest probability from which on the stated share of held-out answers is right; above 1 if there is none.

        One more wrong answer is counted than there were, so that few items do not promise much.

        Source: Jin and Candes 2023 (selection by prediction).

        Example:
            >>> answers = Answers(np.linspace(0.6, 1, 99, dtype=np.float32), np.array([0.55, 0.65], np.float32))
            >>> round(answers.least_probability(0.95), 2), answers.least_probability(0.995)
            (0.55, 2.0)
        """
        every = np.concatenate([self.right, self.wrong])
        steps = np.unique(every)
        answered = len(every) - np.searchsorted(np.sort(every), steps)
        wrong = len(self.wrong) - np.searchsorted(self.wrong, steps)
        enough = (1 + wrong) / (1 + answered) <= 1 - level + ROUNDING
        return float(steps[np.argmax(enough)]) if enough.any() else 2.0
