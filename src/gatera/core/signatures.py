"""Share a long list of keyword arguments between functions, and pass `Several` values as one argument each.

A list of keyword arguments is written once, as a TypedDict:

class LearnerArguments(TypedDict, total=False): ...          # names and types
LEARNER_DEFAULTS = LearnerArguments(lr=1e-3, ...)            # default values

@spelled_out(LearnerArguments, LEARNER_DEFAULTS)             # what `inspect.signature` and `?` display
def vision_learner(dls, arch, **arguments: Unpack[LearnerArguments]):
    check_arguments(vision_learner, arguments)               # rejects unknown names
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from gatera.core.checks import check_keywords
from gatera.core.errors import ArgumentError

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


class Several(tuple[Any, ...]):
    """Inputs that a model takes as several arguments, or labels that a loss or a metric takes so."""


def one_or_several(values: Sequence[Any]) -> Any:
    """Return None for no value, a single value as it is, and more of them as `Several`."""
    return None if not values else values[0] if len(values) == 1 else Several(values)


def call(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Call a function; `Several` become several arguments."""
    spread = [part for one in arguments for part in (one if isinstance(one, Several) else (one,))]
    return function(*spread, **keywords)


def each(function: Callable[[Any], Any], value: Any) -> Any:
    """Return what a function gives for a value, or for each of `Several`.

    Example:
        >>> each(len, Several(["a", "bc"])), each(len, "abc")
        ((1, 2), 3)
    """
    return Several(map(function, value)) if isinstance(value, Several) else function(value)


def one_target(owner: str, target: Any) -> Any:
    """Return the target; an error if each item has several.

    Args:
        owner: the loss, metric or method that takes one.
        target: a tensor, or `Several`.

    Raises:
        ArgumentError: if it is `Several`.
    """
    if isinstance(target, Several):
        raise ArgumentError(
            f"{owner} takes one target, and these items have {len(target)}",
            remedy="Losses and metrics may be functions of the predictions and all targets: def err(pred, a, b): "
            "return error_rate(pred[:, :10], a).",
        )
    return target


def joined(join: Callable[[list[Any]], Any], values: Sequence[Any]) -> Any:
    """Join the values of all batches by a function such as `torch.cat`, field by field where they are `Several`."""
    if isinstance(values[0], Several):
        return Several(join(list(field)) for field in zip(*values, strict=True))
    return join(list(values))


def count(value: Any) -> int:
    """Return the number of items in a tensor, or in each of `Several`."""
    return len(value[0]) if isinstance(value, Several) else len(value)
