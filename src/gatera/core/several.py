"""`Several`: inputs or labels that come as several tensors, one argument each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gatera.core.errors import ArgumentError


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
