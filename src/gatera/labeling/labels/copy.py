"""The labelled copy of a table, NAME-labelled.csv: the table's own columns, and who said which label of each row."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatera.core.errors import DataError
from gatera.core.files import atomic_write, reason
from gatera.labeling.labels.table import FUNCTION, columns_of_copy
from gatera.store.datasets.labels.rows import parsed

#: What is said of a row, by the names of our columns.
Cells = dict[str, str]


class LabelledCopy:
    """The columns of a labelled copy, and what it says of each row.

    Args:
        table: the file of the table.
        rows: the rows of the table.

    Attributes:
        own: the table's own columns.
        called: what "label", "source" and so on are called in the copy.
        cells: of each row, by our names.
        more: of each row the cells of columns that somebody added to the copy, which stay.
    """

    def __init__(self, table: Path, rows: Sequence[Mapping[str, Any]]) -> None:
        self.table, self.rows = table, rows
        self.own, self.called = columns_of_copy(list(rows[0]), lambda name: [row[name] for row in rows])
        self._forget()

    @property
    def path(self) -> Path:
        """The file of the copy."""
        return self.table.with_name(f"{self.table.stem}-labelled.csv")

    def _forget(self) -> None:
        """Take what the table itself says."""
        self.cells = [self._ours(row) for row in self.rows]
        self.more: list[Cells] = [{} for _ in self.rows]

    def read(self, made_again: bool = False) -> None:
        """Take what the copy says, where there is one; rows that were added at the end of the table have what the table says.

        Args:
            made_again: whether labels of functions alone need not be kept: they are made again.

        Raises:
            DataError: if it cannot be read, or its rows are others than those of the table.
        """
        self._forget()
        if not self.path.exists():
            return
        names, found = self._found()
        known = {*self.own, *self.called.values()}
        missing, others = [name for name in self.own if name not in names], set(names) - known
        renamed = bool(missing and others)  # where all else is in both, the table has more columns now
        shared = [name for name in self.own if name in names]
        fits = (
            not renamed
            and len(found) <= len(self.rows)
            and all(
                all((cells.get(name) or "") == (row[name] or "") for name in shared)
                for cells, row in zip(found, self.rows)
            )
        )
        if (
            not fits
            and made_again
            and all(self._ours(cells)["source"].startswith(FUNCTION) for cells in found if self._says(cells))
        ):
            return
        if not fits:
            what = f"no column {missing[0]!r} of" if renamed else "different rows from"
            raise DataError(
                f"{self.path} has {what} {self.table.name}, which changed since",
                remedy=f"Rename {self.path.name} to keep its labels, then open the table again.",
            )
        for place, cells in enumerate(found):
            self.cells[place] = self._ours(cells)
            self.more[place] = {name: cell or "" for name, cell in cells.items() if name not in known}

    def write(self, columns: Sequence[str]) -> None:
        """Write the copy, in one step.

        Args:
            columns: those of our columns that it has, by our names.
        """
        more = list(dict.fromkeys(name for cells in self.more for name in cells))
        with atomic_write(self.path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*self.own, *(self.called[name] for name in columns), *more])
            for row, cells, further in zip(self.rows, self.cells, self.more, strict=True):
                writer.writerow(
                    [
                        *(row[name] for name in self.own),
                        *(cells.get(name, "") for name in columns),
                        *(further.get(name, "") for name in more),
                    ]
                )

    def _ours(self, cells: Mapping[str, Any]) -> Cells:
        return {name: cells.get(called) or "" for name, called in self.called.items()}

    def _says(self, cells: Mapping[str, Any]) -> bool:
        """Whether a row of the copy says something that would be lost."""
        return any(self._ours(cells).values())

    def _found(self) -> tuple[list[str], list[Cells]]:
        """Return the columns and the rows of the copy as they stand in it."""
        remedy = f"Save it as a CSV file in UTF-8, with commas between the cells, or rename {self.path.name} and begin a new one."
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
        except OSError as err:
            raise DataError(f"{self.path} cannot be read ({reason(err)})") from err
        except UnicodeDecodeError as err:
            raise DataError(f"{self.path} is not in UTF-8", remedy=remedy) from err
        names, lines = parsed(text, self.path)
        if not any(name in names for name in self.own):
            raise DataError(
                f"{self.path} has no column {self.own[0]!r}",
                available=", ".join(names) or None,
                remedy=remedy,
            )
        return names, [cells for _, cells in lines]
