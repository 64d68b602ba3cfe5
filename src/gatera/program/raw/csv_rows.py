"""Rows of a CSV file as a program reads them: column names and texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gatera.program import tables


def csv_rows(path: str | Path, delimiter: str | None = None) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file as column -> cell, read as training reads them; see `open_table`.

    The cells stay texts: a program's `predict` finds the numbers in them. The file is opened when the first row is asked
    for, and never held in memory as a whole.

    Args:
        path: the file.
        delimiter: what separates the columns; None to find it.

    Raises:
        DataError: if the file is missing, empty or not text, names two columns alike, or has a row with another number of
            cells than its header; the line is named.
    """
    yield from tables.open_table(path, delimiter).rows()
