"""Read spatial targets (masks, points): they go through the same steps and samples as their photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from gatera.core.errors import DataError
from gatera.core.random import rng
from gatera.data.blocks.spatial import SpatialTarget
from gatera.data.loading.batch import moved
from gatera.data.loading.dataset import RAGGED_REMEDY, Dataset
from gatera.data.loading.photo_cache import PhotoCache
from gatera.data.loading.pipeline import FixedReader
from gatera.data.loading.readers.buffer import BatchBuffer, RaggedBuffer
from gatera.data.transforms.sampled import SampledAugmentation
from gatera.program.raw.placement import Size


class TargetReader:
    """Reads the spatial targets of one data set; may be used from several threads.

    Args:
        dataset: whose targets are read.
        block: what they are.
        fixed: what is done to photos in every epoch alike.
        random: whether item transforms draw random numbers.
        seed: keys their random numbers.
        cache: keeps targets as they are before anything random, or None.
    """

    def __init__(
        self,
        dataset: Dataset,
        block: SpatialTarget,
        fixed: FixedReader,
        random: bool,
        seed: int,
        cache: PhotoCache | None,
    ) -> None:
        self.dataset, self.block, self.fixed, self.seed, self.cache = dataset, block, fixed, seed, cache
        self.pipeline = dataset.fields.pipeline if random else None

    def buffer(self, n: int, pin: bool) -> BatchBuffer | RaggedBuffer:
        """Return the memory for the targets of `n` items."""
        return RaggedBuffer(n) if self.block.ragged else BatchBuffer(n, pin)

    def read(self, index: int, epoch: int, sampled: SampledAugmentation | None, place: int) -> np.ndarray:
        """Return one item's target as it is put into a batch.

        Args:
            index: the item's position in the data set.
            epoch: whose random numbers.
            sampled: the changes of some items of the batch, or None.
            place: which of these the item is.

        Raises:
            DataError: if the label cannot be read, or does not fit its photo.
        """
        label, size = self._fixed(index)
        if self.pipeline is not None:
            steps = self.pipeline.random_steps(size, rng(self.seed, epoch, index))
            label, size = self.block.place(label, steps), steps[-1].size if steps else size
        if sampled is not None:
            label, size = self.block.move(label, sampled, place, size), sampled.output_size(*size)
        return self.block.to_target(label, size)

    def _fixed(self, index: int) -> tuple[np.ndarray, Size]:
        """Return a label as it is before anything random, and its photo's size there."""
        size, raw = self.dataset.photo_size(index), (self.dataset.raw_labels or ())[index]
        steps = self.fixed.steps(size)
        cache = self.cache if isinstance(raw, str | Path) else None
        kept = None if cache is None else cache.get(raw)
        if kept is not None:
            return kept[:, :, 0], steps[-1].size if steps else size  # [h,w,1] -> [h,w]
        label = self.block.place(self.block.encode(self.block.read(raw)), steps)
        if cache is not None:
            cache.put(raw, label[:, :, None])
        return label, steps[-1].size if steps else size

    def collect(self, buffer: BatchBuffer | RaggedBuffer, index: np.ndarray, device: torch.device) -> Any:
        """Return the targets of a batch as losses take them.

        Args:
            buffer: the filled memory.
            index: dataset positions of the batch's items, int64 [N].
            device: where they are put.

        Raises:
            DataError: if targets that are not ragged differ in shape or dtype; two items are named.
        """
        if isinstance(buffer, RaggedBuffer):
            return self.block.as_targets(moved(self.block.collate(buffer.tensors), device))
        odd = buffer.odd_one()
        if odd is not None:
            first, other = (
                f"that of {self.dataset.name(int(index[place]))} is {_layout(buffer, place)}"
                for place in (0, odd)
            )
            raise DataError(f"Targets of a batch differ in shape: {first}, {other}", remedy=RAGGED_REMEDY)
        return self.block.as_targets(moved(buffer.tensor, device))


def _layout(buffer: BatchBuffer, place: int) -> str:
    layout = buffer.layouts[place]
    return "missing" if layout is None else f"{layout[0]} {list(layout[1])}"
