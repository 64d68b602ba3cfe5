"""Photos made the size a model takes: cropped, padded or squished. Pure functions on Pillow images of mode RGB or L."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from PIL import Image

from gatera.core.checks import check_choice

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
    if method == "squish":
        return image.resize((size[1], size[0]), RESAMPLES[resample])
    if method == "pad":
        return _pad_to(_fit_inside(image, size, resample), size, pad_mode)
    check_choice("method", method, METHODS)
    width, height = image.size
    scale = min(width / size[1], height / size[0])
    # Scaling and cropping in one pass: only the pixels that are kept are computed, and the box may lie between pixels.
    left, top = max(0.0, (width - size[1] * scale) / 2), max(0.0, (height - size[0] * scale) / 2)
    box = (left, top, min(width, left + size[1] * scale), min(height, top + size[0] * scale))
    return image.resize((size[1], size[0]), RESAMPLES[resample], box=box)


def resize_shorter(image: Image.Image, size: int, resample: Resample = "bilinear") -> Image.Image:
    """Scale a photo, proportions kept, so that its shorter side is `size` pixels.

    Example:
        >>> resize_shorter(Image.new("RGB", (640, 480)), 240).size
        (320, 240)
    """
    if resample not in RESAMPLES:
        check_choice("resample", resample, RESAMPLES)
    scale = size / min(image.size)
    new = tuple(max(1, round(side * scale)) for side in image.size)
    return image.resize((new[0], new[1]), RESAMPLES[resample])


def center_crop(image: Image.Image, size: tuple[int, int], pad_mode: PadMode = "zeros") -> Image.Image:
    """Cut the middle `size` (height, width) out of a photo; where the photo is smaller it is padded.

    Example:
        >>> center_crop(Image.new("RGB", (640, 480)), (200, 700)).size
        (700, 200)
    """
    width, height = image.size
    left, top = max(0, (width - size[1]) // 2), max(0, (height - size[0]) // 2)
    image = image.crop((left, top, min(width, left + size[1]), min(height, top + size[0])))
    return _pad_to(image, size, pad_mode)


def _fit_inside(image: Image.Image, size: tuple[int, int], resample: Resample) -> Image.Image:
    width, height = image.size
    scale = max(width / size[1], height / size[0])
    new = (min(size[1], max(1, round(width / scale))), min(size[0], max(1, round(height / scale))))
    return image.resize(new, RESAMPLES[resample])


def _pad_to(image: Image.Image, size: tuple[int, int], pad_mode: PadMode) -> Image.Image:
    if pad_mode not in PAD_MODES:
        check_choice("pad_mode", pad_mode, PAD_MODES)
    down, across = size[0] - image.height, size[1] - image.width
    if not (down or across):
        return image
    edges = [(down // 2, down - down // 2), (across // 2, across - across // 2), (0, 0)]
    pixels = np.asarray(image)  # [H,W,3] or [H,W]
    as_numpy: Any = PAD_MODES[pad_mode]  # numpy's overloads want a literal
    return Image.fromarray(np.pad(pixels, edges[: pixels.ndim], mode=as_numpy))
