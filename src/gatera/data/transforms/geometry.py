"""Geometric augmentation: flip, rotate, zoom, warp, crop. Each is a matrix per item."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gatera.core.checks import check_at_least, check_choice, check_finite, check_fraction
from gatera.core.errors import ArgumentError
from gatera.data.transforms.base import RandomBatchTransform, amount, identity
from gatera.data.transforms.item import PAD_MODES, Op, Size, as_size

MODES = ("bilinear", "nearest", "bicubic")


@dataclass(frozen=True, kw_only=True, repr=False)
class Geometry(RandomBatchTransform):
    """Moves pixels. Geometric transforms in one list are done in one resampling, so they must agree on how.

    Args:
        size: output size in pixels, one number or (height, width); None keeps that of the input.
        mode: "bilinear", "nearest" or "bicubic".
        pad_mode: what lies beyond the edge: "reflection", "zeros" or "border".
        align_corners: see `Sampling`.
        batch: use one sample for all items of a batch.
    """

    size: Size | None = None
    mode: str = "bilinear"
    pad_mode: str = "reflection"
    align_corners: bool = True

    def __post_init__(self) -> None:
        if self.size is not None:
            as_size(self.size)
        check_choice("mode", self.mode, MODES)
        check_choice("pad_mode", self.pad_mode, PAD_MODES)

    @abstractmethod
    def matrices(self, u: np.ndarray, in_size: tuple[int, int], out_size: tuple[int, int]) -> np.ndarray:
        """Return where output points come from, float64 [N,3,3] (see `SampledAugmentation.to_input`).

        Args:
            u: numbers in 0..1, float64 [N, n_draws].
            in_size: (height, width) of the photos.
            out_size: (height, width) of what comes out.
        """

    def config(self) -> list[Op]:
        """Return a plain resize where a size was asked for."""
        if self.size is None:
            return []
        return [{"op": "resize", "size": list(as_size(self.size)), "method": "squish"}]


@dataclass(frozen=True, repr=False)
class Flip(Geometry):
    """Flip left to right.

    Args:
        p: probability, 0..1.
    """

    p: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fraction("p", self.p)

    def matrices(self, u: np.ndarray, in_size: tuple[int, int], out_size: tuple[int, int]) -> np.ndarray:
        """Return flips or identities."""
        m = identity(len(u), 3)
        m[u[:, 0] < self.p, 0, 0] = -1
        return m


@dataclass(frozen=True, repr=False)
class Dihedral(Geometry):
    """Apply one of the eight symmetries of a square: quarter turns and flips.

    Args:
        p: chance of drawing one, 0..1.
        draw: always this one, 0 to 7.
    """

    p: float = 0.5
    draw: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fraction("p", self.p)

    def matrices(self, u: np.ndarray, in_size: tuple[int, int], out_size: tuple[int, int]) -> np.ndarray:
        """Return symmetries or identities."""
        m = identity(len(u), 3)
        which = np.where(
            u[:, 0] < self.p, np.floor(u[:, 1] * 8) if self.draw is None else self.draw, 0
        ).astype(int)
        m[:, 0, 0] = np.where(which & 1, -1, 1)
        m[:, 1, 1] = np.where(which & 2, -1, 1)
        turned = (which & 4) > 0
        m[turned, :2] = m[turned][:, [1, 0]]
        return m


@dataclass(frozen=True, repr=False)
class Rotate(Geometry):
    """Rotate around the centre.

    Args:
        max_deg: largest angle in degrees, either way.
        p: probability, 0..1.
        draw: always this angle, counter-clockwise.
    """

    max_deg: float = 10.0
    p: float = 0.5
    draw: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fraction("p", self.p)
        check_finite("max_deg", self.max_deg)

    def matrices(self, u: np.ndarray, in_size: tuple[int, int], out_size: tuple[int, int]) -> np.ndarray:
        """Return rotations that keep right angles for photos of any proportions."""
        angle = np.deg2rad(amount(u, self.p, -self.max_deg, self.max_deg, self.draw, 0.0))
        aspect = in_size[1] / in_size[0]
        m = identity(len(u), 3)
        m[:, 0, 0] = m[:, 1, 1] = np.cos(angle)
        m[:, 0, 1], m[:, 1, 0] = -np.sin(angle) / aspect, np.sin(angle) * aspect
        return m


@dataclass(frozen=True, repr=False)
class Zoom(Geometry):
    """Zoom in on a random place.

    Args:
        min_zoom: smallest factor.
        max_zoom: largest factor.
        p: probability, 0..1.
        draw: always this factor.
        draw_x: always this place, 0 for the left edge to 1 for the right one.
        draw_y: always this place, 0 for the top to 1 for the bottom.
    """

    min_zoom: float = 1.0
    max_zoom: float = 1.1
    p: float = 0.5
    draw: float | None = None
    draw_x: float | None = None
    draw_y: float | None = None
    n_draws: ClassVar[int] = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fraction("p", self.p)
        check_finite("min_zoom", self.min_zoom)
        check_finite("max_zoom", self.max_zoom)
        if not 0 < self.min_zoom <= self.max_zoom:
            raise ArgumentError(
                "min_zoom and max_zoom are not a range", got=(self.min_zoom, self.max_zoom),
                expected="0 < min_zoom <= max_zoom",
            )  # fmt: skip

    def matrices(self, u: np.ndarray, in_size: tuple[int, int], out_size: tuple[int, int]) -> np.ndarray:
        """Return scalings towards a point."""
        part = 1 / amount(u, self.p, self.min_zoom, self.max_zoom, self.draw, 1.0)
        x = u[:, 2] if self.draw_x is None else self.draw_x
        y = u[:, 3] if self.draw_y is None else self.draw_y
        m = identity(len(u), 3)
        m[:, 0, 0] = m[:, 1, 1] = part
        m[:, 0, 2], m[:, 1, 2] = (1 - part) * (2 * x - 1), (1 - part) * (2 * y - 1)
        return m


#: Corners of a photo as (x, y).
CORNERS = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])


@dataclass(frozen=True, repr=False)
class Warp(Geometry):
    """Change the perspective.

    Args:
        magnitude: how far the corners move, as a part of half the photo's side.
        p: probability, 0..1.
        draw_x: always this much for tilting up and down.
        draw_y: always this much for tilting left and right.
    """

    magnitude: float = 0.2
    p: float = 0.5
    draw_x: float | None = None
    draw_y: float | None = None
    n_draws: ClassVar[int] = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fraction("p", self.p)
        check_fraction("magnitude", self.magnitude, open_high=True)

    def matrices(self, u: np.ndarray, in_size: tuple[int, int], out_size: tuple[int, int]) -> np.ndarray:
        """Return homographies: the matrices that take the corners to where they have moved."""
        x = amount(u[:, [0, 1]], self.p, -self.magnitude, self.magnitude, self.draw_x, 0.0)
        y = amount(u[:, [0, 2]], self.p, -self.magnitude, self.magnitude, self.draw_y, 0.0)
        sign = CORNERS.prod(1)  # opposite corners move alike
        moved = CORNERS - sign[:, None] * np.stack([y, x], -1)[:, None]  # [N,4,2]
        return homographies(CORNERS, moved)


def homographies(points: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Return the matrices [N,3,3] that take four points [4,2] to `moved` [N,4,2]; their last entry is 1.

    Source: the eight linear equations of Hartley and Zisserman, "Multiple View Geometry", section 4.1.
    """
    n = len(moved)
    equations = np.zeros((n, 8, 8))
    for corner, (x, y) in enumerate(points):
        to_x, to_y = moved[:, corner, 0], moved[:, corner, 1]
        equations[:, 2 * corner, :3] = equations[:, 2 * corner + 1, 3:6] = (x, y, 1)
        equations[:, 2 * corner, 6], equations[:, 2 * corner, 7] = -x * to_x, -y * to_x
        equations[:, 2 * corner + 1, 6], equations[:, 2 * corner + 1, 7] = -x * to_y, -y * to_y
    solved = np.linalg.solve(equations, moved.reshape(n, 8, 1))[..., 0]
    return np.concatenate([solved, np.ones((n, 1))], 1).reshape(n, 3, 3)


@dataclass(frozen=True, repr=False)
class RandomCropResize(Geometry):
    """Take a random part of the photo, in the output's proportions; at validation the largest part in the centre.

    Args:
        min_scale: smallest part of the area, 0..1.
        max_scale: largest part of the area, 0..1.
    """

    min_scale: float = 0.75
    max_scale: float = 1.0
    n_draws: ClassVar[int] = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fraction("min_scale", self.min_scale, open_low=True)
        check_fraction("max_scale", self.max_scale, open_low=True)
        check_at_least("max_scale", self.max_scale, self.min_scale)

    def matrices(self, u: np.ndarray, in_size: tuple[int, int], out_size: tuple[int, int]) -> np.ndarray:
        """Return scalings and shifts."""
        side = np.sqrt(self.min_scale + u[:, 0] * (self.max_scale - self.min_scale))
        # The largest box of the output's proportions fills the photo along one side only.
        wider = (in_size[1] / in_size[0]) / (out_size[1] / out_size[0])
        across, down = side * min(1.0, 1 / wider), side * min(1.0, wider)
        m = identity(len(u), 3)
        m[:, 0, 0], m[:, 1, 1] = across, down
        m[:, 0, 2], m[:, 1, 2] = (1 - across) * (2 * u[:, 1] - 1), (1 - down) * (2 * u[:, 2] - 1)
        return m

    def config(self) -> list[Op]:
        """Return the centre crop it is at prediction."""
        return [{**op, "method": "crop"} for op in super().config()]
