"""Read what the pixels of a mask hold: the number of each one's class, or its colour."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gatera.core.checks import repeated
from gatera.core.errors import GateraError, PhotoError
from gatera.program.raw.formats.tiff import not_mapped
from gatera.program.raw.photo import explaining, open_image

#: What a mask's pixels may be, in words.
VALUES = "whole numbers from 0 to 255"

#: Palettes are compared of at most so many masks.
MOST_PALETTES = 1000

#: Sixteen bits hold a number of eight as this many times itself.
_SIXTEEN = 257


def name_of_mask(image: Image.Image) -> str:
    """Return what messages call a mask that is a Pillow image."""
    return str(image.info.get("source") or getattr(image, "filename", "") or "a mask")


def load_mask(source: Any) -> tuple[Image.Image, str]:
    """Open a mask's file, bytes or open file, exactly as stored; returns it, loaded, with its name.

    Raises:
        PhotoError: if it cannot be read; the message names the file.
    """
    if isinstance(source, Image.Image):
        return source, name_of_mask(source)
    with explaining(source) as name, open_image(source, name) as image, not_mapped(image):
        image.load()
        return image, name


def palettes_that_differ(masks: Sequence[Any], numbers: Sequence[int]) -> str | None:
    """Return a sentence where palettes of masks give one colour different numbers; None where they agree, or there are none.

    Only the heads of files are read, of `MOST_PALETTES` masks at most.

    Args:
        masks: paths; others are skipped.
        numbers: the numbers that stand for classes.
    """
    known: dict[bytes, tuple[int, str]] = {}
    for path in [mask for mask in masks if isinstance(mask, str | Path)][:MOST_PALETTES]:
        colours = _palette(path, numbers)
        unclear = repeated(colours.values())
        for number, colour in colours.items():
            if colour in unclear:
                continue  # which of its numbers is meant is not clear
            other, name = known.setdefault(colour, (number, str(path)))
            if other != number:
                return f"the colour {tuple(colour)} has the number {other} in {name} and {number} in {path}"
    return None


def _palette(path: str | Path, numbers: Sequence[int]) -> dict[int, bytes]:
    """Return the colours of numbers in a mask's palette; {} if it has none, or cannot be opened: that is said when it is read."""
    with suppress(GateraError, OSError), explaining(path) as name, open_image(path, name) as image:
        mode, palette = image.palette.getdata() if image.mode == "P" and image.palette else ("", b"")
        if mode == "RGB":
            return {n: palette[3 * n : 3 * n + 3] for n in numbers if len(palette) >= 3 * n + 3}
    return {}


def numbers_of(image: Image.Image, name: str) -> np.ndarray:
    """Return the numbers of a mask's pixels, uint8 [H,W].

    The numbers of a palette are kept as they are. Grey stored as colours, in 16 bits or as floats is the same grey in 8 bits.

    Raises:
        PhotoError: if it has colours, or other numbers than 0 to 255.
    """
    if image.mode in ("P", "1", "L"):
        return as_numbers(np.asarray(image), name, image.mode)
    if image.mode == "PA":
        return np.asarray(image)[..., 0]
    if image.mode.startswith(("I", "F")):
        return as_numbers(np.asarray(image), name, image.mode)
    colours = colours_of(image)
    if (colours != colours[..., :1]).any():
        raise PhotoError(
            f"{name} is not a mask (mode {image.mode}, shape {[*colours.shape[:2], len(image.getbands())]})",
            expected="one number per pixel: [H,W]",
            remedy='A mask holds the number of each pixel\'s class; name the classes of colours as codes={(255, 0, 0): "cat"}.',
        )
    return colours[..., 0]


def colours_of(image: Image.Image) -> np.ndarray:
    """Return the colours of a mask's pixels, uint8 [H,W,3]; transparent pixels are black.

    Where all pixels have one colour and only their opacity differs, that is the mask.
    """
    if image.mode == "I" or image.mode.startswith(("I;", "F")):
        numbers = as_numbers(np.asarray(image), name_of_mask(image), image.mode)
        return np.repeat(numbers[..., None], 3, axis=2)  # [H,W] -> [H,W,3]
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB"))
    whole = np.asarray(image.convert("RGBA"))
    colours, opacity = whole[..., :3], whole[..., 3]
    if opacity.min() == opacity.max():
        return colours
    if (colours == colours[:1, :1]).all():
        return np.repeat(opacity[..., None], 3, axis=2)  # [H,W] -> [H,W,3]
    return np.where(opacity[..., None] < 128, np.uint8(0), colours)


def as_numbers(values: np.ndarray, name: str, mode: str = "") -> np.ndarray:
    """Return an array as the numbers of a mask, uint8 [H,W]; raises PhotoError if it is none."""
    if values.ndim == 3 and 1 in (values.shape[0], values.shape[2]):
        values = values.squeeze(2 if values.shape[2] == 1 else 0)  # [1,H,W], [H,W,1] -> [H,W]
    if values.ndim != 2 or 0 in values.shape:
        what = f"mode {mode}, " if mode else ""
        raise PhotoError(
            f"{name} is not a mask ({what}shape {list(values.shape)})", expected="one number per pixel: [H,W]",
            remedy="A mask holds the number of each pixel's class, not its colour.",
        )  # fmt: skip
    whole = values if values.dtype.kind in "biu" else _whole(values)
    if mode and whole is not None and whole.max() > 255 and not (whole % _SIXTEEN).any():
        whole = whole // _SIXTEEN  # a picture of 16 bits
    if whole is None or whole.min() < 0 or whole.max() > 255:
        raise PhotoError(
            f"{name} holds {values.dtype} numbers from {values.min()} to {values.max()}", expected=VALUES
        )
    return whole.astype(np.uint8)


def _whole(values: np.ndarray) -> np.ndarray | None:
    """Return floats as whole numbers; None if they are not."""
    if values.dtype.kind != "f" or not np.isfinite(values).all() or (values != np.rint(values)).any():
        return None
    return values.astype(np.int64)


def packed(colours: np.ndarray) -> np.ndarray:
    """Return colours uint8 [...,3] as one number each, int32 [...]."""
    wide = colours.astype(np.int32)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]


def unpacked(number: int) -> tuple[int, int, int]:
    """Return the colour of a packed number."""
    return number >> 16 & 255, number >> 8 & 255, number & 255


def classes_of_colours(
    colours: np.ndarray, known: Sequence[tuple[int, int, int]], nearest: bool
) -> np.ndarray:
    """Return the position of each pixel's colour in `known`, int16 [H,W]; -1 for none, or the nearest.

    Args:
        colours: uint8 [H,W,3].
        known: the colours of the classes.
        nearest: whether a colour that is none of them counts as the nearest.
    """
    present, where = np.unique(packed(colours), return_inverse=True)
    wanted = np.array(known, np.int64)  # [K,3]
    there = np.array([unpacked(int(number)) for number in present], np.int64)  # [P,3]
    distance = np.square(there[:, None] - wanted[None]).sum(axis=2)  # [P,K]
    found = distance.argmin(axis=1)
    if not nearest:
        found = np.where(distance.min(axis=1) == 0, found, -1)
    return found.astype(np.int16)[where].reshape(colours.shape[:2])


def is_lossy(path: Path) -> bool:
    """Whether a file's format changes numbers a little, as JPEG does."""
    with explaining(path) as name, open_image(path, name) as image:
        return image.format in ("JPEG", "MPO", "JPEG2000") or (
            image.format == "WEBP" and b"VP8L" not in _head(path)
        )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)
