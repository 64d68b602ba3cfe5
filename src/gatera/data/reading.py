"""Reading the items of a batch: what each thread of a loader does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatera.core.errors import DataError, GateraError, shorten
from gatera.core.random import rng
from gatera.data.dataset import Dataset, named


class Reading:
    """Reads items of one data set as arrays, for training or for evaluation.

    Args:
        dataset: whose inputs are read.
        training: apply the item transforms that draw random numbers.
        seed: keys their draws, together with epoch and index.
        pin: put batches into page-locked memory, from which a GPU copies without waiting.
    """

    def __init__(self, dataset: Dataset, training: bool, seed: int, pin: bool = False) -> None:
        pipeline = dataset.fields.pipeline
        self.dataset, self.seed, self.pin = dataset, seed, pin
        self.fixed = pipeline.beginning if training else pipeline.evaluation
        self.pipeline = pipeline if training and pipeline.random else None

    def chunk(self, indices: np.ndarray, epoch: int) -> Tensor:
        """Return some items stacked: for photos uint8 [n,H,W,C].

        Raises:
            DataError: if an item cannot be read (a PhotoError names the file), or two differ in size.
        """
        arrays = [np.asarray(self._one(int(index), epoch)) for index in indices]
        if any(array.shape != arrays[0].shape for array in arrays):
            other = next(i for i, array in enumerate(arrays) if array.shape != arrays[0].shape)
            raise self.different(indices[0], arrays[0].shape, indices[other], arrays[other].shape)
        dtype = torch.from_numpy(np.empty(0, arrays[0].dtype)).dtype
        stacked = torch.empty((len(arrays), *arrays[0].shape), dtype=dtype, pin_memory=self.pin)
        np.stack(arrays, out=stacked.numpy())
        return stacked

    def different(self, i: int, shape: Sequence[int], j: int, other: Sequence[int]) -> DataError:
        """Return the error for two items that do not fit into one batch."""
        first, second = self.dataset.name(int(i)), self.dataset.name(int(j))
        return DataError(
            f"The items of a batch differ in size: {first} is {_size(shape)}, {second} is {_size(other)}",
            remedy="Make them one size: item_tfms=Resize(224).",
        )

    def _one(self, index: int, epoch: int) -> Any:
        raw = self.dataset.inputs[index]
        try:
            if self.pipeline is None:
                return self.fixed(raw)
            return self.pipeline.draw(self.fixed.photo(raw), rng(self.seed, epoch, index))
        except GateraError as err:
            if str(raw) in err.problem:
                raise
            raise named(err, self.dataset.name(index)) from err
        except Exception as err:  # whatever a user's function raises, its item must be named
            raise DataError(
                f"An item transform failed for {self.dataset.name(index)}: {type(err).__name__}: {shorten(str(err))}"
            ) from err


def _size(shape: Sequence[int]) -> str:
    if len(shape) == 3:
        return f"{shape[0]} x {shape[1]} pixels (height x width)"
    return f"of shape {list(shape)}"
