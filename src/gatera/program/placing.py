"""Map masks and points from the model's input back to the pixels of the photo."""

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

#: The value of mask pixels that the model did not see, because they were cropped. Classes are 0 to 254.
NOT_SEEN = 255


class PhotoPlacer:
    """Preprocesses photos and returns where it puts them.

    Args:
        preprocess: the preprocessing.

    Raises:
        ProgramFileError: if it does not begin with read_photo.
    """

    def __init__(self, preprocess: Preprocessing) -> None:
        (first, *others), self._preprocess = preprocess.config, preprocess
        if first["op"] != "read_photo":
            raise ProgramFileError(
                "masks and points need preprocessing that begins with read_photo",
                got=first["op"],
            )
        self._mode, self._at_least, self._others = first["mode"], first["at_least"], others

    def __call__(self, raw: Any) -> tuple[np.ndarray, Placement]:
        """Return the model's input for one photo, uint8 [h,w,C], and where the photo lies in it.

        Raises:
            PhotoError: if the photo cannot be read.
        """
        photo, size = read_sized(raw, self._mode, self._at_least)
        # A JPEG may have been decoded at reduced size; positions are in pixels of the full size.
        decoded = squish(size, (photo.height, photo.width))
        return self._preprocess(photo), decoded.then(combined(decoded.size, self.steps(decoded.size)))

    def steps(self, size: Size) -> list[Placement]:
        """Return where a photo of `size` (height, width) is put, step by step."""
        return op_steps(self._others, size)


def op_steps(ops: Sequence[Mapping[str, Any]], size: Size) -> list[Placement]:
    """Return where operations put a photo of `size` (height, width), step by step."""
    steps: list[Placement] = []
    for op in ops:
        places = OPERATIONS[op["op"]].places
        if places is None:
            raise ProgramFileError(f"the operation {op['op']} does not say where it puts a photo")
        steps += places(steps[-1].size if steps else size, op)
    return steps


def mask_on_photo(scores: np.ndarray, placement: Placement) -> np.ndarray:
    """Return the most probable class of each pixel of the photo.

    Scores are interpolated between the model's pixels, so that outlines are smooth if the photo is larger.

    Args:
        scores: float [K,h,w]; K at most 255.
        placement: where the photo lies in h x w.

    Returns:
        uint8 [H,W]; `NOT_SEEN` where the model did not see the photo.
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
    """Return the range of the photo's pixels whose centres the model saw, and where it lies in the model's input."""
    scale, offset = placement.scale[axis], placement.offset[axis]
    length, n = placement.photo[1 - axis], placement.size[1 - axis]
    first = min(length, max(0, int(np.ceil(offset - 0.5))))
    stop = min(length, max(first, int(np.ceil(offset + n * scale - 0.5))))
    low, high = ((pixel - offset) / scale for pixel in (first, stop))
    return (first, stop), (max(0.0, low), min(float(n), high))


def points_on_photo(values: np.ndarray, placement: Placement) -> list[list[float]]:
    """Return points in pixels of the photo.

    Args:
        values: float [2P], x and y alternating, each -1 (left, top) to 1 (right, bottom) of the model's input.
        placement: where the photo lies in the model's input.

    Returns:
        P points [x, y]; (0, 0) is the outer corner of the photo's first pixel.
    """
    return placement.to_photo(pixels_of(values.reshape(-1, 2), placement.size)).tolist()


def pixels_of(places: np.ndarray, size: Size) -> np.ndarray:
    """Convert positions [P,2] in -1..1, edge to edge, to pixels of an array of `size` (height, width)."""
    return (np.asarray(places, np.float64) + 1) / 2 * size[::-1]


def scaled_to_one(places: np.ndarray, size: Size) -> np.ndarray:
    """Convert pixels [P,2] of an array of `size` (height, width) to positions in -1..1: the inverse of `pixels_of`."""
    return np.asarray(places, np.float64) * 2 / size[::-1] - 1
