"""Colour augmentation: brightness, contrast, saturation, hue. Each is an affine map of the colours' logits per item."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gatera.core.checks import check_fraction
from gatera.data.transforms.base import RandomBatchTransform, amount, identity

#: Shares of red, green and blue in the brightness that people see. Source: ITU-R BT.601.
LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, kw_only=True, repr=False)
class Lighting(RandomBatchTransform):
    """Changes light or colour, by an affine map of the logits of the colours, so that they stay in 0..1.

    Attributes:
        mixes: whether it mixes channels.
    """

    mixes: ClassVar[bool] = False

    @abstractmethod
    def colors(self, u: np.ndarray) -> np.ndarray:
        """Return the maps, float64 [N,4,4] on (r, g, b, 1).

        Args:
            u: numbers in 0..1, float64 [N, n_draws].
        """


@dataclass(frozen=True, repr=False)
class _UpToMaxLighting(Lighting):
    """Base of those whose strength `max_lighting` limits."""

    max_lighting: float = 0.2
    p: float = 0.75
    draw: float | None = None

    def __post_init__(self) -> None:
        check_fraction("p", self.p)
        check_fraction("max_lighting", self.max_lighting, open_high=True)


@dataclass(frozen=True, repr=False)
class Brightness(_UpToMaxLighting):
    """Make photos lighter or darker.

    Args:
        max_lighting: how much, 0..1: mid grey becomes 0.5 * (1 -+ max_lighting).
        p: probability, 0..1.
        draw: always this, 0..1, where 0.5 is no change.
    """

    def colors(self, u: np.ndarray) -> np.ndarray:
        """Return shifts of the logits."""
        grey = amount(u, self.p, 0.5 * (1 - self.max_lighting), 0.5 * (1 + self.max_lighting), self.draw, 0.5)
        m = identity(len(u), 4)
        m[:, :3, 3] = np.log(grey / (1 - grey))[:, None]
        return m


@dataclass(frozen=True, repr=False)
class Contrast(_UpToMaxLighting):
    """Increase or decrease the difference between light and dark.

    Args:
        max_lighting: how much, 0..1: logits are multiplied by (1 - max_lighting) to 1 / (1 - max_lighting).
        p: probability, 0..1.
        draw: always this factor.
    """

    def colors(self, u: np.ndarray) -> np.ndarray:
        """Return scalings of the logits."""
        m = identity(len(u), 4)
        m[:, :3, :3] *= _factor(u, self.p, self.max_lighting, self.draw)[:, None, None]
        return m


@dataclass(frozen=True, repr=False)
class Saturation(_UpToMaxLighting):
    """Make colours stronger or paler.

    Args:
        max_lighting: how much, 0..1, as for `Contrast`.
        p: probability, 0..1.
        draw: always this factor.
    """

    mixes: ClassVar[bool] = True

    def colors(self, u: np.ndarray) -> np.ndarray:
        """Return mixtures of each colour with its grey."""
        factor = _factor(u, self.p, self.max_lighting, self.draw)[:, None, None]
        m = identity(len(u), 4)
        m[:, :3, :3] = factor * np.eye(3) + (1 - factor) * LUMA[None, None]
        return m


@dataclass(frozen=True, repr=False)
class Hue(Lighting):
    """Rotate colours around the grey axis; greys do not change.

    Args:
        max_hue: how far, in turns: 0.5 turns red into cyan.
        p: probability, 0..1.
        draw: always this many turns.
    """

    max_hue: float = 0.1
    p: float = 0.75
    draw: float | None = None
    mixes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_fraction("p", self.p)
        check_fraction("max_hue", self.max_hue)

    def colors(self, u: np.ndarray) -> np.ndarray:
        """Return rotations of colour space. Source: Rodrigues' formula for the axis (1, 1, 1)."""
        angle = 2 * math.pi * amount(u, self.p, -self.max_hue, self.max_hue, self.draw, 0.0)[:, None, None]
        across = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
        m = identity(len(u), 4)
        m[:, :3, :3] = np.cos(angle) * np.eye(3) + np.sin(angle) * across + (1 - np.cos(angle)) / 3
        return m


def _factor(u: np.ndarray, p: float, most: float, draw: float | None) -> np.ndarray:
    """Return factors whose logarithm is uniform in -+log(1 - most), float64 [N]."""
    limit = -math.log(1 - most)
    return np.exp(amount(u, p, -limit, limit, None if draw is None else math.log(draw), 0.0))
