"""The photos with masks of a data repository: the rows of masks name their photos."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gatera.data.folders.masks import GivenMask
from gatera.store.datasets.labels.masks import MASK_OF, photo_of
from gatera.store.datasets.labels.sheets import TABLE, Sheet
from gatera.store.datasets.making import is_repository
from gatera.store.datasets.repository import DataRepository


class MaskRows(NamedTuple):
    """What labels say of masks.

    Attributes:
        given: the photos with their masks, sorted.
        sources: what gave each mask.
    """

    given: list[GivenMask]
    sources: list[str]


def kept_masks(folder: Path) -> MaskRows | None:
    """Return the photos with masks that the labels of a repository, or of a commit laid out, name; None if they name none."""
    sheet = _labels(folder)
    if sheet is None or MASK_OF not in sheet.extra:
        return None
    rows = {row.file: row for row in sheet.rows()}
    pairs = sorted(
        (photo_of(row, sheet.extra), row) for row in rows.values() if photo_of(row, sheet.extra) in rows
    )
    there = [
        (rows[photo], row)
        for photo, row in pairs
        if (folder / photo).is_file() and (folder / row.file).is_file()
    ]
    rest = "train" if any(photo.split == "valid" for photo, _ in there) else ""  # those that say nothing
    given = [
        GivenMask(folder / photo.file, folder / row.file, photo.split or rest, photo.group)
        for photo, row in there
    ]
    return MaskRows(given, [row.origin for _, row in there]) if given else None


def _labels(folder: Path) -> Sheet | None:
    if not folder.is_dir():
        return None
    if is_repository(folder):
        data = DataRepository(folder)
        sheet = Sheet({}, data.columns())
        if MASK_OF in sheet.extra:
            sheet.put(data.rows())
        return sheet
    table = folder / TABLE
    if not table.is_file():
        return None
    with table.open("rb") as file:
        if MASK_OF.encode() not in file.readline():
            return None  # as nearly always: the rest need not be read
        file.seek(0)
        found = Sheet.read(file.read())
    return found if isinstance(found, Sheet) else None
