"""`Normalize`: normalise the channels of photos or the number columns of a table.

Without it the model's first layer normalises photos, so that it happens exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gatera.core.errors import ArgumentError
from gatera.data.short_repr import ShortRepr

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Means and standard deviations of the channels. Source: torchvision's reference training, and the data sets themselves.
imagenet_stats = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
cifar_stats = ([0.491, 0.482, 0.447], [0.247, 0.243, 0.261])
mnist_stats = ([0.131], [0.308])

#: The steps of float32 beside the mean of a column may be this large, as a share of how far its numbers usually are from their median.
LARGEST_STEP = 1e-3


@dataclass(frozen=True, repr=False)
class Normalize(ShortRepr):
    """Subtract a mean from each channel and divide by a standard deviation. Goes into `batch_tfms`, and comes last there.

    Among the `procs` of a table it does the same to each number column.

    Args:
        mean: one number per channel, of colours in 0..1, or per number column; None to compute mean and std from the
            training set.
        std: one positive number per channel or column.

    Raises:
        ArgumentError: if only one of them is given, they differ in length, or a std is not positive.
    """

    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if (self.mean is None) != (self.std is None):
            raise ArgumentError("Normalize has only one of mean and std", got=(self.mean, self.std))
        if self.mean is None or self.std is None:
            return
        mean, std = tuple(map(float, self.mean)), tuple(map(float, self.std))
        if len(mean) != len(std) or not all(value > 0 for value in std):
            raise ArgumentError(
                "mean and std do not match",
                got=(mean, std),
                expected="one positive std for each mean",
            )
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "std", std)

    @classmethod
    def from_stats(cls, mean: Sequence[float], std: Sequence[float]) -> Normalize:
        """Return `Normalize(mean, std)`, as in `Normalize.from_stats(*imagenet_stats)`."""
        return cls(mean, std)

    def fit(self, batches: Iterable[Tensor]) -> Normalize:
        """Return one with the mean and standard deviation of these photos, float [N,C,H,W] in 0..1."""
        n, total, squares = 0, torch.zeros(()), torch.zeros(())
        for x in batches:
            pixels = x.detach().cpu().double().transpose(0, 1).flatten(1)  # [N,C,H,W] -> [C,NHW]
            n, total, squares = n + pixels.shape[1], total + pixels.sum(1), squares + pixels.square().sum(1)
        mean = total / n
        # a channel of one value stays finite
        std = (squares / n - mean.square()).clamp_min(0).sqrt().clamp_min(1e-6)
        return Normalize(mean.tolist(), std.tolist())

    def fit_columns(self, columns: np.ndarray) -> Normalize:
        """Return one with the mean and standard deviation of a table's columns, float [n,F].

        A column of one value is divided by 1: should another value turn up, it is not blown up beyond measure. A number far beyond the
        others moves the mean so far from them that float32 no longer tells them apart: their median is subtracted then.
        """
        mean, std = columns.mean(axis=0), columns.std(axis=0)
        constant = std <= 1e-12 * np.abs(mean)  # rounding alone may leave that much
        centres = [
            float(middle) if alone else _centre(column, middle)
            for column, middle, alone in zip(columns.T, mean, constant, strict=True)
        ]
        return Normalize(centres, np.where(constant, 1.0, std).tolist())

    def __call__(self, x: Tensor) -> Tensor:
        """Return x [N,C,H,W] normalised.

        Raises:
            ArgumentError: if it has another number of channels.
        """
        mean, std = self._stats(x)
        return x.sub(mean).div_(std)

    def undo(self, x: Tensor) -> Tensor:
        """Return normalised photos as colours in 0..1 again."""
        mean, std = self._stats(x)
        return x * std + mean

    def _stats(self, x: Tensor) -> list[Tensor]:
        if self.mean is None or self.std is None:
            raise ArgumentError(
                "Normalize() has no mean and std yet", remedy="Make loaders with it, or call fit."
            )
        if len(self.mean) not in (1, x.shape[1]):
            raise ArgumentError(
                "Normalize has a different number of channels than the photos",
                got=self.mean, expected=f"{x.shape[1]} or 1 of each",
            )  # fmt: skip
        return [
            torch.tensor(stat, dtype=x.dtype, device=x.device)[:, None, None]
            for stat in (self.mean, self.std)
        ]


def _centre(column: np.ndarray, mean: float) -> float:
    """Return the mean of a column, or its median where float32 would leave too few steps between most numbers beside the mean."""
    median = float(np.median(column))
    away = np.abs(column - median)
    usual = np.median(away[away > 0])  # the column is not constant
    step = abs(mean - median) * np.finfo(np.float32).eps
    return median if step > LARGEST_STEP * usual else float(mean)
