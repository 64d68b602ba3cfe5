"""Check what is given for each item: numbers, class indices, groups. A wrong one is named by its position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatera.core.checks import is_missing
from gatera.core.errors import ArgumentError


def finite_numbers(argument: str, values: Any) -> np.ndarray:
    """Return finite numbers of any shape whose first axis are items, float64.

    Args:
        argument: what they are called, for the message.
        values: the numbers.

    Raises:
        ArgumentError: if something is not a number, or is NaN or infinite; it names the first such item.
    """
    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError) as err:
        raise ArgumentError(
            f"{argument} of each item must be a number, or as many numbers as of the others",
            got=_first_bad(values),
        ) from err
    usable = np.isfinite(numbers)
    if numbers.ndim and not usable.all():
        place = int(np.argwhere(~usable)[0][0])
        raise ArgumentError(
            f"{argument} of item {place} is not a finite number", got=str(numbers[place]),
            remedy="Leave such items out, or find out why there is no number.",
        )  # fmt: skip
    return numbers


def class_numbers(argument: str, values: Any, n_classes: int) -> np.ndarray:
    """Return class indices, int64 [N].

    Args:
        argument: what they are called, for the message.
        values: whole numbers, one for each item.
        n_classes: how many classes there are.

    Raises:
        ArgumentError: if one is not a class index; it names the item.
    """
    given = np.asarray(values)
    if given.ndim != 1:
        raise ArgumentError(
            f"{argument} must be one class index for each item", got=f"shape {list(given.shape)}",
            remedy="For one-hot rows, use the position of the 1: labels.argmax(axis=1)." if given.ndim == 2 else None,
        )  # fmt: skip
    for place, value in enumerate(given.tolist()):
        whole = isinstance(value, int | float | bool) and float(value).is_integer()
        if not whole or not 0 <= value < n_classes:
            raise ArgumentError(
                f"{argument} of item {place} is not a class index", got=repr(value), expected=f"0 to {n_classes - 1}",
                remedy="Leave items without a label out.",
            )  # fmt: skip
    return given.astype(np.int64)


def group_numbers(groups: Sequence[Any] | np.ndarray, n: int) -> np.ndarray:
    """Return the number of each item's group, int64 [n]. Items without a group stand alone, each in one of its own.

    Args:
        groups: the name of each item's group; None, NaN or "" for none.
        n: how many items there are.

    Raises:
        ArgumentError: if there is not one name for each item.

    Example:
        >>> group_numbers(["a", None, "a", float("nan")], 4).tolist()
        [0, 1, 0, 2]
    """
    if len(groups) != n:
        raise ArgumentError(
            "groups must name the group of each row", got=f"{len(groups):,} names", expected=f"{n:,}"
        )
    known: dict[Any, int] = {}
    keys = (object() if is_missing(group) else group for group in groups)
    return np.array([known.setdefault(key, len(known)) for key in keys], np.int64)


def _first_bad(values: Any) -> object:
    """Return the first value that is no number, with its position; else what values are of."""
    for place, value in enumerate(values if isinstance(values, Sequence | np.ndarray) else ()):
        try:
            np.asarray(value, np.float64)
        except (TypeError, ValueError):
            return f"{value!r} for item {place}"
    return type(values).__name__
