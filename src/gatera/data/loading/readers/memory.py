"""Read batches of inputs that are kept in memory: rows of a table, texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch

from gatera.data.loading.batch import Batch, LoaderOptions, moved
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.readers.checks import check_no_transforms, check_spatial
from gatera.data.transforms.batch import BatchPipeline


class MemoryReader:
    """Reads batches of a data set whose inputs are in memory.

    Args:
        dataset: the items.
        batch_tfms: must be empty: batch transforms act on photos.
        training: yield targets to learn from; nothing is random.
        options: where batches are put.

    Raises:
        ArgumentError: if there are item or batch transforms.
    """

    random = False

    def __init__(
        self, dataset: Dataset, batch_tfms: BatchPipeline, training: bool, options: LoaderOptions
    ) -> None:
        check_spatial(dataset)
        check_no_transforms(dataset, "item_tfms", bool(dataset.fields.pipeline.transforms))
        check_no_transforms(dataset, "batch_tfms", not batch_tfms.empty)
        self.dataset, self.training, self.device = dataset, training, torch.device(options.device or "cpu")

    def batches(self, indices: Iterable[np.ndarray], epoch: int) -> Iterator[Batch]:
        """Yield batches of the items at some dataset positions, int64 [N] each; the epoch makes no difference."""
        for index in indices:
            stacked = moved(self.dataset.stacked(index), self.device)
            rows = torch.from_numpy(np.ascontiguousarray(index))
            targets = moved(self.dataset.batch_targets(rows, self.training), self.device)
            yield Batch((self.dataset.fields.x.as_batch(stacked), targets), rows)
