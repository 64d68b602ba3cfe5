"""The rows of a table as numbers, as every kind of model gets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatera.tabular.loaders import TableLoaders


@dataclass(frozen=True)
class EncodedRows:
    """The rows of a table as a model gets them.

    Attributes:
        x: codes of categories, then numbers, float32 [n,F].
        y: codes of classes, int64 [n], or numbers, float64 [n].
        sizes: number of codes of each category column.
        n_classes: number of classes; 0 for numbers.
        groups: the group of each row, int64 [n]: rows of one are held out together. None where rows stand alone.
        times: when each row was, int64 [n], a larger number for later: the newest are held out. None where that does not matter.
        scales: category column whose categories are whole numbers -> the number of each code, float64, NaN for a missing one.
    """

    x: np.ndarray
    y: np.ndarray
    sizes: Sequence[int]
    n_classes: int
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    scales: Mapping[int, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, dls: TableLoaders, dataset: Any) -> EncodedRows:
        """Return the rows of the training or validation set of `dls`, whose target is one class or one number."""
        values = dataset.targets.numpy().reshape(len(dataset))  # [n] or [n,1] -> [n]
        classes = values.dtype.kind == "i"
        return cls(
            np.asarray(dataset.arrays),
            values if classes else values.astype(np.float64),
            [len(labels) for labels in dls.classes.values()],
            len(dls.vocab or ()) if classes else 0,
            scales={
                column: scale
                for column, labels in enumerate(dls.classes.values())
                if (scale := _scale(labels)) is not None
            },
        )

    def take(self, rows: np.ndarray) -> EncodedRows:
        """Return some of the rows."""
        groups, times = (None if part is None else part[rows] for part in (self.groups, self.times))
        return replace(self, x=self.x[rows], y=self.y[rows], groups=groups, times=times)

    def as_batch(self) -> tuple[Tensor, Tensor]:
        """Return what a module takes: codes, int64 [n,C], and numbers, float32 [n,F-C]."""
        codes, numbers = np.split(self.x, [len(self.sizes)], axis=1)
        return torch.from_numpy(codes.astype(np.int64)), torch.from_numpy(np.ascontiguousarray(numbers))

    def spread_width(self) -> int:
        """Return how many columns `spread_out` has."""
        return sum(self.sizes) + self.x.shape[1] - len(self.sizes)

    def spread_out(self) -> np.ndarray:
        """Return the rows with a column of 0 and 1 for each code, then the numbers, float64 [n,P]."""
        codes, numbers = np.split(self.x, [len(self.sizes)], axis=1)
        parts = [
            np.eye(size)[column.astype(np.int64)] for size, column in zip(self.sizes, codes.T, strict=True)
        ]
        return np.concatenate([*parts, numbers.astype(np.float64)], axis=1)


def _scale(labels: Sequence[Any]) -> np.ndarray | None:
    """Return the numbers that categories stand for, NaN for the missing one; None where they are words, or only two."""
    numbers = [label for label in labels[1:] if isinstance(label, int) and not isinstance(label, bool)]
    if len(numbers) < max(3, len(labels) - 1):
        return None
    return np.array([np.nan, *numbers], np.float64)
