"""Reading the labels that lie on photos: by the same steps and the same draws as their photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gatera.core.random import rng
from gatera.data.blocks.spatial import OnPhotoBlock
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.photo_cache import PhotoCache
from gatera.data.loading.pipeline import FixedReader
from gatera.data.transforms.sampled import Draw
from gatera.program.raw.placement import Size


class LabelReading:
    """Reads the labels of one data set; may be used from several threads.

    Args:
        dataset: whose labels are read.
        block: what they are.
        fixed: what is done to photos in every epoch alike.
        drawing: whether item transforms draw random numbers.
        seed: keys their draws.
        cache: keeps what is the same in every epoch, or None.
    """

    def __init__(
        self,
        dataset: Dataset,
        block: OnPhotoBlock,
        fixed: FixedReader,
        drawing: bool,
        seed: int,
        cache: PhotoCache | None,
    ) -> None:
        self.dataset, self.block, self.fixed, self.seed, self.cache = dataset, block, fixed, seed, cache
        self.pipeline = dataset.fields.pipeline if drawing else None

    def read(self, index: int, epoch: int, draw: Draw | None, place: int) -> np.ndarray:
        """Return one item's label as it is stacked into a batch.

        Args:
            index: the item's position in the data set.
            epoch: whose draws.
            draw: what was drawn for some items of the batch, or None.
            place: which of these the item is.

        Raises:
            DataError: if the label cannot be read, or does not fit its photo.
        """
        label, size = self._fixed(index)
        if self.pipeline is not None:
            steps = self.pipeline.drawn_steps(size, rng(self.seed, epoch, index))
            label, size = self.block.place(label, steps), steps[-1].size if steps else size
        if draw is not None:
            label, size = self.block.move(label, draw, place, size), draw.output_size(*size)
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
