"""The classes of masks: what their pixels hold, what they are called, and in which colour a page shows them."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from gatera.core.errors import DataError
from gatera.data.blocks.mask_pixels import classes_of_colours, colours_of, numbers_of, packed, unpacked
from gatera.data.folders.mask_codes import Codes, is_ignored
from gatera.data.folders.mask_values import hex_name

#: The most classes of a mask: their positions are bytes.
MOST = 255

#: Names of the class that is what is left: it is not coloured, and rubbing out leaves it.
GROUND = frozenset({"background", "bg", "none", "0", "#000000"})

#: Colour of pixels that belong to no class; and how far on the wheel of colours the next class stands (golden ratio).
VOID_COLOUR, TURN = "#9a9a9a", 0.618034

#: What a pixel of a class holds: a number, or a colour.
Key = int | tuple[int, int, int]


@dataclass(frozen=True)
class MaskClasses:
    """The classes of masks, in their order.

    Attributes:
        keys: what the pixels of each hold: numbers 0..255, or colours.
        names: what they are called.
        nearest: whether what is none of them counts as the nearest.
    """

    keys: Sequence[Key]
    names: Sequence[str]
    nearest: bool = False

    @property
    def coloured(self) -> bool:
        """Whether masks are painted in colours."""
        return bool(self.keys) and isinstance(self.keys[0], tuple)

    @property
    def ground(self) -> int:
        """The position of the class that rubbing out leaves; -1 where every class is a thing."""
        return next((k for k, name in enumerate(self.names) if str(name).lower() in GROUND), -1)

    def shown(self) -> list[list[str]]:
        """Return what a page needs of each class: name and colour; the ground has no colour, ""."""
        found, hue = [], 0.0
        for place, (key, name) in enumerate(zip(self.keys, self.names, strict=True)):
            if place == self.ground:
                colour = ""
            elif isinstance(key, tuple):
                colour = hex_name(key)
            elif is_ignored(name):
                colour = VOID_COLOUR
            else:
                colour = hex_name(round(255 * part) for part in colorsys.hsv_to_rgb(hue % 1, 0.85, 0.95))
                hue += TURN
            found.append([str(name), colour])
        return found

    def positions(self, image: Image.Image, name: str) -> tuple[np.ndarray, MaskClasses]:
        """Return the class of each pixel, uint8 [H,W], and the classes with those added that only this mask has.

        Raises:
            DataError: if it is no mask, or holds more than `MOST` classes.
        """
        if not self.coloured:
            return self._of_numbers(numbers_of(image, name), name)
        colours = colours_of(image)
        known = [key for key in self.keys if isinstance(key, tuple)]
        found = classes_of_colours(colours, known, self.nearest)
        if (found < 0).any():
            others = np.unique(packed(colours[found < 0])).tolist()
            more = self._with([unpacked(each) for each in others], name)
            found = classes_of_colours(colours, [key for key in more.keys if isinstance(key, tuple)], False)
            return found.astype(np.uint8), more
        return found.astype(np.uint8), self

    def _of_numbers(self, numbers: np.ndarray, name: str) -> tuple[np.ndarray, MaskClasses]:
        known = np.array(self.keys, np.int64)
        more = self
        if self.nearest:
            table = np.abs(np.arange(256)[:, None] - known[None]).argmin(axis=1)  # [256,K]
        else:
            more = self._with([number for number in present_in(numbers) if number not in known], name)
            table = np.zeros(256, np.int64)
            table[np.array(more.keys, np.int64)] = np.arange(len(more.keys))
        return table.astype(np.uint8)[numbers], more

    def _with(self, keys: Sequence[Key], name: str) -> MaskClasses:
        if not keys:
            return self
        if len(self.keys) + len(keys) > MOST:
            raise DataError(
                f"{name} holds {len(keys):,} values that are not classes", expected=f"at most {MOST} classes"
            )  # fmt: skip
        names = [hex_name(key) if isinstance(key, tuple) else str(key) for key in keys]
        return replace(self, keys=[*self.keys, *keys], names=[*self.names, *names])


def present_in(numbers: np.ndarray) -> list[int]:
    """Return the numbers in an array of uint8, rising: counted, not sorted, for masks have millions."""
    found: list[int] = np.flatnonzero(np.bincount(numbers.ravel(), minlength=256)).tolist()
    return found


def classes_of(codes: Codes) -> MaskClasses:
    """Return the classes that were found for a folder of masks."""
    given: Any = codes.codes
    if isinstance(given, Mapping):
        return MaskClasses([*given], [str(name) for name in given.values()], codes.nearest)
    return MaskClasses([*range(len(given))], [str(name) for name in given], codes.nearest)
