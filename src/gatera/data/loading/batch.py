"""`Batch`, what a loader yields, and `LoaderOptions`, how it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gatera.core.checks import check_at_least


class Batch(tuple[Any, ...]):
    """The pair (x, y), or (x,) of items without labels, which also knows where its items come from.

    Attributes:
        index: dataset positions of the items, int64 [N].
    """

    index: Tensor  # type: ignore[assignment]  # tuple's own `index` method is of no use here

    def __new__(cls, values: Sequence[Any], index: Tensor) -> Batch:
        """Make a batch of (x, y); where y is None, of (x,)."""
        batch = super().__new__(cls, values[:-1] if values[-1] is None else values)
        batch.index = index
        return batch


class Fields(tuple[Any, ...]):
    """A batch of several fields, of which the first `n_inp` are inputs and the others labels."""

    n_inp: int

    def __new__(cls, values: Sequence[Any], n_inp: int) -> Fields:
        """Make a batch of fields."""
        batch = super().__new__(cls, values)
        batch.n_inp = n_inp
        return batch


class Several(tuple[Any, ...]):
    """Inputs that a model takes as several arguments, or labels that a loss takes so."""


def as_pair(batch: Any) -> tuple[Any, Any]:
    """Return the inputs and the labels of a batch, None where it has no labels; several of either as `Several`."""
    if not isinstance(batch, Fields):
        return (batch[0], batch[1]) if len(batch) == 2 else (batch[0], None)
    inputs, labels = batch[: batch.n_inp], batch[batch.n_inp :]
    return _one_or_several(inputs), _one_or_several(labels)


def _one_or_several(values: tuple[Any, ...]) -> Any:
    return None if not values else values[0] if len(values) == 1 else Several(values)


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a model or a loss; `Several` become several arguments."""
    spread = [part for one in arguments for part in (one if isinstance(one, Several) else (one,))]
    return function(*spread)


@dataclass(frozen=True)
class LoaderOptions:
    """How a loader reads its data set.

    Args:
        seed: keys the order of items and all random numbers; 0 or more.
        num_workers: threads that read ahead; 0 reads in the caller's thread; None for one per processor, at most 8.
        device: where batches are put; None for the best available.
        cache: keep decoded photos on disk, where they are the same in every epoch.
    """

    seed: int = 0
    num_workers: int | None = None
    device: str | torch.device | None = None
    cache: bool = True

    def __post_init__(self) -> None:
        if self.num_workers is not None:
            check_at_least("num_workers", self.num_workers, 0)
        check_at_least("seed", self.seed, 0)


def moved(value: Any, device: torch.device) -> Any:
    """Return a tensor, or a list, tuple or dict of tensors, on another device; other values are returned unchanged."""
    if isinstance(value, Tensor):
        return value.to(device, non_blocking=True)
    if isinstance(value, list | tuple):
        parts = [moved(part, device) for part in value]
        return (
            (Several(parts) if isinstance(value, Several) else tuple(parts))
            if isinstance(value, tuple)
            else parts
        )
    if isinstance(value, dict):
        return {name: moved(part, device) for name, part in value.items()}
    return value
