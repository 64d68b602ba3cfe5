"""Labels and sides of the split by the names of the folders that files are in."""

from __future__ import annotations

from functools import lru_cache

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


def label_of(name: str) -> str:
    """Return the label that the folder of a file names; "" for none.

    Example:
        >>> label_of("train/cat/1.jpg"), label_of("cat/train/1.jpg"), label_of("cat/000/1.jpg"), label_of("test/1.jpg"), label_of("1.jpg")
        ('cat', 'cat', 'cat', '', '')
    """
    return _of_folder(name.rpartition("/")[0])[1]


@lru_cache(maxsize=10_000)  # a folder holds many files
def _of_folder(folder: str) -> tuple[str, str]:
    """Return the side and the label that a folder names; "" for none."""
    parts = folder.split("/") if folder else []
    side = next((SIDES[part.lower()] for part in parts if part.lower() in SIDES), "")
    inner = parts[:-1] if parts and parts[-1].lower() in SIDES else parts  # cat/train/1.jpg
    # cat/000/1.jpg: folders that only number files are not classes, where others are above them
    named = [part for part in inner if not part.isdigit()] or inner
    return side, named[-1] if named and named[-1].lower() not in SIDES else ""
