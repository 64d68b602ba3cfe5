"""Random erasing: fill rectangles with noise, so that a model does not rely on one part of the photo."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import check_at_least, check_count, check_fraction
from gatera.core.random import rng
from gatera.data.transforms.base import BatchStep, Key

#: Last part of the key of this transform's random numbers, so that no other transform has the same.
STREAM = 2


@dataclass(frozen=True, repr=False)
class RandomErasing(BatchStep):
    """Fill rectangles with noise while training.

    Args:
        p: probability, 0..1.
        sl: smallest share of the area, 0..1.
        sh: largest share of the area, 0..1.
        min_aspect: narrowest proportions, 0..1.
        max_count: most rectangles in one photo; they share the area.

    Source: Zhong et al. 2017, "Random erasing data augmentation", algorithm 1; defaults as fastai's.
    """

    p: float = 0.5
    sl: float = 0.0
    sh: float = 0.3
    min_aspect: float = 0.3
    max_count: int = 1
    moves = False

    def __post_init__(self) -> None:
        check_fraction("p", self.p)
        check_fraction("sl", self.sl)
        check_fraction("sh", self.sh)
        check_at_least("sh", self.sh, self.sl)
        check_fraction("min_aspect", self.min_aspect, open_low=True)
        check_count("max_count", self.max_count, 1)

    def __call__(self, x: Tensor, index: np.ndarray, key: Key | None) -> Tensor:
        """Return the batch with rectangles erased."""
        if key is None:
            return x
        for photo, position in zip(x, index, strict=True):
            draw = rng(*key, int(position), STREAM)
            if draw.random() >= self.p:
                continue
            count = int(draw.integers(1, self.max_count + 1))
            for _ in range(count):
                part = photo[(slice(None), *self._box(photo.shape[1], photo.shape[2], count, draw))]
                noise = draw.random(tuple(part.shape), dtype=np.float32)
                part.copy_(torch.from_numpy(noise))
        return x

    def _box(self, height: int, width: int, count: int, draw: np.random.Generator) -> tuple[slice, slice]:
        area = draw.uniform(self.sl, self.sh) * height * width / count
        aspect = math.exp(draw.uniform(math.log(self.min_aspect), -math.log(self.min_aspect)))
        down, across = draw.random(2)
        return _part(math.sqrt(area * aspect), height, down), _part(math.sqrt(area / aspect), width, across)


def _part(length: float, side: int, place: float) -> slice:
    """Return a stretch of about `length` pixels of a side; `place` in 0..1 says where."""
    pixels = min(side, round(length))
    start = int(place * (side - pixels + 1))
    return slice(start, start + pixels)
