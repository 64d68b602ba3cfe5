"""Check the tables that users pass (pandas DataFrames) and take them apart into cells; they are never changed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from gatera.core.checks import listed, missing_column, repeated, require
from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.vocab import categories_of, native
from gatera.data.item_errors import naming_item, row_name
from gatera.data.loading.dataset import Rows
from gatera.data.sources.items import is_table
from gatera.program.tables.columns import Column, value_column

#: How other tables become one of pandas, by the name of their type; polars and pyarrow call it the same.
_AS_PANDAS = {
    "DataFrame": "Pass df.to_pandas().",
    "Table": "Pass table.to_pandas().",
    "LazyFrame": "Pass df.collect().to_pandas().",
    "Dataset": "Pass dataset.to_pandas().",
    "Series": "Pass series.to_frame().",
    "dict": "Pass pandas.DataFrame(...).",
    "list": "Pass pandas.DataFrame(...).",
    "ndarray": "Pass pandas.DataFrame(array, columns=[...]).",
}

#: How many rows with the same trouble a message names.
NAMED = 5


def check_frame(frame: Any) -> None:
    """Raise unless `frame` is a table with rows and different column names, all of them text."""
    if not is_table(frame):
        kind = type(frame)
        own = kind.__module__.partition(".")[0]
        raise ArgumentError(
            "The table is not a pandas DataFrame",
            got=kind.__name__ if own == "builtins" else f"{own}.{kind.__name__}",
            remedy=_AS_PANDAS.get(kind.__name__, "For a file use from_csv."),
        )
    if not len(frame):
        raise DataError("The table has no rows")
    names = list(frame.columns)
    twice = repeated(names)
    if twice:
        raise DataError(
            "The table has more than one column of a name", got=twice,
            remedy="Rename one of each: pandas cannot tell them apart.",
        )  # fmt: skip
    other = [name for name in names if not isinstance(name, str)]
    if other:
        raise DataError(
            "The table has columns whose name is not text", got=other,
            remedy="Name them: df.columns = df.columns.map(str).",
        )  # fmt: skip


def check_columns(frame: Any, role: str, wanted: Sequence[str]) -> None:
    """Raise DataError, offering the nearest name, unless the table has the columns that `role`, an argument, names."""
    names = list(frame.columns)
    for name in wanted:
        if name not in names:
            raise missing_column(name, names, role=role)


def check_filled(frame: Any, names: Sequence[str]) -> None:
    """Raise DataError, naming the rows, if a label is missing."""
    for name in names:
        empty = np.flatnonzero(empty_cells(frame[name]))
        if len(empty):
            where = listed([named_row(frame, int(place)) for place in empty], NAMED)
            raise DataError(
                f"Column {name!r} (y_names) is empty in {where} of the table",
                remedy=f"Remove such rows: df.dropna(subset=[{name!r}]).",
            )


def named_row(frame: Any, place: int) -> str:
    """Return how messages call a row of a table: its line where the table was read from a file, else its index label."""
    label = frame.index[place]
    first = frame.attrs.get("first_line")
    return row_name(label) if first is None else f"line {int(label) + first}"


def check_has_values(frame: Any, name: str) -> None:
    """Raise DataError if a column is empty in every row of the training set."""
    if empty_cells(frame[name]).all():
        raise DataError(
            f"Column {name!r} is empty in every row of the training set",
            remedy="Remove it from the inputs.",
        )


def empty_cells(column: Any) -> np.ndarray:
    """Return which cells of a pandas Series are empty, bool [n]: missing, or text of nothing but blanks."""
    empty = column.isna().to_numpy(bool)
    if column.dtype.kind in "biufc":
        return empty
    blank = (isinstance(cell, str) and not cell.strip() for cell in column)
    return empty | np.fromiter(blank, bool, len(column))


def unusable_targets(series: Any) -> np.ndarray:
    """Return which rows cannot be learned from, bool [n]: their target is empty, or a number that is not finite."""
    empty = empty_cells(series)
    if series.dtype.kind == "f":
        return empty | np.isinf(series.to_numpy())
    return empty


def check_varies(series: Any, source: object) -> None:
    """Raise DataError if a column to predict is empty, or the same in every row.

    Args:
        series: what is there of it, a pandas Series.
        source: the table, for messages.
    """
    if not len(series):
        raise DataError(f"Column {series.name!r} of {source} is empty in every row")
    if series.nunique() < 2:
        raise DataError(
            f"Column {series.name!r} of {source} has the same value in every row, so there is nothing to learn",
            got=series.tolist()[0], remedy="Check that it is the right column.",
        )  # fmt: skip


def value_column_of(column: Any) -> Column:
    """Return a pandas Series as a column judged by its values, for any dtype; see `value_column`."""
    dtype = column.dtype
    values = column.to_numpy() if isinstance(dtype, np.dtype) else np.array(column.tolist(), object)
    return value_column(str(column.name), values)


def learn_labels(column: Any) -> list[Any]:
    """Return the categories of a column, sorted, or in the order of a pandas Categorical; empty cells do not count.

    Whole numbers are integers, also where the column holds floats because some are missing. Values that JSON cannot hold
    (dates, tuples) become text; `program.raw.cells.Codes` finds them by that text.

    Args:
        column: a pandas Series.
    """
    given = categories_of(column)
    found = column[~empty_cells(column)].unique().tolist() if given is None else given
    labels = list(dict.fromkeys(_plain(label) for label in found))
    if all(isinstance(label, float) and label.is_integer() for label in labels):
        labels = [int(label) for label in labels]
    if given is not None:
        return labels
    kinds = {type(label) for label in labels}
    comparable = len(kinds) == 1 or kinds <= {int, float}
    return sorted(labels, key=None if comparable else lambda label: (type(label).__name__, label))


def _plain(label: Any) -> Any:
    label = native(label)
    finite = not isinstance(label, float) or math.isfinite(label)
    return label if isinstance(label, str | bool | int | float) and finite else str(label)


def cells(column: Any) -> Sequence[Any]:
    """Return the cells of a pandas Series: an array where they are plain numbers, otherwise a list."""
    dtype = column.dtype
    return column.to_numpy() if isinstance(dtype, np.dtype) and dtype.kind in "fiu" else column.tolist()


def table_of(rows: Sequence[Any]) -> Any:
    """Return rows, `Rows` of a DataFrame or a list of mappings or Series, as a DataFrame."""
    if isinstance(rows, Rows):
        return rows.table
    return require("pandas", "train", "for tables").DataFrame([dict(row) for row in rows])


class TableReader(Protocol):
    """What reads rows for a program: `program.row.RowReader` and `PairReader`."""

    columns: tuple[str, ...]

    def __call__(self, raw: Any) -> np.ndarray:
        """Return one row's array."""

    def table(self, columns: Mapping[str, Any]) -> np.ndarray:
        """Return the arrays of n rows, one row each."""


class _Cells(Mapping[str, Any]):
    """The cells of each column of a table, taken out when they are asked for: all at once they need several times its memory."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame

    def __getitem__(self, column: str) -> Sequence[Any]:
        return cells(self.frame[column])

    def __iter__(self) -> Iterator[str]:
        return iter(self.frame.columns)

    def __len__(self) -> int:
        return len(self.frame.columns)


def encode_rows(raws: Sequence[Any], name: Callable[[int], str], reader: TableReader) -> np.ndarray:
    """Return the rows of a whole table as a program's reader gives them, one row each.

    Args:
        raws: `Rows`, or a list of rows.
        name: position -> how messages call that row.
        reader: reads them.

    Raises:
        DataError: if a column is missing, or a cell cannot be read; the row is named.
    """
    frame = table_of(raws)
    check_columns(frame, "model inputs", reader.columns)
    try:
        return reader.table(_Cells(frame))
    except DataError:
        with warnings.catch_warnings():  # they would be repeated for every row
            warnings.simplefilter("ignore")
            for position in range(len(frame)):
                with naming_item("encode", name(position)):
                    reader(frame.iloc[position])
        raise
