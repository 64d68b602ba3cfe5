"""Copies in a batch, which tell nothing new."""

from __future__ import annotations

import numpy as np

#: Held-out items of which this share is unlike all others: then copies in a batch are no new evidence.
UNLIKE = 0.95


def first_of_copies(features: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Return the places of the items to be counted, int64 [m], ascending: of copies only the first.

    Copies tell nothing new, and would make a small difference look certain. Where held-out items are often alike themselves, as
    rows of a few categories are, all count.

    Args:
        features: of the batch, float32 [N,D].
        held_out: of the held-out items, float32 [M,D].
    """
    if len(np.unique(held_out, axis=0)) < UNLIKE * len(held_out):
        return np.arange(len(features))
    return np.sort(np.unique(features, axis=0, return_index=True)[1])
