"""What `gatera.vision.all` offers of each kind, so that no new piece escapes its check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gatera.vision.all as face


def public(belongs: Callable[[Any], bool]) -> dict[str, Any]:
    """Return name -> object of those for which `belongs` is true, each object once."""
    found: dict[int, tuple[str, Any]] = {}
    for name in face.__all__:
        piece = getattr(face, name)
        if belongs(piece):
            found.setdefault(id(piece), (name, piece))
    return dict(found.values())


def subclasses_of(*bases: type) -> dict[str, type]:
    """Return the public classes derived from one of `bases`, without these themselves."""
    return public(lambda piece: isinstance(piece, type) and issubclass(piece, bases) and piece not in bases)
