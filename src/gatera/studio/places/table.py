"""A table whose rows are items; labels go to a copy beside it, NAME-labelled.csv."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.core.files import atomic_write
from gatera.data.sources.label_sources import ABOUT
from gatera.labeling.labels.table import columns_of_copy
from gatera.labeling.sources import items_in
from gatera.store.datasets.work.lock import one_at_a_time
from gatera.studio.places.place import HIDDEN, Decide, Known, Place, Written

#: Columns that are added, in this order; see `columns_of_copy` for what they are called.
ADDED = ("label", *ABOUT)


class TablePlace(Place):
    """A table.

    Args:
        root: its file.
        text: the column of a text; None to find it.
        say: takes each line about what was decided.

    Raises:
        DataError: if it has no rows, or the labelled copy is of another table.
    """

    def __init__(self, root: Path, text: str | None, say: Callable[[str], None]) -> None:
        items = items_in(root, text, say)
        self.root, self._say = root, say
        self.names, self._rows, self.text_column = items.names, items.raws, items.text
        self.kind = "rows"
        self.labelled = root.with_name(f"{root.stem}-labelled.csv")
        self._own, self._called = columns_of_copy(
            list(self._rows[0]), lambda name: [row[name] for row in self._rows]
        )
        self._cells: list[dict[str, str]] = []
        self.known = self.read_known()

    @property
    def home(self) -> Path:
        """The folder that holds the table."""
        return self.root.absolute().parent

    @property
    def key(self) -> str:
        """What tells it from other places in the same folder."""
        return self.root.name

    def raw(self, position: int) -> Mapping[str, str]:
        """Return a row."""
        return self.row(position)

    def row(self, position: int) -> Mapping[str, str]:
        """Return the cells of a row, but those that are added."""
        row = self._rows[position]
        return {name: row[name] for name in self._own}

    def mark(self, name: str) -> str:
        """Return a short hash of a row's own cells."""
        cells = list(self.row(self.places[name]).values())
        return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:12]

    def read_known(self) -> dict[str, Known]:
        """Read the labels that are kept now, by name."""
        self._cells = self._read_labelled()
        return {
            name: Known(*(cells.get(column) or "" for column in ADDED[:5]))
            for name, cells in zip(self.names, self._cells)
        }

    def _read_labelled(self) -> list[dict[str, str]]:
        if not self.labelled.exists():
            return [self._added(row) for row in self._rows]
        with self.labelled.open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
        fits = len(found) == len(self._rows) and all(
            all((cells.get(name) or "") == (row[name] or "") for name in self._own)
            for cells, row in zip(found, self._rows)
        )
        if not fits:
            raise DataError(
                f"{self.labelled} has other rows than {self.root.name}, which changed since",
                remedy=f"Rename {self.labelled.name} to keep its labels, then open the table again.",
            )
        return [self._added(cells) for cells in found]

    def _added(self, row: Mapping[str, str | None]) -> dict[str, str]:
        return {name: row.get(called) or "" for name, called in self._called.items()}

    def write(self, names: Sequence[str], decide: Decide, message: str) -> Written:
        """Change the labels of rows, all in one step; nobody else changes them meanwhile."""
        try:
            with one_at_a_time(self.home / HIDDEN / "lock", self._say, None):
                known, changed = self.read_known(), 0
                for name in names:
                    cells = decide(name, known[name]) if name in known else None
                    if cells is not None:
                        self._cells[self.places[name]] |= {key: cells[key] for key in ADDED if key in cells}
                        changed += 1
                if changed:
                    self._write()
        except OSError as err:
            raise DataError(
                f"{self.labelled} cannot be written ({err.strerror})",
                remedy="It is as it was. Make room, or make it writable.",
            ) from err
        self.known = self.read_known()
        return Written(
            changed, self.labelled, None,
            f"{self.labelled} has {counted(changed, 'changed row')} (columns {listed(self._called.values())}); {self.root.name} is as it was.",
        )  # fmt: skip

    def _write(self) -> None:
        with atomic_write(self.labelled) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*self._own, *self._called.values()])
            for row, cells in zip(self._rows, self._cells):
                writer.writerow([*(row[name] for name in self._own), *(cells[name] for name in ADDED)])
