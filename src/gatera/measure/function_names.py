"""Name a user's function in a table or a message."""

from __future__ import annotations

import functools
import inspect


def callable_name(func: object) -> str:
    """Return the name of a function for messages and tables: its own, "lambda", or its class's.

    Example:
        >>> callable_name(lambda pred, target: 0.0), callable_name(functools.partial(sorted, reverse=True))
        ('lambda', 'sorted')
    """
    if isinstance(func, functools.partial):
        return callable_name(func.func)
    if inspect.isroutine(func):
        return "lambda" if func.__name__ == "<lambda>" else func.__name__
    return type(func).__name__
