"""Base classes of batch transforms: random ones are sampled per item, and active only in training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor

from gatera.data.short_repr import ShortRepr
from gatera.data.transforms.item import Op

#: What an item's random numbers are keyed by: (seed, epoch).
Key = tuple[int, int]


class BatchTransform(ShortRepr):
    """One step on a whole batch.

    Attributes:
        random: whether it is random; then it acts only in training.
    """

    random: bool = True

    def config(self) -> list[Op]:
        """Return what it does at validation and prediction, as operations of `program.preprocess`.

        Raises:
            ExportError: if it acts then and cannot be written as data.
        """
        return []


class BatchStep(BatchTransform, ABC):
    """A transform that is applied by itself, after those that are fused.

    Attributes:
        moves: whether it may move, crop or resize what is on a photo, so that masks and points would be in the wrong place.
    """

    moves: bool = True

    @property
    def name(self) -> str:
        """What messages call it."""
        return type(self).__name__

    @abstractmethod
    def __call__(self, x: Tensor, index: np.ndarray, key: Key | None) -> Tensor:
        """Return the changed batch.

        Args:
            x: float32 [N,C,H,W] in 0..1; may be changed in place.
            index: dataset positions of the items, int64 [N].
            key: (seed, epoch) while training, None otherwise.
        """


@dataclass(frozen=True, kw_only=True, repr=False)
class RandomBatchTransform(BatchTransform):
    """A random transform, sampled per item and fused with others of its kind.

    Args:
        batch: use one sample for all items of a batch.
    """

    batch: bool = False
    n_draws: ClassVar[int] = 2  # uniform numbers per item


def identity(n: int, side: int) -> np.ndarray:
    """Return n identity matrices, float64 [n, side, side]."""
    return np.tile(np.eye(side), (n, 1, 1))


def amount(
    u: np.ndarray, p: float, low: float, high: float, draw: float | None, neutral: float
) -> np.ndarray:
    """Return an amount per item, float64 [N].

    Args:
        u: numbers in 0..1, float64 [N, at least 2]. The first decides whether anything is done, the second how much.
        p: chance that something is done.
        low: least amount.
        high: greatest amount.
        draw: always this amount instead.
        neutral: the amount where nothing is done.
    """
    drawn = low + u[:, 1] * (high - low) if draw is None else np.full(len(u), float(draw))
    return np.where(u[:, 0] < p, drawn, neutral)
