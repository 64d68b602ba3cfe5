"""Labels and sides of the split by the names of the folders that files are in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from gatera.core.walk import without_spread

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


@lru_cache(maxsize=10_000)  # a folder holds many files
def _of_folder(folder: str) -> tuple[str, str]:
    """Return the side and the label that a folder names; "" for none."""
    parts = folder.split("/") if folder else []
    side = next((SIDES[part.lower()] for part in parts if part.lower() in SIDES), "")
    inner = parts[:-1] if parts and parts[-1].lower() in SIDES else parts  # cat/train/1.jpg
    # cat/000/1.jpg: folders that only number files are not classes, where others are above them
    named = [part for part in inner if not part.isdigit()] or inner
    return side, named[-1] if named and named[-1].lower() not in SIDES else ""
