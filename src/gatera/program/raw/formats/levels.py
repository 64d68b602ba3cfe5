"""Which of a photo's values is white, where its samples are not of eight bits: 16 and 32 bits, and floats.

A file does not say. Values up to 255 (or 1, in floats) and those that fill most of 16 bits are clear; any others are refused, for
a guess would turn the photo black or white.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from gatera.core.errors import PhotoError

#: Pillow's modes of such photos: whole numbers of 32 bits, of 16 in any byte order, and floats.
DEEP = ("I", "I;16", "I;16L", "I;16B", "I;16N", "F")

#: A photo whose brightest value lies below this uses less than a sixteenth of 16 bits: it may have been taken with 10 or 12.
LEAST_WHITE = 4096

#: Floats whose largest value is between 1 and this would be all but black on a scale up to 255.
LEAST_FLOAT = 32.0


def eight_bits(image: Image.Image, name: str) -> Image.Image:
    """Return an image of one of the modes `DEEP` in mode L.

    Args:
        image: the image, loaded.
        name: what messages call it.

    Raises:
        PhotoError: if its values are on no scale that is known.
    """
    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    floats = values.dtype.kind == "f"
    if not low >= 0 or not np.isfinite(high):  # NaN fails too
        raise _unclear(name, values, low, high)
    if floats and high <= 1:
        scaled = np.rint(values.astype(np.float64) * 255)
    elif high <= 255 and not (floats and high < LEAST_FLOAT):
        scaled = np.rint(values)
    elif LEAST_WHITE <= high <= 65535:
        scaled = values.astype(np.int64) >> 8
    else:
        raise _unclear(name, values, low, high)
    return Image.fromarray(scaled.astype(np.uint8))


def is_deep(image: Image.Image) -> bool:
    """Whether an image that is not loaded yet has colours of 16 bits in its file."""
    return image.mode in ("RGB", "RGBA") and ";16" in str(getattr(image, "tile", ""))


def check_not_dark(image: Image.Image, name: str) -> None:
    """Check colours of 16 bits, of which Pillow keeps the upper 8.

    Raises:
        PhotoError: if too little of the range is used, as where 8, 10 or 12 bits are stored in 16.
    """
    if int(np.asarray(image.convert("RGB")).max()) < LEAST_WHITE >> 8:
        raise PhotoError(
            f"{name} holds colours of 16 bits below {LEAST_WHITE:,}, and which of them is white is not clear",
            expected="values up to 65,535", remedy="Save it with 8 bits per channel.",
        )  # fmt: skip


def _unclear(name: str, values: np.ndarray, low: float, high: float) -> PhotoError:
    return PhotoError(
        f"{name} holds {values.dtype.name} values from {low:g} to {high:g}, and which of them is white is not clear",
        expected="floats 0..1, or values up to 255 or up to 65,535",
        remedy="Save it with 8 bits per channel.",
    )
