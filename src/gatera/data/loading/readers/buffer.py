"""The memory of one batch, which several threads fill together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

#: dtype and shape of an array.
Layout = tuple[np.dtype, tuple[int, ...]]


class BatchBuffer:
    """One array for a whole batch, made when the first of its items is read.

    Args:
        n: number of items.
        pin: take page-locked memory, from which a GPU copies without waiting.

    Attributes:
        tensor: the batch, once it is filled.
        layouts: dtype and shape of each item as it was read; None for those not read yet.
    """

    def __init__(self, n: int, pin: bool) -> None:
        self.n, self.pin = n, pin
        self.layouts: list[Layout | None] = [None] * n
        self.tensor = torch.empty(0)
        self._array: np.ndarray | None = None
        self._lock = threading.Lock()

    def put(self, place: int, array: np.ndarray) -> None:
        """Write one item's array; of arrays unlike the first one only the layout is kept, for `odd_one` to find."""
        self.layouts[place] = array.dtype, array.shape
        rows = self.rows(array.shape, array.dtype)
        if rows is not None:
            rows[place] = array

    def rows(self, shape: Sequence[int], dtype: Any) -> np.ndarray | None:
        """Return the batch's memory [N, *shape], made at the first call; None if it has another shape or dtype."""
        dtype = np.dtype(dtype)
        with self._lock:
            if self._array is None:
                self._array = self._allocate((self.n, *shape), dtype)
        fits = self._array.shape[1:] == tuple(shape) and self._array.dtype == dtype
        return self._array if fits else None

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
        """Return the place of the first item whose shape or dtype differs from the first item's, or None."""
        return next((place for place, layout in enumerate(self.layouts) if layout != self.layouts[0]), None)


class RaggedBuffer:
    """The targets of a batch where they differ in shape: one array per item.

    Args:
        n: number of items.
    """

    def __init__(self, n: int) -> None:
        self._arrays: list[np.ndarray] = [np.empty(0)] * n

    def put(self, place: int, array: np.ndarray) -> None:
        """Keep one item's array."""
        self._arrays[place] = array

    @property
    def tensors(self) -> list[Tensor]:
        """One tensor per item."""
        return [torch.from_numpy(np.ascontiguousarray(array)) for array in self._arrays]
