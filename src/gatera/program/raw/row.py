"""Encode one row of a table, or a whole table, as the numbers that a model takes. Needs numpy only.

A row becomes float32 [F]: first a code for each category column (0 for what training did not know), then each number,
its gaps filled and normalised as in training. Training calls the same functions, a table at a time.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gatera.core.errors import DataError, ProgramFileError
from gatera.program.raw.cells import (
    EMPTY,
    Codes,
    WarnOnce,
    cells_of,
    is_empty,
    not_a_number,
    note_of,
    note_of_cells,
    numbers_in,
    of_other_signs,
    of_other_unit,
)  # fmt: skip
from gatera.program.raw.dates import notes_on_dates, part_of_dates
from gatera.program.raw.row_fields import number_format, without_format
from gatera.program.tables.numbers import PLAIN, NumberFormat


class Column:
    """A column of the model's input, made from one column of the table.

    Attributes:
        name: what it is called.
        source: the table's column that it is made from.
    """

    name: str
    source: str

    def encode(self, cells: Sequence[Any]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return float64 [n], and masks bool [n] of what to warn of: sentence with {cell} and {name} -> which cells.

        Raises:
            DataError: if a cell cannot be read.
        """
        raise NotImplementedError

    def is_gap(self, cell: Any) -> bool:
        """Whether a cell is empty, which none was in training."""
        return False


class CategoryColumn(Column):
    """Codes of categories.

    Args:
        name: the column.
        labels: its categories, in the order of their codes from 1 on.
        had_empty: whether training rows were empty here, so that empty ones are not warned of.
        written: how texts write numbers, where labels are numbers.
    """

    def __init__(
        self, name: str, labels: Sequence[Any], had_empty: bool, written: NumberFormat = PLAIN
    ) -> None:
        self.name = self.source = name
        self.codes, self.had_empty = Codes(labels, written), had_empty

    def encode(self, cells: Sequence[Any]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Column`."""
        try:
            codes = np.fromiter(map(self.codes, cells), np.float64, len(cells))
        except DataError as err:
            raise DataError(
                f"Column {self.name!r} holds something that is not one value", got=err.got
            ) from err
        if codes.size and codes.min() > 0:  # as usual: nothing to say
            return codes, {}
        empty, unknown = codes == EMPTY, codes < 0
        said = {"unseen category {cell!r} in column {name!r}; treated as unknown (#na#)": unknown & ~empty}
        if not self.had_empty:
            said["column {name!r} is empty, which it never was in training; treated as unknown (#na#)"] = (
                empty
            )
        return np.where(unknown, 0, codes), said

    def is_gap(self, cell: Any) -> bool:
        """See `Column`."""
        return not self.had_empty and self.codes(cell) == EMPTY


class FlagColumn(Column):
    """Whether a number is missing: code 1 where it is there, 2 where it is not.

    Args:
        name: what the flag is called.
        source: the column of the number.
        written: how texts write numbers.
    """

    def __init__(self, name: str, source: str, written: NumberFormat = PLAIN) -> None:
        self.name, self.source, self.written = name, source, written

    def encode(self, cells: Sequence[Any]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Column`."""
        return 1.0 + np.isnan(numbers_in(cells, self.source, self.written)), {}


class NumberColumn(Column):
    """Numbers, gaps filled, then normalised.

    Args:
        name: the column.
        fill: the number used where one is missing.
        had_empty: whether training rows were empty here.
        mean: taken away from each number.
        std: what the rest is divided by; above 0.
        written: how texts write numbers.
    """

    part, used = "", ""  # of a date; in the place of an empty cell, in words, else the number itself is said
    zoned = False  # whether all dates of the training had a time zone

    def __init__(
        self, name: str, fill: float, had_empty: bool, mean: float, std: float, written: NumberFormat = PLAIN
    ) -> None:
        self.name, self.source, self.written = name, name, written
        self.fill, self.had_empty, self.mean, self.std = fill, had_empty, mean, std

    def numbers(self, cells: Sequence[Any]) -> np.ndarray:
        """Return the numbers in cells, float64 [n], NaN for the empty ones."""
        return numbers_in(cells, self.source, self.written)

    def encode(self, cells: Sequence[Any]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Column`."""
        numbers = self.numbers(cells)
        missing = np.isnan(numbers)
        said = of_other_unit(cells, numbers, self.written.unit) | notes_on_dates(cells, self.part, self.zoned)
        said |= of_other_signs(cells, numbers, self.written, self.mean, self.std)
        if not self.had_empty and missing.any():
            said |= self._gaps(cells, missing)
        return (np.where(missing, self.fill, numbers) - self.mean) / self.std, said

    def is_gap(self, cell: Any) -> bool:
        """See `Column`; numbers that are not finite count as empty."""
        return not self.had_empty and bool(np.isnan(self.numbers([cell])[0]))

    def _gaps(self, cells: Sequence[Any], missing: np.ndarray) -> dict[str, np.ndarray]:
        """Return what to say of cells without a number: sentence -> where it holds."""
        infinite = np.zeros(len(missing), bool)
        for place in np.flatnonzero(missing).tolist():
            infinite[place] = not is_empty(cells[place])
        used = self.used or f"{self.fill:g} is used"
        return {
            f"column {{name!r}} is empty, which it never was in training; {used}": missing & ~infinite,
            f"column {{name!r}} holds {{cell!r}}, which is too large or not finite; {used}": infinite,
        }


class DatePartColumn(NumberColumn):
    """One part of dates, as a number.

    Args:
        date: the column of the dates.
        part: which part, see `PARTS`.
        zoned: whether all dates of the training had a time zone.
        about: what `NumberColumn` takes.
    """

    used = "the usual value in training is used"  # the same for every part, so that it is said once

    def __init__(self, date: str, part: str, zoned: bool = False, **about: Any) -> None:
        super().__init__(**about)
        self.source, self.part, self.zoned = date, part, zoned

    def numbers(self, cells: Sequence[Any]) -> np.ndarray:
        """See `NumberColumn`."""
        return part_of_dates(cells, self.source, self.part)


class RowReader:
    """Turns rows into the model's input, float32 [F]: codes of category columns first, then numbers.

    Unseen categories, and gaps in columns that had none in training, are filled in with a warning for each column: once in
    a reader's life for single rows, and for every whole table.

    Args:
        categories: for each category column an object with "name", "labels" and "had_empty"; for a flag of missing
            numbers "name" and "missing_in", the column of those numbers.
        numbers: for each number column an object with "name", "fill", "had_empty", "mean" and "std"; for a part of dates also
            "date", the column of the dates, and "part", one of `PARTS`, and "zoned": true if all had a time zone. Where texts write
            numbers otherwise than "1234.5", objects of both lists also have "decimal" and "thousands", and where all had
            a unit behind them, "unit".

    Attributes:
        columns: the table's columns that are needed, in the order in which a row without names has its cells.

    Raises:
        ProgramFileError: if it names no column.

    Example:
        >>> read = RowReader(
        ...     [{"name": "job", "labels": ["cook", "nurse"], "had_empty": True}],
        ...     [{"name": "age", "fill": 40.0, "had_empty": True, "mean": 40.0, "std": 10.0}],
        ... )
        >>> read({"job": "nurse", "age": "30"}).tolist(), read(["", None]).tolist()
        ([2.0, -1.0], [0.0, 0.0])
    """

    def __init__(self, categories: Sequence[Mapping[str, Any]], numbers: Sequence[Mapping[str, Any]]) -> None:
        formats = {number["name"]: number_format(number) for number in numbers}
        self._encoded = [
            *(_category_column(category, formats) for category in categories),
            *(_number_column(number, formats[number["name"]]) for number in numbers),
        ]
        flags = [column.source for column in self._encoded if isinstance(column, FlagColumn)]
        others = [column.source for column in self._encoded if not isinstance(column, FlagColumn)]
        self.columns = tuple(dict.fromkeys([*others, *flags]))
        self._numbers = [number["name"] for number in numbers if "part" not in number]
        if not self.columns:
            raise ProgramFileError("The program reads rows and names no column")
        self._warn = WarnOnce()

    def __call__(self, raw: Any) -> np.ndarray:
        """Return one row, a mapping of column names to cells, a pandas Series or a sequence of cells, as float32 [F].

        Raises:
            DataError: if a column is missing, cells cannot be read, or `raw` is not a row.
        """
        array, notes = self.examine(raw)
        self._warn(notes)
        return array

    def rows(self, raws: Sequence[Any]) -> np.ndarray:
        """Return n rows as float32 [n,F]: as one after the other, in a fraction of the time.

        Raises:
            DataError: as for one row; which one is not said.
        """
        cells = [cells_of(raw, self.columns) for raw in raws]
        columns = {name: [row[name] for row in cells] for name in self.columns}
        array, notes = self._read(columns, counted=False)
        self._warn(notes)
        return array

    def examine(self, raw: Any) -> tuple[np.ndarray, dict[str, str]]:
        """Return one row as float32 [F], and what to warn of: column -> sentence."""
        cells = cells_of(raw, self.columns)
        array, notes = self._read({name: [cell] for name, cell in cells.items()})
        return array[0], notes

    def notes(self, raws: Sequence[Any]) -> list[list[str]]:
        """Return what to warn of in each row, as `examine` does of one, in a fraction of the time; and what only several rows show."""
        rows = [cells_of(raw, self.columns) for raw in raws]
        found: list[dict[str, str]] = [{} for _ in rows]
        for column in self._encoded:
            cells = [row[column.source] for row in rows]
            for sentence, mask in column.encode(cells)[1].items():
                for place in np.flatnonzero(mask).tolist():
                    found[place][column.source] = note_of(column.source, sentence, cells[place])
        return [[*each.values()] for each in found]

    def check_json(self, raw: Any) -> None:
        """Refuse a row of JSON that has true or false where training had numbers: Python would take them for 1 and 0 in silence.

        Raises:
            DataError: names the column.
        """
        cells = raw if isinstance(raw, Mapping) else dict(zip(self.columns, raw, strict=False))
        if wrong := [column for column in self._numbers if isinstance(cells.get(column), bool)]:
            raise not_a_number(wrong[0], cells[wrong[0]])

    def has_gap(self, raw: Any) -> bool:
        """Whether a row has an empty cell in a column that had none in training."""
        cells = cells_of(raw, self.columns)
        return any(column.is_gap(cells[column.source]) for column in self._encoded)

    def table(self, columns: Mapping[str, Sequence[Any]], where: str = "") -> np.ndarray:
        """Return whole columns, n cells each, as float32 [n,F].

        Args:
            columns: column -> its cells.
            where: what the rows are, for warnings: " of the validation set".

        Raises:
            DataError: if a column is missing or cells cannot be read.
        """
        array, notes = self._read(columns)
        for note in notes.values():
            warnings.warn(f"In the rows{where}: {note[0].lower()}{note[1:]}", stacklevel=3)
        return array

    def _read(
        self, columns: Mapping[str, Sequence[Any]], counted: bool = True
    ) -> tuple[np.ndarray, dict[str, str]]:
        """Return float32 [n,F], and what to warn of in each column, with the number of its cells unless these are a part of the rows."""
        notes, encoded = dict[str, str](), None
        for place, column in enumerate(self._encoded):
            cells = columns[column.source]
            values, said = column.encode(cells)
            if encoded is None:  # filled in place: tables are large
                encoded = np.empty((len(values), len(self._encoded)), np.float32)
            encoded[:, place] = values
            for sentence, mask in said.items():
                if mask.any():
                    notes[column.source] = note_of_cells(column.source, sentence, cells, mask, counted)
        assert encoded is not None  # for the type checker: there are columns
        return encoded, notes


def _category_column(config: Mapping[str, Any], formats: Mapping[str, NumberFormat]) -> Column:
    if "missing_in" in config:
        return FlagColumn(config["name"], config["missing_in"], formats.get(config["missing_in"], PLAIN))
    return CategoryColumn(config["name"], config["labels"], config["had_empty"], number_format(config))


def _number_column(config: Mapping[str, Any], written: NumberFormat) -> NumberColumn:
    about = without_format(config)
    return DatePartColumn(**about) if "part" in about else NumberColumn(**about, written=written)


class PairReader:
    """Turns a user and an item into their codes, int64 [2]. Unseen ones are 0, with a warning shown once.

    Args:
        columns: what the two are called.
        users: known users, in the order of their codes from 1 on.
        items: known items.
        rated: for each user, in the same order, the codes of the items that they rated; None where that was not kept.

    Example:
        >>> read = PairReader(["user", "film"], [7, 9], ["Alien", "Brazil"])
        >>> read({"user": 9, "film": "Alien"}).tolist(), read(("7", "Brazil")).tolist()
        ([2, 1], [1, 2])
    """

    def __init__(
        self,
        columns: Sequence[str],
        users: Sequence[Any],
        items: Sequence[Any],
        rated: Sequence[Sequence[int]] | None = None,
    ) -> None:
        self._rows = RowReader(
            [{"name": name, "labels": labels, "had_empty": False}
             for name, labels in zip(columns, (users, items), strict=True)], [],
        )  # fmt: skip
        self.columns = self._rows.columns
        self.users, self.items, self._rated = tuple(users), tuple(items), rated or ()
        self._codes = Codes(self.users), Codes(self.items)

    def user_code(self, user: Any) -> int | None:
        """Return the code of a user; None if they are not known."""
        return code if (code := self._codes[0](user)) > 0 else None

    def item_code(self, item: Any) -> int | None:
        """Return the code of an item; None if it is not known."""
        return code if (code := self._codes[1](item)) > 0 else None

    def rated_by(self, user: int) -> Sequence[int]:
        """Return the codes of the items that a user, given by code, has rated, as far as that is known."""
        return self._rated[user - 1] if user <= len(self._rated) else ()

    def __call__(self, raw: Any) -> np.ndarray:
        """Return the codes of (user, item), or of a row that has both by name, as int64 [2].

        Raises:
            DataError: see `RowReader`.
        """
        return self._rows(raw).astype(np.int64)

    def rows(self, raws: Sequence[Any]) -> np.ndarray:
        """Return the codes of n rows, int64 [n,2]; see `RowReader.rows`."""
        return self._rows.rows(raws).astype(np.int64)

    def notes(self, raws: Sequence[Any]) -> list[list[str]]:
        """See `RowReader.notes`."""
        return self._rows.notes(raws)

    def examine(self, raw: Any) -> tuple[np.ndarray, dict[str, str]]:
        """Return the codes, and what to warn of: column -> sentence."""
        array, notes = self._rows.examine(raw)
        return array.astype(np.int64), notes

    def table(self, columns: Mapping[str, Sequence[Any]], where: str = "") -> np.ndarray:
        """Return whole columns as int64 [n,2]; see `RowReader.table`."""
        return self._rows.table(columns, where).astype(np.int64)
