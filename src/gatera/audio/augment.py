"""Augment spectrograms: mask stretches of time and frequency, shift them in time and pitch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import check_count, check_fraction
from gatera.core.random import rng
from gatera.data.transforms.base import BatchStep, Key

#: Last parts of these transforms' random keys, distinct from each other and from those of photo transforms.
MASK_STREAM, SHIFT_STREAM = 11, 12


@dataclass(frozen=True, repr=False)
class SpectrogramMask(BatchStep):
    """Mask stretches of time and frequency in training, so that a model does not rely on any of them.

    Args:
        time: longest time stretch as a share of the whole, 0..1; every stretch has a random length.
        pitch: the same for stretches of frequencies.
        count: number of stretches of each kind in every recording.

    Source: Park et al. 2019, "SpecAugment", sections 2 and 3.1; masked values become the spectrogram's mean. Without time
    warping, which helped least there.
    """

    time: float = 0.15
    pitch: float = 0.15
    count: int = 2

    def __post_init__(self) -> None:
        check_fraction("time", self.time)
        check_fraction("pitch", self.pitch)
        check_count("count", self.count, 1)

    def __call__(self, x: Tensor, index: np.ndarray, key: Key | None) -> Tensor:
        """Return the batch with stretches masked."""
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
    """Shift recordings in time and pitch in training; the edges are filled with silence.

    Args:
        time: largest shift earlier or later, as a share of the whole, 0..1.
        pitch: largest shift up or down, as a share of all frequency bands, 0..1. Voices differ by about a tenth of the mel
            scale of 8 kHz recordings.
    """

    time: float = 0.1
    pitch: float = 0.05

    def __post_init__(self) -> None:
        check_fraction("time", self.time)
        check_fraction("pitch", self.pitch)

    def __call__(self, x: Tensor, index: np.ndarray, key: Key | None) -> Tensor:
        """Return the batch with its recordings shifted."""
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
    """Return a random stretch of an axis, at most `longest` of its length."""
    length = round(draw.uniform(0, longest) * side)
    start = int(draw.integers(0, side - length + 1))
    return slice(start, start + length)


def _overlap(way: int, side: int) -> tuple[slice, slice]:
    """Return the target and source slices of a shift by `way` pixels along an axis."""
    return slice(max(0, way), side + min(0, way)), slice(max(0, -way), side - max(0, way))
