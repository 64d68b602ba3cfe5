"""One loader: batches read in threads, in an order that depends only on (seed, epoch), never on the number of threads."""

from __future__ import annotations

import os
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import check_at_least
from gatera.core.device import as_device
from gatera.core.errors import ArgumentError
from gatera.core.random import rng
from gatera.data.blocks.image import ImageBlock
from gatera.data.loading.batch_buffer import Slab
from gatera.data.loading.batch_order import batches_of
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.reader import Reading
from gatera.data.loading.show_table import show_items
from gatera.data.show.photos import photos_to_show, show_photos
from gatera.data.transforms.batch import BatchPipeline

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: Batches that are being read while a GPU computes with one. For a CPU none are: the threads share the batch that is
#: needed next, and then leave all processors to the model. Each parallel loop of torch waits for its slowest thread: on 2
#: busy cores convolutions took 1.7 to 3 times as long beside decoding threads, which worked at half speed themselves.
BATCHES_AHEAD = 2

#: Beyond this many threads the interpreter lock, not decoding, is the limit.
MOST_WORKERS = 8

#: Third part of the key that draws the order of an epoch; item draws have the item's index there.
ORDER = 2**32 - 1


class Batch(tuple[Any, ...]):
    """The pair (x, y), which also knows where its items come from.

    Attributes:
        index: dataset positions of the items, int64 [N].
    """

    index: Tensor  # type: ignore[assignment]  # tuple's own `index` method is of no use here

    def __new__(cls, values: Sequence[Any], index: Tensor) -> Batch:
        """Make a batch of (x, y)."""
        batch = super().__new__(cls, values)
        batch.index = index
        return batch


@dataclass(frozen=True)
class LoaderOptions:
    """How a loader reads, whatever it reads.

    Args:
        seed: keys the order of items and all random draws; 0 or more.
        num_workers: threads that read ahead; 0 reads in the caller's thread; None for one per processor, at most 8.
        device: where batches are put; None for the best at hand.
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


class DataLoader:
    """Yields batches `(x, y)` of a data set: x float32 [N,C,H,W] in 0..1, y int64 [N] or float32 [N,K] or None.

    Labels that lie on photos are read with them: masks, y int64 [N,H,W], and points, y float32 [N,2P].

    Args:
        dataset: the items.
        bs: items per batch.
        shuffle: in another order in every epoch.
        drop_last: leave out the items that do not fill a batch; never leaves out all.
        training: apply transforms that draw random numbers.
        batch_tfms: what is done to whole batches.
        options: threads, device, seed, cache.

    Attributes:
        random: whether anything random acts on x.

    Raises:
        ArgumentError: if `dataset` is not one of ours, `bs` is below 1, or batch transforms are asked for where the
            items are not photos.
    """

    def __init__(
        self,
        dataset: Dataset,
        bs: int = 64,
        *,
        shuffle: bool = False,
        drop_last: bool = False,
        training: bool = False,
        batch_tfms: BatchPipeline | None = None,
        options: LoaderOptions | None = None,
    ) -> None:
        check_at_least("bs", bs, 1)
        if not isinstance(dataset, Dataset):
            raise ArgumentError(
                "DataLoader reads data sets made by Gatera", got=type(dataset).__name__,
                remedy="For others use torch.utils.data.DataLoader: DataLoaders takes both.",
            )  # fmt: skip
        self.dataset, self.bs, self.shuffle, self.training = dataset, bs, shuffle, training
        self.options = options or LoaderOptions()
        self.batch_tfms = batch_tfms or BatchPipeline()
        self._check_transforms()
        self.drop_last = drop_last and len(dataset) >= bs
        if drop_last and not self.drop_last:
            warnings.warn(
                f"The training split has {len(dataset)} items, fewer than bs={bs}: they make one small batch.",
                stacklevel=3,
            )
        self.epoch = 0
        self.to(as_device(self.options.device))

    def _check_transforms(self) -> None:
        block = self.dataset.fields.x
        if self.dataset.fields.on_photo is not None and not isinstance(block, ImageBlock):
            raise ArgumentError(
                f"{type(self.dataset.fields.on_photo).__name__} lies on a photo, and the input is none",
                got=type(block).__name__, expected="ImageBlock",
            )  # fmt: skip
        given = {
            "batch_tfms": not block.is_photo and not self.batch_tfms.empty,
            "item_tfms": block.in_memory and bool(self.dataset.fields.pipeline.transforms),
        }
        for name, wrong in given.items():
            if wrong:
                raise ArgumentError(f"{name} act on photos", got=type(block).__name__, expected="ImageBlock")

    def to(self, device: str | torch.device) -> DataLoader:
        """Put batches on another device from now on; returns this loader."""
        self.device = as_device(device)
        on_gpu = self.device.type == "cuda"  # MPS does not mirror photos beyond their edge
        options = self.options
        self._reading = Reading(
            self.dataset, self.batch_tfms, self.training, options.seed, on_gpu, options.cache
        )
        self.random = self._reading.random
        return self

    @property
    def n(self) -> int:
        """Number of items."""
        return len(self.dataset)

    def __len__(self) -> int:
        """Return the number of batches."""
        return self.n // self.bs if self.drop_last else -(-self.n // self.bs)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order and draws the next iteration has."""
        self.epoch = epoch

    def batch_indices(self) -> Iterator[np.ndarray]:
        """Yield the dataset positions of each batch of the current epoch, int64 [N]."""
        order, mix = np.arange(self.n), None
        if self.shuffle:
            mix = rng(self.options.seed, self.epoch, ORDER)
            order = mix.permutation(self.n)
        return batches_of(order[: len(self) * self.bs], self.bs, self.dataset.lengths, mix)

    @property
    def sorts(self) -> bool:
        """Whether items come by their length even where they are not shuffled, rather than in dataset order."""
        return self.dataset.lengths is not None

    def __iter__(self) -> Iterator[Batch]:
        epoch, workers = self.epoch, self._workers()
        if not workers:
            for index in self.batch_indices():
                yield self.batch_of(index, epoch)
            return
        pool = ThreadPoolExecutor(workers, thread_name_prefix="gatera-loader")
        ahead = 0 if self.device.type == "cpu" else BATCHES_AHEAD
        waiting: deque[Started] = deque()
        try:
            for index in self.batch_indices():
                waiting.append(self._start(pool, workers, index, epoch))
                if len(waiting) > ahead:
                    yield self._batch(waiting.popleft().result(), epoch)
            while waiting:
                yield self._batch(waiting.popleft().result(), epoch)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def one_batch(self) -> Batch:
        """Return the first batch of the current epoch."""
        return self.batch_of(next(self.batch_indices()))

    def batch_of(self, index: np.ndarray, epoch: int | None = None) -> Batch:
        """Return a batch of certain items, exactly as an epoch gives them.

        Args:
            index: dataset positions, int64 [N].
            epoch: whose draws; None for the current one.
        """
        workers, epoch = self._workers(), self.epoch if epoch is None else epoch
        if self.dataset.fields.x.in_memory:
            return self._with_labels(self.dataset.stacked(index).to(self.device, non_blocking=True), index)
        if not workers:
            slab = self._slab(index)
            self._reading.fill(slab, 0, len(index), epoch)
            return self._batch(slab, epoch)
        with ThreadPoolExecutor(workers) as pool:
            return self._batch(self._start(pool, workers, index, epoch).result(), epoch)

    def show_batch(
        self,
        max_n: int = 9,
        nrows: int | None = None,
        ncols: int | None = None,
        figsize: tuple[float, float] | None = None,
        unique: bool = False,
    ) -> Figure | pd.DataFrame:
        """Show photos with their labels, as the model gets them (colours as they were before `Normalize`).

        Inputs of other kinds are shown in a table; then only `max_n` counts.

        Args:
            max_n: how many.
            nrows: rows of the grid; with `ncols` it says how many photos are shown.
            ncols: columns of the grid.
            figsize: width and height in inches.
            unique: show one photo again and again, to see what the random transforms do to it.

        Raises:
            ArgumentError: if a number is below 1.
        """
        n = photos_to_show(max_n, nrows, ncols)
        if not self.dataset.fields.x.is_photo:
            return show_items(self.dataset, self._some(n).tolist())
        if unique:
            batches = [self.batch_of(self._some(1), self.epoch + view) for view in range(n)]
            raw = self.dataset.inputs[int(batches[0].index[0])]
            title = f"{Path(raw).name if isinstance(raw, str | Path) else 'one item'}, seen {n} times"
        else:
            batches = [self.batch_of(self._some(n))]
            title = f"{len(batches[0].index)} of {self.n} items"
        photos = [photo for batch in batches for photo in self.pictures(batch[0])]
        on_photo, labels = (
            self.dataset.fields.on_photo,
            [batch[1] for batch in batches if batch[1] is not None],
        )
        if on_photo is not None and labels:
            return on_photo.show_on(photos, torch.cat(labels), None, nrows, ncols, figsize, title)
        titles = [self.dataset.title(int(i)) for batch in batches for i in batch.index]
        draw = self.dataset.fields.x.draw
        return show_photos(photos, titles, None, nrows, ncols, figsize, suptitle=title, draw=draw)

    def pictures(self, x: Tensor) -> list[np.ndarray]:
        """Return a batch's inputs as photos to look at, uint8 [H,W,C] each."""
        normalize = self.batch_tfms.normalize
        colors = x if normalize is None else normalize.undo(x.float())
        return [self.dataset.fields.x.decode(photo) for photo in colors]

    def _some(self, n: int) -> np.ndarray:
        """Return the first n positions of the epoch's order; of an order by class or date, n from all over it."""
        if self.shuffle:
            return next(self.batch_indices())[:n]
        return np.unique(np.linspace(0, self.n - 1, min(n, self.n)).astype(int))

    def for_evaluation(self) -> DataLoader:
        """Return a loader of the same items in their own order, complete, and without anything random."""
        return self._like(self.dataset, training=False)

    def augmenting(self, dataset: Dataset, epoch: int) -> DataLoader:
        """Return a loader of `dataset` in its own order, complete, with this loader's random transforms.

        Args:
            dataset: the items, e.g. the validation split.
            epoch: number of the view: another one, other draws.
        """
        loader = self._like(dataset, training=True)
        loader.set_epoch(epoch)
        return loader

    def _like(self, dataset: Dataset, training: bool) -> DataLoader:
        options = replace(self.options, device=self.device)
        return DataLoader(dataset, self.bs, training=training, batch_tfms=self.batch_tfms, options=options)

    def _workers(self) -> int:
        if self.dataset.fields.x.in_memory:
            return 0
        wanted = self.options.num_workers
        return min(MOST_WORKERS, usable_processors()) if wanted is None else wanted

    def _slab(self, index: np.ndarray) -> Slab:
        return Slab(index, self.device.type == "cuda", with_labels=self._reading.labels is not None)

    def _start(self, pool: ThreadPoolExecutor, workers: int, index: np.ndarray, epoch: int) -> Started:
        """Let the threads share one batch, so that the first is ready soon."""
        slab = self._slab(index)
        ends = np.linspace(0, len(index), min(workers, len(index)) + 1).astype(int).tolist()
        parts = [pool.submit(self._reading.fill, slab, start, end, epoch) for start, end in pairwise(ends)]
        return Started(slab, parts)

    def _batch(self, slab: Slab, epoch: int) -> Batch:
        self._reading.finish(slab, epoch)
        x = slab.tensor.to(self.device, non_blocking=True)
        key = (self.options.seed, epoch) if self.random else None
        return self._with_labels(x, slab.index, key, slab.labels)

    def _with_labels(
        self,
        stacked: Tensor,
        index: np.ndarray,
        key: tuple[int, int] | None = None,
        on_photo: Slab | None = None,
    ) -> Batch:
        x = self.dataset.fields.x.as_batch(stacked)  # photos: [N,H,W,C] -> [N,C,H,W]
        if self.dataset.fields.x.is_photo:
            x = self.batch_tfms(cast(Tensor, x), index, key)
        rows = torch.from_numpy(np.ascontiguousarray(index))
        targets = self.dataset.targets
        y = None if targets is None else targets[rows].to(self.device, non_blocking=True)
        if on_photo is not None and self.dataset.fields.on_photo is not None:
            y = self.dataset.fields.on_photo.as_targets(on_photo.tensor.to(self.device, non_blocking=True))
        return Batch((x, y), rows)


@dataclass(frozen=True)
class Started:
    """A batch that threads are filling."""

    slab: Slab
    parts: list[Future[None]]

    def result(self) -> Slab:
        """Wait for the threads; raises what they raised, that of the earliest item first."""
        for part in self.parts:
            part.result()
        return self.slab


def usable_processors() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
