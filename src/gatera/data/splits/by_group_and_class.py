"""Hold out whole groups such that every class is held out in its share."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from gatera.core.checks import check_fraction
from gatera.core.errors import DataError
from gatera.core.random import rng
from gatera.data.splits.split import Splits

#: Groups are drawn again where less than this share of a validation set would be left.
LEAST_KEPT = 0.9

#: A group is not held out where that would be more than this many times as much as wanted, unless there is no smaller one.
MOST_HELD = 1.5


def split_groups_by_class(
    labels: Sequence[Hashable], groups: Sequence[Hashable], valid_pct: float, seed: int
) -> Splits:
    """Return a split in which no group is on both sides, and each class is held out in about its share.

    Args:
        labels: the class of each item.
        groups: the group of each item.
        valid_pct: the share, 0..1 exclusive.
        seed: of the random choice.

    Raises:
        DataError: if all items are in one group, or each group has all items of a class.

    Example:
        >>> split = split_groups_by_class(["cat"] * 4 + ["dog"] * 4, [0, 0, 1, 1, 2, 2, 3, 3], 0.5, seed=1)
        >>> len(split.valid), bool(split.valid[0] // 2 == split.valid[1] // 2)
        (4, True)
    """
    check_fraction("valid_pct", valid_pct, open_low=True, open_high=True)
    classes, members = _numbered(labels), _numbered(groups)
    counts = np.zeros((members.max() + 1, classes.max() + 1))  # [groups, classes]
    np.add.at(counts, (members, classes), 1)
    totals = counts.sum(axis=0)
    wanted = np.maximum(np.minimum(valid_pct * totals, totals - 1), 0)
    # In any order of their sizes: large ones first, the held-out items were those of the largest groups, whatever the seed.
    order = rng(seed, len(members)).permutation(len(counts))
    most = MOST_HELD * max(1.0, float(wanted.sum()))
    held, chosen = np.zeros_like(totals), []
    for group in order.tolist():
        after = held + counts[group]
        nearer = np.abs(after - wanted).sum() < np.abs(held - wanted).sum()
        if nearer and after.sum() <= most and (after < totals)[counts[group] > 0].all():
            held = after
            chosen.append(group)
    valid = np.isin(members, chosen or [_smallest(counts, order, groups)])
    return Splits(
        np.flatnonzero(~valid),
        np.flatnonzero(valid),
        made_by=f"split_groups_by_class({valid_pct}, seed={seed})",
    )


def _smallest(counts: np.ndarray, order: np.ndarray, groups: Sequence[Hashable]) -> int:
    """Return the smallest group that can be held out: some items of each of its classes are in others."""
    totals = counts.sum(axis=0)
    for group in order[np.argsort(counts[order].sum(axis=1), kind="stable")].tolist():
        if (counts[group] < totals)[counts[group] > 0].all():
            return int(group)
    if len(counts) == 1:
        problem = "a split by groups leaves the validation set empty, as all items are of one group"
        raise DataError(problem, got=next(iter(groups)), remedy="Split at random: split='random'.")
    raise DataError(
        "a split by groups leaves the validation set empty, as each group has all items of a class", got=f"{len(counts)} groups",
        remedy="Add groups, or split at random: split='random'.",
    )  # fmt: skip


def keep_together(
    splits: Splits, labels: Sequence[Hashable], groups: Sequence[Hashable], valid_pct: float, seed: int
) -> Splits:
    """Return a split in which no group is on both sides, as near to a given one as possible.

    Groups that are on both sides are trained on; where that would leave too little to measure with, whole groups are drawn.

    Args:
        splits: of all items, without a test set.
        labels: the class of each item.
        groups: the group of each item.
        valid_pct: the share to hold out where groups are drawn.
        seed: of that draw.
    """
    members = _numbered(groups)
    valid = splits.valid[~np.isin(members[splits.valid], members[splits.train])]
    wanted = {labels[i] for i in splits.valid.tolist()}
    if len(valid) < LEAST_KEPT * len(splits.valid) or {labels[i] for i in valid.tolist()} != wanted:
        return split_groups_by_class(labels, groups, valid_pct, seed)
    if len(valid) == len(splits.valid):
        return splits
    return Splits(np.setdiff1d(splits.used, valid), valid, made_by=splits.made_by)


def _numbered(names: Sequence[Hashable]) -> np.ndarray:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)
