"""Corrections of a mask: pixels that were painted get what their class holds; all others keep what they had, bit for bit."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from gatera.core.errors import DataError
from gatera.data.blocks.mask_pixels import load_mask
from gatera.studio.masks.classes import Key, MaskClasses, present_in

#: Kinds of pictures that PNG keeps as they are. Masks of other kinds are written as numbers, or as colours.
KEPT = ("1", "L", "P", "I;16", "RGB", "RGBA")

#: Sixteen bits hold a number of eight as this many times itself.
SIXTEEN = 257


def corrected(image: Image.Image, name: str, after: np.ndarray, classes: MaskClasses) -> bytes:
    """Return a mask with other classes, as the bytes of a PNG.

    Args:
        image: the mask as it is.
        name: what messages call it.
        after: the class of each pixel, uint8 [H,W], as positions in `classes`.
        classes: with those that only this mask has; see `MaskClasses.positions`.

    Raises:
        DataError: if a PNG cannot hold it without loss; it is read back to make sure.
    """
    before, _ = classes.positions(image, name)
    changed = before != after
    base = image if image.mode in KEPT else _plain(image, name, before, classes)
    base = _roomy(base, after[changed], classes)
    pixels = np.array(base)
    for place in present_in(after[changed]):
        pixels[changed & (after == place)] = _held(base, pixels, before == place, classes, place)
    made = _with_pixels(base, pixels)
    data = _png(made)
    again, _ = load_mask(io.BytesIO(data))
    if not (
        np.array_equal(np.asarray(again.convert(made.mode) if again.mode != made.mode else again), pixels)
        and np.array_equal(classes.positions(again, name)[0], after)
    ):
        raise DataError(
            f"{name} cannot be saved as a PNG without loss", got=f"a picture of mode {image.mode}",
            remedy="Save the mask as a PNG of one number for each pixel, then open the folder again.",
        )  # fmt: skip
    return data


def blank(like: Image.Image, size: tuple[int, int], classes: MaskClasses) -> Image.Image:
    """Return a mask that is all ground, or all of the first class: of the kind that `like` is, (width, height) large."""
    place = max(classes.ground, 0)
    if like.mode not in KEPT:
        like = Image.new("RGB" if classes.coloured else "L", (1, 1))
    like = _roomy(like, np.array([place], np.uint8), classes)
    pixels = np.array(like)
    held = _held(like, pixels, np.zeros(pixels.shape[:2], bool), classes, place)
    whole = np.empty((size[1], size[0], *pixels.shape[2:]), pixels.dtype)
    whole[:] = held
    return _with_pixels(like, whole)


def _plain(image: Image.Image, name: str, before: np.ndarray, classes: MaskClasses) -> Image.Image:
    """Return a mask of a kind that PNG lacks: its numbers as grey, its colours as RGB."""
    if classes.coloured:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    numbers = np.array([key for key in classes.keys if isinstance(key, int)], np.uint8)
    return Image.fromarray(numbers[before])


def _roomy(image: Image.Image, places: np.ndarray, classes: MaskClasses) -> Image.Image:
    """Return a mask that can hold these classes: with more bits, or more colours in its palette."""
    keys = [classes.keys[place] for place in present_in(places)]
    colours = [key for key in keys if isinstance(key, tuple)]
    highest = max((key for key in keys if isinstance(key, int)), default=0)
    if image.mode == "1" and not classes.coloured and highest > 1:
        return Image.fromarray(np.asarray(image).astype(np.uint8))
    if image.mode in ("1", "L", "I;16") and any(len({*colour}) > 1 for colour in colours):
        return image.convert("RGB")
    if image.mode != "P":
        return image
    palette = list(image.getpalette("RGB") or [])
    known = {tuple(palette[i : i + 3]) for i in range(0, len(palette), 3)}
    more = [colour for colour in colours if colour not in known]
    if len(palette) // 3 + len(more) > 256:
        return image.convert("RGB")
    palette += [part for colour in more for part in colour]
    while len(palette) // 3 <= highest:
        palette += [len(palette) // 3] * 3
    roomy = image.copy()
    roomy.putpalette(palette, "RGB")
    return roomy


def _held(
    base: Image.Image, pixels: np.ndarray, where: np.ndarray, classes: MaskClasses, place: int
) -> object:
    """Return what a pixel of a class holds in this mask: what others of it hold, where there are any."""
    if where.any() and not classes.nearest:
        return pixels[where][0]
    key: Key = classes.keys[place]
    if base.mode == "P":
        return key if isinstance(key, int) else _in_palette(base, key)
    if base.mode == "I;16":
        number = key if isinstance(key, int) else key[0]
        return number * (SIXTEEN if pixels.max(initial=0) > 255 else 1)
    if base.mode == "1":
        return bool(key if isinstance(key, int) else key[0])
    if base.mode == "L":
        return key if isinstance(key, int) else key[0]
    colour = key if isinstance(key, tuple) else (key, key, key)
    return colour if base.mode == "RGB" else (*colour, 255)


def _in_palette(image: Image.Image, colour: tuple[int, int, int]) -> int:
    palette = image.getpalette("RGB") or []
    return next(i for i in range(len(palette) // 3) if tuple(palette[3 * i : 3 * i + 3]) == colour)


def _with_pixels(like: Image.Image, pixels: np.ndarray) -> Image.Image:
    """Return a picture of these pixels, with the palette and the colour profile of another one."""
    made = Image.fromarray(pixels)
    if like.mode == "P":
        made.putpalette(like.getpalette("RGB") or [], "RGB")
    made.info = {key: like.info[key] for key in ("transparency", "icc_profile", "dpi") if key in like.info}
    return made


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    options = {"dpi": image.info["dpi"]} if "dpi" in image.info else {}
    image.save(file, "PNG", **options)
    return file.getvalue()
