"""Transforms of one photo, on Pillow images, before photos are stacked into a batch.

What a transform does at prediction is data: `config()` lists operations for `gatera.program.preprocess`, so that a
program repeats exactly what training's validation did.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from PIL import Image

from gatera.core.checks import check_choice, check_count, check_fraction
from gatera.core.errors import ArgumentError, ExportError
from gatera.data.item_errors import function_name
from gatera.data.short_repr import ShortRepr
from gatera.program.operations import LARGEST_SIDE, MOST_PIXELS
from gatera.program.placing import op_steps
from gatera.program.raw.placement import Placement
from gatera.program.raw.resize import resize_photo, resize_shorter

Size = int | tuple[int, int]
Op = dict[str, Any]

RESAMPLES = ("bilinear", "bicubic", "nearest")


class ResizeMethod(StrEnum):
    """How `Resize` makes a photo fit: crop, pad, or squish."""

    Crop = "crop"
    Pad = "pad"
    Squish = "squish"


class PadMode(StrEnum):
    """How to fill the space around a photo: with black, its edge repeated, or its mirror image."""

    Zeros = "zeros"
    Border = "border"
    Reflection = "reflection"


METHODS = tuple(map(str, ResizeMethod))
PAD_MODES = tuple(map(str, PadMode))


class ItemTransform(ShortRepr, ABC):
    """A transform of one photo.

    Attributes:
        random: whether it is random in training.
        serial: whether it draws from torch's global generator, so that only the caller's thread may run it.
    """

    random: bool = False
    serial: bool = False

    @abstractmethod
    def __call__(self, image: Image.Image, rng: np.random.Generator | None = None) -> Image.Image:
        """Return the transformed photo.

        Args:
            image: mode RGB or L.
            rng: where to draw from while training; None at validation and prediction.
        """

    @abstractmethod
    def config(self) -> list[Op]:
        """Return what it does at prediction, as operations of `program.preprocess`.

        Raises:
            ExportError: if it cannot be written as data.
        """

    def steps(self, size: tuple[int, int], rng: np.random.Generator | None = None) -> list[Placement]:
        """Return where it puts a photo of `size` (height, width), step by step, for masks and points to follow.

        Args:
            size: of the photo.
            rng: as for `__call__`, which draws the same numbers from it in the same order.

        Raises:
            ArgumentError: if that is not known.
        """
        if self.random and rng is not None:
            raise unknown_place(self)
        try:
            return op_steps(self.config(), size)
        except ExportError as err:
            raise unknown_place(self) from err


def unknown_place(transform: object) -> ArgumentError:
    """Return the error for a transform that says nothing of where it puts a photo."""
    function = getattr(transform, "function", None) or getattr(transform, "transform", None)
    name = type(transform).__name__ if function is None else function_name(function)
    return ArgumentError(
        f"Masks and points cannot follow the transform {name}: it does not tell where it moves pixels",
        remedy="Use Resize, RandomResizedCrop, FlipItem or aug_transforms; or write an ItemTransform with a method `steps`.",
    )


def as_size(size: Size) -> tuple[int, int]:
    """Turn `size` into (height, width), both at least 1.

    Raises:
        ArgumentError: if it is neither a whole number nor a pair of them, or too large.

    Example:
        >>> as_size(224)
        (224, 224)
    """
    pair = (size, size) if isinstance(size, int) else tuple(size) if isinstance(size, tuple | list) else ()
    if len(pair) != 2 or not all(
        isinstance(side, int) and not isinstance(side, bool) and side > 0 for side in pair
    ):
        raise ArgumentError(
            "size is not a size in pixels", got=size, expected="a whole number, or (height, width)"
        )
    if max(pair) > LARGEST_SIDE or pair[0] * pair[1] > MOST_PIXELS:
        raise ArgumentError(
            "size is larger than a program may have", got=size,
            expected=f"at most {LARGEST_SIDE:,} pixels a side, and {MOST_PIXELS:,} together",
        )  # fmt: skip
    return pair[0], pair[1]


class SizedTransform(ItemTransform):
    """A transform that gives every photo one size."""

    size: Size

    @property
    def hw(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return as_size(self.size)


@dataclass(frozen=True, repr=False)
class Resize(SizedTransform):
    """Make every photo the same size; the same in training and at prediction.

    fastai crops at a random place while training. Here that is asked for (`RandomResizedCrop`, `RandomCrop`): what is
    fixed can be decoded once, and the outputs of a frozen body computed once.

    Args:
        size: pixels, one number for a square or (height, width).
        method: "crop" cuts off what is too long, around the centre; "pad" fills up; "squish" distorts.
        pad_mode: what "pad" fills with: "reflection", "zeros" or "border".
        resample: "bilinear", "bicubic" or "nearest".

    Raises:
        ArgumentError: if a size is not positive or a choice unknown.

    Example:
        >>> Resize(128, ResizeMethod.Squish)(Image.new("RGB", (640, 480))).size
        (128, 128)
    """

    size: Size
    method: str = "crop"
    pad_mode: str = "reflection"
    resample: str = "bilinear"

    def __post_init__(self) -> None:
        as_size(self.size)
        check_choice("method", self.method, METHODS)
        check_choice("pad_mode", self.pad_mode, PAD_MODES)
        check_choice("resample", self.resample, RESAMPLES)

    def __call__(self, image: Image.Image, rng: np.random.Generator | None = None) -> Image.Image:
        """Return the photo at exactly this size."""
        return resize_photo(image, self.hw, self.method, self.pad_mode, self.resample)  # type: ignore[arg-type]

    def config(self) -> list[Op]:
        """Return the one operation it is."""
        return [
            {"op": "resize", "size": list(self.hw), "method": str(self.method),
             "pad_mode": str(self.pad_mode), "resample": self.resample}
        ]  # fmt: skip


@dataclass(frozen=True, repr=False)
class ResizeShorter(ItemTransform):
    """Scale a photo, proportions kept, so that its shorter side is `size` pixels.

    Args:
        size: pixels.
        resample: "bilinear", "bicubic" or "nearest".
    """

    size: int
    resample: str = "bilinear"

    def __post_init__(self) -> None:
        check_count("size", self.size, 1)
        check_choice("resample", self.resample, RESAMPLES)

    def __call__(self, image: Image.Image, rng: np.random.Generator | None = None) -> Image.Image:
        """Return the scaled photo."""
        return resize_shorter(image, self.size, self.resample)  # type: ignore[arg-type]

    def config(self) -> list[Op]:
        """Return the one operation it is."""
        return [{"op": "resize_shorter", "size": self.size, "resample": self.resample}]


@dataclass(frozen=True, repr=False)
class FlipItem(ItemTransform):
    """Mirror a photo left to right, at random, while training.

    Args:
        p: probability, 0..1.
    """

    p: float = 0.5
    random = True

    def __post_init__(self) -> None:
        check_fraction("p", self.p)

    def __call__(self, image: Image.Image, rng: np.random.Generator | None = None) -> Image.Image:
        """Return the photo or its mirror image."""
        return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self._flips(rng) else image

    def _flips(self, rng: np.random.Generator | None) -> bool:
        return rng is not None and bool(rng.random() < self.p)

    def steps(self, size: tuple[int, int], rng: np.random.Generator | None = None) -> list[Placement]:
        """Return the flip, if there is one."""
        return [Placement(size, size, (-1.0, 1.0), (size[1], 0.0))] if self._flips(rng) else []

    def config(self) -> list[Op]:
        """Return nothing: it acts only while training."""
        return []


@dataclass(frozen=True, repr=False)
class FunctionTransform(ItemTransform):
    """A user's function from photo to photo, which is always applied and not random.

    Args:
        function: called with a Pillow image; must return one.
    """

    function: Callable[[Image.Image], Image.Image]

    def __call__(self, image: Image.Image, rng: np.random.Generator | None = None) -> Image.Image:
        """Return the function's result for the photo."""
        return self.function(image)

    def config(self) -> list[Op]:
        """Raise ExportError: Python code cannot be written into a program."""
        raise ExportError(
            f"The item transform {function_name(self.function)} acts at prediction and is Python code, which cannot be written into a program",
            remedy="Do it once on the files beforehand, or use Resize, CropPad or another item transform of Gatera.",
        )
