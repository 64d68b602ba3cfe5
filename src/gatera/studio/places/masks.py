"""A folder of photos with masks; who corrected which is in masks.csv beside them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

from gatera.labeling.labels.table import LabelRow, read_labels_file
from gatera.studio.masks.found import find_masks
from gatera.studio.places.folder import FolderPlace
from gatera.studio.places.place import HIDDEN, Known

#: The file that says who looked at which mask, when, and how long. `gatera train` reads the masks alone.
TABLE = "masks.csv"


class MaskPlace(FolderPlace):
    """Photos with masks. A photo's label is the name of its mask.

    Args:
        root: the folder.
        say: takes each line about what was decided.

    Raises:
        DataError: if there are none, or their classes cannot be told apart.
    """

    table = TABLE

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        self.root, self._say = root, say
        self.kind = "photos"
        self.masks = find_masks(root, say)
        self.names = self.masks.names
        self.known = self.read_known()

    def read_known(self) -> dict[str, Known]:
        """Read which photos have a mask now, and who corrected it."""
        assert self.masks is not None
        rows = read_labels_file(self.root / TABLE)
        found = {}
        for name, mask in self.masks.masks.items():
            row = rows.get(name) or LabelRow(name)
            label = self.masks.name_of(mask) if mask.exists() else ""
            if label or row.note:
                found[name] = Known(label, row.source, row.by, row.at, row.note)
        return found

    def tables(self) -> Sequence[Path]:
        """Return the files that labels are kept in."""
        return [self.root / TABLE]

    def _rows(self, known: dict[str, Known]) -> dict[str, LabelRow]:
        return read_labels_file(self.root / TABLE)

    def replaced(self, at: str) -> Path:
        """Return the folder for the masks that a session replaces, which ends `at`: a new one, for another session may have ended then."""
        folder = self.root / HIDDEN / "replaced" / at.replace(":", "")
        more = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2))
        return next(each for each in itertools.chain([folder], more) if not each.exists())
