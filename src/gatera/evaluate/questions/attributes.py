"""What items can be cut by, to find where a model errs most."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import is_missing
from gatera.core.errors import DataError
from gatera.core.threads import thread_pool
from gatera.program.raw.cells import is_empty
from gatera.program.raw.dates import date_in
from gatera.program.raw.photo import photo_size, read_photo
from gatera.program.raw.sound import load_sound
from gatera.program.tables.columns import Kind, text_column


def attributes_of_photos(photos: Sequence[Any]) -> dict[str, list[Any]]:
    """Return brightness, contrast, sharpness, size and shape of photos: name -> a number for each."""
    with thread_pool() as pool:
        looks = list(pool.map(_of_photo, photos))
    return {name: [look[name] for look in looks] for name in looks[0]} if looks else {}


def attributes_of_sounds(recordings: Sequence[Any]) -> dict[str, list[Any]]:
    """Return length in seconds and loudness in decibels (0 of full scale) of recordings: name -> a number for each."""
    with thread_pool() as pool:
        looks = list(pool.map(_of_sound, recordings))
    return {name: [look[name] for look in looks] for name in looks[0]} if looks else {}


def attributes_of_sets(labels: Sequence[Collection[Any]], vocab: Sequence[Any]) -> dict[str, list[Any]]:
    """Return which items have each label, where they have any number: "has cat" -> "yes", or None for one without.

    Example:
        >>> attributes_of_sets([["cat", "dog"], []], ["cat", "dog"])
        {'has cat': ['yes', None], 'has dog': ['yes', None]}
    """
    names = [{str(label) for label in each} for each in labels]
    return {f"has {label}": ["yes" if str(label) in each else None for each in names] for label in vocab}


def values_of_cells(name: str, cells: Sequence[Any]) -> list[Any]:
    """Return the cells of a column of a table as what the column holds: texts of a file may be numbers, also "$1,200", or dates.

    Args:
        name: the column.
        cells: its cells; None, NaN or "" where there is none, of numbers and dates also a word such as "NA".

    Example:
        >>> values_of_cells("age", ["31", "NA"]), values_of_cells("price", ["$1,200", ""])
        ([31.0, nan], [1200.0, nan])
        >>> values_of_cells("age", [31, "NA"])
        [31, None]
    """
    texts = ["" if is_missing(cell) else cell for cell in cells]
    if not all(isinstance(text, str) for text in texts):  # of JSON
        numbers = all(is_empty(cell) or isinstance(cell, int | float) for cell in cells)
        return [None if numbers and is_empty(cell) else cell for cell in cells]
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    column = text_column(name, list(places), np.array([places[text] for text in texts], np.int64))
    values = column.cells.tolist()
    if column.kind is not Kind.DATE:
        return values
    try:
        dates = [date_in(value, name) for value in values]
    except DataError:  # of a column that the model does not read, such as 2023-02-30
        return values
    return [None if date is None else date.date() for date in dates]


def folders_of(items: Sequence[Any], classes: Sequence[str]) -> dict[str, list[Any]]:
    """Return the folder of each file, where all items are files and their folders are not just their classes."""
    parents = [raw.parent.name for raw in items if isinstance(raw, Path)]
    return {"folder": parents} if len(parents) == len(items) and parents != list(classes) else {}


def _of_sound(raw: Any) -> dict[str, float]:
    samples, rate = load_sound(raw)
    loudness = 10 * math.log10(float(np.square(samples, dtype=np.float64).mean()))
    return {"seconds": len(samples) / rate, "loudness": loudness}


def _of_photo(raw: Any) -> dict[str, float]:
    photo = read_photo(raw, "L", at_least=(96, 96))
    high, wide = photo_size(raw)
    grey = np.asarray(photo.resize((96, 96)), np.float32)
    edges = np.diff(grey, axis=0)[:, :-1] ** 2 + np.diff(grey, axis=1)[:-1] ** 2
    spread = float(grey.std())
    return {
        "brightness": float(grey.mean()), "contrast": spread, "sharpness": float(np.sqrt(edges.mean()) / max(spread, 1.0)),
        "pixels": float(high * wide), "width to height": wide / high,
    }  # fmt: skip
