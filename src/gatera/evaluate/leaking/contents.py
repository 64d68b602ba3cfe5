"""How items of a kind are compared: what is kept of them, and which of them are copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gatera.data.sources.looks import Look
from gatera.measure.duplicates.pairs import Pair
from gatera.measure.duplicates.pictures import Thumbnails, near_pictures
from gatera.measure.duplicates.rows import equal_rows
from gatera.measure.duplicates.texts import near_texts

#: Returns the pairs of copies between items and others, or among the items where there are no others.
Compare = Callable[[Sequence[Any], Sequence[Any] | None], list[Pair]]


def thumbnails(looks: Sequence[Look], mirrors: bool = True) -> Thumbnails:
    """Return looks as one record of arrays."""
    grey = np.stack([look.grey for look in looks])
    colour = np.array([look.colour for look in looks], np.float32)
    return Thumbnails(grey, colour, np.array([look.small for look in looks]), mirrors)


def copies_among_photos(some: Sequence[Look], others: Sequence[Look] | None = None) -> list[Pair]:
    """Return the pairs of photos that are copies: re-encoded, resized, mirrored, cropped or recoloured."""
    return near_pictures(thumbnails(some), None if others is None else thumbnails(others))


def copies_among_sounds(some: Sequence[Look], others: Sequence[Look] | None = None) -> list[Pair]:
    """Return the pairs of recordings with as good as the same spectrogram."""
    return near_pictures(thumbnails(some, False), None if others is None else thumbnails(others, False))


def copies_among_rows(
    some: Sequence[Sequence[Any]], others: Sequence[Sequence[Any]] | None = None
) -> list[Pair]:
    """Return the pairs of equal rows; none where chance explains that rows are equal.

    Columns that name the rows are skipped, and those that tell the two sides apart: by them the rows were split.

    Args:
        some: rows, each a sequence of cells.
        others: rows to compare them with.
    """
    columns = list(zip(*some, strict=True))
    beside = columns if others is None else list(zip(*others, strict=True))
    both = [column if others is None else column + more for column, more in zip(columns, beside, strict=True)]
    kept = [
        place
        for place, cells in enumerate(both)
        if not _names_rows(cells) and (others is None or not _tells_sides(columns[place], beside[place]))
    ]
    chosen = [columns[place] for place in kept]
    found = equal_rows(chosen, None if others is None else [beside[place] for place in kept])
    return list(found.pairs) if found.are_copies else []


def _names_rows(cells: Sequence[Any]) -> bool:
    """Whether a column tells every row from every other: distinct whole numbers or words, so that a copy has another."""
    if not all(
        isinstance(cell, int | np.integer) or (isinstance(cell, str) and " " not in cell) for cell in cells
    ):
        return False
    return len(set(cells)) == len(cells)


def _tells_sides(some: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether a column has no value on both sides, and fewer values than rows: the side itself, a group, a day."""
    here, there = set(map(str, some)), set(map(str, others))
    return not here & there and 2 * (len(here) + len(there)) <= len(some) + len(others)


#: How to compare things of a kind, by what they are called.
COMPARE: dict[str, Compare] = {
    "photos": copies_among_photos, "recordings": copies_among_sounds, "texts": near_texts, "rows": copies_among_rows,
}  # fmt: skip
