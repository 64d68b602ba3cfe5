"""Read dates in cells of a table, and take numbers from them. Works without pandas."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from gatera.core.errors import DataError
from gatera.program.raw.cells import is_empty
from gatera.program.tables.known_texts import iso_of

_EPOCH = datetime.datetime(1970, 1, 1)

#: A day as ISO 8601 writes it has at most so many characters, "2024-W09-4", and with an hour more.
LONGEST_DAY = 10

#: What is taken from a date, by name: those of `add_datepart`, as numbers.
PARTS: dict[str, Callable[[datetime.datetime], float]] = {
    "Year": lambda date: date.year,
    "Month": lambda date: date.month,
    "Week": lambda date: date.isocalendar().week,
    "Day": lambda date: date.day,
    "Dayofweek": lambda date: date.weekday(),
    "Dayofyear": lambda date: date.timetuple().tm_yday,
    "Hour": lambda date: date.hour,
    "Elapsed": lambda date: (date - _EPOCH).total_seconds() / 86_400,
}


def date_in(cell: Any, column: str) -> datetime.datetime | None:
    """Return the date in a cell, in UTC if it has a time zone; None for an empty cell.

    Args:
        cell: text as ISO 8601 writes dates or with the English name of the month, or a date of Python, numpy or pandas.
        column: the column's name, for messages.

    Raises:
        DataError: if it holds something else.

    Example:
        >>> date_in("2024-02-29 12:30", "sold"), date_in("", "sold")
        (datetime.datetime(2024, 2, 29, 12, 30), None)
    """
    if _is_gap(cell):
        return None
    try:
        if isinstance(cell, np.datetime64):
            return _EPOCH + datetime.timedelta(
                microseconds=int(cell.astype("datetime64[us]").astype(np.int64))
            )
        if isinstance(cell, str):
            cell = moment(cell.strip())
        elif isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime):
            cell = datetime.datetime(cell.year, cell.month, cell.day)
        if cell.tzinfo is not None:
            cell = cell.astimezone(datetime.UTC).replace(tzinfo=None)
        return datetime.datetime(
            cell.year, cell.month, cell.day, cell.hour, cell.minute, cell.second, cell.microsecond
        )
    except (ValueError, TypeError, AttributeError, OverflowError) as err:
        raise DataError(
            f"Column {column!r} holds something that is not a date", got=cell,
            expected="a date such as 2024-02-29 or 2024-02-29T12:30:00, or an empty cell",
        ) from err  # fmt: skip


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime.datetime:
    """Return the date that a text is, with its time zone if it has one.

    Kept: each part of a date in a row, and what is said of it, is asked for by itself.

    Raises:
        ValueError: if it is not a date.
    """
    return datetime.datetime.fromisoformat(iso_of(text))


def _is_gap(cell: Any) -> bool:
    return is_empty(cell) or (isinstance(cell, np.datetime64) and bool(np.isnat(cell)))


def is_whole_day(cell: Any) -> bool:
    """Whether a cell holds a date without a time of day.

    Example:
        >>> is_whole_day("2024-02-29"), is_whole_day("2024-02-29 00:00"), is_whole_day("")
        (True, False, False)
    """
    if isinstance(cell, str):
        return len(iso_of(cell.strip())) <= LONGEST_DAY and not is_empty(cell)
    return isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime)


def is_another_day(cell: Any) -> bool:
    """Whether a date has a time zone in which it is another day than in UTC.

    Example:
        >>> is_another_day("2024-03-01T00:00+02:00"), is_another_day("2024-03-01T12:00+02:00"), is_another_day("2024-03-01")
        (True, False, False)
    """
    zoned = _with_zone(cell)
    return zoned is not None and _moves_day(zoned)


def is_another_hour(cell: Any) -> bool:
    """Whether a date has a time zone in which it is another time than in UTC, on the same day.

    Example:
        >>> is_another_hour("2024-03-01T12:00+02:00"), is_another_hour("2024-03-01T00:00+02:00"), is_another_hour("2024-03-01T12:00Z")
        (True, False, False)
    """
    zoned = _with_zone(cell)
    return zoned is not None and bool(zoned.utcoffset()) and not _moves_day(zoned)


def _moves_day(zoned: datetime.datetime) -> bool:
    return zoned.date() != zoned.astimezone(datetime.UTC).date()


def has_zone(cell: Any) -> bool:
    """Whether a date has a time zone.

    Example:
        >>> has_zone("2024-03-01T00:00+02:00"), has_zone("2024-03-01T00:00Z"), has_zone("2024-03-01 00:00")
        (True, True, False)
    """
    return _with_zone(cell) is not None


def _with_zone(cell: Any) -> datetime.datetime | None:
    """Return the date in a cell if it has a time zone."""
    if isinstance(cell, str):
        text = cell.strip()
        if not any(sign in iso_of(text)[LONGEST_DAY:] for sign in "+-Z"):
            return None
        cell = moment(text)
    return cell if isinstance(cell, datetime.datetime) and cell.tzinfo is not None else None


def notes_on_dates(cells: Sequence[Any], part: str, zoned: bool = False) -> dict[str, np.ndarray]:
    """Return what to say of dates that can be read, once for all their parts: sentence -> where it holds, bool [n].

    Days without a time, where that counted in training. Times of another day in UTC, or of another hour where that counts;
    but where all dates of the training were `zoned`, that is had a time zone, those that have none.
    """
    if part == "Hour":
        days = np.fromiter(map(is_whole_day, cells), bool, len(cells))
        said = {"column {name!r} had times of day in training; {cell!r} is read as 00:00": days}
        if not zoned:
            hours = np.fromiter(map(is_another_hour, cells), bool, len(cells))
            said["column {name!r}: {cell!r} is read in UTC, where it is another hour"] = hours
        return said
    if part == "Elapsed" and zoned:
        without = np.fromiter((not _is_gap(cell) and not has_zone(cell) for cell in cells), bool, len(cells))
        return {"column {name!r} had time zones in training; {cell!r} is read as UTC": without}
    if part == "Elapsed":
        other = np.fromiter(map(is_another_day, cells), bool, len(cells))
        return {"column {name!r}: {cell!r} is read in UTC, where it is another day": other}
    return {}


def part_of_dates(cells: Sequence[Any], column: str, part: str) -> np.ndarray:
    """Return one of `PARTS` of the dates in cells, float64 [n], NaN for the empty ones.

    Raises:
        DataError: see `date_in`.
    """
    take = PARTS[part]
    found: dict[Any, float] = {}  # dates repeat, and a row has many parts of one
    numbers = np.empty(len(cells))
    for place, cell in enumerate(cells):
        number = found.get(cell) if isinstance(cell, Hashable) else None  # a list of JSON is no date
        if number is None:
            date = date_in(cell, column)
            number = float("nan") if date is None else float(take(date))
            found[cell] = number
        numbers[place] = number
    return numbers
