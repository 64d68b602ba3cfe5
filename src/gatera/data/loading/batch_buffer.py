"""The memory of one batch, which several threads fill together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch


class Slab:
    """One array for a whole batch, made when the first of its items is read.

    Args:
        index: dataset positions of the batch's items, int64 [N].
        pin: take page-locked memory, from which a GPU copies without waiting.
        with_labels: whether the items' labels are read into a slab of their own.

    Attributes:
        labels: that other slab, or None.
        tensor: the batch, once it is filled.
        shapes: of each item as it was read; None for those not read yet.
        waiting: values of items that the caller's thread is to finish.
    """

    def __init__(self, index: np.ndarray, pin: bool, with_labels: bool = False) -> None:
        self.index, self.pin = index, pin
        self.labels = Slab(index, pin) if with_labels else None
        self.shapes: list[tuple[int, ...] | None] = [None] * len(index)
        self.waiting: list[Any] = [None] * len(index)
        self.tensor = torch.empty(0)
        self._array: np.ndarray | None = None
        self._lock = threading.Lock()

    def rows(self, shape: Sequence[int], dtype: Any) -> np.ndarray | None:
        """Return the batch's memory [N, *shape], made by whoever asks first; None if it has another shape."""
        with self._lock:
            if self._array is None:
                self._array = self._allocate((len(self.index), *shape), np.dtype(dtype))
        return self._array if self._array.shape[1:] == tuple(shape) else None

    def _allocate(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        if self.pin:
            kind = torch.from_numpy(np.empty(0, dtype)).dtype
            self.tensor = torch.empty(shape, dtype=kind, pin_memory=True)
            return self.tensor.numpy()
        # numpy asks Linux for huge pages, torch does not: first touching 38 MB took 12 ms against 25 ms.
        array = np.empty(shape, dtype)
        self.tensor = torch.from_numpy(array)
        return array

    def odd_one(self) -> int | None:
        """Return the place of the first item that differs from the first one in shape, or None."""
        return next((place for place, shape in enumerate(self.shapes) if shape != self.shapes[0]), None)
