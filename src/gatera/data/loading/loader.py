"""Load batches of a data set, in an order that depends only on (seed, epoch), never on the number of threads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import check_count
from gatera.core.errors import ArgumentError
from gatera.core.random import rng
from gatera.data.device import as_device
from gatera.data.loading.batch import Batch, LoaderOptions
from gatera.data.loading.batch_order import batches_of
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.describe import describe_loader
from gatera.data.loading.readers.disk import DiskReader
from gatera.data.loading.readers.memory import MemoryReader
from gatera.data.loading.show_batch import show_items, show_views
from gatera.data.show.photos import photos_to_show
from gatera.data.transforms.batch import BatchPipeline

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: How batches are read, by the storage of the input block.
READERS: dict[str, type[DiskReader] | type[MemoryReader]] = {"disk": DiskReader, "memory": MemoryReader}

#: Third part of the key of an epoch's order; the keys of items have their index there.
ORDER = 2**32 - 1


class DataLoader:
    """Yields batches `(x, y)` of a data set.

    Photos are x float32 [N,C,H,W] in 0..1. Targets are y int64 [N] (classes), float32 [N,K] (several labels, numbers), int64
    [N,H,W] (masks), float32 [N,2P] (points), or None; ragged targets are what their block's `collate` returns.

    Args:
        dataset: the items.
        bs: items per batch.
        shuffle: shuffle the items in every epoch.
        drop_last: drop the last batch if it is smaller, unless it is the only one.
        training: apply random transforms.
        batch_tfms: transforms of whole batches.
        options: threads, device, seed, cache.

    Attributes:
        random: whether random transforms act on x.

    Raises:
        ArgumentError: if `dataset` is not a `Dataset`, `bs` is below 1, or there are batch transforms and inputs are not
            photos.
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
        check_count("bs", bs, 1)
        if not isinstance(dataset, Dataset):
            raise ArgumentError(
                "dataset is not a Gatera Dataset", got=type(dataset).__name__,
                remedy="Use torch.utils.data.DataLoader for it: DataLoaders takes both kinds of loaders.",
            )  # fmt: skip
        self.dataset, self.bs, self.shuffle, self.training = dataset, bs, shuffle, training
        self.options = options or LoaderOptions()
        self.batch_tfms = batch_tfms or BatchPipeline()
        self.drop_last = drop_last and len(dataset) >= bs
        if drop_last and not self.drop_last:
            warnings.warn(
                f"The training set has {len(dataset)} items, fewer than bs={bs}: they make one small batch.",
                stacklevel=3,
            )
        self.epoch = 0
        self.to(as_device(self.options.device))

    def __repr__(self) -> str:
        how = f"{', shuffled' if self.shuffle else ''}{', augmented' if self.random else ''}"
        return f"<DataLoader: {describe_loader(self)}{how}, on {self.device}>"

    def to(self, device: str | torch.device) -> DataLoader:
        """Put batches on another device from now on; returns this loader."""
        self.device = as_device(device)
        options, storage = replace(self.options, device=self.device), self.dataset.fields.x.storage
        self._reader = READERS[storage](self.dataset, self.batch_tfms, self.training, options)
        self.random = self._reader.random
        return self

    @property
    def n(self) -> int:
        """Number of items."""
        return len(self.dataset)

    def __len__(self) -> int:
        """Return the number of batches."""
        return self.n // self.bs if self.drop_last else -(-self.n // self.bs)

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, which keys the order and the random transforms of the next iteration."""
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
        return self._reader.batches(self.batch_indices(), self.epoch)

    def batches_from(self, first: int) -> Iterator[Batch]:
        """Yield the batches of the current epoch from number `first` on; those before are not read."""
        return self._reader.batches(islice(self.batch_indices(), first, None), self.epoch)

    def one_batch(self) -> Batch:
        """Return the first batch of the current epoch."""
        return self.batch_of(next(self.batch_indices()))

    def batch_of(self, index: np.ndarray, epoch: int | None = None) -> Batch:
        """Return a batch of certain items, exactly as an epoch gives them.

        Args:
            index: dataset positions, int64 [N].
            epoch: whose random numbers; None for the current one.
        """
        [batch] = self._reader.batches([index], self.epoch if epoch is None else epoch)
        return batch

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
        if self.dataset.fields.image is None:
            return show_items(self.dataset, self._some(n).tolist())
        if unique:
            batches = [self.batch_of(self._some(1), self.epoch + view) for view in range(n)]
        else:
            batches = [self.batch_of(self._some(n))]
        photos = [photo for batch in batches for photo in self.pictures(batch[0])]
        return show_views(self.dataset, batches, photos, nrows, ncols, figsize)

    def pictures(self, x: Tensor) -> list[np.ndarray]:
        """Return a batch's inputs as photos to look at, uint8 [H,W,C] each."""
        [colors] = self.decode((x.float() if self.batch_tfms.normalize else x,))
        return [self.dataset.fields.x.decode(photo) for photo in colors]

    def decode(self, batch: Sequence[Any]) -> tuple[Any, ...]:
        """Return a batch (x, y) or (x,) whose photos have their colours in 0..1 again, undoing a `Normalize`."""
        x, *labels = batch
        normalize = self.batch_tfms.normalize
        return (x if normalize is None else normalize.undo(x), *labels)

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
            epoch: number of the view, which keys the random transforms.
        """
        loader = self._like(dataset, training=True)
        loader.set_epoch(epoch)
        return loader

    def _like(self, dataset: Dataset, training: bool) -> DataLoader:
        options = replace(self.options, device=self.device)
        return DataLoader(dataset, self.bs, training=training, batch_tfms=self.batch_tfms, options=options)
