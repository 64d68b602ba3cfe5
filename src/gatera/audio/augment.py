"""Random changes of spectrograms while training: parts unheard, sounds a little earlier or later, higher or lower."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import check_at_least, check_fraction
from gatera.core.random import rng
from gatera.data.transforms.base import BatchStep, Key

#: Last parts of the keys of these transforms' draws, which set them apart from each other's and from those of photos.
MASK_STREAM, SHIFT_STREAM = 11, 12


@dataclass(frozen=True, repr=False)
class SpectrogramMask(BatchStep):
    """Blank out stretches of time and of pitch while training, so that a model does not rely on one of them.

    Args:
        time: longest stretch of time, as a share of the whole, 0..1; its length is drawn anew for each.
        pitch: the same for a stretch of frequencies.
        count: how many stretches of each kind, in every recording.

    Source: Park et al. 2019, "SpecAugment", sections 2 and 3.1; the stretches become the picture's mean. No time warping,
    which helped least there.
    """

    time: float = 0.15
    pitch: float = 0.15
    count: int = 2

    def __post_init__(self) -> None:
        check_fraction("time", self.time)
        check_fraction("pitch", self.pitch)
        check_at_least("count", self.count, 1)

    def __call__(self, x: Tensor, index: np.ndarray, key: Key | None) -> Tensor:
        """Return the batch with stretches blanked out."""
        if key is None:
            return x
        for picture, position in zip(x, index, strict=True):
            draw = rng(*key, int(position), MASK_STREAM)
            mean = picture.mean()
            for _ in range(self.count):
                picture[:, _stretch(self.pitch, picture.shape[1], draw)] = mean
                picture[:, :, _stretch(self.time, picture.shape[2], draw)] = mean
        return x


@dataclass(frozen=True, repr=False)
class SpectrogramShift(BatchStep):
    """Move recordings in time, and in pitch, while training; what comes in at the edge is silence.

    Args:
        time: farthest way earlier or later, as a share of the whole, 0..1.
        pitch: farthest way up or down, as a share of all frequency bands, 0..1. One voice differs from another by about
            a tenth of the mel scale of 8 kHz recordings.
    """

    time: float = 0.1
    pitch: float = 0.05

    def __post_init__(self) -> None:
        check_fraction("time", self.time)
        check_fraction("pitch", self.pitch)

    def __call__(self, x: Tensor, index: np.ndarray, key: Key | None) -> Tensor:
        """Return the batch with its recordings moved."""
        if key is None:
            return x
        height, width = x.shape[2:]
        moved = torch.zeros_like(x)
        for old, new, position in zip(x, moved, index, strict=True):
            up, right = rng(*key, int(position), SHIFT_STREAM).uniform(-1, 1, 2)
            to_rows, from_rows = _overlap(round(up * self.pitch * height), height)
            to_columns, from_columns = _overlap(round(right * self.time * width), width)
            new[:, to_rows, to_columns] = old[:, from_rows, from_columns]
        return moved


def _stretch(longest: float, side: int, draw: np.random.Generator) -> slice:
    """Return a stretch of a side, at most `longest` of it, anywhere on it."""
    length = round(draw.uniform(0, longest) * side)
    start = int(draw.integers(0, side - length + 1))
    return slice(start, start + length)


def _overlap(way: int, side: int) -> tuple[slice, slice]:
    """Return where pixels go, and where they come from, when they move `way` pixels along a side."""
    return slice(max(0, way), side + min(0, way)), slice(max(0, -way), side - max(0, way))
