"""What came out of the last training. Plain values: nothing here needs PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gatera.studio.guesses import Guesses

if TYPE_CHECKING:
    from gatera.measure.intervals import Interval


@dataclass(frozen=True)
class Trained:
    """A head, and what it says.

    Attributes:
        guesses: about all items; of labelled ones by a head that was fitted without them.
        n: number of labels that it learned from.
        wrong: how many of these items are guessed wrong in cross-validation.
        interval: 95 % interval of that error.
        confusion: int [K,K], labels by guesses.
        weight: the head, float64 [F,K]; bias: float64 [K].
        pictures: the network before it; None where items are no pictures.
        sentence: what became of it.
    """

    guesses: Guesses
    n: int
    wrong: int
    interval: Interval
    confusion: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    pictures: Any
    sentence: str
