"""Share a long list of keyword arguments between functions; the list is written once, as a TypedDict.

class LearnerArguments(TypedDict, total=False): ...          # names and types
LEARNER_DEFAULTS = LearnerArguments(lr=1e-3, ...)            # default values

@spelled_out(LearnerArguments, LEARNER_DEFAULTS)             # what `inspect.signature` and `?` display
def vision_learner(dls, arch, **arguments: Unpack[LearnerArguments]):
    check_arguments(vision_learner, arguments)               # rejects unknown names
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from gatera.core.checks import check_keywords

F = TypeVar("F", bound=Callable[..., Any])


def spelled_out(record: type, defaults: Mapping[str, object]) -> Callable[[F], F]:
    """Decorate a function so that its signature lists each argument of `**arguments: Unpack[record]`.

    The function itself is returned, so tracebacks have no extra frame.

    Args:
        record: a TypedDict with the names and types of the arguments.
        defaults: their default values, in display order; names that the function has itself are left to it. The function must
            apply them.

    Raises:
        TypeError: at definition time, if the function has no `**arguments` or a default is not in the record.

    Example:
        >>> from typing import TypedDict, Unpack
        >>> class Sizes(TypedDict, total=False):
        ...     bs: int
        >>> @spelled_out(Sizes, {"bs": 64})
        ... def load(path: str, **sizes: Unpack[Sizes]) -> None: ...
        >>> inspect.signature(load).parameters["bs"].default
        64
    """
    types = {name: getattr(kind, "__forward_arg__", kind) for name, kind in record.__annotations__.items()}

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        *own, tail = signature.parameters.values()
        own_names = {parameter.name for parameter in own}
        if tail.kind is not tail.VAR_KEYWORD:
            raise TypeError(f"{function.__name__} takes no **arguments")
        if unknown := [name for name in defaults if name not in own_names and name not in types]:
            raise TypeError(f"{record.__name__} has no field {unknown[0]!r}")
        written = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=types[name])
            for name, default in defaults.items()
            if name not in own_names
        ]
        function.__signature__ = signature.replace(parameters=[*own, *written])  # type: ignore[attr-defined]
        return function

    return decorate


def check_arguments(function: Callable[..., Any], given: Mapping[str, object]) -> None:
    """Raise ArgumentError if a keyword is not in the function's signature; suggest the nearest name.

    Args:
        function: a function decorated with `spelled_out`.
        given: the keywords it received.
    """
    check_keywords(
        function.__qualname__.removesuffix(".__init__"), given, inspect.signature(function).parameters
    )
