"""Bring photos to the size a model takes: crop, pad or squish. Pure functions on Pillow images of mode RGB or L."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from PIL import Image

from gatera.core.checks import check_choice
from gatera.core.errors import PhotoError
from gatera.program.raw.placement import Placement, Size, cover, fit_inside, middle, shorter_side, squish

ResizeMethod = Literal["crop", "pad", "squish"]
PadMode = Literal["reflection", "zeros", "border"]
Resample = Literal["bilinear", "bicubic", "nearest"]

METHODS = ("crop", "pad", "squish")
RESAMPLES = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "nearest": Image.Resampling.NEAREST,
}
#: Our name of each way to fill a border -> numpy's.
PAD_MODES = {"reflection": "reflect", "zeros": "constant", "border": "edge"}

#: How many pixels a photo may have whose shorter side is given: one of 1 x 10,000 would fill the memory.
MOST_PIXELS = 1 << 26


def resize_photo(
    image: Image.Image,
    size: tuple[int, int],
    method: ResizeMethod = "crop",
    pad_mode: PadMode = "reflection",
    resample: Resample = "bilinear",
) -> Image.Image:
    """Make a photo exactly `size`.

    Args:
        image: an image of mode RGB or L.
        size: (height, width) in pixels.
        method: "crop" scales the photo to cover `size` and keeps the centre; "pad" scales it to fit inside, centred, and
            fills the rest; "squish" ignores its proportions.
        pad_mode: how "pad" fills: "reflection" mirrors the photo, "zeros" is black, "border" repeats its edge.
        resample: "bilinear", "bicubic" or "nearest". The first two average over all source pixels when shrinking.

    Raises:
        ArgumentError: if a choice is unknown.

    Example:
        >>> resize_photo(Image.new("RGB", (640, 480)), (224, 160)).size
        (160, 224)
    """
    if resample not in RESAMPLES:
        check_choice("resample", resample, RESAMPLES)
    if pad_mode not in PAD_MODES:
        check_choice("pad_mode", pad_mode, PAD_MODES)
    scaling, *padding = resize_steps((image.height, image.width), size, method, pad_mode)
    # Scaling and cropping in one step: only the pixels that are kept are computed, and the box may lie between pixels.
    image = scaled(image, scaling.size, resample, scaling.box)
    return _padded(image, padding[0]) if padding else image


def resize_steps(size: Size, to: Size, method: str = "crop", pad_mode: str = "reflection") -> list[Placement]:
    """Return where `resize_photo` puts a photo of `size` (height, width)."""
    if method == "squish":
        return [squish(size, to)]
    if method == "pad":
        scaling = fit_inside(size, to)
        return [scaling, middle(scaling.size, to, pad_mode)]
    check_choice("method", method, METHODS)
    return [cover(size, to)]


def resize_shorter(image: Image.Image, size: int, resample: Resample = "bilinear") -> Image.Image:
    """Scale a photo, proportions kept, so that its shorter side is `size` pixels.

    Example:
        >>> resize_shorter(Image.new("RGB", (640, 480)), 240).size
        (320, 240)

    Raises:
        PhotoError: if it becomes too large, because it is very long.
    """
    if resample not in RESAMPLES:
        check_choice("resample", resample, RESAMPLES)
    scaling = shorter_side((image.height, image.width), size)
    if scaling.size[0] * scaling.size[1] > MOST_PIXELS:
        raise PhotoError(
            f"a photo of {image.height} x {image.width} pixels is too long to be resized",
            expected=f"at most {MOST_PIXELS:,} pixels with a shorter side of {size}", remedy="Crop it first.",
        )  # fmt: skip
    return scaled(image, scaling.size, resample)


def scaled(
    image: Image.Image, size: Size, resample: str, box: tuple[float, float, float, float] | None = None
) -> Image.Image:
    """Scale the part of a photo in `box`, its width first and then its height: the same pixels by every version of Pillow.

    Pillow rounds to bytes between the two passes. Before version 13 the first pass was always across; since then tall
    photos are scaled down first, which changes their pixels by a level.

    Args:
        image: an image of mode RGB or L.
        size: (height, width) in pixels.
        resample: "bilinear", "bicubic" or "nearest".
        box: (left, top, right, bottom) in pixels, maybe between them; None for the whole photo.

    Example:
        >>> scaled(Image.new("L", (10, 90)), (30, 5), "bilinear", (0, 20, 10, 80)).size
        (5, 30)
    """
    method, (height, width) = RESAMPLES[resample], size
    left, top, right, bottom = (
        (0, 0, image.width, image.height) if box is None else (float(np.float32(side)) for side in box)
    )
    if resample == "nearest":
        return image.resize((width, height), method, box=(left, top, right, bottom))
    reach = 2 * max(1, (bottom - top) / height) + 1  # no pixel of the result looks further
    first, last = max(0, int(top - reach)), min(image.height, math.ceil(bottom + reach))
    if first > 0 or last < image.height:
        image = image.crop((0, first, image.width, last))
    across = image.resize((width, image.height), method, box=(left, 0, right, image.height))
    return across.resize((width, height), method, box=(0, top - first, width, bottom - first))


def center_crop(image: Image.Image, size: tuple[int, int], pad_mode: PadMode = "zeros") -> Image.Image:
    """Cut the middle `size` (height, width) out of a photo; where the photo is smaller it is padded.

    Example:
        >>> center_crop(Image.new("RGB", (640, 480)), (200, 700)).size
        (700, 200)
    """
    if pad_mode not in PAD_MODES:
        check_choice("pad_mode", pad_mode, PAD_MODES)
    place = middle((image.height, image.width), size, pad_mode)
    left, top, right, bottom = (int(side) for side in place.box)
    return _padded(image.crop((max(0, left), max(0, top), right, bottom)), place)


def _padded(image: Image.Image, place: Placement) -> Image.Image:
    """Fill a photo up to the size of `place`, which says how much of that comes to its left and above it."""
    down, across = place.size[0] - image.height, place.size[1] - image.width
    if not (down or across):
        return image
    left, above = (max(0, -int(offset)) for offset in place.offset)
    edges = [(above, down - above), (left, across - left), (0, 0)]
    pixels = np.asarray(image)  # [H,W,3] or [H,W]
    as_numpy: Any = PAD_MODES[place.beyond]  # numpy's overloads want a literal
    return Image.fromarray(np.pad(pixels, edges[: pixels.ndim], mode=as_numpy))
