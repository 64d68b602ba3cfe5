"""Errors that name the item they are about, whoever raised them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from gatera.core.errors import DataError, GateraError, shorten


def item_name(item: Any) -> str:
    """Return a short name of an item for messages: its path, or what kind of thing it is.

    Example:
        >>> item_name(Path("cat/1.jpg")), item_name(np.zeros((8, 8)))
        ('cat/1.jpg', 'ndarray [8, 8]')
    """
    if isinstance(item, str | Path):
        return shorten(str(item))
    if isinstance(item, np.ndarray | Tensor):
        return f"{type(item).__name__} {list(item.shape)}"
    pandas = sys.modules.get("pandas")  # where pandas was never imported, nothing is a row of a table
    if pandas is not None and isinstance(item, pandas.Series):
        return row_name(item.name)
    return shorten(" ".join(repr(item).split()), 80)


def row_name(label: Any) -> str:
    """Return how messages call a table's row, by its index label.

    Example:
        >>> row_name(np.int64(3))
        'row 3'
    """
    return f"row {label.item() if isinstance(label, np.generic) else label!r}"


def function_name(function: Callable[..., Any]) -> str:
    """Return the name of a function, or the class name of a callable object, for messages."""
    return getattr(function, "__qualname__", None) or type(function).__name__


def named(err: GateraError, item: str) -> DataError:
    """Return a DataError like `err` whose first sentence names the item."""
    return DataError(f"{err.problem} for {item}", got=err.got, expected=err.expected, remedy=err.remedy)


def guarded(
    what: str, item: str | Callable[[], str], raw: Any, function: Callable[..., Any], *args: Any
) -> Any:
    """Return `function(*args)`; whatever goes wrong names the item.

    Args:
        what: what the function is, for messages: "get_y (is_cat)".
        item: the item, for messages: "item 731 (photos/fox/9.jpg)"; or what makes that name, called only then.
        raw: the item itself: an error of ours that names its path already is left as it is.
        function: ours or the user's.
        args: its arguments.

    Raises:
        DataError: if the function raises anything; a PhotoError that names the photo stays one.
    """
    try:
        return function(*args)
    except GateraError as err:
        if isinstance(raw, str | Path) and str(raw) in err.problem:
            raise
        raise named(err, item if isinstance(item, str) else item()) from err
    except Exception as err:  # a user's function may raise anything, and the item must be named all the same
        name = item if isinstance(item, str) else item()
        raise DataError(f"{what} failed for {name}: {type(err).__name__}: {shorten(str(err))}") from err
