"""Load batches from any list of samples: pairs of tensors, tuples of several inputs, token lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import check_count, counted
from gatera.core.random import fresh_seed, rng
from gatera.data.device import as_device
from gatera.data.item_errors import naming_item
from gatera.data.loading.batch import Fields, moved, rebuilt

#: Second part of the key of an epoch's order.
ORDER = 2**32 - 1


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Steps:
    """Functions that act on what a `ListLoader` loads.

    Args:
        item: on each sample.
        samples: on the list of a batch's samples, before they are put together.
        collate: puts the samples of a batch together; None for `collated`.
        batch: on each batch.
    """

    item: Callable[[Any], Any] = _same
    samples: Callable[[list[Any]], Any] = _same
    collate: Callable[[list[Any]], Any] | None = None
    batch: Callable[[Any], Any] = _same


class ListLoader:
    """Yields batches of a list of samples, such as (x, y) pairs: each field becomes one tensor.

    Args:
        dataset: anything with a length whose elements are samples.
        bs: samples per batch.
        shuffle: draw another order in every epoch.
        drop_last: drop the last batch if it is smaller.
        n_inp: how many fields of a sample are inputs; None for all but the last.
        device: where batches are put; None for the CPU.
        steps: functions on samples and batches.
        length: sample -> length, to put samples of like lengths together.

    Raises:
        ArgumentError: if `bs` is below 1.
    """

    def __init__(
        self, dataset: Any, bs: int = 64, *, shuffle: bool = False, drop_last: bool = False, n_inp: int | None = None,
        device: str | torch.device | None = None, steps: Steps | None = None, length: Callable[[Any], int] | None = None,
    ) -> None:  # fmt: skip
        check_count("bs", bs, 1)
        self.dataset, self.bs, self.shuffle, self.drop_last = dataset, bs, shuffle, drop_last
        self.n_inp, self.steps, self.length = n_inp, steps or Steps(), length
        self.device = torch.device("cpu") if device is None else as_device(device)
        self.seed, self.epoch = fresh_seed(), 0

    def __repr__(self) -> str:
        how = ", shuffled" if self.shuffle else ""
        return (
            f"<ListLoader: {counted(self.n, 'sample')} in {counted(len(self), 'batch', 'batches')} of {self.bs}{how}, "
            f"on {self.device}>"
        )

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.dataset)

    @property
    def batch_size(self) -> int:
        """Samples per batch."""
        return self.bs

    @property
    def items(self) -> Any:
        """The samples, or what they are made from."""
        return getattr(self.dataset, "items", self.dataset)

    def __len__(self) -> int:
        """Return the number of batches."""
        return self.n // self.bs if self.drop_last else -(-self.n // self.bs)

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, which keys the order of the next iteration."""
        self.epoch = epoch

    def new(self, dataset: Any = None, **changes: Any) -> Self:
        """Return a loader like this one, of other samples or with other arguments."""
        own = {
            name: getattr(self, name)
            for name in ("bs", "shuffle", "drop_last", "n_inp", "device", "steps", "length")
        }
        return type(self)(self.dataset if dataset is None else dataset, **{**own, **changes})

    def to(self, device: str | torch.device) -> Self:
        """Put batches on another device from now on; returns this loader."""
        self.device = as_device(device)
        return self

    def for_evaluation(self) -> Self:
        """Return a loader of the same samples in their own order, complete; not sorted by length either."""
        return self.new(shuffle=False, drop_last=False, length=None)

    def positions(self) -> list[int]:
        """Return the positions of the samples in the order of this epoch."""
        order = rng(self.seed, self.epoch, ORDER).permutation(self.n) if self.shuffle else np.arange(self.n)
        if self.length is not None:
            lengths = np.array([self.length(self.dataset[place]) for place in range(self.n)])
            order = order[np.argsort(-lengths[order], kind="stable")]
        return order.tolist()

    def __iter__(self) -> Iterator[Any]:
        order = self.positions()
        self.epoch += 1  # without a fit, which sets it, each pass has its own order
        return (self.batch_of(order[start * self.bs : (start + 1) * self.bs]) for start in range(len(self)))

    def batch_of(self, positions: Sequence[int]) -> Any:
        """Return the batch of some samples."""
        samples = []
        for place in positions:
            with naming_item("load", lambda: f"item {place}"):  # noqa: B023 - called at once
                samples.append(self.steps.item(self.dataset[place]))
        made = (self.steps.collate or collated)(self.steps.samples(samples))
        made = moved(made, self.device)
        if isinstance(made, tuple) and len(made) > 1:
            made = Fields(made, len(made) - 1 if self.n_inp is None else self.n_inp)
        return self.steps.batch(made)

    def one_batch(self) -> Any:
        """Return the first batch of the current epoch."""
        return self.batch_of(self.positions()[: self.bs])


def collated(samples: Sequence[Any]) -> Any:
    """Put samples together: numbers, arrays and tensors to one tensor, tuples and dicts field by field, texts to a tuple.

    Example:
        >>> collated([(1, "a"), (2, "b")])
        (tensor([1, 2]), ('a', 'b'))
    """
    one = samples[0]
    if isinstance(one, Tensor):
        return torch.stack(list(samples))
    if isinstance(one, dict):
        return {name: collated([sample[name] for sample in samples]) for name in one}
    if isinstance(one, str | bytes) or one is None:
        return tuple(samples)
    if isinstance(one, tuple | list):
        fields = [collated(field) for field in zip(*samples, strict=True)]
        return rebuilt(one, fields) if isinstance(one, tuple) else tuple(fields)
    if isinstance(one, np.ndarray | np.generic):
        return torch.from_numpy(np.stack(list(samples)))
    if isinstance(one, bool | int | float):
        return torch.tensor(list(samples), dtype=torch.float32 if isinstance(one, float) else None)
    return tuple(samples)
