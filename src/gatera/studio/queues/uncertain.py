"""The items whose label would teach most: uncertain, and unlike each other."""

from __future__ import annotations

import numpy as np

from gatera.core.random import rng
from gatera.labeling.queue import ALIKE

#: How many items are chosen to be unlike each other; those after them are in the order of their uncertainty.
DIVERSE = 200

#: Candidates among which these are chosen.
CANDIDATES = 2_000

#: Wider features are projected to so many dimensions, which keeps likeness well enough to tell items apart. Source of the
#: projection: Johnson and Lindenstrauss 1984, "Extensions of Lipschitz mappings into a Hilbert space".
WIDTH = 128


def uncertain_first(worth: np.ndarray, features: np.ndarray | None, diverse: int = DIVERSE) -> np.ndarray:
    """Return positions, the most worth first, where an item counts less if one like it comes before.

    Args:
        worth: what the label of each item is worth, float [n]; items below 0 are left out.
        features: what items look like, of length 1, float32 [n,D]; None to go by worth alone.
        diverse: how many are chosen to be unlike each other.

    Returns:
        int64 [m].

    Example:
        >>> alike = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
        >>> uncertain_first(np.array([0.9, 0.8, 0.5]), alike).tolist()
        [0, 2, 1]
    """
    order = np.argsort(-worth, kind="stable")
    order = order[worth[order] >= 0]
    if features is None or len(order) < 3:
        return order
    candidates = order[:CANDIDATES]
    vectors, left = _narrow(features[candidates]), worth[candidates].astype(np.float64)
    chosen: list[int] = []
    for _ in range(min(diverse, len(candidates))):
        place = int(left.argmax())
        chosen.append(place)
        left *= 1 - (1 - ALIKE) * np.clip(vectors @ vectors[place], 0, 1) ** 4
        left[chosen] = -1
    first = candidates[chosen]
    rest = np.ones(len(worth), dtype=bool)
    rest[first] = False
    return np.concatenate([first, order[rest[order]]])


def _narrow(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1 with at most `WIDTH` dimensions, float32 [n,d]."""
    if vectors.shape[1] <= WIDTH:
        return vectors
    drawn = rng(0, WIDTH).normal(size=(vectors.shape[1], WIDTH)).astype(np.float32)
    narrow = vectors @ drawn
    return narrow / np.maximum(np.linalg.norm(narrow, axis=1, keepdims=True), 1e-9)


def nearest(features: np.ndarray, position: int) -> np.ndarray:
    """Return all positions, those most like one item first (itself before all), int64 [n]."""
    likeness = features @ features[position]
    likeness[position] = np.inf
    return np.argsort(-likeness, kind="stable")
