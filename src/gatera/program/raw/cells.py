"""Read one cell of a table: is it empty, which known category is it, what number is it? Works without pandas."""

from __future__ import annotations

import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import numpy as np

from gatera.core.checks import columns_alike, did_you_mean, listed, listed_columns, missing_column
from gatera.core.errors import DataError
from gatera.core.escape import composed
from gatera.core.threads import in_turn
from gatera.program.tables.known_texts import is_missing_word
from gatera.program.tables.numbers import (
    PERCENT,
    PLAIN,
    NumberFormat,
    PointNumber,
    doubtful_sign,
    has_unit,
    is_time,
    plain_number,
)

#: What `Codes` answers for a cell that is empty, and for one that is none of its labels.
EMPTY, UNSEEN = -1, -2

#: pandas' own marks for "missing", known by the names of their types: a program runs without pandas.
_PANDAS_MARKS = ("NAType", "NaTType")

#: Standard deviations beyond which a number is far from training's, and within which it is one of them.
FAR, NEAR = 10, 3

#: The largest number that models can take: that of float32.
LARGEST = 3.4028234663852886e38


def is_empty(cell: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, pandas' NA or NaT, or a text that means so in a column of numbers.

    Example:
        >>> [is_empty(cell) for cell in (None, float("nan"), " ", "NA", 0, "no")]
        [True, True, True, True, False, False]
    """
    if cell is None:
        return True
    if isinstance(cell, str):
        return is_missing_word(cell)
    if isinstance(cell, float | np.floating):
        return bool(cell != cell)
    return type(cell).__name__ in _PANDAS_MARKS


def number_in(cell: Any, column: str, written: NumberFormat = PLAIN) -> float:
    """Return the number in a cell, written as text or not; NaN for an empty cell, and for a number that is not finite in float32.

    Args:
        cell: what the cell holds.
        column: the column's name, for messages.
        written: how texts write numbers.

    Raises:
        DataError: if it holds something else.

    Example:
        >>> number_in(" 12.5", "age"), number_in("", "age")
        (12.5, nan)
    """
    if is_empty(cell):
        return float("nan")
    try:
        number = _text_number(cell, written) if isinstance(cell, str) else float(cell)
    except OverflowError:  # a whole number of Python that is larger than any float
        return float("nan")
    except (TypeError, ValueError) as err:
        raise not_a_number(column, cell, written.unit) from err
    return number if abs(number) <= LARGEST else float("nan")


def not_a_number(column: str, cell: Any, unit: str = "") -> DataError:
    """Return the error for a cell that should hold a number, of a column with this unit; see `NumberFormat`."""
    wanted = f"a time as {unit}, a number of hours" if is_time(unit) else "a number"
    return DataError(
        f"Column {column!r} holds something that is not a number", got=cell, expected=f"{wanted}, or an empty cell"
    )  # fmt: skip


def _text_number(text: str, written: NumberFormat) -> float:
    number = plain_number(text) if written == PLAIN else written.number(text)
    if number is None:
        raise ValueError(text)
    return number


def numbers_in(cells: Sequence[Any], column: str, written: NumberFormat = PLAIN) -> np.ndarray:
    """Return the numbers in cells, float64 [n], NaN for the empty ones and for numbers that are not finite in float32.

    Args:
        cells: numbers or texts.
        column: the column's name, for messages.
        written: how texts write numbers.

    Raises:
        DataError: see `number_in`.
    """
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu":
        numbers = cells.astype(np.float64)
        return np.where(np.abs(numbers) > LARGEST, np.nan, numbers)
    return np.fromiter((number_in(cell, column, written) for cell in cells), np.float64, len(cells))


#: Hears what rows are warned of; see `hearing`.
HEARD: ContextVar[list[str] | None] = ContextVar("heard", default=None)


@contextmanager
def hearing() -> Iterator[list[str]]:
    """Collect what rows that are read within, in this thread, are warned of, also what was said before: servers tell each client."""
    heard: list[str] = []
    token = HEARD.set(heard)
    try:
        yield heard
    finally:
        HEARD.reset(token)


class WarnOnce:
    """Warns of each column once, of the first row that there is something to say of."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, notes: Mapping[str, str]) -> None:
        """Take what is to be said of some rows: column -> sentence."""
        if notes:
            if (heard := HEARD.get()) is not None:
                heard.extend(notes.values())
            in_turn(partial(self._say, notes))

    def _say(self, notes: Mapping[str, str]) -> None:
        for column, note in notes.items():
            if column not in self._said:
                self._said.add(column)
                warnings.warn(f"{note} This warning is shown once per column.", stacklevel=6)


def note_of(name: str, sentence: str, cell: Any) -> str:
    """Return what to say of a cell of a column; `sentence` has {cell} and {name}."""
    native = cell.item() if isinstance(cell, np.generic) else cell
    text = sentence.format(cell=native, name=name)
    return f"{text[0].upper()}{text[1:]}."


def note_of_cells(
    name: str, sentence: str, cells: Sequence[Any], mask: np.ndarray, counted: bool = True
) -> str:
    """Return what to say of some cells of a column: of the first of them, and how many they are; see `note_of`.

    They are not `counted` where other rows are still to come.
    """
    where = np.flatnonzero(mask)
    many = f" It affects {len(where)} cells." if counted and len(where) > 1 else ""
    return f"{note_of(name, sentence, cells[where[0]])}{many}"


def of_other_unit(cells: Sequence[Any], numbers: np.ndarray, unit: str) -> dict[str, np.ndarray]:
    """Return what to say of numbers without the unit they had in training, or with a percent sign where they had none.

    Args:
        cells: texts and numbers. Of numbers nothing is said, as their unit was left off when they were read, except that 0.45
            may be 45%.
        numbers: the numbers in them, float64 [n].
        unit: see `NumberFormat`.

    Returns:
        Sentence -> where it holds.
    """
    if isinstance(cells, np.ndarray):
        return {}
    if not unit:
        signed = [isinstance(cell, str) and has_unit(cell, PERCENT) for cell in cells]
        sentence = "column {name!r}: {cell!r} is read without its percent sign, not divided by 100"
        return {sentence: np.array(signed, bool) & (numbers != 0)}
    share = (np.abs(numbers) < 1) & (unit == PERCENT)
    texts = np.array([isinstance(cell, str) for cell in cells], bool)
    bare = np.array([not isinstance(cell, str) or not has_unit(cell, unit) for cell in cells], bool)
    shown = unit.replace("{", "{{").replace("}", "}}")  # the sentence is formatted
    written, read = (f"as times ({shown})", "hours") if is_time(unit) else (f"in {shown}", shown)
    sentence = f"column {{name!r}} was written {written} in training; {{cell!r}} is read as {{cell}} {read}"
    return {sentence: bare & (texts | share) & np.isfinite(numbers) & (numbers != 0)}


def of_other_signs(
    cells: Sequence[Any], numbers: np.ndarray, written: NumberFormat, mean: float, std: float
) -> dict[str, np.ndarray]:
    """Return what to say of texts such as "8.123", whose sign may be a decimal one or stand between thousands.

    The text does not show which, but others of the same table may, such as "12.75", and so may training's numbers: 41,083 is
    none of those around 50, and 47.022 none of those around 50,000.

    Args:
        cells: texts and numbers.
        numbers: the numbers in them, float64 [n].
        written: how texts wrote numbers in training.
        mean: of the numbers in training.
        std: their standard deviation, above 0.

    Returns:
        Sentence -> where it holds.
    """
    if isinstance(cells, np.ndarray):
        return {}
    texts = [(place, cell) for place, cell in enumerate(cells) if isinstance(cell, str)]
    signs = {place: sign for place, cell in texts if (sign := doubtful_sign(cell, written.unit))}
    if not signs:
        return {}
    mark, said = written.thousands, defaultdict[str, list[int]](list)
    as_in_training = f"{{cell!r}} is read with {mark!r} between thousands, as in training"
    grouped = [place for place, sign in signs.items() if sign == mark and written.fits(cells[place])]
    if grouped and any(_has_decimal(cell, mark, written) for cell in cells):
        said[f"{as_in_training}, though it is the decimal sign of other cells"] = grouped
    else:
        for place, sign in signs.items():
            number, among = float(numbers[place]), f"far from training's numbers; with {sign!r}"
            if sign == mark and abs(number / 1000 - mean) < FAR * std < abs(number - mean):
                said[f"{as_in_training}, which is {among} as the decimal sign it is among them"].append(place)
            elif sign != mark and abs(number) < abs(mean) / 100 and abs(number * 1000 - mean) < NEAR * std:
                said[
                    f"{{cell!r}} is read with {sign!r} as the decimal sign, which is {among} between thousands it is among them"
                ].append(place)
    return {f"column {{name!r}}: {sentence}": _mask(places, len(cells)) for sentence, places in said.items()}


def _has_decimal(cell: Any, sign: str, written: NumberFormat) -> bool:
    """Whether a sign that stands between thousands elsewhere is the decimal sign of a cell."""
    is_text = isinstance(cell, str) and not isinstance(cell, PointNumber)
    return is_text and sign in cell and written.decimal not in cell and not written.fits(cell)


def _mask(places: Sequence[int], n: int) -> np.ndarray:
    mask = np.zeros(n, bool)
    mask[places] = True
    return mask


class Codes:
    """The code of each category of a column: 1 for the first label, 2 for the second, and so on.

    A cell need not be written as the label was: blanks around text and the notation of accents do not count, and "3", 3 and 3.0
    are one category, as they come from a CSV, from JSON, and from a table with gaps.

    Args:
        labels: the known categories: texts, numbers or truth values, each once.
        written: how texts write numbers, where labels are numbers.

    Example:
        >>> codes = Codes(["Private", "State-gov"])
        >>> codes("Private"), codes(" State-gov"), codes("") == EMPTY, codes("Martian") == UNSEEN
        (1, 2, True, True)
        >>> Codes([1, 2, 3])("3"), Codes([False, True])("true")
        (3, 2)
    """

    def __init__(self, labels: Sequence[Any], written: NumberFormat = PLAIN) -> None:
        self.labels, self._format = tuple(labels), written
        self._codes: dict[Any, int] = {label: code for code, label in enumerate(labels, start=1)}
        truths = all(isinstance(label, bool) for label in labels)
        self._numeric = not truths and all(isinstance(label, int | float) for label in labels)
        self._fold = str.lower if truths else str
        texts = [self._fold(_text(label)) for label in labels]
        counts = Counter(texts)
        # Labels that differ only in these are found exactly as they are written, or not at all.
        self._texts = {text: code for code, text in enumerate(texts, start=1) if counts[text] == 1}

    def __call__(self, cell: Any) -> int:
        """Return the code of a cell, 1 or more; `EMPTY` or `UNSEEN` where it has none.

        Raises:
            DataError: if the cell holds a list or another thing that is not one value.
        """
        try:
            code = self._codes.get(cell)
        except TypeError as err:
            raise DataError("A cell holds something that is not one value", got=cell) from err
        return self._written_otherwise(cell) if code is None else code

    def _written_otherwise(self, cell: Any) -> int:
        if not isinstance(cell, str) and is_empty(cell):
            return EMPTY
        text = _text(cell)
        code = self._texts.get(self._fold(text))
        if code is None and self._numeric and isinstance(cell, str):
            code = self._codes.get(self._number(text))
        if code is None:
            return EMPTY if is_empty(cell) else UNSEEN
        return code

    def _number(self, text: str) -> float | None:
        return plain_number(text) if self._format == PLAIN else self._format.number(text)


def _text(cell: Any) -> str:
    """Return a cell as a CSV would hold it, without blanks around it; 3.0 is written "3", and accents are parts of their letters."""
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return composed(str(cell).strip())


def cells_of(raw: Any, columns: Sequence[str]) -> dict[str, Any]:
    """Return the cells of one row by column.

    Args:
        raw: a mapping of column names to cells, a pandas Series, a row that knows its columns (a namedtuple, a record of numpy, a row of
            sqlite3), or a sequence with a cell for each of `columns`.
        columns: the columns that are needed; others are passed over.

    Raises:
        DataError: if a column is missing, there are too many or too few cells, or `raw` is not a row.
    """
    pandas = sys.modules.get("pandas")  # where pandas was never imported, nothing is a Series
    if pandas is not None and isinstance(raw, pandas.Series):
        raw = raw.to_dict()
    if names := _own_names(raw, columns):  # their order is the table's, which need not be that of `columns`
        raw = {name: raw[place] for place, name in enumerate(names)}
    if isinstance(raw, Mapping):
        missing = [column for column in columns if column not in raw]
        if missing and (alike := columns_alike(missing, raw)):
            return cells_of({**raw, **{column: raw[name] for column, name in alike.items()}}, columns)
        if missing:
            raise missing_columns(missing, raw, "the row")
        return {column: raw[column] for column in columns}
    if isinstance(raw, str | bytes) or not isinstance(raw, Sequence | np.ndarray):
        raise DataError(
            f"A row cannot be given as {type(raw).__name__}", got=raw,
            expected="a dict of column names and cells, a pandas Series, or a list of cells",
        )  # fmt: skip
    if len(raw) != len(columns):
        raise DataError(
            f"The row has {len(raw)} cells", got=list(raw), expected=f"{len(columns)}: {listed(columns)}"
        )
    return dict(zip(columns, raw, strict=True))


def missing_columns(missing: Sequence[str], names: Iterable[Any], where: str) -> DataError:
    """Return the error for columns that are not there, one or more, among those that are.

    Args:
        missing: those that are needed.
        names: those that are there.
        where: how the message calls the place.
    """
    if len(missing) == 1:
        return missing_column(missing[0], names, where)
    there = [str(name) for name in names]
    return DataError(
        f"No column {missing[0]!r} in {where}, nor {listed(missing[1:])}",
        available=listed_columns(there) or None, remedy=did_you_mean(missing[0], there),
    )  # fmt: skip


def _own_names(raw: Any, columns: Sequence[str]) -> Sequence[str]:
    """Return the columns that a row itself names, as rows of `DataFrame.itertuples()`, of databases and of records do; none for others.

    pandas calls a column whose name is no name in Python by its place, "_1"; where it is the only one that is not in `columns`, it is
    the one that would be missing.
    """
    if isinstance(raw, np.void):
        return raw.dtype.names or ()
    keys = getattr(raw, "keys", None) if isinstance(raw, Sequence) else None
    names = getattr(raw, "_fields", ()) or (() if keys is None else tuple(keys()))
    renamed = [place for place, name in enumerate(names) if name == f"_{place}" and name not in columns]
    missing = [column for column in columns if column not in names]
    if len(renamed) == len(missing) == 1 and len(names) == len(columns):
        return [missing[0] if place == renamed[0] else name for place, name in enumerate(names)]
    return names
