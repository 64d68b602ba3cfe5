"""Where do errors gather? Slices by any attribute, ranked by what their error is at least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.measure.intervals import Interval, wilson_interval

#: Numbers are cut into this many slices of equal size.
PARTS = 4

#: Slices of fewer items are not looked at, and names beyond this many are no slices.
FEWEST_ITEMS, MOST_VALUES = 8, 50


@dataclass(frozen=True)
class Slice:
    """Items that have something in common.

    Attributes:
        name: what: "brightness below 61", "breed: pug".
        n: number of them.
        error: their mean error.
        interval: its interval, corrected for the number of slices looked at.
        places: their positions, int64.
        clear: whether even the lower end is above the error of all items.
    """

    name: str
    n: int
    error: float
    interval: Interval
    places: np.ndarray
    clear: bool


def worst_slices(
    misses: Any, attributes: Mapping[str, Sequence[Any]], confidence: float = 0.95, most: int = 10
) -> list[Slice]:
    """Return the slices with the largest errors, by the lower end of their intervals.

    Args:
        misses: the error of each item, [N]: 0 or 1, or a number.
        attributes: by name a number or a word for each item; None where it is not known.
        confidence: of all intervals together (Bonferroni): each has 1 - (1 - confidence) / number of slices.
        most: slices that are returned.

    Raises:
        ArgumentError: if an attribute has another number of values.
    """
    errors = np.asarray(misses, np.float64)
    found = []
    for name, values in attributes.items():
        if len(values) != len(errors):
            raise ArgumentError(f"attribute {name!r} has {len(values)} values for {len(errors)} items")
        found += _parts(name, values)
    kept = [(name, places) for name, places in found if FEWEST_ITEMS <= len(places) < len(errors)]
    each = 1 - (1 - confidence) / max(1, len(kept))
    slices = [_measured(name, places, errors, each) for name, places in kept]
    return sorted(slices, key=lambda part: (-part.interval.low, -part.error))[:most]


def _measured(name: str, places: np.ndarray, errors: np.ndarray, confidence: float) -> Slice:
    part = errors[places]
    if np.isin(part, (0, 1)).all():
        interval = wilson_interval(int(part.sum()), len(part), confidence)
    else:
        half = NormalDist().inv_cdf((1 + confidence) / 2) * float(part.std(ddof=1)) / len(part) ** 0.5
        interval = Interval(float(part.mean()) - half, float(part.mean()) + half)
    return Slice(name, len(part), float(part.mean()), interval, places, interval.low > errors.mean())


def _parts(name: str, values: Sequence[Any]) -> list[tuple[str, np.ndarray]]:
    numbers = [
        value
        for value in values
        if isinstance(value, int | float | np.number) and not isinstance(value, bool)
    ]
    if len(set(numbers)) > MOST_VALUES or (numbers and len(set(numbers)) > PARTS * 2):
        return _ranges(name, np.array([np.nan if value is None else value for value in values], np.float64))
    words = ["" if value is None else str(value) for value in values]
    distinct = sorted(set(words) - {""})
    if not 2 <= len(distinct) <= MOST_VALUES:
        return []
    array = np.array(words, object)
    return [(f"{name}: {word}", np.flatnonzero(array == word)) for word in distinct]


def _ranges(name: str, values: np.ndarray) -> list[tuple[str, np.ndarray]]:
    cuts = np.unique(np.nanquantile(values, np.arange(1, PARTS) / PARTS))
    part = np.searchsorted(cuts, values, side="right")
    found = []
    for place in range(len(cuts) + 1):
        inside = np.flatnonzero((part == place) & ~np.isnan(values))
        low, high = (cuts[place - 1] if place else None), (cuts[place] if place < len(cuts) else None)
        words = (
            f"below {high:.4g}"
            if low is None
            else f"{low:.4g} or more"
            if high is None
            else f"{low:.4g} to {high:.4g}"
        )
        found.append((f"{name} {words}", inside))
    return found
