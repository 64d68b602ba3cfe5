"""How many items a training batch holds where the user does not say: fewer where there are few items.

The recipe for tables, whose rows cost next to nothing, has its own numbers in `tabular/defaults`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gatera.core.progress import note

#: The batch size where the data are many; fastai's.
USUAL_BATCH_SIZE = 64

#: Updates that an epoch should have at least, and the fewest items of a batch that may take (chosen here, see LOG.md).
UPDATES_PER_EPOCH, FEWEST_PER_BATCH = 10, 8


class HasBatchSize(Protocol):
    """What knows the batch size that suits a data set: a block of inputs."""

    def batch_size(self, n_train: int) -> int:
        """Return the number of items per batch for a training set of `n_train` items."""
        ...

    def describe_batch_size(self, bs: int, n_train: int) -> str:
        """Return what `batch_size` chose and why, as the beginning of a sentence."""
        ...


def suited_batch_size(
    n_train: int, most: int = USUAL_BATCH_SIZE, updates_per_epoch: int = UPDATES_PER_EPOCH
) -> int:
    """Return the number of items per batch with which an epoch has enough updates.

    Args:
        n_train: number of items in the training set.
        most: items per batch, where the data are many.
        updates_per_epoch: how many updates an epoch should have at least.

    Example:
        >>> suited_batch_size(72), suited_batch_size(300), suited_batch_size(5_000)
        (8, 30, 64)
    """
    return min(max(FEWEST_PER_BATCH, min(most, n_train // updates_per_epoch)), n_train)


def choose_batch_size(
    block: HasBatchSize,
    bs: int | None,
    n_train: int,
    on_line: Callable[[str], None] = note,
    argument: str = "bs=",
) -> int:
    """Return the batch size that the user named, or else the one that suits the data; a line says so unless it is 64.

    Args:
        block: the input's block.
        bs: what the user named; None to choose.
        n_train: number of items in the training set.
        on_line: takes the line.
        argument: how the user names a batch size.
    """
    if bs is not None:
        return bs
    chosen = block.batch_size(n_train)
    if chosen != USUAL_BATCH_SIZE:
        on_line(f"{block.describe_batch_size(chosen, n_train)}; pass {argument} for another.")
    return chosen
