"""`Batch`, what a loader yields, and `LoaderOptions`, how it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gatera.core.checks import check_count
from gatera.core.signatures import Several, one_or_several


class Batch(tuple[Any, ...]):
    """The pair (x, y), which also knows where its items come from; (x,) without labels, (x, y, z) with several targets.

    Attributes:
        index: dataset positions of the items, int64 [N].
    """

    index: Tensor  # type: ignore[assignment]  # tuple's own `index` method is of no use here

    def __new__(cls, values: Sequence[Any], index: Tensor) -> Batch:
        """Make a batch of inputs x and labels y, which may be None or `Several`."""
        x, y = values
        labels = () if y is None else y if isinstance(y, Several) else (y,)
        batch = super().__new__(cls, (x, *labels))
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


def as_pair(batch: Any) -> tuple[Any, Any]:
    """Return the inputs and the labels of a batch, None where it has no labels; several of either as `Several`."""
    n_inp = batch.n_inp if isinstance(batch, Fields) else 1
    return one_or_several(batch[:n_inp]), one_or_several(batch[n_inp:])


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
            check_count("num_workers", self.num_workers, 0)
        check_count("seed", self.seed, 0)


def rebuilt(old: tuple[Any, ...], parts: Sequence[Any]) -> tuple[Any, ...]:
    """Return other values as a tuple of the same class, a named tuple or one of the user's; of a batch, as a plain one."""
    return tuple(parts) if type(old) in (tuple, Batch, Fields) else type(old)(*parts)


def moved(value: Any, device: torch.device) -> Any:
    """Return a tensor, or a list, tuple or dict of tensors, on another device; other values are returned unchanged."""
    if isinstance(value, Tensor):
        return value.to(device, non_blocking=True)
    if isinstance(value, list):
        return [moved(part, device) for part in value]
    if isinstance(value, tuple):
        parts = [moved(part, device) for part in value]
        return Several(parts) if isinstance(value, Several) else rebuilt(value, parts)
    if isinstance(value, dict):
        return {name: moved(part, device) for name, part in value.items()}
    return value
