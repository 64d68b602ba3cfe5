"""Cut the part of a photo that a unit responds to, the same size for all units of a layer."""

from __future__ import annotations

import numpy as np

#: The square around a unit's place holds this share of its projection's absolute values ...
SHARE = 0.85
#: ... in this share of a layer's projections.
OF_PROJECTIONS = 0.6
#: Smallest square (pixels).
SMALLEST = 9


def centre_of(place: np.ndarray, grid: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Return the pixel (row, column) in the middle of what a place of a map stands for."""
    row = int((place[0] + 0.5) * size[0] / grid[0])
    column = int((place[1] + 0.5) * size[1] / grid[1])
    return min(row, size[0] - 1), min(column, size[1] - 1)


def reach(projection: np.ndarray, centre: tuple[int, int]) -> int:
    """Return the smallest distance from `centre` (rows and columns) within which `SHARE` of a projection [C,H,W] lies."""
    mass = np.abs(projection).sum(0)
    rows, columns = np.indices(mass.shape)
    distance = np.maximum(np.abs(rows - centre[0]), np.abs(columns - centre[1]))
    within = np.cumsum(np.bincount(distance.ravel(), weights=mass.ravel()))
    return int(np.searchsorted(within, SHARE * within[-1])) if within[-1] > 0 else 0


def side_for(reaches: list[int], size: tuple[int, int]) -> int:
    """Return the side of the patches of a layer (pixels)."""
    side = 2 * int(np.quantile(reaches, OF_PROJECTIONS)) + 1
    return int(np.clip(side, min(SMALLEST, *size), min(size)))


def cut(picture: np.ndarray, centre: tuple[int, int], side: int) -> np.ndarray:
    """Return the square of a picture [H,W,...] around `centre`, moved inwards at edges."""
    top = int(np.clip(centre[0] - side // 2, 0, picture.shape[0] - side))
    left = int(np.clip(centre[1] - side // 2, 0, picture.shape[1] - side))
    return picture[top : top + side, left : left + side]


def as_grey(projection: np.ndarray) -> np.ndarray:
    """Return a projection [s,s,C] as colours 0..1: 0 is grey, and the largest magnitudes (2 %) are full."""
    bound = float(np.quantile(np.abs(projection), 0.98)) or float(np.abs(projection).max()) or 1.0
    return np.clip(0.5 + projection / (2 * bound), 0, 1)
