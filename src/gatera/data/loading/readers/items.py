"""Read the items of a batch: what each thread of a `DiskReader` does."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.errors import DataError
from gatera.core.random import rng
from gatera.data.item_errors import naming_item
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.pipeline import as_photo
from gatera.data.loading.readers.buffer import BatchBuffer, Layout, RaggedBuffer
from gatera.data.loading.readers.targets import TargetReader
from gatera.data.transforms.batch import BatchPipeline, to_float
from gatera.data.transforms.sampled import SampledAugmentation


class PartialBatch:
    """A batch that threads are filling.

    Args:
        index: dataset positions of its items, int64 [N].
        inputs: memory of the inputs.
        targets: memory of spatial targets, or None.

    Attributes:
        waiting: values of items that the caller's thread must finish.
    """

    def __init__(
        self, index: np.ndarray, inputs: BatchBuffer, targets: BatchBuffer | RaggedBuffer | None
    ) -> None:
        self.index, self.inputs, self.targets = index, inputs, targets
        self.waiting: list[Any] = [None] * len(index)


class ItemReader:
    """Reads items of one data set, for training or for evaluation; may be used from several threads.

    For a CPU, photos are made float and augmented one by one in the threads; for a GPU they stay 8-bit, to be augmented there
    all at once.

    Args:
        dataset: whose inputs are read.
        batch_tfms: the batch transforms.
        training: apply the random transforms.
        seed: keys their random numbers, together with epoch and index.
        on_gpu: whether batches go to a GPU.
        cache: keep on disk what is the same in every epoch, if all photos have one size by then.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_tfms: BatchPipeline,
        training: bool,
        seed: int,
        on_gpu: bool,
        cache: bool = False,
    ) -> None:
        self.dataset, self.batch_tfms, self.seed = dataset, batch_tfms, seed
        self.pin, self.in_floats = on_gpu, dataset.fields.image is not None and not on_gpu
        self.pipeline = dataset.fields.pipeline
        self.pipeline.check()
        self.random = training and (self.pipeline.random or batch_tfms.random)
        # Where nothing is random, training reads exactly as evaluation does.
        self.fixed = self.pipeline.beginning if self.random else self.pipeline.evaluation
        self.cache = dataset.cache(self.fixed) if cache else None
        self.random_items = self.random and self.pipeline.random
        # Some transforms draw from torch's global generator, which only the caller's thread may touch.
        self.finish_later = self.random_items and self.pipeline.serial
        self.targets = self._target_reader(cache)

    def _target_reader(self, cache: bool) -> TargetReader | None:
        block, dataset = self.dataset.fields.spatial, self.dataset
        if block is None or dataset.raw_labels is None:
            return None
        self.pipeline.check_places()
        self.batch_tfms.check_places()
        kept = dataset.label_cache(self.fixed) if cache else None
        return TargetReader(dataset, block, self.fixed, self.random_items, self.seed, kept)

    def start(self, index: np.ndarray) -> PartialBatch:
        """Return the memory for the items at some dataset positions, int64 [N]."""
        targets = None if self.targets is None else self.targets.buffer(len(index), self.pin)
        return PartialBatch(index, BatchBuffer(len(index), self.pin), targets)

    def fill(self, batch: PartialBatch, start: int, stop: int, epoch: int) -> None:
        """Read the items at places `start` to `stop` of a batch; called in several threads.

        Raises:
            DataError: if an item cannot be read (a PhotoError names the file).
        """
        writer = BatchWriter(self, batch, start, stop, epoch)
        for place in range(start, stop):
            index = int(batch.index[place])
            raw = self.dataset.inputs[index]
            with naming_item("read", partial(self.dataset.name, index), raw):
                value = self._read(raw)
            if self.finish_later:
                batch.waiting[place] = value
            else:
                self._write(writer, place, value)

    def _read(self, raw: Any) -> Any:
        """Return an input as it is before anything random: pixels, or the photo where random transforms follow."""
        if self.cache is None or not isinstance(raw, str | Path):
            return self.fixed.photo(raw) if self.random_items else self.fixed(raw)
        pixels = self.cache.get(raw)
        if pixels is None:
            pixels = self.fixed(raw)
            self.cache.put(raw, pixels)
        return as_photo(pixels) if self.random_items else pixels

    def _write(self, writer: BatchWriter, place: int, value: Any) -> None:
        """Apply the random item transforms to an input, and write it and its spatial target into the batch."""
        index = int(writer.batch.index[place])
        name, raw = partial(self.dataset.name, index), self.dataset.inputs[index]
        if self.random_items:
            with naming_item("apply the item transforms to", name, raw):
                value = self.pipeline.apply_random(value, rng(self.seed, writer.epoch, index))
        array = np.asarray(value)
        writer.write_input(place, array)
        if self.targets is not None:
            sampled = writer.sampled(array)
            with naming_item("read the label of", name, raw):
                target = self.targets.read(index, writer.epoch, sampled, place - writer.start)
            if writer.batch.targets is not None:
                writer.batch.targets.put(place, target)

    def finish(self, batch: PartialBatch, epoch: int) -> None:
        """Do what only the caller's thread may do, and check that all items have one size.

        Raises:
            DataError: if two items differ in size; both are named.
        """
        if self.finish_later:
            writer = BatchWriter(self, batch, 0, len(batch.index), epoch)
            for place, value in enumerate(batch.waiting):
                self._write(writer, place, value)
        odd = batch.inputs.odd_one()
        if odd is not None:
            first, other = (
                f"{self.dataset.name(int(batch.index[place]))} is {_size(batch.inputs.layouts[place])}"
                for place in (0, odd)
            )
            raise DataError(
                f"The items of a batch differ in size: {first}, {other}",
                remedy="Make them one size: item_tfms=Resize(224).",
            )


class BatchWriter:
    """Writes some items of a batch into its memory.

    Args:
        reader: who reads them.
        batch: the batch.
        start: place of the first item in the batch.
        stop: one after the last place.
        epoch: whose random numbers.
    """

    def __init__(self, reader: ItemReader, batch: PartialBatch, start: int, stop: int, epoch: int) -> None:
        self.reader, self.batch, self.start, self.stop, self.epoch = reader, batch, start, stop, epoch
        self._sampled: SampledAugmentation | None = None
        self._tables = np.empty(0)

    def sampled(self, array: np.ndarray) -> SampledAugmentation | None:
        """Return the changes sampled for these items; made when the first photo (of the size of all) is there."""
        reader, index = self.reader, self.batch.index
        if self._sampled is None and reader.random:
            key = reader.seed, self.epoch
            self._sampled = reader.batch_tfms.sample(
                index[self.start : self.stop], key, int(index[0]), array.shape[:2]
            )
        return self._sampled

    def write_input(self, place: int, array: np.ndarray) -> None:
        """Write an item's input: a photo for a CPU as float and augmented, anything else unchanged."""
        buffer = self.batch.inputs
        if not self.reader.in_floats:
            buffer.put(place, array)
            return
        buffer.layouts[place] = array.dtype, array.shape
        sampled = self.sampled(array)
        size = array.shape[:2] if sampled is None else sampled.output_size(*array.shape[:2])
        rows = buffer.rows((*size, array.shape[2]), np.float32)
        if rows is None:
            return  # another size than the first: `finish` raises
        if sampled is None:
            to_float(array, rows[place])
            return
        if not len(self._tables):
            self._tables = sampled.tone_tables(self.stop - self.start)
        sampled.photo(place - self.start, array, rows[place], self._tables)


def _size(layout: Layout | None) -> str:
    dtype, shape = layout or (None, ())
    if len(shape) == 3:
        return f"{shape[0]} x {shape[1]} pixels (height x width)"
    return f"{dtype} of shape {list(shape)}"
