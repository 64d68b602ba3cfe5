"""Batches: read in threads, in an order that depends only on (seed, epoch), never on the number of threads."""

from __future__ import annotations

import os
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import check_at_least
from gatera.core.device import as_device
from gatera.core.errors import DataError
from gatera.core.random import rng
from gatera.data.batch import BatchPipeline
from gatera.data.dataset import Dataset
from gatera.data.reading import Reading
from gatera.program.preprocess import Preprocessing

#: Batches that are being read while one is used.
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
        seed: keys the order of items and all random draws.
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
        ArgumentError: if `bs` is below 1.
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
        self.dataset, self.bs, self.shuffle, self.training = dataset, bs, shuffle, training
        self.options = options or LoaderOptions()
        self.batch_tfms = batch_tfms or BatchPipeline()
        self.drop_last = drop_last and len(dataset) >= bs
        if drop_last and not self.drop_last:
            warnings.warn(
                f"The training split has {len(dataset)} items, fewer than bs={bs}: they make one small batch.",
                stacklevel=2,
            )
        self.device = as_device(self.options.device)
        self.random = training and (dataset.fields.pipeline.random or self.batch_tfms.random)
        self.epoch = 0
        self._reading = Reading(dataset, training, self.options.seed, pin=self.device.type == "cuda")

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
        order = np.arange(self.n)
        if self.shuffle:
            order = rng(self.options.seed, self.epoch, ORDER).permutation(self.n)
        for start in range(0, len(self) * self.bs, self.bs):
            yield order[start : start + self.bs]

    def __iter__(self) -> Iterator[Batch]:
        epoch, workers = self.epoch, self._workers()
        if not workers:
            for index in self.batch_indices():
                yield self._batch(index, epoch, [self._reading.chunk(index, epoch)])
            return
        pool = ThreadPoolExecutor(workers, thread_name_prefix="gatera-loader")
        try:
            for index, parts in _ahead(self.batch_indices(), lambda i: self._start(pool, workers, i, epoch)):
                yield self._batch(index, epoch, [part.result() for part in parts])
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def one_batch(self) -> Batch:
        """Return the first batch of the current epoch."""
        index = next(self.batch_indices())
        workers = max(1, self._workers())
        with ThreadPoolExecutor(workers) as pool:
            parts = [part.result() for part in self._start(pool, workers, index, self.epoch)]
        return self._batch(index, self.epoch, parts)

    def to(self, device: str | torch.device) -> DataLoader:
        """Put batches on another device from now on; returns this loader."""
        self.device = as_device(device)
        self._reading.pin = self.device.type == "cuda"
        return self

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
        wanted = self.options.num_workers
        return min(MOST_WORKERS, usable_processors()) if wanted is None else wanted

    def _start(
        self, pool: ThreadPoolExecutor, workers: int, index: np.ndarray, epoch: int
    ) -> list[Future[Tensor]]:
        """Let the threads share one batch, so that the first is ready soon."""
        parts = np.array_split(index, min(workers, len(index)))
        return [pool.submit(self._reading.chunk, part, epoch) for part in parts]

    def _batch(self, index: np.ndarray, epoch: int, parts: list[Tensor]) -> Batch:
        self._check_same_size(index, parts)
        on_device = [part.to(self.device, non_blocking=True) for part in parts]
        x = on_device[0] if len(on_device) == 1 else torch.cat(on_device)
        x = self.dataset.fields.x.as_batch(x)  # [N,H,W,C] -> [N,C,H,W]
        x = self.batch_tfms(x, index, (self.options.seed, epoch) if self.training else None)
        rows = torch.from_numpy(np.ascontiguousarray(index))
        targets = self.dataset.targets
        y = None if targets is None else targets[rows].to(self.device, non_blocking=True)
        return Batch((x, y), rows)

    def _check_same_size(self, index: np.ndarray, parts: list[Tensor]) -> None:
        start = 0
        for part in parts:
            if part.shape[1:] != parts[0].shape[1:]:
                raise self._reading.different(index[0], parts[0].shape[1:], index[start], part.shape[1:])
            start += len(part)


class DataLoaders:
    """The loaders of one job: training, validation, maybe test, and what they know of the data.

    Args:
        train: a `DataLoader`, or any iterable of batches (x, y), e.g. one of torch's loaders.
        valid: the same for validation, or None.
        test: the same for a test split, or None.
        path: folder where the job's files go.
        device: where a model for these data belongs; None for the training loader's device.
        seed: keys whatever else is random in training; None for the training loader's.
        vocab: labels, for loaders that are not ours.
        task: "classification", "multilabel" or "regression", for loaders that are not ours.
    """

    def __init__(
        self,
        train: Any,
        valid: Any = None,
        test: Any = None,
        *,
        path: str | Path = ".",
        device: str | torch.device | None = None,
        seed: int | None = None,
        vocab: Sequence[Any] | None = None,
        task: str | None = None,
    ) -> None:
        self.train, self.valid, self.test, self.path = train, valid, test, Path(path)
        self._fields = train.dataset.fields if isinstance(train, DataLoader) else None
        block = None if self._fields is None else self._fields.y
        self.vocab = vocab if block is None else block.vocab
        self.task = task if block is None else block.task
        self.c = block.n_out if block is not None else None if vocab is None else len(vocab)
        self.seed = train.options.seed if seed is None and isinstance(train, DataLoader) else seed
        self.device = as_device(device) if device is not None or self._fields is None else train.device
        self.bs = getattr(train, "bs", None) or getattr(train, "batch_size", None)

    def __getitem__(self, index: int) -> Any:
        """Return the loader number `index`: 0 training, 1 validation, 2 test; None where there is none."""
        return (self.train, self.valid, self.test)[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(loader for loader in (self.train, self.valid, self.test) if loader is not None)

    @property
    def train_ds(self) -> Any:
        """The training data set."""
        return self.train.dataset

    @property
    def valid_ds(self) -> Any:
        """The validation data set."""
        return self.valid.dataset

    @property
    def items(self) -> Any:
        """The items of the training split."""
        return self._dataset("items").items

    @property
    def normalize(self) -> Any:
        """The user's `Normalize`, which the loaders apply; None where the model is to normalise by itself."""
        return self.train.batch_tfms.normalize if isinstance(self.train, DataLoader) else None

    @property
    def preprocess(self) -> Preprocessing:
        """What is done to a raw input before prediction, as data.

        Raises:
            ExportError: if a transform that acts at prediction cannot be written as data.
        """
        return self._dataset("preprocess").fields.pipeline.evaluation.preprocessing()

    @property
    def class_counts(self) -> np.ndarray:
        """How often each label occurs in the training split, int64 [K]."""
        targets = self._dataset("class_counts").targets
        if targets is None or self.c is None or self.task not in ("classification", "multilabel"):
            raise DataError("class_counts needs labels of a fixed set", received=self.task)
        if self.task == "multilabel":
            return targets.sum(0).long().numpy()
        return torch.bincount(targets, minlength=self.c).numpy()

    def decode_label(self, index: Any) -> Any:
        """Return the label of an index (or of a mask of labels, or of numbers)."""
        block = self._dataset("decode_label").fields.y
        return None if block is None else block.decode(index)

    def one_batch(self) -> Any:
        """Return the first training batch (x, y)."""
        return self.train.one_batch() if isinstance(self.train, DataLoader) else next(iter(self.train))

    def input_batch(self, item: Any) -> Tensor:
        """Return one raw input as a model's input, float32 [1,C,H,W], preprocessed as at validation."""
        dataset = self._dataset("input_batch")
        array = dataset.fields.pipeline.evaluation(item)
        stacked = torch.from_numpy(np.array(array)[None]).to(self.device)  # [H,W,C] -> [1,H,W,C]
        return self.train.batch_tfms(dataset.fields.x.as_batch(stacked), np.zeros(1, np.int64), None)

    def test_dl(self, items: Any, with_labels: bool = False, bs: int | None = None) -> DataLoader:
        """Return a loader of other items, preprocessed as at validation.

        Args:
            items: a list of what the training items were, or of paths, bytes, arrays or Pillow images; or a DataFrame.
            with_labels: read labels too, as for training.
            bs: items per batch; None for the training loader's.

        Raises:
            DataError: if there are no items, or a label is not known.
        """
        dataset = self._dataset("test_dl").like(items, with_labels)
        options = replace(self.train.options, device=self.device, cache=False)
        return DataLoader(dataset, bs or self.train.bs, batch_tfms=self.train.batch_tfms, options=options)

    def to(self, device: str | torch.device) -> DataLoaders:
        """Put batches on another device from now on; returns these loaders."""
        self.device = as_device(device)
        for loader in self:
            if isinstance(loader, DataLoader):
                loader.to(self.device)
        return self

    def _dataset(self, wanted: str) -> Dataset:
        if not isinstance(self.train, DataLoader):
            raise DataError(
                f"{wanted} needs loaders made by Gatera", received=type(self.train).__name__,
                remedy="Make them with ImageDataLoaders or DataBlock.",
            )  # fmt: skip
        return self.train.dataset


def usable_processors() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _ahead(indices: Iterator[np.ndarray], start: Any) -> Iterator[tuple[np.ndarray, list[Future[Tensor]]]]:
    """Yield each batch's index and its started parts, while the next batches are already being read."""
    waiting: deque[tuple[np.ndarray, list[Future[Tensor]]]] = deque()
    for index in indices:
        waiting.append((index, start(index)))
        if len(waiting) > BATCHES_AHEAD:
            yield waiting.popleft()
    yield from waiting
