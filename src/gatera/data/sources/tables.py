"""Read tables as DataFrames, and check tables of file names and labels before anything is learned from them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import is_missing, listed, missing_column, require
from gatera.core.errors import DataError
from gatera.data.item_errors import row_name
from gatera.program.tables import reader as tables
from gatera.program.tables.columns import Column as ReadColumn
from gatera.program.tables.columns import Kind, text_column
from gatera.program.tables.notes import Note
from gatera.program.tables.typed import cell_text

Column = str | int

#: Whole numbers of at most this many different values are categories, as numbers and as texts.
MOST_CATEGORIES = 20

#: How many of the rows, or files, with the same trouble a message names.
NAMED = 5


@dataclass(frozen=True)
class PhotoTable:
    """Which columns of a table hold what.

    Args:
        table: pandas DataFrame.
        file: column of the file names, by name or position.
        labels: columns of the labels.
        marks: column that marks validation rows, or None.
        optional_labels: an empty label cell means "no label" instead of being an error.
        row_name: index label of a row -> how messages call it.
    """

    table: Any
    file: Column
    labels: Sequence[Column]
    marks: Column | None = None
    optional_labels: bool = False
    row_name: Callable[[Any], str] = row_name

    def checked(self, file_of: Callable[[Any], str]) -> Any:
        """Return the table without rows that merely repeat an earlier one; names with backslashes, as Windows writes them, have slashes.

        Args:
            file_of: file name as it is in the table -> path of the file.

        Raises:
            DataError: if the table is empty, a column is unknown, a cell is empty, a file is missing, or a file has
                rows that contradict each other.
        """
        if not len(self.table):
            raise DataError("The table has no rows")
        for column in [self.file, *self.labels, *([] if self.marks is None else [self.marks])]:
            self._check_column(column)
        for column in [self.file, *([] if self.optional_labels else self.labels)]:
            self._check_cells(column)
        table = self._with_folders(file_of)
        table._check_files(file_of)
        return table._without_repetitions()

    def _check_column(self, column: Column) -> None:
        names = [str(name) for name in self.table.columns]
        known = 0 <= column < len(names) if isinstance(column, int) else column in self.table.columns
        if not known:
            raise missing_column(column, names)

    def column(self, column: Column) -> Any:
        """Return a column as a pandas Series."""
        return self.table.iloc[:, column] if isinstance(column, int) else self.table[column]

    def _name(self, position: int) -> str:
        return self.row_name(self.table.index[position])

    def _check_cells(self, column: Column) -> None:
        empty = [position for position, value in enumerate(self.column(column)) if is_missing(value)]
        if empty:
            rows = listed([self._name(position) for position in empty], NAMED)
            raise DataError(f"Column {column!r} is empty in {rows}", remedy="Fill it in, or remove the rows.")

    def _with_folders(self, file_of: Callable[[Any], str]) -> PhotoTable:
        """Return the table with the names of Windows as this system has them: "cat\\1.jpg" is a file in a folder."""
        names = self.column(self.file)
        windows = {
            name: name.replace("\\", "/")
            for name in dict.fromkeys(names)
            if isinstance(name, str) and "\\" in name and not Path(file_of(name)).is_file()
        }
        if not windows:
            return self
        changed = self.table.copy()
        place = self.file if isinstance(self.file, int) else changed.columns.get_loc(self.file)
        changed.isetitem(place, names.map(lambda name: windows.get(name, name)))
        return replace(self, table=changed)

    def _check_files(self, file_of: Callable[[Any], str]) -> None:
        names = dict.fromkeys(self.column(self.file))
        missing = [path for path in map(file_of, names) if not Path(path).is_file()]
        if missing:
            raise DataError(
                f"{len(missing)} of the {len(names)} files in the table do not exist: {listed(missing, NAMED)}",
                remedy="Check path=, folder= and suff=, which are put around each name.",
            )

    def _without_repetitions(self) -> Any:
        columns = [self.file, *self.labels, *([] if self.marks is None else [self.marks])]
        rows = list(zip(*(map(str, self.column(column)) for column in columns), strict=True))
        first: dict[str, int] = {}
        repeated = []
        for position, row in enumerate(rows):
            earlier = first.setdefault(row[0], position)
            if rows[earlier] != row:
                raise DataError(
                    f"The table contradicts itself about {row[0]}: "
                    f"{self._name(earlier)} says {_said(rows[earlier])}, {self._name(position)} says {_said(row)}",
                    remedy="Keep the right row. Several labels of one photo go into one cell, with label_delim=.",
                )
            if earlier != position:
                repeated.append(position)
        if not repeated:
            return self.table
        warnings.warn(
            f"{len(repeated)} rows of the table repeat an earlier one and are skipped, so that no photo is on both "
            f"sides of the split: {listed([self._name(position) for position in repeated], NAMED)}.",
            stacklevel=4,
        )
        skipped = set(repeated)
        return self.table.iloc[[position for position in range(len(rows)) if position not in skipped]]


def _said(row: Sequence[str]) -> str:
    return ", ".join(repr(value) for value in row[1:])


def read_table(
    path: str | Path,
    delimiter: str | None = None,
    skipinitialspace: bool = True,
    header: str | int | None = "auto",
    encoding: str | None = None,
    decimal: str | None = None,
    on_note: Callable[[Note], None] | None = None,
    sheet: str | None = None,
) -> Any:
    """Read a table as a DataFrame, by the reader that programs use too; see `gatera.program.tables.reader`.

    Args:
        path: the file.
        delimiter: what separates the columns; None to find it.
        skipinitialspace: remove blanks around cells that are not quoted.
        header: "auto" (or "infer") to see whether the first row names the columns; the number of the row that does; None
            where the columns have no names.
        encoding: None to find it.
        decimal: the decimal sign of numbers; None to find it column by column.
        on_note: is called with each decision about the file; None to warn.
        sheet: the sheet of a workbook; None for the first that holds a table.

    Returns:
        A pandas DataFrame. Its index begins at 0 and counts blank lines too, so that it tells a row's line in the file:
        `index + df.attrs["first_line"]`. `df.attrs["formats"]` says which columns write numbers otherwise than "1234.5".

    Raises:
        DataError: if the file is missing, empty or not text, names two columns alike, or has a row of another length.
        MissingExtraError: if pandas is not installed.
    """
    asked = "auto" if header == "infer" else header
    table = tables.read_table(path, delimiter, encoding, asked, decimal, skipinitialspace, sheet=sheet)
    return frame_of(table, on_note)


def frame_of(table: tables.Table, on_note: Callable[[Note], None] | None = None) -> Any:
    """Return a table that was read as a DataFrame; see `read_table`.

    Args:
        table: what the reader made of a file.
        on_note: is called with each decision about the file; None to warn.

    Raises:
        MissingExtraError: if pandas is not installed.
    """
    pandas = require("pandas", "train", "to read a table")
    for note in table.notes:
        if on_note is None:
            warnings.warn(str(note), stacklevel=4)
        else:
            on_note(note)
    index = table.lines - table.first_line
    plain = len(index) > 0 and index[0] == 0 and index[-1] == len(index) - 1
    cells = {name: _cells_of(column, pandas) for name, column in table.columns.items()}
    frame = pandas.DataFrame(cells, index=pandas.RangeIndex(len(index)) if plain or not len(index) else index)
    for name, column in table.columns.items():
        if column.kind is Kind.EMPTY:
            frame[name] = np.full(len(index), np.nan)
    frame.attrs["first_line"] = table.first_line
    frame.attrs["formats"] = {
        name: written for name, column in table.columns.items() if (written := column.written)
    }
    return frame


def as_written(frame: Any, names: Sequence[str], path: str | Path, reading: Mapping[str, Any]) -> Any:
    """Return a table with columns of names as its file writes them, also where these are numbers such as "1,200".

    A program knows users and items by name: it has no format in which it reads these numbers.

    Args:
        frame: what `read_table` made of the file.
        names: the columns.
        path: the file.
        reading: the arguments of `read_table` by which it was read.
    """
    grouped = [name for name in names if name in formats_of(frame)]
    if not grouped:
        return frame
    asked = {"header": "auto", "skipinitialspace": True, **reading}
    strip, header = asked.pop("skipinitialspace"), asked.pop("header")
    file = tables.open_table(path, header="auto" if header == "infer" else header, strip=strip, **asked)
    texts = frame_of(file.read(grouped), lambda note: None)
    return frame.assign(**{name: texts[name].where(frame[name].notna()) for name in grouped})


def _cells_of(column: ReadColumn, pandas: Any) -> Any:
    """Return a column's cells as a DataFrame takes them; where it has texts of its own, each different one becomes such once."""
    if column.coded is None:
        return column.cells
    different, codes = column.coded
    return pandas.Series(different).array.take(codes)


def with_numbers(frame: Any, keep: Sequence[str] = (), role: str | None = "cat_names=") -> Any:
    """Return a table with numbers in place of texts that are all numbers, such as "$1,200", "38,5" and "12.5"; say so.

    A file with these cells is read so, and a table of the same cells must lead to the same decisions. Identifiers ("007")
    stay text, and so do few different whole numbers, which are categories either way.

    Args:
        frame: a pandas DataFrame, which is not changed.
        keep: columns that stay as they are.
        role: the argument that keeps a column as it is; None where there is none.
    """
    made, mixed, formats = {}, {}, formats_of(frame)
    for name in frame.columns:
        kinds = set() if name in keep else _kinds_of(frame[name])
        if not kinds & {"text", "number"} or "other" in kinds or kinds == {"number"}:
            continue
        column = _read_as_file(str(name), frame[name])
        many = column.kind is Kind.WHOLE and len(set(column.cells.tolist())) > MOST_CATEGORIES
        if "number" in kinds:
            mixed[name] = column.cells
        elif column.kind is Kind.NUMBER or many:
            made[name] = column.cells
        if (name in mixed or name in made) and (written := column.written):
            formats[str(name)] = written
    if mixed:
        warnings.warn(
            f"Columns that mix numbers and texts are read as a file with these cells would be: {listed(mixed)}.",
            stacklevel=4,
        )
        frame = frame.assign(**mixed)
    if not made:
        return frame
    warnings.warn(
        f"Columns of text that are all numbers are read as numbers: {listed(_without_units(made, formats))}."
        + (f" To keep one as categories, name it in {role}." if role else ""),
        stacklevel=4,
    )
    changed = frame.assign(**made)
    changed.attrs["formats"] = formats
    return changed


def _without_units(names: Iterable[str], formats: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return columns as messages call them, with the unit that is left off."""
    units = {name: formats.get(str(name), {}).get("unit") for name in names}
    return [f"{name} (without its unit, {unit!r})" if unit else str(name) for name, unit in units.items()]


def _kinds_of(series: Any) -> set[str]:
    """Return what a column of objects holds: "text", "number", "other"; nothing for columns of numbers, dates, categories."""
    if series.dtype.kind in "biufcmM" or str(series.dtype) == "category":
        return set()
    kinds = {type(cell) for cell in series.dropna().tolist()}
    return {
        "text" if issubclass(kind, str) else "number" if issubclass(kind, int | float | np.number) and kind is not bool else "other"
        for kind in kinds
    }  # fmt: skip


def _read_as_file(name: str, series: Any) -> ReadColumn:
    """Return a column of a DataFrame as a file with these cells would give it."""
    cells = series.tolist()
    texts = [
        "" if is_missing(cell) else cell.strip() if isinstance(cell, str) else cell_text(cell)
        for cell in cells
    ]
    labels = list(dict.fromkeys(texts))
    places = {label: place for place, label in enumerate(labels)}
    return text_column(name, labels, np.array([places[text] for text in texts]))


def formats_of(frame: Any) -> dict[str, dict[str, str]]:
    """Return how the columns of a table write numbers, for those that write them otherwise than "1234.5"."""
    return dict(frame.attrs.get("formats", {}))
