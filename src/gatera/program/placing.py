"""Answers that lie on a photo: where the preprocessing puts the photo, and the way back to the photo's own pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from gatera.core.errors import ProgramFileError
from gatera.program.operations import OPERATIONS
from gatera.program.preprocess import Preprocessing
from gatera.program.raw.photo import read_sized
from gatera.program.raw.placement import Placement, Size, combined, squish

#: In masks: a pixel that the model was not shown, because it was cut off. There are at most 255 classes, 0 to 254.
NOT_SEEN = 255


class PhotoPlacer:
    """Preprocesses photos and reports where it puts them.

    Args:
        preprocess: the preprocessing.

    Raises:
        ProgramFileError: if it is not one of photos.
    """

    def __init__(self, preprocess: Preprocessing) -> None:
        (first, *others), self._preprocess = preprocess.config, preprocess
        if first["op"] != "read_photo":
            raise ProgramFileError(
                "answers that lie on a photo need preprocessing that begins with read_photo",
                got=first["op"],
            )
        self._mode, self._at_least, self._others = first["mode"], first["at_least"], others

    def __call__(self, raw: Any) -> tuple[np.ndarray, Placement]:
        """Return the model's input for one photo, uint8 [h,w,C], and where the photo lies in it.

        Raises:
            PhotoError: if the photo cannot be read.
        """
        photo, size = read_sized(raw, self._mode, self._at_least)
        # A JPEG may have been decoded at a part of its size: places count in pixels of the whole.
        decoded = squish(size, (photo.height, photo.width))
        return self._preprocess(photo), decoded.then(combined(decoded.size, self.steps(decoded.size)))

    def steps(self, size: Size) -> list[Placement]:
        """Return what is done to a photo of `size` (height, width), step by step."""
        return op_steps(self._others, size)


def op_steps(ops: Sequence[Mapping[str, Any]], size: Size) -> list[Placement]:
    """Return what operations of `program.preprocess` do to a photo of `size` (height, width), step by step."""
    steps: list[Placement] = []
    for op in ops:
        places = OPERATIONS[op["op"]].places
        if places is None:
            raise ProgramFileError(f"the operation {op['op']} does not say where it puts a photo")
        steps += places(steps[-1].size if steps else size, op)
    return steps


def mask_on_photo(scores: np.ndarray, placement: Placement) -> np.ndarray:
    """Return the likeliest class of each pixel of the photo.

    Scores between the model's pixels are interpolated, so that outlines are smooth where the photo is larger.

    Args:
        scores: float [K,h,w], the larger the likelier; K at most 255.
        placement: where the photo lies in h x w.

    Returns:
        uint8 [H,W]; `NOT_SEEN` where the model was not shown the photo.
    """
    if placement.photo == placement.size and placement.box == (0, 0, *placement.size[::-1]):
        return scores.argmax(0).astype(np.uint8)
    mask = np.full(placement.photo, NOT_SEEN, np.uint8)
    (x0, x1), (left, right) = _seen(placement, 0)
    (y0, y1), (top, bottom) = _seen(placement, 1)
    best = np.full((y1 - y0, x1 - x0), -np.inf, np.float32)
    seen = mask[y0:y1, x0:x1]
    if not seen.size:
        return mask
    for index, score in enumerate(scores.astype(np.float32)):
        scaled = Image.fromarray(score).resize(
            (x1 - x0, y1 - y0), Image.Resampling.BILINEAR, box=(left, top, right, bottom)
        )
        found = np.asarray(scaled)
        larger = found > best
        np.copyto(best, found, where=larger)
        seen[larger] = index
    return mask


def _seen(placement: Placement, axis: int) -> tuple[tuple[int, int], tuple[float, float]]:
    """Return the photo's pixels, first and one after the last, whose centres the model saw; and where they lie there."""
    scale, offset = placement.scale[axis], placement.offset[axis]
    length, n = placement.photo[1 - axis], placement.size[1 - axis]
    first = min(length, max(0, int(np.ceil(offset - 0.5))))
    stop = min(length, max(first, int(np.ceil(offset + n * scale - 0.5))))
    low, high = ((pixel - offset) / scale for pixel in (first, stop))
    return (first, stop), (max(0.0, low), min(float(n), high))


def points_on_photo(values: np.ndarray, placement: Placement) -> list[list[float]]:
    """Return points in pixels of the photo.

    Args:
        values: float [2P], x and y by turns, each -1 (left, top) to 1 (right, bottom) of what the model sees.
        placement: where the photo lies in that.

    Returns:
        P points [x, y]; (0, 0) is the outer corner of the photo's first pixel.
    """
    return placement.to_photo(pixels_of(values.reshape(-1, 2), placement.size)).tolist()


def pixels_of(places: np.ndarray, size: Size) -> np.ndarray:
    """Turn places [P,2] in -1..1, edge to edge, into pixels of an array of `size` (height, width)."""
    return (np.asarray(places, np.float64) + 1) / 2 * size[::-1]


def scaled_to_one(places: np.ndarray, size: Size) -> np.ndarray:
    """Turn pixels [P,2] of an array of `size` (height, width) into places in -1..1, edge to edge: `pixels_of` undone."""
    return np.asarray(places, np.float64) * 2 / size[::-1] - 1
