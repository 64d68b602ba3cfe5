"""The rows of a CSV file, without pandas: what a program for tables is given."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import DataError


def csv_rows(path: str | Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file with a header line, as column -> cell; blanks after a delimiter do not count.

    The cells stay texts: a program's `predict` finds the numbers in them. The file is opened when the first row is asked
    for, and never held in memory as a whole.

    Args:
        path: the file, UTF-8.
        delimiter: what separates the columns.

    Raises:
        DataError: if the file is missing, empty, no text, names two columns alike, or has a row with another number of
            cells than its header; the line is named.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
            names = checked_header(next(lines, []), str(path))
            for cells in lines:
                if len(cells) == len(names):
                    yield dict(zip(names, cells, strict=True))
                elif cells:  # blank lines are passed over
                    raise DataError(
                        f"Line {lines.line_num} of {path} has {len(cells)} cells", got=cells,
                        expected=f"{len(names)}, as the header names", remedy="Put cells that hold a comma in quotes.",
                    )  # fmt: skip
    except FileNotFoundError as err:
        others = sorted(file.name for file in path.parent.glob("*.csv"))
        raise DataError(
            f"There is no table {path}",
            expected=listed(others) or None,
            remedy=did_you_mean(path.name, others),
        ) from err
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        raise DataError(
            f"{path} cannot be read as a table ({err})", remedy="Check that it is CSV in UTF-8."
        ) from err


def checked_header(names: list[str], table: str) -> list[str]:
    """Return the names of a table's columns.

    Raises:
        DataError: if there are none, or two are alike.
    """
    if not names:
        raise DataError(f"{table} is empty: it has no header line with the names of its columns")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{table} has more than one column of a name",
            got=twice,
            remedy="Rename one of each, or take it out.",
        )
    return names
