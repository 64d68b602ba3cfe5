"""Labels and sides of the split by the names of the folders that files are in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple

from gatera.core.walk import without_spread
from gatera.store.datasets.labels.rows import Row

#: Folders that name a side of the split rather than a label.
SIDES = {
    "train": "train", "training": "train", "valid": "valid", "val": "valid", "validation": "valid", "dev": "valid", "test": "test", "testing": "test",
}  # fmt: skip


def side_of(name: str) -> str:
    """Return the side of the split that a folder on the way to a file names; "" for none.

    Example:
        >>> side_of("photos/train/cat/1.jpg"), side_of("cat/1.jpg")
        ('train', '')
    """
    return _of_folder(name.rpartition("/")[0])[0]


def labels_of(names: Sequence[str]) -> dict[str, str]:
    """Return the labels that the folders of files name, where they name one; folders that only spread hashes name none.

    Example:
        >>> labels_of(["train/cat/1.jpg", "cat/train/1.jpg", "cat/000/1.jpg", "test/1.jpg", "1.jpg"])
        {'train/cat/1.jpg': 'cat', 'cat/train/1.jpg': 'cat', 'cat/000/1.jpg': 'cat'}
        >>> labels_of(["inputs/1c/1cc0fd1cc0fd1cc0.jpg"])
        {'inputs/1c/1cc0fd1cc0fd1cc0.jpg': 'inputs'}
    """
    ways = {name: (*name.split("/")[:-1],) for name in names}
    shorter = without_spread((way, PurePosixPath(name).stem) for name, way in ways.items())
    found = {name: _of_folder("/".join(shorter[way]))[1] for name, way in ways.items()}
    return {name: label for name, label in found.items() if label}


class Moved(NamedTuple):
    """What moves between folders say of labels and sides that were those of the folders.

    Attributes:
        cells: name now -> the columns that follow the folder, with their new values.
        kept: column -> names now that keep what they have there: their folder is no label yet, or names no side.
    """

    cells: dict[str, dict[str, str]]
    kept: dict[str, list[str]]


def after_moves(moved: Mapping[str, Row], known: Collection[str]) -> Moved:
    """Return which moved items follow their new folders: those that had the label, or the side, of the old one.

    Args:
        moved: name now -> the row as it was.
        known: the labels that are in use.

    Example:
        >>> after_moves({"dog/7.jpg": Row("cat/7.jpg", label="cat"), "new/8.jpg": Row("cat/8.jpg", label="cat")}, ["cat", "dog"])
        Moved(cells={'dog/7.jpg': {'label': 'dog'}}, kept={'label': ['new/8.jpg'], 'split': []})
    """
    before, after = labels_of([row.file for row in moved.values()]), labels_of([*moved])
    found = Moved({}, {"label": [], "split": []})
    for name, row in moved.items():
        cells, side, label = dict[str, str](), side_of(name), after.get(name, row.label)
        if row.split == side_of(row.file) and row.split != side:
            if side:
                cells["split"] = side
            else:
                found.kept["split"].append(name)
        if row.label and row.label == before.get(row.file) and row.label != label:
            if label in known:
                cells["label"] = label
            else:
                found.kept["label"].append(name)
        if cells:
            found.cells[name] = cells
    return found


@lru_cache(maxsize=10_000)  # a folder holds many files
def _of_folder(folder: str) -> tuple[str, str]:
    """Return the side and the label that a folder names; "" for none."""
    parts = folder.split("/") if folder else []
    side = next((SIDES[part.lower()] for part in parts if part.lower() in SIDES), "")
    inner = parts[:-1] if parts and parts[-1].lower() in SIDES else parts  # cat/train/1.jpg
    # cat/000/1.jpg: folders that only number files are not classes, where others are above them
    named = [part for part in inner if not part.isdigit()] or inner
    return side, named[-1] if named and named[-1].lower() not in SIDES else ""
