"""Split items by a value of each: column, group, time or label. Import these splitters from `by_position`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from gatera.core.checks import check_count, check_fraction, is_missing, missing_column
from gatera.core.errors import DataError
from gatera.core.random import fresh_seed, rng
from gatera.data.short_repr import ShortRepr
from gatera.data.sources.items import each, is_table
from gatera.data.sources.labels import parent_label
from gatera.data.splits.split import Splits, check_seed, with_valid
from gatera.program.raw.dates import moment

#: A function of an item, the name (or position) of a column of a table, or one value per item.
PerItem = Callable[[Any], Any] | str | int | Sequence[Any] | np.ndarray


#: How truth values are written, in lower case.
TRUTH = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), False),
}

#: Words that say the same of a row for validation.
SIDE_WORDS = {
    **dict.fromkeys(("valid", "validation", "val"), True),
    **dict.fromkeys(("train", "training"), False),
}

#: Marks that stand alone in a column: empty cells then mean no.
MARKS = frozenset(("x", "\u00d7", "*"))


@dataclass(frozen=True, repr=False)
class ColSplitter(ShortRepr):
    """Splits a table by one of its columns.

    Args:
        col: name or position of the column. Without `on` it holds truth values: bool, 0 and 1, or "True" and
            "False".
        on: the value, or values, that mark a row for validation.
    """

    col: str | int = "is_valid"
    on: Any = None

    def __call__(self, items: Any) -> Splits:
        """Return the splits of `items`, a DataFrame; raises DataError if the column is missing or unclear."""
        if not is_table(items):
            raise DataError(
                "ColSplitter splits a pandas DataFrame", got=type(items).__name__,
                remedy="For a list of items use FuncSplitter or MaskSplitter.",
            )  # fmt: skip
        values = column(items, self.col)
        if self.on is None:
            marks = _truths(values, self.col)
        else:
            chosen = self.on if isinstance(self.on, list | tuple | set | frozenset) else [self.on]
            marks = [value in chosen for value in values]
        return with_valid(np.flatnonzero(marks), len(items), f"ColSplitter({self.col!r})")


@dataclass(frozen=True, eq=False, repr=False)
class TrainTestSplitter(ShortRepr):
    """Splits at random with scikit-learn's `train_test_split`, optionally stratified by label.

    Args:
        test_size: share of the items for validation, 0..1 exclusive, or their number.
        random_state: seed; None draws from numpy's global generator.
        stratify: what to keep in proportion: True for the folder name of each path, a function of an item, a
            column of a table, or one label per item.
    """

    test_size: float = 0.2
    random_state: int | None = None
    stratify: bool | PerItem | None = None

    def __post_init__(self) -> None:
        if isinstance(self.test_size, int):
            check_count("test_size", self.test_size, 1)
        else:
            check_fraction("test_size", self.test_size, open_low=True, open_high=True)

    def __call__(self, items: Sized) -> Splits:
        """Return the splits of `items`; raises DataError if there are too few, in all or of one label."""
        from sklearn.model_selection import train_test_split

        labels = self._labels(items)
        if labels is not None:
            _check_no_single(labels)
        try:
            train, valid = train_test_split(
                np.arange(len(items)),
                test_size=self.test_size,
                random_state=self.random_state,
                stratify=labels,
            )
        except ValueError as err:  # sklearn's own words name sizes and labels, not what they belong to
            raise DataError(
                f"TrainTestSplitter cannot split {len(items)} items ({err})",
                remedy="Change test_size, or add items.",
            ) from err
        return Splits(
            train, valid, made_by=f"TrainTestSplitter({self.test_size}, random_state={self.random_state})"
        )

    def _labels(self, items: Sized) -> list[Any] | None:
        if self.stratify is None or self.stratify is False:
            return None
        by = parent_label if self.stratify is True else self.stratify
        return per_item(by, items, "TrainTestSplitter(stratify)")


@dataclass(frozen=True, eq=False, repr=False)
class GroupSplitter(ShortRepr):
    """Keeps all items of a group in one set: all photos of one animal, all visits of one patient.

    Whole groups are drawn at random so that the validation set comes as near to `valid_pct` of the items as
    they allow.

    Args:
        group: a function of an item, a column of a table, or one group name per item.
        valid_pct: share of the items wanted for validation, 0..1 exclusive.
        seed: a non-negative integer; None draws one from torch's global generator.

    Example:
        >>> photos = ["tom_1.jpg", "tom_2.jpg", "kit_1.jpg", "kit_2.jpg", "max_1.jpg"]
        >>> GroupSplitter(lambda name: name.split("_")[0], valid_pct=0.4, seed=1)(photos).valid
        array([0, 1])
    """

    group: PerItem
    valid_pct: float = 0.2
    seed: int | None = None

    def __post_init__(self) -> None:
        check_fraction("valid_pct", self.valid_pct, open_low=True, open_high=True)
        check_seed(self.seed)
        if self.seed is not None:
            check_count("seed", self.seed, 0)

    def __call__(self, items: Sized) -> Splits:
        """Return the splits of `items`; raises DataError if there is one group only or an item has none."""
        groups = per_item(self.group, items, "GroupSplitter(group)")
        try:
            names = list(dict.fromkeys(groups))  # in order of first appearance: the same on every machine
        except TypeError as err:
            raise DataError(
                "GroupSplitter(group) gives values that cannot name a group",
                got=groups[0],
                remedy="Give a string, a number or a tuple.",
            ) from err
        if len(names) < 2:
            raise DataError(
                "GroupSplitter needs at least two groups, one of them for training; "
                f"found {len(names)}",
                got=names, remedy="Group by something else, or split at random with RandomSplitter.",
            )  # fmt: skip
        number = {name: position for position, name in enumerate(names)}
        member = np.array([number[name] for name in groups])  # [N] group number of each item
        seed = fresh_seed() if self.seed is None else self.seed
        chosen = _choose_groups(np.bincount(member), self.valid_pct * len(member), rng(int(seed)))
        valid = np.flatnonzero(np.isin(member, chosen))
        return with_valid(valid, len(member), f"GroupSplitter(valid_pct={self.valid_pct}, seed={seed})")


@dataclass(frozen=True, eq=False, repr=False)
class TimeSplitter(ShortRepr):
    """Takes the newest items for validation, since a program is used on data newer than its training.

    No validation item is older than a training item, and items of the same time stay in one set.

    Args:
        time: a function of an item, a column of a table, or one time per item. Numbers, dates, datetimes
            (pandas' and numpy's too) and texts such as "2026-11-23" or "23 Nov 2026" are times.
        valid_pct: share of the items wanted for validation, 0..1 exclusive; the nearest change of time
            decides.
    """

    time: PerItem
    valid_pct: float = 0.2

    def __post_init__(self) -> None:
        check_fraction("valid_pct", self.valid_pct, open_low=True, open_high=True)

    def __call__(self, items: Sized) -> Splits:
        """Return the splits of `items`; raises DataError if a time is missing or unclear, or all are one."""
        values = per_item(self.time, items, "TimeSplitter(time)")
        times = [_moment(value, position) for position, value in enumerate(values)]
        try:
            order = sorted(range(len(times)), key=times.__getitem__)
        except TypeError as err:
            raise DataError(
                f"TimeSplitter cannot order these times ({err})",
                remedy="Give all of them the same type, and either all or none a time zone.",
            ) from err
        # The positions in `order` where a later time begins: the only places to cut without parting a tie.
        changes = [at for at in range(1, len(order)) if times[order[at]] != times[order[at - 1]]]
        if not changes:
            raise DataError(
                f"TimeSplitter needs two different times; all {len(times)} items have the same",
                got=values[0] if values else None, remedy="Split at random with RandomSplitter.",
            )  # fmt: skip
        wanted = len(order) * (1 - self.valid_pct)
        cut = min(changes, key=lambda at: abs(at - wanted))
        return Splits(
            np.sort(order[:cut]), np.sort(order[cut:]), made_by=f"TimeSplitter(valid_pct={self.valid_pct})"
        )


def column(table: Any, col: str | int) -> list[Any]:
    """Return a column of a table, by name or position; raises DataError with the nearest name."""
    names = [str(name) for name in table.columns]
    if isinstance(col, int) and col not in table.columns:
        if -len(names) <= col < len(names):
            return table.iloc[:, col].tolist()
    elif col in table.columns:
        return table[col].tolist()
    raise missing_column(col, names)


def per_item(source: PerItem, items: Any, what: str) -> list[Any]:
    """Return one value per item, none of them missing.

    Args:
        source: a function of an item, a column of the table `items`, or the values themselves.
        items: what is to be split.
        what: name of the argument, for messages.

    Raises:
        DataError: if there is no such column, the number of values is not that of the items, or one is
            missing.
    """
    if callable(source):
        values = [source(item) for item in each(items)]
    elif isinstance(source, str | int):
        if not is_table(items):
            raise DataError(
                f"{what} names a column, but the items are not a pandas DataFrame",
                got=source, remedy="Pass a function of an item, or one value per item.",
            )  # fmt: skip
        values = column(items, source)
    else:
        values = source.tolist() if isinstance(source, np.ndarray) else list(source)
    if len(values) != len(items):
        raise DataError(
            f"{what} has {len(values)} values for {len(items)} items", remedy="Give one value per item."
        )
    for position, value in enumerate(values):
        if is_missing(value):
            raise DataError(
                f"{what} is missing for item {position}", remedy="Fill it in, or remove the item."
            )
    return values


def truth_of(value: Any) -> bool | None:
    """Return the truth value that a cell holds, written or not; None for anything else.

    Example:
        >>> truth_of("False"), truth_of(1.0), truth_of("yes"), truth_of("x"), truth_of(float("nan"))
        (False, True, True, None, None)
    """
    return TRUTH.get(str(value).strip().lower())  # bool("False") is True: text is read, never cast


def truths_of(values: Sequence[Any]) -> list[bool | None]:
    """Return which rows a column marks for validation: by truth values, by the side's name, or by an "x" in some cells.

    Example:
        >>> truths_of(["x", "", "x"]), truths_of(["valid", "train"]), truths_of(["1.0", "maybe", ""])
        ([True, False, True], [True, False], [True, None, None])
    """
    texts = ["" if is_missing(value) else str(value).strip().lower() for value in values]
    if set(texts) - {""} and set(texts) - {""} <= MARKS:
        return [bool(text) for text in texts]
    return [SIDE_WORDS.get(text, truth_of(text)) for text in texts]


def _truths(values: Sequence[Any], col: str | int) -> list[bool]:
    truths = truths_of(values)
    for value, truth in zip(values, truths, strict=True):
        _check_truth(truth, value, col)
    return [bool(truth) for truth in truths]


def _check_truth(truth: bool | None, value: Any, col: str | int) -> None:
    if truth is None:
        raise DataError(
            f"Column {col!r} is not boolean",
            got=value, expected="True, False, 0, 1",
            remedy=f"Name the value that marks validation rows: ColSplitter({col!r}, on=...).",
        )  # fmt: skip


def _check_no_single(labels: list[Any]) -> None:
    counts = Counter(labels)
    single = [label for label, count in counts.items() if count == 1]
    if single:
        raise DataError(
            f"TrainTestSplitter cannot put label {single[0]!r} into both sets: it has only one item",
            remedy="Add items of this label, remove it, or do not stratify.",
        )


def _choose_groups(sizes: np.ndarray, wanted: float, draw: np.random.Generator) -> list[int]:
    """Return groups whose sizes sum as near to `wanted` as possible: at least one group, never all.

    A subset-sum search over the groups in random order: `reached_by[s]` is the group by whose turn a sum of s
    first became possible. It stops as soon as the best sum that can be is reached, so that it takes a random
    few.
    """
    n = int(sizes.sum())
    target = min(max(1, round(wanted)), n - 1)
    # Sums go up to n-1 only: taking every group would leave none for training.
    reached_by = np.full(n, -1)
    reached = np.zeros(n, dtype=bool)
    reached[0] = True
    for group in draw.permutation(len(sizes)).tolist():
        size = int(sizes[group])
        sums = np.flatnonzero(reached[: n - size] & ~reached[size:]) + size
        reached[sums], reached_by[sums] = True, group
        if reached[target]:
            break
    sums = np.flatnonzero(reached)[1:]  # without the empty choice
    total = int(sums[np.abs(sums - wanted).argmin()])
    chosen = []
    while total:
        chosen.append(int(reached_by[total]))
        # that sum was possible before this group's turn, so no group comes twice
        total -= int(sizes[chosen[-1]])
    return chosen


def _moment(value: Any, position: int) -> Any:
    """Return a time as something that can be compared: a number or a datetime."""
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if isinstance(value, str):
        try:
            return moment(value.strip())
        except ValueError:
            pass  # reported below
    elif isinstance(value, datetime):
        return value
    elif isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    elif isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return value
    raise DataError(
        f"TimeSplitter cannot read the time of item {position}",
        got=value,
        expected="numbers, dates, datetimes, text like '2026-11-23', '2026-11-23T08:30' or '23 Nov 2026'",
        remedy="Convert it first, e.g. with pandas.to_datetime.",
    )  # fmt: skip
