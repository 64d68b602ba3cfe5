"""Map points between a photo and the array made of it, so that predictions are in the photo's own pixels.

Places on a photo are (x, y) in pixels: (0, 0) is the outer corner of its first pixel, whose centre is (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

#: Height and width in pixels.
Size = tuple[int, int]


class Placement(NamedTuple):
    """One step that scales, moves or mirrors a photo: a place (x, y) of the result comes from `scale * (x, y) + offset`.

    Attributes:
        photo: (height, width) of the photo.
        size: (height, width) of the result.
        scale: (x, y), pixels of the photo for one pixel of the result; negative where it is mirrored.
        offset: (x, y), where the result's corner (0, 0) is on the photo.
        beyond: what is beyond the photo: "zeros", "border" (its edge) or "reflection" (its mirror image).

    Example:
        >>> half = Placement((480, 640), (240, 320), (2.0, 2.0))
        >>> half.to_photo(np.array([[10.0, 20.0]])).tolist()
        [[20.0, 40.0]]
    """

    photo: Size
    size: Size
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)
    beyond: str = "zeros"

    def to_photo(self, places: np.ndarray) -> np.ndarray:
        """Return where places of the result, float64 [...,2], lie on the photo."""
        return np.asarray(places, np.float64) * self.scale + self.offset

    def from_photo(self, places: np.ndarray) -> np.ndarray:
        """Return where places of the photo, float64 [...,2], lie on the result; maybe beyond its edges."""
        return (np.asarray(places, np.float64) - self.offset) / self.scale

    def then(self, after: Placement) -> Placement:
        """Return the placement of this step and another one after it."""
        scale = (self.scale[0] * after.scale[0], self.scale[1] * after.scale[1])
        x, y = self.to_photo(np.array(after.offset)).tolist()
        return Placement(self.photo, after.size, scale, (x, y), after.beyond)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the part of the photo that the result shows."""
        left, top = self.offset
        height, width = self.photo
        right, bottom = left + self.size[1] * self.scale[0], top + self.size[0] * self.scale[1]
        return left, top, min(width, right), min(height, bottom)

    def nearest(self, values: np.ndarray, zero: int = 0) -> np.ndarray:
        """Do to an array [H,W] what the step does to the photo, each pixel taking the value of the nearest one.

        Args:
            values: of the photo's size.
            zero: the value beyond the photo where `beyond` is "zeros".

        Returns:
            The same dtype, [h,w].
        """
        rows = self._sources(self.size[0], self.photo[0], self.scale[1], self.offset[1])
        columns = self._sources(self.size[1], self.photo[1], self.scale[0], self.offset[0])
        found = values[np.maximum(rows, 0)[:, None], np.maximum(columns, 0)[None]]
        if (rows < 0).any() or (columns < 0).any():
            found[(rows < 0)[:, None] | (columns < 0)[None]] = zero
        return found

    def _sources(self, n: int, length: int, scale: float, offset: float) -> np.ndarray:
        """Return which of `length` pixels each of the result's n comes from, int64 [n]; -1 for none."""
        found = np.floor((np.arange(n) + 0.5) * scale + offset).astype(np.int64)
        if self.beyond == "zeros":
            return np.where((found >= 0) & (found < length), found, -1)
        if self.beyond == "border" or length == 1:
            return found.clip(0, length - 1)
        # the outermost pixels are not repeated, as with numpy's "reflect"
        return length - 1 - np.abs(length - 1 - found % (2 * length - 2))


def whole(size: Size) -> Placement:
    """Return the placement that changes nothing."""
    return Placement(size, size)


def combined(size: Size, steps: Iterable[Placement]) -> Placement:
    """Return what several steps, one after the other, do to a photo of `size`."""
    placement = whole(size)
    for step in steps:
        placement = placement.then(step)
    return placement


def squish(size: Size, to: Size) -> Placement:
    """Return the step that scales a photo of `size` to exactly `to`, also where that changes its proportions."""
    return Placement(size, to, (size[1] / to[1], size[0] / to[0]))


def cover(size: Size, to: Size) -> Placement:
    """Return the step that scales a photo to cover `to` and keeps the middle. It may begin between two pixels."""
    height, width = size
    scale = min(width / to[1], height / to[0])
    left, top = max(0.0, (width - to[1] * scale) / 2), max(0.0, (height - to[0] * scale) / 2)
    return Placement(size, to, (scale, scale), (left, top))


def fit_inside(size: Size, to: Size) -> Placement:
    """Return the step that scales a photo, its proportions kept to a pixel, to fit into `to`."""
    height, width = size
    scale = max(width / to[1], height / to[0])
    new = min(to[0], max(1, round(height / scale))), min(to[1], max(1, round(width / scale)))
    return squish(size, new)


def shorter_side(size: Size, side: int) -> Placement:
    """Return the step that scales a photo, its proportions kept to a pixel, to a shorter side of `side` pixels."""
    scale = side / min(size)
    height, width = (max(1, round(length * scale)) for length in size)
    return squish(size, (height, width))


def middle(size: Size, to: Size, beyond: str = "zeros") -> Placement:
    """Return the step that cuts out the middle `to` without scaling, or puts a smaller photo into the middle of it."""
    down, across = size[0] - to[0], size[1] - to[1]
    left = across // 2 if across >= 0 else -(-across // 2)
    top = down // 2 if down >= 0 else -(-down // 2)
    return Placement(size, to, offset=(left, top), beyond=beyond)
