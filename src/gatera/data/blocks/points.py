"""Points on a photo as targets (keypoints): the middle of a head, the corners of a sheet of paper."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from torch import Tensor

from gatera.core.checks import counted
from gatera.core.errors import DataError
from gatera.data.blocks.spatial import SpatialTarget
from gatera.data.show.spatial import show_points
from gatera.data.transforms.sampled import SampledAugmentation
from gatera.program.placing import scaled_to_one
from gatera.program.raw.placement import Placement, Size, combined

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class PointBlock(SpatialTarget):
    """One point or several, in pixels of the photo as it is stored (upright), as (x, y) or a list of them.

    (0, 0) is the outer corner of the photo's first pixel, whose centre is (0.5, 0.5). Points go where their photo goes. For the
    model they are scaled to -1 (left, top) .. 1 (right, bottom) of what it sees, so `y_range=(-1, 1)` suits them. A point that
    a crop or an augmentation puts outside keeps its true place, beyond -1 or 1: it is neither clipped nor dropped.

    Targets are float32 [N,2P], x and y by turns. All photos need the same number of points, in the same order.

    Args:
        n_points: P; None to learn it from the training set.
    """

    n_points: int | None = None
    task = "points"

    @property
    def n_out(self) -> int | None:  # type: ignore[override]
        """Numbers that tell all points: 2P."""
        return None if self.n_points is None else 2 * self.n_points

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy that knows how many points there are.

        Raises:
            DataError: if the coordinates are shares of the photo, not pixels.
        """
        found: list[np.ndarray] = []
        for value in values:
            with contextlib.suppress(DataError):  # `check` complains of it, and names the item
                found.append(_points(value))
        if found:
            _check_unit(np.concatenate(found))
            _warn_of_missing(found)
        if self.n_points is not None:
            return self
        return replace(self, n_points=len(found[0]) if found else 1)

    def check(self, raw: Any) -> None:
        """Raise DataError if these are not points, or not as many as in the training set."""
        self.encode(raw)

    def encode(self, value: Any) -> np.ndarray:
        """Return points in pixels, float64 [P,2].

        Raises:
            DataError: if these are not finite numbers, or not as many as in the training set.
        """
        points = _points(value)
        if self.n_points is not None and len(points) != self.n_points:
            raise DataError(
                f"PointBlock got {len(points)} points",
                got=value,
                expected=f"{self.n_points}, as in the training set",
            )
        return points

    def look_at(
        self, labels: Sequence[Any], size_of: Callable[[int], Size], name_of: Callable[[int], str]
    ) -> None:
        """Warn once if points lie outside their photos: they may be meant for another size, or a photo on its side."""
        found: list[tuple[int, np.ndarray]] = []
        for i, label in enumerate(labels):
            with contextlib.suppress(DataError):  # a photo that cannot be read is named when it is needed
                height, width = size_of(i)
                points = _points(label)
                outside = points[((points < 0) | (points > (width, height))).any(axis=1)]
                found += [(i, outside)] if len(outside) else []
        if found:
            (i, outside), n = found[0], sum(len(outside) for _, outside in found)
            (height, width), (x, y) = size_of(i), outside[0]
            warnings.warn(
                f"{counted(n, 'point')} of {counted(len(found), 'photo')} ({len(labels):,} in all) {'lies' if n == 1 else 'lie'} outside, "
                f"first ({x:.5g}, {y:.5g}) of {name_of(i)}, which has {width} x {height} pixels. They are learned as they are: check that "
                "they are in pixels of the photo as it is stored, upright.",
                stacklevel=4,
            )

    def decode(self, encoded: Any) -> list[list[float]]:
        """Return points in pixels as a list of [x, y]."""
        return np.asarray(encoded, np.float64).reshape(-1, 2).tolist()

    def show(self, value: Any) -> str:
        """Return points in one line."""
        return "; ".join(f"({x:.5g}, {y:.5g})" for x, y in _points(value))

    def place(self, encoded: np.ndarray, steps: Sequence[Placement]) -> np.ndarray:
        """Return points in pixels of what item transforms make of the photo."""
        return combined(steps[0].photo, steps).from_photo(encoded) if steps else encoded

    def move(self, encoded: np.ndarray, sampled: SampledAugmentation, i: int, size: Size) -> np.ndarray:
        """Return points in pixels after the changes sampled for item `i`."""
        return sampled.points(i, encoded, size)

    def to_target(self, encoded: np.ndarray, size: Size) -> np.ndarray:
        """Return points in -1..1 of a photo of `size`, float32 [2P]."""
        return scaled_to_one(encoded, size).astype(np.float32).ravel()  # [P,2] -> [2P]

    def show_on(
        self, photos: Sequence[np.ndarray], targets: Tensor, predictions: Tensor | None = None, nrows: int | None = None,
        ncols: int | None = None, figsize: tuple[float, float] | None = None, suptitle: str | None = None,
    ) -> Figure:  # fmt: skip
        """Draw points as dots on their photos, predicted ones in another colour."""
        guessed = None if predictions is None else list(predictions.cpu().numpy())
        shape: Any = (nrows, ncols, figsize, suptitle)
        return show_points(photos, list(targets.cpu().numpy()), guessed, *shape)


def _check_unit(points: np.ndarray) -> None:
    """Raise DataError if all points lie in the first pixel, at fractions of it: they are shares of the width and height."""
    if points.min() >= 0 and points.max() <= 1 and (points % 1).any():
        raise DataError(
            "all points lie between 0 and 1, in the first pixel of their photos",
            got=points[0].tolist(),
            expected="pixels of the photo as it is stored",
            remedy="Multiply x by its width and y by its height.",
        )


def _warn_of_missing(found: Sequence[np.ndarray]) -> None:
    """Warn if (0, 0) or a point below 0 stands in several items, as notations of keypoints write one that is not there."""
    for x, y in ((0, 0), (-1, -1)):
        n = sum(bool(((points[:, 0] == x) & (points[:, 1] == y)).any()) for points in found)
        if n > 1:
            warnings.warn(
                f"The point ({x}, {y}) stands in {n:,} of {len(found):,} training items. If it marks a missing point, it is learned as a position: leave these photos out.",
                stacklevel=4,
            )


def _points(value: Any) -> np.ndarray:
    """Return points as float64 [P,2]; raise DataError if that is not possible."""
    try:
        points = np.asarray(value, np.float64)
    except (TypeError, ValueError) as err:
        raise DataError(
            "PointBlock got something that is not a point", got=value, expected="(x, y), or a list of them"
        ) from err
    if points.ndim == 1:
        points = points[None]
    if points.ndim != 2 or points.shape[1] != 2 or not points.size:
        raise DataError(
            "PointBlock got something that is not a point", got=value, expected="(x, y), or a list of them"
        )
    if not np.isfinite(points).all():
        raise DataError(
            "PointBlock got coordinates that are not finite",
            got=value,
            remedy="Fill them in, or remove the photo.",
        )
    return points
