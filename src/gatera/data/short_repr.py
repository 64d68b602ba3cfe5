"""Show blocks, transforms and recipes as short code: only the arguments that differ from their defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any

import numpy as np

from gatera.core.errors import shorten

#: Longer values, and longer lists of them, are cut.
MOST_CHARACTERS, MOST_ENTRIES = 80, 6


class ShortRepr:
    """Mixin for dataclasses (with repr=False): `repr` shows the fields that differ from their defaults."""

    def __repr__(self) -> str:
        return short_repr(self)


def short_repr(record: Any) -> str:
    """Return a dataclass instance as the call that makes it, without arguments that have their default.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Turn:
        ...     degrees: float = 10.0
        ...     labels: tuple = ()
        >>> short_repr(Turn()), short_repr(Turn(5.0, labels=tuple(range(99))))
        ('Turn()', 'Turn(degrees=5.0, labels=(0, 1, 2, 3, 4, 5, ... 99 in all))')
    """
    shown = [
        (field.name, getattr(record, field.name)) for field in fields(record) if field.repr and field.init
    ]
    defaults = {field.name: _default(field) for field in fields(record)}
    parts = [f"{name}={_value(value)}" for name, value in shown if not _same(value, defaults[name])]
    return f"{type(record).__name__}({', '.join(parts)})"


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _same(value: Any, default: Any) -> bool:
    return value is default or (
        type(value) is type(default) and not isinstance(value, np.ndarray) and value == default
    )


def _value(value: Any) -> str:
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)  # a class or a function
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        begin, end = ("(", ")") if isinstance(value, tuple) else ("[", "]")
        entries = [_value(entry) for entry in value[:MOST_ENTRIES]]
        more = [f"... {len(value)} in all"] if len(value) > MOST_ENTRIES else []
        return f"{begin}{', '.join(entries + more)}{',' if begin == '(' and len(value) == 1 else ''}{end}"
    if isinstance(value, Mapping):
        entries = [f"{key!r}: {_value(entry)}" for key, entry in list(value.items())[:MOST_ENTRIES]]
        more = [f"... {len(value)} in all"] if len(value) > MOST_ENTRIES else []
        return f"{{{', '.join(entries + more)}}}"
    if isinstance(value, float):
        return repr(value) if len(repr(value)) <= 8 else f"{value:.4g}"
    return shorten(" ".join(repr(value).split()), MOST_CHARACTERS)
