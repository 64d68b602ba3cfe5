"""Item transforms that crop: to the centre, or at random in training."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from gatera.core.checks import check_at_least, check_choice, check_fraction
from gatera.core.errors import ArgumentError
from gatera.data.transforms.item import (
    PAD_MODES,
    RESAMPLES,
    Op,
    Resize,
    Size,
    SizedTransform,
    as_size,
)
from gatera.program.raw.placement import Placement
from gatera.program.raw.resize import center_crop, scaled

#: Tries to find a crop of the wanted area and proportions inside the photo, before taking the largest that fits.
CROP_TRIES = 10


@dataclass(frozen=True, repr=False)
class CropPad(SizedTransform):
    """Crop the centre without scaling; pad photos that are smaller.

    Args:
        size: pixels, one number or (height, width).
        pad_mode: "zeros", "border" or "reflection".
    """

    size: Size
    pad_mode: str = "zeros"

    def __post_init__(self) -> None:
        as_size(self.size)
        check_choice("pad_mode", self.pad_mode, PAD_MODES)

    def __call__(self, image: Image.Image, rng: np.random.Generator | None = None) -> Image.Image:
        """Return the centre of the photo."""
        return center_crop(image, self.hw, str(self.pad_mode))  # type: ignore[arg-type]

    def config(self) -> list[Op]:
        """Return the one operation it is."""
        return [{"op": "center_crop", "size": list(self.hw), "pad_mode": str(self.pad_mode)}]


@dataclass(frozen=True, repr=False)
class RandomCrop(SizedTransform):
    """Crop at a random place in training, at the centre otherwise; smaller photos are padded with black.

    Args:
        size: pixels, one number or (height, width).
    """

    size: Size
    random = True

    def __post_init__(self) -> None:
        as_size(self.size)

    def __call__(self, image: Image.Image, rng: np.random.Generator | None = None) -> Image.Image:
        """Return a part of the photo."""
        if rng is not None:
            part = self._part((image.height, image.width), rng)
            image = image.crop(tuple(map(int, part.box)))  # type: ignore[arg-type]
        return center_crop(image, self.hw)

    def _part(self, size: tuple[int, int], rng: np.random.Generator) -> Placement:
        """Choose the part of a photo that is kept."""
        (height, width), (across, down) = self.hw, rng.random(2)
        left, top = max(0, int(across * (size[1] - width + 1))), max(0, int(down * (size[0] - height + 1)))
        kept = min(height, size[0] - top), min(width, size[1] - left)
        return Placement(size, kept, offset=(left, top))

    def steps(self, size: tuple[int, int], rng: np.random.Generator | None = None) -> list[Placement]:
        """Return the cut, and the filling up."""
        parts = [] if rng is None else [self._part(size, rng)]
        return [*parts, *super().steps(parts[0].size if parts else size)]

    def config(self) -> list[Op]:
        """Return the centre crop it is at prediction."""
        return CropPad(self.size).config()


@dataclass(frozen=True, repr=False)
class RandomResizedCrop(SizedTransform):
    """Resize a random crop of the photo to `size` in training; otherwise the centre, without a small border.

    Args:
        size: pixels, one number or (height, width).
        min_scale: smallest part of the photo's area, 0..1.
        ratio: narrowest and widest proportions, width / height, before scaling.
        max_scale: largest part of the photo's area, 0..1.
        val_xtra: at validation the photo is scaled to `size * (1 + val_xtra)` and the border cut off.
        resample: "bilinear", "bicubic" or "nearest".

    Source: Szegedy et al. 2014, "Going deeper with convolutions", section 6; defaults as fastai's.
    """

    size: Size
    min_scale: float = 0.08
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    max_scale: float = 1.0
    val_xtra: float = 0.14
    resample: str = "bilinear"
    random = True

    def __post_init__(self) -> None:
        as_size(self.size)
        check_fraction("min_scale", self.min_scale, open_low=True)
        check_fraction("max_scale", self.max_scale, open_low=True)
        check_at_least("max_scale", self.max_scale, self.min_scale)
        check_at_least("val_xtra", self.val_xtra, 0)
        check_choice("resample", self.resample, RESAMPLES)
        if not 0 < self.ratio[0] <= self.ratio[1]:
            raise ArgumentError(
                "ratio is not a range", got=self.ratio, expected="(low, high) with 0 < low <= high"
            )

    def __call__(self, image: Image.Image, rng: np.random.Generator | None = None) -> Image.Image:
        """Return a part of the photo, scaled."""
        if rng is None:
            larger = Resize(self.larger, resample=self.resample)(image)
            return center_crop(larger, self.hw)
        left, top, width, height = self._box(image.width, image.height, rng)
        # Cutting and scaling in one step reads only the pixels that are kept.
        return scaled(image, self.hw, self.resample, (left, top, left + width, top + height))

    def steps(self, size: tuple[int, int], rng: np.random.Generator | None = None) -> list[Placement]:
        """Return the one step from a part to the whole; at validation the resizing and the cut."""
        if rng is None:
            return super().steps(size)
        left, top, width, height = self._box(size[1], size[0], rng)
        return [Placement(size, self.hw, (width / self.hw[1], height / self.hw[0]), (left, top))]

    @property
    def larger(self) -> tuple[int, int]:
        """(height, width) to which a photo is scaled at validation, before the border is cut off."""
        height, width = (round(side * (1 + self.val_xtra)) for side in self.hw)
        return height, width

    def _box(self, width: int, height: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
        """Return (left, top, width, height) of a random crop."""
        for _ in range(CROP_TRIES):
            area_draw, ratio_draw, across, down = rng.random(4)
            area = width * height * (self.min_scale + area_draw * (self.max_scale - self.min_scale))
            low, high = math.log(self.ratio[0]), math.log(self.ratio[1])
            ratio = math.exp(low + ratio_draw * (high - low))
            w, h = max(1, round(math.sqrt(area * ratio))), max(1, round(math.sqrt(area / ratio)))
            if w <= width and h <= height:
                return int(across * (width - w + 1)), int(down * (height - h + 1)), w, h
        w = min(width, max(1, round(height * self.ratio[1])))
        h = min(height, max(1, round(width / self.ratio[0])))
        return (width - w) // 2, (height - h) // 2, w, h

    def config(self) -> list[Op]:
        """Return the two operations it is at prediction."""
        return [*Resize(self.larger, resample=self.resample).config(), *CropPad(self.size).config()]
