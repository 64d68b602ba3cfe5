"""A table whose rows are items; labels go to a copy beside it, NAME-labelled.csv."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.data.sources.who_labelled import ABOUT
from gatera.labeling.labels.copy import LabelledCopy
from gatera.labeling.sources import items_in
from gatera.store.datasets.work.lock import labels_alone
from gatera.studio.places.place import Decide, Known, Place, Written

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
        self._copy = LabelledCopy(root, self._rows)
        self.known = self.read_known()

    @property
    def home(self) -> Path:
        """The folder that holds the table."""
        return self.root.absolute().parent

    @property
    def key(self) -> str:
        """What tells it from other places in the same folder."""
        return self.root.name

    @property
    def as_shown(self) -> Sequence[int]:
        """The positions of the rows, in the table's order."""
        return range(len(self.names))

    def raw(self, position: int) -> Mapping[str, str]:
        """Return a row."""
        return self.row(position)

    def row(self, position: int) -> Mapping[str, str]:
        """Return the cells of a row, but those that are added."""
        row = self._rows[position]
        return {name: row[name] for name in self._copy.own}

    def told_by(self) -> Sequence[str]:
        """Return what tells the rows in their order from others: one that is put in gives its name to another."""
        return [part for name in self.names for part in (name, self.mark(name))]

    def mark(self, name: str) -> str:
        """Return a short hash of a row's own cells."""
        cells = list(self.row(self.places[name]).values())
        return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:12]

    def read_known(self) -> dict[str, Known]:
        """Read the labels that are kept now, by name."""
        self._copy.read()
        return {
            name: Known(*(cells[column] for column in ADDED[:5]))
            for name, cells in zip(self.names, self._copy.cells, strict=True)
        }

    def tables(self) -> Sequence[Path]:
        """Return the files that labels are kept in."""
        return [self._copy.path]

    def write(self, names: Sequence[str], decide: Decide, message: str) -> Written:
        """Change the labels of rows, all in one step; nobody else changes them meanwhile."""
        try:
            with labels_alone(self.home, self._say):
                known, changed = self.read_known(), 0
                for name in names:
                    cells = decide(name, known[name]) if name in known else None
                    if cells is not None:
                        self._copy.cells[self.places[name]] |= {
                            key: cells[key] for key in ADDED if key in cells
                        }
                        changed += 1
                if changed:
                    self._copy.write(ADDED)
        except OSError as err:
            raise DataError(
                f"{self._copy.path} cannot be written ({err.strerror})",
                remedy="It is unchanged. Free some disk space, or make it writable.",
            ) from err
        self.known = self.read_known()
        return Written(
            changed, self._copy.path, None,
            f"{self._copy.path} has {counted(changed, 'changed row')} (columns {listed(self._copy.called.values())}); {self.root.name} is unchanged.",
        )  # fmt: skip
