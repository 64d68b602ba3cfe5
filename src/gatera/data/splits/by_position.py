"""Split items into training and validation sets: every splitter, `splitter(items) -> Splits`.

Splitters by position or path are here; those by a value of each item (a column, a group, a time, a label) are in
`by_value`, and the record they all return in `split`. Import all of them from here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gatera.core.checks import check_fraction, did_you_mean, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.escape import composed
from gatera.data.short_repr import ShortRepr
from gatera.data.sources.items import each
from gatera.data.splits.by_value import ColSplitter, GroupSplitter, TimeSplitter, TrainTestSplitter
from gatera.data.splits.split import Splits, as_indices, as_splits, check_seed, with_valid
from gatera.program.tables.encoding import read_lines

__all__ = [
    "ColSplitter",
    "EndSplitter",
    "FileSplitter",
    "FuncSplitter",
    "GrandparentSplitter",
    "GroupSplitter",
    "IndexSplitter",
    "MaskSplitter",
    "RandomSplitter",
    "RandomSubsetSplitter",
    "Splits",
    "TimeSplitter",
    "TrainTestSplitter",
    "as_splits",
]


@dataclass(frozen=True)
class RandomSplitter:
    """Splits at random, with exactly fastai's algorithm: the same seed gives the same split.

    Args:
        valid_pct: share of the items for validation, 0..1 exclusive; the count is rounded down.
        seed: any integer; None draws from torch's global generator. A given seed leaves that generator alone.

    Example:
        >>> RandomSplitter(valid_pct=0.2, seed=42)(range(20)).valid
        array([ 2, 14, 18, 15])
    """

    valid_pct: float = 0.2
    seed: int | None = None

    def __post_init__(self) -> None:
        _check_share("valid_pct", self.valid_pct)
        check_seed(self.seed)

    def __call__(self, items: Sized) -> Splits:
        """Return the splits of `items`."""
        order = _permutation(len(items), self.seed)
        cut = int(self.valid_pct * len(items))
        return Splits(order[cut:], order[:cut], made_by=repr(self))


@dataclass(frozen=True)
class RandomSubsetSplitter:
    """Takes a random part for training and another for validation; the rest is not used.

    Args:
        train_sz: share of the items for training, 0..1 exclusive.
        valid_sz: share for validation; both together at most 1.
        seed: as in `RandomSplitter`.
    """

    train_sz: float
    valid_sz: float
    seed: int | None = None

    def __post_init__(self) -> None:
        _check_share("train_sz", self.train_sz)
        _check_share("valid_sz", self.valid_sz)
        check_seed(self.seed)
        if self.train_sz + self.valid_sz > 1:
            raise ArgumentError(
                "train_sz + valid_sz is more than 1",
                got=(self.train_sz, self.valid_sz), expected="a sum of at most 1",
            )  # fmt: skip

    def __call__(self, items: Sized) -> Splits:
        """Return the splits of `items`."""
        n, order = len(items), _permutation(len(items), self.seed)
        n_train, n_valid = int(n * self.train_sz), int(n * self.valid_sz)
        return Splits(order[:n_train], order[n_train : n_train + n_valid], made_by=repr(self))


@dataclass(frozen=True)
class EndSplitter:
    """Takes the last items (or the first) for validation: for items already ordered by time.

    Args:
        valid_pct: share of the items for validation, 0..1 exclusive; the count is rounded down.
        valid_last: take them from the end; False takes them from the start.
    """

    valid_pct: float = 0.2
    valid_last: bool = True

    def __post_init__(self) -> None:
        _check_share("valid_pct", self.valid_pct)

    def __call__(self, items: Sized) -> Splits:
        """Return the splits of `items`."""
        cut, order = int(self.valid_pct * len(items)), np.arange(len(items))
        if self.valid_last:
            return Splits(order[: len(order) - cut], order[len(order) - cut :], made_by=repr(self))
        return Splits(order[cut:], order[:cut], made_by=repr(self))


@dataclass(frozen=True, repr=False)
class IndexSplitter(ShortRepr):
    """Takes the items at the given positions for validation and all others for training.

    Args:
        valid_idx: positions, each 0..n-1.
    """

    valid_idx: Sequence[int] | np.ndarray

    def __call__(self, items: Sized) -> Splits:
        """Return the splits of `items`."""
        return with_valid(as_indices(self.valid_idx, "IndexSplitter: valid_idx"), len(items), "IndexSplitter")


@dataclass(frozen=True, repr=False)
class MaskSplitter(ShortRepr):
    """Takes the items marked True for validation.

    Args:
        mask: one truth value per item.
    """

    mask: Sequence[bool] | np.ndarray

    def __call__(self, items: Sized) -> Splits:
        """Return the splits of `items`; raises DataError if the mask has another length."""
        if len(self.mask) != len(items):
            raise DataError(
                f"MaskSplitter has {len(self.mask)} marks for {len(items)} items",
                remedy="Give one mark per item.",
            )
        return with_valid(np.flatnonzero(np.asarray(self.mask, dtype=bool)), len(items), "MaskSplitter")


@dataclass(frozen=True, repr=False)
class FuncSplitter(ShortRepr):
    """Takes the items for which `func(item)` is true for validation; a table is read row by row."""

    func: Callable[[Any], bool]

    def __call__(self, items: Sized) -> Splits:
        """Return the splits of `items`."""
        marks = [bool(self.func(item)) for item in each(items)]
        return with_valid(np.flatnonzero(marks), len(marks), "FuncSplitter")


@dataclass(frozen=True, repr=False)
class FileSplitter(ShortRepr):
    """Takes the files that a text file lists for validation.

    Args:
        fname: UTF-8 text, one file per line: its name ("12.jpg"), or the end of its path ("cat/12.jpg").

    Raises:
        DataError: if the list is missing, or fits none of the items.
    """

    fname: str | Path

    def __post_init__(self) -> None:
        if not Path(self.fname).is_file():
            raise DataError(
                f"FileSplitter found no file {self.fname}",
                remedy="Pass the path of the list of validation files.",
            )

    def __call__(self, items: Sized) -> Splits:
        """Return the splits of `items`, which must be paths."""
        listed_names = {composed(line.replace("\\", "/")): line for line in read_lines(Path(self.fname))}
        found = [listed_names.keys() & _path_endings(path) for path in _paths(items, "FileSplitter")]
        marks = [bool(names) for names in found]
        if not any(marks):
            raise DataError(
                f"FileSplitter: none of the {len(listed_names)} names in {self.fname} "
                f"matches any of the {len(marks)} items",
                remedy="Each line must be a file's name, or the end of its path with '/' between folders.",
            )
        known = set().union(*found)
        unknown = [line for name, line in listed_names.items() if name not in known]
        if unknown:
            warnings.warn(
                f"FileSplitter: {len(unknown)} of the {len(listed_names)} names in {self.fname} match no item: {listed(unknown, 3)}.",
                stacklevel=2,
            )
        return with_valid(np.flatnonzero(marks), len(marks), "FileSplitter")


@dataclass(frozen=True)
class GrandparentSplitter:
    """Splits by the folder two levels up: train/cat/1.jpg is for training, valid/cat/2.jpg for validation.

    Items under other folders are not used.

    Args:
        train_name: name of the training folder, or several names.
        valid_name: name of the validation folder, or several.
        test_name: name of the test folder, or several; there need not be one.
    """

    train_name: str | tuple[str, ...] = "train"
    valid_name: str | tuple[str, ...] = "valid"
    test_name: str | tuple[str, ...] = "test"

    def __call__(self, items: Sized) -> Splits:
        """Return the splits of `items`, which must be paths; raises DataError if a folder is not there."""
        names = np.array(
            [path.parent.parent.name for path in _paths(items, "GrandparentSplitter")], dtype=object
        )
        train = self._under("train_name", self.train_name, names)
        valid = self._under("valid_name", self.valid_name, names)
        # A name given for two uses (valid_name="test" in the book's IMDB) belongs to the validation set.
        test = np.setdiff1d(_positions(names, self.test_name), np.concatenate([train, valid]))
        return Splits(train, valid, test if len(test) else None, made_by=repr(self))

    def _under(self, argument: str, wanted: str | tuple[str, ...], names: np.ndarray) -> np.ndarray:
        found = _positions(names, wanted)
        if not len(found):
            seen = sorted(set(names) - {""})
            advice = f"Pass {argument}=, or split at random with RandomSplitter."
            first = wanted if isinstance(wanted, str) else wanted[0]
            raise DataError(
                f"GrandparentSplitter found no item under a folder {wanted!r}",
                available=f"{listed(seen)} (two levels above the items)" if seen else None,
                remedy=did_you_mean(first, seen, otherwise=advice),
            )  # fmt: skip
        return found


def _check_share(argument: str, value: float) -> None:
    check_fraction(argument, value, open_low=True, open_high=True)


def _permutation(n: int, seed: int | None) -> np.ndarray:
    # A private generator draws what torch.manual_seed(seed) would, and leaves the global one as it was.
    generator = None if seed is None else torch.Generator().manual_seed(int(seed))
    return torch.randperm(n, generator=generator).numpy()


def _paths(items: Any, splitter: str) -> Iterator[Path]:
    for position, item in enumerate(each(items)):
        if not isinstance(item, str | Path):
            raise DataError(
                f"{splitter} needs paths, but item {position} is not one",
                got=item,
                remedy="Split rows of a table with ColSplitter, GroupSplitter or FuncSplitter.",
            )  # fmt: skip
        yield Path(item)


def _path_endings(path: Path) -> set[str]:
    """Return "12.jpg", "cat/12.jpg", "photos/cat/12.jpg" ... for photos/cat/12.jpg."""
    parts = Path(composed(str(path))).parts
    return {"/".join(parts[start:]) for start in range(len(parts))}


def _positions(names: np.ndarray, wanted: str | tuple[str, ...]) -> np.ndarray:
    return np.flatnonzero(np.isin(names, [wanted] if isinstance(wanted, str) else list(wanted)))
