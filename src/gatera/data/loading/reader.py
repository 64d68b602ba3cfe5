"""Reading the items of a batch: what each thread of a loader does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.errors import DataError
from gatera.core.random import rng
from gatera.data.item_errors import guarded
from gatera.data.loading.batch_buffer import Slab
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.pipeline import as_photo
from gatera.data.loading.target_reader import LabelReading
from gatera.data.transforms.batch import BatchPipeline, to_float
from gatera.data.transforms.sampled import Draw


class Reading:
    """Reads items of one data set, for training or for evaluation.

    For a CPU, photos are made float, and changed by what the batch transforms drew, one by one in the threads; for a GPU
    they stay 8-bit, to be changed there all at once.

    Args:
        dataset: whose inputs are read.
        batch: the batch transforms.
        training: apply whatever draws random numbers.
        seed: keys the draws, together with epoch and index.
        on_gpu: whether batches go to a GPU.
        cache: keep on disk what is the same in every epoch, if all photos have one size by then.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch: BatchPipeline,
        training: bool,
        seed: int,
        on_gpu: bool,
        cache: bool = False,
    ) -> None:
        self.dataset, self.batch, self.seed, self.on_gpu = dataset, batch, seed, on_gpu
        self.pipeline = dataset.fields.pipeline
        self.random = training and (self.pipeline.random or batch.random)
        # Where nothing is random, training reads exactly as evaluation does.
        self.fixed = self.pipeline.beginning if self.random else self.pipeline.evaluation
        self.cache = dataset.cache(self.fixed) if cache else None
        self.drawing = self.random and self.pipeline.random
        # Some transforms draw from torch's global generator, which only the caller's thread may touch.
        self.finish_later = self.drawing and self.pipeline.serial
        self.labels = self._label_reading(cache)

    def _label_reading(self, cache: bool) -> LabelReading | None:
        block, dataset = self.dataset.fields.on_photo, self.dataset
        if block is None or dataset.raw_labels is None:
            return None
        self.pipeline.check_places()
        self.batch.check_places()
        kept = dataset.label_cache(self.fixed) if cache else None
        return LabelReading(dataset, block, self.fixed, self.drawing, self.seed, kept)

    def fill(self, slab: Slab, start: int, stop: int, epoch: int) -> None:
        """Read the items at places `start` to `stop` of a batch; called in several threads.

        Raises:
            DataError: if an item cannot be read (a PhotoError names the file).
        """
        writer = Writer(self, slab, start, stop, epoch)
        for place in range(start, stop):
            index = int(slab.index[place])
            value = self._named(index, self._begin, self.dataset.inputs[index])
            if self.finish_later:
                slab.waiting[place] = value
            else:
                self._finish_one(writer, place, value)

    def _finish_one(self, writer: Writer, place: int, value: Any) -> None:
        index = int(writer.slab.index[place])
        array = self._drawn(value, index, writer.epoch)
        writer.photo(place, array)
        if self.labels is not None:
            draw = writer.draw(array)
            label = self._named(index, self.labels.read, index, writer.epoch, draw, place - writer.start)
            writer.label(place, label)

    def _begin(self, raw: Any) -> Any:
        """Return an input as it is before anything random: pixels, or the photo where random transforms follow."""
        if self.cache is None or not isinstance(raw, str | Path):
            return self.fixed.photo(raw) if self.drawing else self.fixed(raw)
        pixels = self.cache.get(raw)
        if pixels is None:
            pixels = self.fixed(raw)
            self.cache.put(raw, pixels)
        return as_photo(pixels) if self.drawing else pixels

    def finish(self, slab: Slab, epoch: int) -> None:
        """Do what only the caller's thread may do, and check that all items have one size.

        Raises:
            DataError: if two items differ in size; both are named.
        """
        if self.finish_later:
            writer = Writer(self, slab, 0, len(slab.index), epoch)
            for place, value in enumerate(slab.waiting):
                self._finish_one(writer, place, value)
        odd = slab.odd_one()
        if odd is not None:
            first, second = (self.dataset.name(int(slab.index[place])) for place in (0, odd))
            raise DataError(
                "The items of a batch differ in size: "
                f"{first} is {_size(slab.shapes[0])}, {second} is {_size(slab.shapes[odd])}",
                remedy="Make them one size: item_tfms=Resize(224).",
            )

    def _drawn(self, value: Any, index: int, epoch: int) -> np.ndarray:
        """Apply the item transforms that draw random numbers."""
        if not self.drawing:
            return np.asarray(value)
        return self._named(index, self.pipeline.draw, value, rng(self.seed, epoch, index))

    def _named(self, index: int, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function for an item; whatever goes wrong names the item."""
        raw = self.dataset.inputs[index]
        return guarded("An item transform", self.dataset.name(index), raw, function, *args)


class Writer:
    """Puts what was read for some items of a batch to its place there.

    Args:
        reading: who reads.
        slab: the batch's memory.
        start: the first of the places.
        stop: one after the last.
        epoch: whose draws.
    """

    def __init__(self, reading: Reading, slab: Slab, start: int, stop: int, epoch: int) -> None:
        self.reading, self.slab, self.start, self.stop, self.epoch = reading, slab, start, stop, epoch
        self._draw: Draw | None = None
        self._tables = np.empty(0)

    def draw(self, array: np.ndarray) -> Draw | None:
        """Return what the batch transforms drew for these items, made when the first photo (of the size of all) is there."""
        reading, index = self.reading, self.slab.index
        if self._draw is None and reading.random:
            key = reading.seed, self.epoch
            self._draw = reading.batch.draw(
                index[self.start : self.stop], key, int(index[0]), array.shape[:2]
            )
        return self._draw

    def photo(self, place: int, array: np.ndarray) -> None:
        """Write an item's input: as it is for a GPU; for a CPU as float, changed by what was drawn."""
        slab, reading = self.slab, self.reading
        slab.shapes[place] = array.shape
        if reading.on_gpu or not reading.dataset.fields.x.is_photo:
            rows = slab.rows(array.shape, array.dtype)
            if rows is not None:
                rows[place] = array
            return
        draw = self.draw(array)
        size = array.shape[:2] if draw is None else draw.output_size(*array.shape[:2])
        rows = slab.rows((*size, array.shape[2]), np.float32)
        if rows is None:
            return  # another size than the first: `finish` says so
        if draw is None:
            to_float(array, rows[place])
            return
        if not len(self._tables):
            self._tables = draw.tone_tables(self.stop - self.start)
        draw.photo(place - self.start, array, rows[place], self._tables)

    def label(self, place: int, label: np.ndarray) -> None:
        """Write an item's label."""
        rows = None if self.slab.labels is None else self.slab.labels.rows(label.shape, label.dtype)
        if rows is not None:
            rows[place] = label


def _size(shape: Sequence[int] | None) -> str:
    if shape is not None and len(shape) == 3:
        return f"{shape[0]} x {shape[1]} pixels (height x width)"
    return f"of shape {list(shape or ())}"
