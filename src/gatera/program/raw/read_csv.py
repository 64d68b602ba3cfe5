"""Rows of a table's file as a program reads them: column names and texts."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gatera.program import tables
from gatera.program.tables.notes import Note

if TYPE_CHECKING:
    from gatera.program.tables.reader import TableFile


def csv_rows(
    path: str | Path,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: str | int | None = "auto",
    known: Sequence[str] = (),
    on_note: Callable[[Note], None] | None = None,
    sheet: str | None = None,
) -> Iterator[dict[str, str]]:
    """Yield the rows of a table's file as column -> cell, read as training reads them; see `open_table`.

    The cells stay texts: a program's `predict` finds the numbers in them. The file is opened when the first row is asked
    for, and never held in memory as a whole.

    Args:
        path: the file.
        delimiter: what separates the columns; None to find it.
        encoding: None to find it.
        header: "auto" to see whether the first row names the columns; the number of the row that does; None where the
            columns have no names.
        known: columns that are needed; a first row that holds all of them names the columns.
        on_note: is called with each decision about the file; None to warn.
        sheet: the sheet of a workbook; None for the first that holds a table.

    Raises:
        DataError: if the file is missing, empty or not text, names two columns alike, or has a row with another number of
            cells than its header; the line is named.
    """
    table = tables.open_table(path, delimiter, encoding, header, known=known, sheet=sheet)
    yield from opened(table, on_note).rows(on_note or warned)


def opened(table: TableFile, on_note: Callable[[Note], None] | None = None) -> TableFile:
    """Return a table, having told what was decided about its file: to `on_note`, or as warnings."""
    for note in table.notes:
        (on_note or warned)(note)
    return table


def warned(note: Note) -> None:
    """Tell a decision as a warning."""
    warnings.warn(str(note), stacklevel=4)
