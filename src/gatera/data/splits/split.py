"""`Splits`, the record that every splitter returns: frozen indices of each set, checked when it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError

#: The sides of a split, and what sentences call them.
SET_NAMES = {"train": "training set", "valid": "validation set", "test": "test set"}
SIDES = tuple(SET_NAMES)


@dataclass(frozen=True, eq=False)
class Splits:
    """Indices of the items in each set; unpacks as the pair of lists `train, valid`, as fastai's splits do.

    Args:
        train: positions of the training items, int64 [number], in the order the splitter gave them.
        valid: positions of the validation items.
        test: positions of the items kept for the very end, or None.
        made_by: what made the split; used in messages and kept in a program's card.

    Raises:
        DataError: if training or validation is empty, or an item is on both sides or twice on one.

    Example:
        >>> train, valid = Splits([0, 2, 3], [1])
        >>> train, valid
        ([0, 2, 3], [1])
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray | None = None
    made_by: str = "Splits"

    def __post_init__(self) -> None:
        for name, indices in (("train", self.train), ("valid", self.valid), ("test", self.test)):
            if indices is not None:
                object.__setattr__(self, name, as_indices(indices, f"{self.made_by}: {name}"))
        for name, other, here, there in (
            ("training", "validation", self.train, self.valid),
            ("validation", "training", self.valid, self.train),
        ):
            if not len(here):
                raise DataError(
                    f"{self.made_by} leaves the {name} set empty (the {other} set has {len(there)})",
                    remedy="Add items, or split another way.",
                )
        twice = self.used[1:][np.diff(self.used) == 0]
        if len(twice):
            raise DataError(
                f"{self.made_by} uses items more than once, at positions {listed(np.unique(twice), 5)}",
                remedy="Each item may be in one set only, and only once.",
            )

    @property
    def used(self) -> np.ndarray:
        """Positions of all items that are in some set, int64, in rising order."""
        sides = [self.train, self.valid] if self.test is None else [self.train, self.valid, self.test]
        return np.sort(np.concatenate(sides))

    def check(self, n: int) -> Splits:
        """Return these splits if every index is in 0..n-1, else raise DataError."""
        outside = self.used[(self.used < 0) | (self.used >= n)]
        if len(outside):
            raise DataError(
                f"{self.made_by} refers to items that do not exist, at positions {listed(outside, 5)}",
                expected=f"0 to {n - 1} ({n} items)",
                remedy="Split the same items that you train on.",
            )
        return self

    def __iter__(self) -> Iterator[list[int]]:
        return iter((self.train.tolist(), self.valid.tolist()))

    def __getitem__(self, side: int) -> list[int]:
        return tuple(self)[side]

    def __len__(self) -> int:
        return 2

    def __repr__(self) -> str:
        test = "" if self.test is None else f", {len(self.test)} test"
        return f"<Splits by {self.made_by}: {len(self.train)} train, {len(self.valid)} valid{test}>"


def as_splits(result: Any, n: int, made_by: str = "The splitter") -> Splits:
    """Turn what a user's splitter returned into checked splits.

    Args:
        result: a `Splits`, or a pair (train, valid) or triple (train, valid, test) of index collections.
        n: number of items that were split.
        made_by: name of the splitter, for messages.

    Raises:
        DataError: if `result` is something else, or the indices are not usable (see `Splits`).
    """
    if isinstance(result, Splits):
        return result.check(n)
    sides = list(result) if isinstance(result, Sequence | np.ndarray) and not isinstance(result, str) else []
    if len(sides) not in (2, 3):
        raise DataError(
            f"{made_by} did not return index lists",
            got=result, expected="a pair (train, valid) or a triple (train, valid, test) of positions",
            remedy="Wrap a function that returns True for validation items in FuncSplitter(function).",
        )  # fmt: skip
    train, valid, test = (*sides, None)[:3]
    return Splits(train, valid, test, made_by=made_by).check(n)


def with_valid(valid: np.ndarray, n: int, made_by: str) -> Splits:
    """Return splits with the `valid` positions for validation and the rest of 0..n-1 for training."""
    return Splits(np.setdiff1d(np.arange(n), valid), valid, made_by=made_by).check(n)


def check_seed(seed: int | None) -> None:
    """Raise ArgumentError unless `seed` is an integer or None."""
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | np.integer)):
        raise ArgumentError("seed is not a whole number", got=seed, expected="an integer, or None")


def as_indices(values: Any, what: str) -> np.ndarray:
    """Return positions as a read-only int64 array; raises DataError, naming `what`, for anything else."""
    try:
        # A set has no order of its own: sorted, so that two runs agree.
        array = np.asarray(sorted(values) if isinstance(values, Set) else values)
    except ValueError:  # lists of unequal lengths
        array = np.empty((0, 0))
    if array.ndim != 1 or (len(array) and array.dtype.kind not in "iu"):
        raise DataError(
            f"{what} is not a list of positions",
            got=values, expected="whole numbers from 0 on",
            remedy="Wrap a boolean mask in MaskSplitter(mask).",
        )  # fmt: skip
    array = array.astype(np.int64)  # always a copy, so that freezing it leaves the caller's array alone
    array.setflags(write=False)
    return array
