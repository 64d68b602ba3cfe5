"""Read batches from disk in threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from gatera.core.threads import usable_processors
from gatera.data.loading.batch import Batch, LoaderOptions, moved
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.readers.checks import check_no_transforms, check_spatial
from gatera.data.loading.readers.items import ItemReader, PartialBatch
from gatera.data.transforms.batch import BatchPipeline

#: Batches that are being read while a GPU computes with one. For a CPU none are: the threads share the batch that is
#: needed next, and then leave all processors to the model. Each parallel loop of torch waits for its slowest thread: on 2
#: busy cores convolutions took 1.7 to 3 times as long beside decoding threads, which worked at half speed themselves.
BATCHES_AHEAD = 2

#: Beyond this many threads the interpreter lock, not decoding, is the limit.
MOST_WORKERS = 8


class PendingBatch(NamedTuple):
    """A batch, and the threads that are filling it."""

    batch: PartialBatch
    parts: list[Future[None]]

    def result(self) -> PartialBatch:
        """Wait for the threads; raises what they raised, that of the earliest item first."""
        for part in self.parts:
            part.result()
        return self.batch


class DiskReader:
    """Reads batches of items that are read again in every epoch: photos, recordings.

    Args:
        dataset: the items.
        batch_tfms: what is done to whole batches.
        training: apply random transforms, and yield targets to learn from.
        options: threads, device, seed, cache.

    Attributes:
        random: whether anything random acts on x.

    Raises:
        ArgumentError: if batch transforms or spatial targets are asked for where the items are not photos.
    """

    def __init__(
        self, dataset: Dataset, batch_tfms: BatchPipeline, training: bool, options: LoaderOptions
    ) -> None:
        check_spatial(dataset)
        image = dataset.fields.image
        check_no_transforms(dataset, "batch_tfms", image is None and not batch_tfms.empty)
        self.dataset, self.options, self.device = dataset, options, torch.device(options.device or "cpu")
        self.training = training
        self.batch_tfms = None if image is None else batch_tfms
        on_gpu = self.device.type == "cuda"  # MPS does not mirror photos beyond their edge
        self.items = ItemReader(dataset, batch_tfms, training, options.seed, on_gpu, options.cache)
        self.random = self.items.random

    def batches(self, indices: Iterable[np.ndarray], epoch: int) -> Iterator[Batch]:
        """Yield batches of the items at some dataset positions, int64 [N] each, with an epoch's random numbers."""
        wanted = self.options.num_workers
        workers = min(MOST_WORKERS, usable_processors()) if wanted is None else wanted
        if not workers:
            for index in indices:
                batch = self.items.start(index)
                self.items.fill(batch, 0, len(index), epoch)
                yield self._finished(batch, epoch)
            return
        pool = ThreadPoolExecutor(workers, thread_name_prefix="gatera-loader")
        ahead = 0 if self.device.type == "cpu" else BATCHES_AHEAD
        waiting: deque[PendingBatch] = deque()
        try:
            for index in indices:
                waiting.append(self._start(pool, workers, index, epoch))
                if len(waiting) > ahead:
                    yield self._finished(waiting.popleft().result(), epoch)
            while waiting:
                yield self._finished(waiting.popleft().result(), epoch)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, pool: ThreadPoolExecutor, workers: int, index: np.ndarray, epoch: int) -> PendingBatch:
        """Let the threads share one batch, so that the first is ready soon."""
        batch = self.items.start(index)
        ends = np.linspace(0, len(index), min(workers, len(index)) + 1).astype(int).tolist()
        parts = [pool.submit(self.items.fill, batch, start, end, epoch) for start, end in pairwise(ends)]
        return PendingBatch(batch, parts)

    def _finished(self, batch: PartialBatch, epoch: int) -> Batch:
        self.items.finish(batch, epoch)
        rows = torch.from_numpy(np.ascontiguousarray(batch.index))
        x = self.dataset.fields.x.as_batch(moved(batch.inputs.tensor, self.device))
        if self.batch_tfms is not None:  # photos, [N,H,W,C] -> [N,C,H,W] by now
            key = (self.options.seed, epoch) if self.random else None
            x = self.batch_tfms(cast(Tensor, x), batch.index, key)
        if self.items.targets is not None and batch.targets is not None:
            return Batch((x, self.items.targets.collect(batch.targets, batch.index, self.device)), rows)
        return Batch((x, moved(self.dataset.batch_targets(rows, self.training), self.device)), rows)
