"""Attach the item's name to any error raised while processing it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.errors import DataError, GateraError, data_error, shorten


def item_name(item: Any) -> str:
    """Return a short name of an item for messages: its path, or what kind of thing it is.

    Example:
        >>> item_name(Path("cat/1.jpg")), item_name(np.zeros((8, 8)))
        ('cat/1.jpg', 'ndarray [8, 8]')
    """
    if isinstance(item, str | Path):
        return shorten(str(item))
    torch = sys.modules.get("torch")  # where torch was never imported, nothing is a tensor
    if isinstance(item, np.ndarray) or (torch is not None and isinstance(item, torch.Tensor)):
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
    return data_error(err, problem=f"{err.problem} for {item}")


class naming_item:
    """Context manager that adds the item's name to any error raised inside.

    Args:
        action: what is done, a phrase to follow "Could not": "encode the label of".
        item: the item, for messages: "item 731 (photos/fox/9.jpg)"; or a function that returns that name, called only
            when there is an error.
        raw: the item itself. An error of Gatera's that already quotes its path is not changed.

    Raises:
        DataError: if anything is raised inside; a PhotoError that names the photo stays one.

    Example:
        >>> with naming_item("encode the label of", "item 3 (a.jpg)"):
        ...     int("cat")
        Traceback (most recent call last):
        gatera.core.errors.DataError: Could not encode the label of item 3 (a.jpg): ValueError: invalid literal for int() with base 10: 'cat'.
    """

    __slots__ = ("action", "item", "raw")

    def __init__(self, action: str, item: str | Callable[[], str], raw: Any = None) -> None:
        self.action, self.item, self.raw = action, item, raw

    def __enter__(self) -> None:
        """Begin the work on the item."""

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, traceback: Any) -> None:
        """Raise the error again with the item's name; KeyboardInterrupt and the like pass unchanged."""
        if not isinstance(err, Exception):
            return
        if isinstance(err, GateraError):
            if isinstance(self.raw, str | Path) and str(self.raw) in err.problem:
                return
            raise named(err, self._name()) from err
        reason = f"{type(err).__name__}: {shorten(str(err))}"
        raise DataError(f"Could not {self.action} {self._name()}: {reason}") from err

    def _name(self) -> str:
        return self.item if isinstance(self.item, str) else self.item()
