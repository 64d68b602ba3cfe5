"""A table of file names and labels, checked before anything is learned from it."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatera.core.checks import did_you_mean, listed, require
from gatera.core.errors import DataError
from gatera.data.item_errors import row_name
from gatera.data.sources.labels import is_missing
from gatera.program.raw.csv_rows import checked_header

Column = str | int

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
        """Return the table without rows that merely repeat an earlier one.

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
        self._check_files(file_of)
        return self._without_repetitions()

    def _check_column(self, column: Column) -> None:
        names = [str(name) for name in self.table.columns]
        known = 0 <= column < len(names) if isinstance(column, int) else column in self.table.columns
        if not known:
            raise DataError(
                f"The table has no column {column!r}", expected=listed(names),
                remedy=did_you_mean(column, names, "Pass a column's name, or its position as a number from 0 on."),
            )  # fmt: skip

    def column(self, column: Column) -> Any:
        """Return a column as a pandas Series."""
        return self.table.iloc[:, column] if isinstance(column, int) else self.table[column]

    def _name(self, position: int) -> str:
        return self.row_name(self.table.index[position])

    def _check_cells(self, column: Column) -> None:
        empty = [position for position, value in enumerate(self.column(column)) if is_missing(value)]
        if empty:
            rows = listed([self._name(position) for position in empty], NAMED)
            raise DataError(
                f"Column {column!r} is empty in {rows}", remedy="Fill it in, or leave the rows out."
            )

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
            f"{len(repeated)} rows of the table repeat an earlier one and are left out, so that no photo is on both "
            f"sides of the split: {listed([self._name(position) for position in repeated], NAMED)}.",
            stacklevel=4,
        )
        left_out = set(repeated)
        return self.table.iloc[[position for position in range(len(rows)) if position not in left_out]]


def _said(row: Sequence[str]) -> str:
    return ", ".join(repr(value) for value in row[1:])


def read_table(path: str | Path, delimiter: str = ",", skipinitialspace: bool = True) -> Any:
    """Read a table whose first line names its columns.

    Args:
        path: the file, UTF-8.
        delimiter: what separates the columns.
        skipinitialspace: leave out blanks after a delimiter.

    Returns:
        A pandas DataFrame.

    Raises:
        DataError: if the file is missing, is not such a table, or names two columns alike.
    """
    path = Path(path)
    frame = read_csv(path, delimiter=delimiter, skipinitialspace=skipinitialspace)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file, delimiter=delimiter, skipinitialspace=skipinitialspace), [])
    checked_header(header, str(path))  # pandas would call the second "age" "age.1"
    return frame


def read_csv(
    path: Path, header: Any = "infer", delimiter: str | None = None, skipinitialspace: bool = False
) -> Any:
    """Read a table of labels.

    Args:
        path: the file, UTF-8.
        header: as pandas takes it: "infer", a line number, or None for a file without column names.
        delimiter: what separates the columns; None for a comma.
        skipinitialspace: leave out blanks after a delimiter.

    Returns:
        A pandas DataFrame.

    Raises:
        DataError: if the file is missing or is not such a table.
    """
    pandas = require("pandas", "train", "to read a table")
    try:
        # Blank lines are dropped only now, so that the index still tells a row's line in the file.
        return pandas.read_csv(
            path,
            header=header,
            sep=delimiter or ",",
            skipinitialspace=skipinitialspace,
            skip_blank_lines=False,
        ).dropna(how="all")
    except FileNotFoundError as err:
        others = sorted(file.name for file in path.parent.glob("*.csv"))
        raise DataError(
            f"There is no table {path}", expected=listed(others) or None,
            remedy=did_you_mean(path.name, others, "Check its name."),
        ) from err  # fmt: skip
    except (OSError, ValueError) as err:  # pandas' own errors of parsing are ValueErrors
        raise DataError(
            f"{path} cannot be read as a table ({err})", remedy="Check its encoding and delimiter=."
        ) from err
