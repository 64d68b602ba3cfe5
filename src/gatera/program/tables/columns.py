"""What a column holds, decided from its values: nothing, whole numbers, numbers, truth values, dates or text."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np

from gatera.program.tables.known_texts import is_date_text, is_missing_word
from gatera.program.tables.nearly import FIRST_LABELS, MOST_NAMED, stray_cells, units_of_cells
from gatera.program.tables.numbers import (
    PERCENT,
    PLAIN,
    NumberFormat,
    find_format,
    find_measured,
    is_code,
    is_identifier,
    leaves_range,
    mark_in,
)

#: Truth values as programs write them. "yes" and "no" stay categories.
_TRUTH = {"True": True, "False": False, "TRUE": True, "FALSE": False, "true": True, "false": False}

#: Signs of currencies whose amounts have commas between thousands, also where semicolons separate columns.
_GROUPING = ("$", "\u00a3", "\u20b9")

#: Words for "missing" that few tools take for it; as values of text they need no mention.
_OWN_WORDS = frozenset(("?", "-", "."))


#: Numbers with a fraction of three digits that are larger are not written with a point between thousands.
LARGEST_GROUPED = 1e15


class Kind(StrEnum):
    """What the cells of a column are."""

    EMPTY = "empty"
    WHOLE = "whole numbers"
    NUMBER = "numbers"
    TRUTH = "truth values"
    DATE = "dates"
    TEXT = "text"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: what it is called.
        cells: float64 [n] with NaN for missing (whole numbers and numbers), int64 [n] (whole numbers without gaps), bool
            [n] (truth values without gaps), or object [n]: str, bool, and None for missing.
        kind: what they are.
        format: how its numbers were written.
        words: words that count as missing, and how often: only in columns of numbers or truth values.
        stray: where nearly all cells are numbers, some that are not.
        kept: words that count as missing in columns of numbers and are values here, in text, and how often.
        marks: how many of its numbers have each currency or percent sign; see `mixed_marks`.
        units: where nearly all cells of text are numbers with several units, how many have each; see `parted`.
        twice: a number that stands with and without a zero at its end; see `written_twice`.
        coded: the different cells of text from a file, object [k], and which of them each cell is, int [n].
    """

    name: str
    cells: np.ndarray
    kind: Kind
    format: NumberFormat = PLAIN
    words: dict[str, int] = field(default_factory=dict)
    stray: tuple[str, ...] = ()
    kept: dict[str, int] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    twice: float | None = None
    coded: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def missing(self) -> np.ndarray:
        """Which cells are missing, bool [n]."""
        return missing_cells(self.cells)

    @property
    def infinite(self) -> np.ndarray:
        """Where numbers are not finite, int64 [k]."""
        return np.flatnonzero(np.isinf(self.cells)) if self.cells.dtype.kind == "f" else np.zeros(0, np.int64)

    @property
    def code(self) -> str | None:
        """The first cell, where all from a file are like codes such as 18E87 (see `is_code`); None otherwise."""
        if self.coded is None or self.kind is not Kind.TEXT:
            return None
        there = (cell for cell in self.coded[0] if cell is not None and not is_missing_word(cell))
        if not all(map(is_code, there)):
            return None
        return next((cell for cell in self.cells if cell is not None and is_code(cell)), None)

    @property
    def is_constant(self) -> bool:
        """Whether all cells that are there are the same."""
        return self.kind is not Kind.EMPTY and is_constant(self.cells)

    @property
    def written(self) -> dict[str, str]:
        """How texts write its numbers, as a program keeps it: nothing where that is as in "1234.5"."""
        given = self.format
        if {mark for mark, count in self.marks.items() if count} == {PERCENT}:
            given = given._replace(unit=PERCENT)
        if given == PLAIN or self.kind not in (Kind.WHOLE, Kind.NUMBER):
            return {}
        return {name: value for name, value in given._asdict().items() if value or name != "unit"}

    @property
    def counts_rows(self) -> bool:
        """Whether the column only numbers the rows: 0, 1, 2 and so on, or 1, 2, 3."""
        return self.kind is Kind.WHOLE and counts_rows(self.cells)


def missing_cells(cells: np.ndarray) -> np.ndarray:
    """Return which cells are missing, bool [n]: NaN or None."""
    if cells.dtype.kind == "f":
        return np.isnan(cells)
    if cells.dtype.kind != "O":
        return np.zeros(len(cells), bool)
    return np.fromiter((cell is None or cell != cell for cell in cells), bool, len(cells))


def is_constant(cells: np.ndarray) -> bool:
    """Whether all cells that are there are the same; there is at least one."""
    there = cells[~missing_cells(cells)]
    return len(there) > 0 and bool(np.all(there == there[0]))


def counts_rows(cells: np.ndarray) -> bool:
    """Whether numbers are 0, 1, 2 and so on, or 1, 2, 3 and so on, in the order of the rows."""
    return len(cells) > 1 and cells[0] in (0, 1) and bool(np.all(cells == cells[0] + np.arange(len(cells))))


def may_be_grouped(column: Column) -> bool:
    """Whether all fractions of a column may be thousands behind a point: "1.234" and "12.500", but not "1.5" and "0.125"."""
    if column.kind is not Kind.NUMBER or column.format != PLAIN:
        return False
    numbers = np.abs(column.cells[~column.missing])
    if ((numbers < 1) & (numbers > 0)).any() or (numbers > LARGEST_GROUPED).any():
        return False
    thousandths = np.round(numbers * 1000)
    return bool(np.allclose(numbers * 1000, thousandths, rtol=0, atol=1e-6))


def number_cells(values: np.ndarray) -> tuple[np.ndarray, Kind]:
    """Return numbers as a column keeps them, and what they are, for any dtype.

    Args:
        values: float64 [n], NaN for missing.

    Returns:
        int64 [n] for whole numbers without gaps, else the values themselves; and the kind.

    Example:
        >>> number_cells(np.array([0.0, 1.0])), number_cells(np.array([0.0, np.nan]))[1].value
        ((array([0, 1]), <Kind.WHOLE: 'whole numbers'>), 'whole numbers')
    """
    missing = np.isnan(values)
    there = values[~missing]
    if not len(there):
        return values, Kind.EMPTY
    if not (_are_whole(there[:FIRST_LABELS]) and _are_whole(there)):  # the first ones decide of most columns
        return values, Kind.NUMBER
    return (values if missing.any() else values.astype(np.int64)), Kind.WHOLE


def _are_whole(numbers: np.ndarray) -> bool:
    """Whether all are whole numbers that float64 holds exactly, and none is infinite."""
    return bool(np.all(numbers == np.floor(numbers)) and np.abs(numbers).max() < 2**53)


def text_column(
    name: str,
    labels: Sequence[str],
    codes: np.ndarray,
    comma_is_decimal: bool = False,
    decimal: str | None = None,
    as_text: bool = False,
) -> Column:
    """Return a column of texts as what they are: numbers in some format, truth values, dates or text.

    Args:
        name: the column.
        labels: its different cells.
        codes: the label of each cell, int [n].
        comma_is_decimal: see `find_format`.
        decimal: see `find_format`.
        as_text: keep numbers as the text they were written as.
    """
    counts = np.bincount(codes, minlength=len(labels))
    values = [label for label in labels if not is_missing_word(label)]
    words = _words(labels, counts) if len(values) < len(labels) else {}
    if not values and not (as_text and any(label.strip() for label in labels)):
        return Column(name, np.full(len(codes), None, object), Kind.EMPTY, words=words)
    groups = comma_is_decimal and all(label.lstrip(" +-").startswith(_GROUPING) for label in values)
    known = None if as_text else find_format(values, comma_is_decimal and not groups, decimal)
    if known is not None and not _are_identifiers(labels, counts):
        numbers = _numbers(labels, known)
        cells, kind = number_cells(numbers[codes])
        with_zero = np.array([label.endswith("0") for label in labels]) & (np.floor(numbers) < numbers)
        twice, marks = written_twice(numbers, with_zero), _marks(labels, counts, numbers)
        return Column(name, cells, kind, known, words, marks=marks, twice=twice)
    measured = None if as_text else find_measured(values, comma_is_decimal, decimal)
    if measured is not None:
        cells, kind = number_cells(_numbers(labels, measured)[codes])
        # Few whole numbers are categories either way, and as texts they keep their names: "3 stars".
        if kind is not Kind.WHOLE or len(labels) > MOST_NAMED:
            return Column(name, cells, kind, measured, words)
    if not as_text and all(value in _TRUTH for value in values):
        truths = np.array([_TRUTH.get(label) for label in labels], object)[codes]
        complete = not any(truth is None for truth in truths)
        return Column(name, truths.astype(bool) if complete else truths, Kind.TRUTH, words=words)
    if not as_text and all(map(is_date_text, values)):
        dates = np.array([None if is_missing_word(label) else label for label in labels], object)[codes]
        return Column(name, dates, Kind.DATE, words=words)
    different = np.array([label if label.strip() else None for label in labels], object)
    units, behind = ({}, ()) if as_text else units_of_cells(labels, counts)
    stray = behind if as_text or behind else stray_cells(labels, counts)
    kept = {word: count for word, count in words.items() if word.strip().lower() not in _OWN_WORDS}
    return Column(
        name, different[codes], Kind.TEXT,
        stray=stray, kept=kept, units={} if stray else units, coded=(different, codes),
    )  # fmt: skip


def _numbers(labels: Sequence[str], known: NumberFormat) -> np.ndarray:
    """Return the number that each label is in a format, float64 [k], NaN for missing ones."""
    return np.array(
        [np.nan if is_missing_word(label) else known.number(label) for label in labels], np.float64
    )


def _are_identifiers(labels: Sequence[str], counts: np.ndarray) -> bool:
    """Whether what could be read as numbers are names: one is plainly so, all are like codes, or most leave the range of numbers."""
    if any(map(is_identifier, labels)):
        return True
    there = [not is_missing_word(label) for label in labels]
    if all(is_code(label) for label, is_there in zip(labels, there, strict=True) if is_there):
        return True
    beyond = [leaves_range(label) for label in labels]  # one alone is a number gone wrong, which is told
    return any(beyond) and 2 * int(counts[beyond].sum()) > int(counts[there].sum())


def _words(labels: Sequence[str], counts: np.ndarray) -> dict[str, int]:
    """Return the words that count as missing, and how often."""
    pairs = zip(labels, counts.tolist(), strict=True)
    return {label: count for label, count in pairs if label.strip() and is_missing_word(label)}


def _marks(labels: Sequence[str], counts: np.ndarray, numbers: np.ndarray) -> dict[str, int]:
    """Return how many numbers have each sign; see `mixed_marks`."""
    marks: dict[str, int] = {}
    for label, count, number in zip(labels, counts.tolist(), numbers.tolist(), strict=True):
        if number and number == number:
            mark = mark_in(label)
            marks[mark] = marks.get(mark, 0) + count
    return marks


def written_twice(numbers: np.ndarray, with_zero: np.ndarray) -> float | None:
    """Return the first number that stands with and without a zero at its end, as versions do ("1.4" and "1.40"); None if there is none.

    Args:
        numbers: float64 [n].
        with_zero: which hold a fraction with a zero at its end, bool [n].
    """
    both = with_zero & np.isin(numbers, numbers[~with_zero]) if with_zero.any() else with_zero
    return float(numbers[both][0]) if both.any() else None


def value_column(name: str, cells: Any) -> Column:
    """Return a column that is not from a file, as what its values are: the dtype is only a hint.

    Texts stay texts, also where they are numbers, unless all are dates; whole numbers are whole numbers whether they come as int, as float
    because there are gaps, or as objects.

    Args:
        name: the column.
        cells: a one-dimensional array of numbers, truth values or objects.
    """
    cells = np.asarray(cells)
    if cells.dtype.kind in "iu":
        return Column(name, cells, Kind.WHOLE)
    if cells.dtype.kind == "b":
        return Column(name, cells, Kind.TRUTH)
    if cells.dtype.kind == "f":
        return Column(name, *number_cells(cells.astype(np.float64)))
    if cells.dtype.kind == "M":
        return Column(name, cells, Kind.EMPTY if np.isnat(cells).all() else Kind.DATE)
    given = [None if _is_nothing(cell) else cell for cell in cells.tolist()]
    cells = np.empty(len(given), object)
    cells[:] = given  # np.array would make a table of lists of one length
    there = [cell for cell in cells if cell is not None]
    if not there:
        return Column(name, cells, Kind.EMPTY)
    if all(isinstance(cell, bool | np.bool_) for cell in there):
        return Column(name, cells.astype(bool) if len(there) == len(cells) else cells, Kind.TRUTH)
    if all(
        isinstance(cell, int | float | np.number | Decimal) and not isinstance(cell, bool) for cell in there
    ):
        return Column(name, *number_cells(np.array([np.nan if c is None else c for c in cells], np.float64)))
    return Column(name, cells, Kind.DATE if all(map(_is_date, there)) else Kind.TEXT)


def _is_date(cell: Any) -> bool:
    return isinstance(cell, datetime.date) or (isinstance(cell, str) and is_date_text(cell))


def _is_nothing(cell: Any) -> bool:
    if isinstance(cell, str):
        return not cell.strip()
    return (
        cell is None
        or type(cell).__name__ in ("NAType", "NaTType")
        or bool(np.ndim(cell) == 0 and cell != cell)
    )
