"""Batch composition: shuffling and length bucketing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

#: Number of batches whose items are sorted by length together: similar lengths in a batch, another mixture in every epoch.
BATCHES_SORTED_TOGETHER = 50


def batches_of(
    order: np.ndarray, bs: int, lengths: np.ndarray | None, mix: np.random.Generator | None
) -> Iterator[np.ndarray]:
    """Yield the dataset positions of each batch, int64 [N].

    Items of different length are put beside others of about their length, for a batch is as long as its longest item.

    Args:
        order: dataset positions in the epoch's order, int64 [n].
        bs: items per batch; the last may be smaller.
        lengths: length of every item of the data set; None where all are alike.
        mix: brings the sorted batches into another order; None leaves them from long to short.

    Example:
        >>> [batch.tolist() for batch in batches_of(np.arange(4), 2, np.array([5, 9, 6, 8]), None)]
        [[1, 3], [2, 0]]
    """
    if lengths is not None:
        together = len(order) if mix is None else bs * BATCHES_SORTED_TOGETHER
        chunks = [order[start : start + together] for start in range(0, len(order), together)]
        order = np.concatenate([chunk[np.argsort(-lengths[chunk], kind="stable")] for chunk in chunks])
    batches = [order[start : start + bs] for start in range(0, len(order), bs)]
    if lengths is not None and mix is not None:
        batches = [batches[i] for i in mix.permutation(len(batches))]
    yield from batches
