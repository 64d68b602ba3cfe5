"""Masks are labels that are files: the row of a mask names its photo in the column `mask_of`, so that another mask is another label."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple

from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import Sheet

#: The column that names the photo of a mask.
MASK_OF = "mask_of"

#: Folders whose files belong together by their names, in lower case. A test compares them with those of training.
PHOTOS = ("images", "photos", "imgs", "image", "jpegimages")
MASKS = ("masks", "labels", "annotations", "annot", "mask", "segmentationclass")

#: Words at either end of a mask's name that its photo's lacks.
_WORD = re.compile(r"^(?:mask|label)s?[\W_]+|[\W_]+(?:mask|label|seg|gt)s?$", re.IGNORECASE)


def find_masks(names: Iterable[str]) -> dict[str, str]:
    """Return mask -> photo, of files below folders called images and masks, or so.

    Example:
        >>> find_masks(["images/1.jpg", "masks/1_mask.png", "masks/2.png"])
        {'masks/1_mask.png': 'images/1.jpg'}
    """
    photos: dict[tuple[str, ...], list[str]] = defaultdict(list)
    masks: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in names:
        is_mask, rest = _folder(name.rpartition("/")[0])
        if rest:
            stem = PurePosixPath(name).stem
            (masks if is_mask else photos)[(*rest, _WORD.sub("", stem) if is_mask else stem)].append(name)
    return {
        found[0]: photos[key][0]
        for key, found in sorted(masks.items())
        if len(found) == 1 == len(photos.get(key, ()))
    }


@lru_cache(maxsize=10_000)  # a folder holds many files
def _folder(folder: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether a folder holds masks rather than photos, and what is left of it without the word that says so; () for neither."""
    parts = folder.split("/")
    for place, part in enumerate(parts):
        word = part.lower()
        if word in PHOTOS or word in MASKS:
            return word not in PHOTOS, (*parts[:place], "/", *parts[place + 1 :])
    return False, ()


def photo_of(row: Row | None, extra: Sequence[str]) -> str:
    """Return the photo that a row is the mask of; "" if it is not a mask."""
    if row is None or MASK_OF not in extra:
        return ""
    place = extra.index(MASK_OF)
    return row.more[place] if place < len(row.more) else ""


class Masks(NamedTuple):
    """What is known of masks when files are added.

    Attributes:
        new: new mask -> its photo.
        sides: photo of a new mask -> side of the split that its folder names, "" for none.
        changed: items whose file has other bytes now.
    """

    new: Mapping[str, str]
    sides: Mapping[str, str]
    changed: Sequence[str]


def named_photos(
    sheet: Sheet, rows: Sequence[Row], masks: Masks, stamp: Callable[[], tuple[str, str]]
) -> list[Row]:
    """Return rows in which masks name their photos, and new and changed ones say who made them and when.

    Args:
        sheet: where the rows belong.
        rows: new and changed ones.
        masks: which of them are masks.
        stamp: returns who it is, and the time.
    """
    if MASK_OF not in sheet.extra:
        return list(rows)
    place, changed, done = sheet.extra.index(MASK_OF), set(masks.changed), []
    for row in rows:
        more = row.more + ("",) * (len(sheet.extra) - len(row.more))
        if row.file in masks.new:
            more = (*more[:place], masks.new[row.file], *more[place + 1 :])
        if more[place] and (row.file in masks.new or row.file in changed):
            by, at = stamp()
            row = row._replace(source="", by=by, at=at)
        elif masks.sides.get(row.file) and not row.split:
            row = row._replace(split=masks.sides[row.file])
        done.append(row._replace(more=more))
    return done


def of_moved(sheet: Sheet, moved: Mapping[str, str]) -> list[Row]:
    """Return the masks of photos that were moved, with the new names of these."""
    if not moved or MASK_OF not in sheet.extra:
        return []
    place = sheet.extra.index(MASK_OF)
    return [
        row._replace(more=(*row.more[:place], moved[row.more[place]], *row.more[place + 1 :]))
        for row in sheet.rows()
        if row.more[place] in moved
    ]


def without_label(sheet: Sheet) -> int:
    """Return how many items have no label, neither in words nor as a mask; masks are labels themselves."""
    rows = list(sheet.rows())
    masked = {photo_of(row, sheet.extra) for row in rows}
    return sum(
        1 for row in rows if not row.label and row.file not in masked and not photo_of(row, sheet.extra)
    )
