"""What a script gives: labels, names and messages are text, and paths come one by one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gatera.core.errors import ArgumentError


def check_text(**given: object) -> None:
    """Raise ArgumentError where an argument is not text: 5 and "5" would be two labels. None is nothing.

    Example:
        >>> check_text(label="cat", note=None)
    """
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise ArgumentError(f"{name} must be text", got=value, remedy=f"Pass str({name}).")


def as_paths(paths: Iterable[Any]) -> list[Path]:
    """Return paths.

    Raises:
        ArgumentError: if one is not a path, but a list of them, say.
    """
    found = []
    for path in paths:
        try:
            found.append(Path(path))
        except TypeError as err:
            raise ArgumentError(
                "a path must be text or a Path",
                got=path,
                remedy="Pass several one by one, as *paths does with a list.",
            ) from err
    return found
