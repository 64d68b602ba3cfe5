"""A pair of items that are copies of each other, and groups of such pairs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Pair(NamedTuple):
    """Two items that are nearly the same.

    Attributes:
        first: position of one item in its collection.
        second: position of the other, in its collection.
        likeness: how alike they are; 1 for the same content.
    """

    first: int
    second: int
    likeness: float


def groups_of(n: int, pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    """Return the group of each of `n` items, int64 [n]: items joined by pairs, directly or over others, share one.

    Args:
        n: number of items.
        pairs: pairs of positions, 0..n-1.

    Example:
        >>> groups_of(5, [(0, 3), (3, 4)]).tolist()
        [0, 1, 2, 0, 0]
    """
    parent = np.arange(n)

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = int(parent[item])
        return item

    for one, other in pairs:
        low, high = sorted((root(int(one)), root(int(other))))
        parent[high] = low
    return np.array([root(item) for item in range(n)], np.int64)
