"""Where do errors gather? Slices by any attribute, ranked by what their error is at least."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from gatera.core.checks import check_count, check_fraction, is_missing
from gatera.core.errors import ArgumentError
from gatera.measure.check_given import finite_numbers, group_numbers
from gatera.measure.intervals import Interval, items_worth, score_interval, student

#: Numbers are cut into this many slices of equal size.
PARTS = 4

#: Slices of fewer items are not looked at, and names beyond this many are no slices.
FEWEST_ITEMS, MOST_VALUES = 8, 50

#: Means of equal errors differ by so much of them, as they are rounded differently.
ROUNDING = 1e-9


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
    misses: Any,
    attributes: Mapping[str, Sequence[Any] | np.ndarray],
    confidence: float = 0.95,
    most: int = 10,
    groups: Sequence[Hashable] | None = None,
) -> list[Slice]:
    """Return the slices with the largest errors, by the lower end of their intervals.

    Args:
        misses: the error of each item, [N]: 0 or 1, or a number.
        attributes: by name a number, a word, a truth value or a date for each item; None, NaN or "" where it is not known.
            Numbers and dates of many values are cut by quarters, others are slices of one value each.
        confidence: of all intervals together (Bonferroni): each has 1 - (1 - confidence) / number of slices.
        most: slices that are returned.
        groups: the group of each item, [N], whose items are alike: intervals are over groups, and nothing is claimed by items of a
            single one, but for slices that are the groups themselves. None where items stand alone.

    Raises:
        ArgumentError: if an error is not a finite number, or an attribute has another number of values.
    """
    errors = finite_numbers("the error", misses)
    if errors.ndim != 1:
        raise ArgumentError("slices need one error for each item", got=f"shape {list(errors.shape)}")
    check_fraction("confidence", confidence, open_low=True, open_high=True)
    check_count("most", most, 0)
    members = np.arange(len(errors)) if groups is None else group_numbers(groups, len(errors))
    found = []
    for name, values in attributes.items():
        parts = _parts(name, _one_each(name, values, len(errors)))
        alone = np.arange(len(errors)) if _are_groups([places for _, places in parts], members) else members
        found += [(part, places, alone) for part, places in parts]
    kept = [part for part in found if FEWEST_ITEMS <= len(part[1]) < len(errors)]
    each = 1 - (1 - confidence) / max(1, len(kept))
    slices = [_measured(name, places, errors, each, alone) for name, places, alone in kept]
    return sorted(slices, key=lambda part: (-part.interval.low, -part.error))[: int(most)]


def _measured(
    name: str, places: np.ndarray, errors: np.ndarray, confidence: float, members: np.ndarray
) -> Slice:
    part, own_groups = errors[places], np.unique(members[places], return_inverse=True)[1]
    n_groups = int(own_groups.max()) + 1
    together = n_groups < len(part)
    if n_groups == 1:  # how others differ from it is not known
        return Slice(name, len(part), float(part.mean()), Interval(0.0, float(errors.max())), places, False)
    if np.isin(part, (0, 1)).all():
        worth = items_worth(part, own_groups) if together else float(len(part))
        interval = score_interval(float(part.mean()), worth, confidence)
    else:
        # a few nearly equal errors are still only a sample: the spread of all items counts as much as that of the fewest that are looked at
        own, usual = float(part.var(ddof=1)), FEWEST_ITEMS * float(errors.var())
        variance = max(own, (usual + len(part) * own) / (FEWEST_ITEMS + len(part)))
        error = variance / len(part)
        if together:
            squares = float(np.square(np.bincount(own_groups, part - part.mean())).sum())
            error = max(error, n_groups / (n_groups - 1) * squares / len(part) ** 2)
        half = student(confidence, n_groups - 1) * error**0.5
        interval = Interval(float(part.mean()) - half, float(part.mean()) + half)
    whole = float(errors.mean())
    clear = interval.low - whole > ROUNDING * abs(whole)
    return Slice(name, len(part), float(part.mean()), interval, places, clear)


def _are_groups(parts: Sequence[np.ndarray], members: np.ndarray) -> bool:
    """Whether an attribute cuts items as the groups do, so that each part is a statement about its group."""
    n_groups = int(members.max(initial=-1)) + 1
    return len(parts) == n_groups and all(len(np.unique(members[places])) == 1 for places in parts)


def _one_each(name: str, values: Any, n: int) -> list[Any]:
    """Return an attribute as a list, None where it is missing; pandas' Series and numpy's arrays hold plain values then."""
    if isinstance(values, str) or not hasattr(values, "__len__"):
        raise ArgumentError(f"attribute {name!r} must have a value for each item", got=values)
    if len(values) != n:
        raise ArgumentError(f"attribute {name!r} has {len(values):,} values for {n:,} items")
    return [None if is_missing(value) else value for value in values]


def _parts(name: str, values: Sequence[Any]) -> list[tuple[str, np.ndarray]]:
    """Cut items by an attribute: by quarters if it has many different numbers or dates, else by its values."""
    known = [value for value in values if value is not None]
    if _are(known, (int, float, np.number)) and len(set(known)) > PARTS * 2:
        return _ranges(name, np.array([np.nan if value is None else value for value in values], np.float64))
    if _are(known, (date, np.datetime64)) and len({str(value) for value in known}) > PARTS * 2:
        return _periods(name, values)
    words = np.array(["" if value is None else _word(value) for value in values], object)
    distinct = sorted(set(words) - {""})
    fewest = 2 if len(known) == len(values) else 1  # one value beside items without it is a slice, too
    if not fewest <= len(distinct) <= MOST_VALUES:
        return []
    return [(f"{name}: {word}", np.flatnonzero(words == word)) for word in distinct]


def _are(values: Sequence[Any], kinds: tuple[type, ...]) -> bool:
    return all(isinstance(value, kinds) and not isinstance(value, bool | np.bool_) for value in values)


def _word(value: Any) -> str:
    """Return a value as it is written in the name of a slice: 1 and 1.0 are the same."""
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value).strip()


def _periods(name: str, values: Sequence[Any]) -> list[tuple[str, np.ndarray]]:
    """Cut dates by quarters of the items, each named by its first and last day."""
    days = np.array(
        [np.datetime64("NaT") if value is None else _day(value) for value in values], "datetime64[D]"
    )
    known = np.flatnonzero(~np.isnat(days))
    order = known[np.argsort(days[known], kind="stable")]
    cuts = np.unique(days[order][[len(order) * part // PARTS for part in range(1, PARTS)]])
    part = np.searchsorted(cuts, days[order], side="right")
    found = []
    for number in range(len(cuts) + 1):
        inside = order[part == number]
        if len(inside):
            found.append((f"{name} {days[inside[0]]} to {days[inside[-1]]}", np.sort(inside)))
    return found


def _day(value: Any) -> np.datetime64:
    plain = value if isinstance(value, np.datetime64) else np.datetime64(value.isoformat()[:10])
    return plain.astype("datetime64[D]")


def _ranges(name: str, values: np.ndarray) -> list[tuple[str, np.ndarray]]:
    # of finite numbers: between two infinite ones lies no bound
    cuts = np.unique(np.quantile(values[np.isfinite(values)], np.arange(1, PARTS) / PARTS))
    part = np.searchsorted(cuts, values, side="right")
    found = []
    for place in range(len(cuts) + 1):
        inside = np.flatnonzero((part == place) & ~np.isnan(values))
        low, high = (cuts[place - 1] if place else None), (cuts[place] if place < len(cuts) else None)
        words = (
            f"below {_written(high)}"
            if low is None
            else f"{_written(low)} or more"
            if high is None
            else f"{_written(low)} to {_written(high)}"
        )
        found.append((f"{name} {words}", inside))
    return found


def _written(number: Any) -> str:
    """Return a bound as people write it: "61.25", "53,770".

    Example:
        >>> _written(61.2468), _written(53770.4)
        ('61.25', '53,770')
    """
    return f"{number:,.0f}" if 10_000 <= abs(number) < 1e15 else f"{number:.4g}"
