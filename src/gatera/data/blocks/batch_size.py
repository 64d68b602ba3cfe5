"""How many items a training batch holds where the user does not say: one rule for each task.

The blocks name the rule of what they read, so `DataLoaders` and `gatera.train` choose alike. The measurements are in LOG.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gatera.core.progress import note

#: The batch size where the data are many; fastai's.
USUAL_BATCH_SIZE = 64

#: The fewest items of a batch that a rule chooses where there are more.
FEWEST_PER_BATCH = 8


class BatchRule(NamedTuple):
    """How the batch size follows from the number of training items.

    Attributes:
        updates: how many updates an epoch should have at least.
        most: most items per batch.
        many: from this many training items on, `most` is `most_of_many` instead; None for never.
        most_of_many: see `many`.

    Example:
        >>> rule = BatchRule(updates=40)
        >>> rule.size(72), rule.size(700), rule.size(5_000)
        (8, 17, 64)
    """

    updates: int = 10
    most: int = USUAL_BATCH_SIZE
    many: int | None = None
    most_of_many: int = USUAL_BATCH_SIZE

    def size(self, n_train: int) -> int:
        """Return the number of items per batch for a training set of `n_train` items."""
        most = self.most if self.many is None or n_train < self.many else self.most_of_many
        return min(max(FEWEST_PER_BATCH, min(most, n_train // self.updates)), n_train)


#: What nothing is known about: blocks of users.
UNKNOWN = BatchRule()

#: A pretrained body and its head learn little from fewer updates.
PHOTOS = BatchRule(updates=40)

#: A U-Net has feature maps as large as the photo, so only few photos fit into memory at once.
MASKS = BatchRule(most=8)

#: The whole body is trained, which needs many updates.
RECORDINGS = BatchRule(most=16)

TEXTS = BatchRule(most=16)

#: From `many` rows on there are updates enough, and larger batches take a quarter of the time.
TABLES = BatchRule(updates=40, many=10_000, most_of_many=256)

RATINGS = BatchRule(updates=40)

#: Pairs without ratings, each with several that nobody chose: from `many` on 64 would take eight times as many updates.
PAIRS = BatchRule(updates=40, many=50_000, most_of_many=512)


def choose_batch_size(
    rule: BatchRule | None,
    bs: int | None,
    n_train: int,
    on_line: Callable[[str], None] = note,
    argument: str = "bs=",
) -> int:
    """Return the batch size that the user named, or else the one that suits the data; a line says so unless it is 64.

    Args:
        rule: that of the task; None where a batch is not a number of items: 64 streams of a language model.
        bs: what the user named; None to choose.
        n_train: number of items in the training set.
        on_line: takes the line.
        argument: how the user names a batch size.
    """
    if bs is not None:
        return bs
    chosen = USUAL_BATCH_SIZE if rule is None else rule.size(n_train)
    if chosen != USUAL_BATCH_SIZE:
        updates = n_train // chosen
        on_line(
            f"Batch size {chosen}: an epoch of {n_train:,} items has {updates:,} update{'' if updates == 1 else 's'}; "
            f"pass {argument} to change it."
        )
    return chosen
