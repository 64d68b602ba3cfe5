"""Which training rows are held out while network and trees are tried: as the validation set is, never beside rows of their own kind."""

from __future__ import annotations

import numpy as np

from gatera.core.random import rng
from gatera.data.splits.folds import folds_of_groups
from gatera.tabular.encoded import EncodedRows

#: Up to this many rows: the number of folds; the last holds out a single fifth.
FOLDS = ((300, 10), (2_000, 5), (8_000, 3))

#: A single part that is held out is one of so many.
PARTS = 5


def make_folds(rows: EncodedRows, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs of row numbers, to train on and to hold out.

    Rows of one group are held out together; where rows have times, the newest fifth is. Else every class is spread over the folds.

    Args:
        rows: the rows.
        seed: keys what is drawn.
    """
    n = len(rows.y)
    if rows.times is not None and rows.times.min() < rows.times.max():
        older, newest = np.split(np.argsort(rows.times, kind="stable"), [n - max(1, n // PARTS)])
        return [(np.sort(older), np.sort(newest))]
    count = next((folds for most, folds in FOLDS if n <= most), None)
    if rows.groups is not None and rows.groups.min() < rows.groups.max():
        kinds = rows.y if rows.n_classes else np.zeros(n, np.int64)
        fold_of = folds_of_groups(kinds, rows.groups, count or PARTS, seed, 2)
    else:
        order = rng(seed, 2).permutation(n)
        if rows.n_classes:
            order = order[np.argsort(rows.y[order], kind="stable")]
        fold_of = np.empty(n, np.int64)
        fold_of[order] = np.arange(n) % (count or PARTS)
    folds = [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(count or 1)]
    return [(train, valid) for train, valid in folds if len(train) and len(valid)]
