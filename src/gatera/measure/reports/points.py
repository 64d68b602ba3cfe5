"""Points report: how far predicted points are from the labelled ones, in pixels of the photo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.measure.intervals import Interval, bootstrap_interval, interval_words, plain_interval


@dataclass(frozen=True)
class PointReport:
    """The distance between predicted and labelled points. Made by `from_points`.

    Attributes:
        n: number of photos.
        distance: mean distance in pixels of the photo.
        interval: its 95 % interval, by bootstrap over the photos.
        share: mean distance as a share of the photo's width.
        furthest: the largest mean distance of a photo, in pixels.
    """

    n: int
    distance: float
    interval: Interval
    share: float
    furthest: float

    @classmethod
    def from_points(cls, pairs: Iterable[tuple[Any, Any, float]]) -> PointReport:
        """Compare predicted points with labelled ones.

        Args:
            pairs: for each photo the predicted and the labelled points, float [P,2] in pixels, and the photo's width.

        Raises:
            ArgumentError: if there are no photos.

        Example:
            >>> PointReport.from_points([([[3.0, 4.0]], [[0.0, 0.0]], 100)]).distance
            5.0
        """
        rows = [(distance_of(predicted, actual), width) for predicted, actual, width in pairs]
        if not rows:
            raise ArgumentError("a points report needs at least one photo")
        distances = np.array([distance for distance, _ in rows])
        shares = distances / np.array([width for _, width in rows])
        return cls(
            len(rows), float(distances.mean()), bootstrap_interval(distances), float(shares.mean()), float(distances.max())
        )  # fmt: skip

    @property
    def card_metrics(self) -> dict[str, float]:
        """The numbers for the model card, by name."""
        return {
            "mean distance of points in pixels": self.distance,
            "the same as a share of the photo's width": self.share,
        }

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        return [
            f"Points are {self.distance:.3g} pixels off on average ({100 * self.share:.1f} % of the photo's width), on "
            f"{self.n:,} photo{'s' * (self.n != 1)}; {interval_words(self.interval, self.n, '{:.3g}', 'photo', ' pixels')}.",
            f"The worst photo is {self.furthest:.3g} pixels off.",
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "n": self.n, "distance": self.distance, "interval95": plain_interval(self.interval, self.n), "share_of_width": self.share,
            "furthest": self.furthest,
        }  # fmt: skip


def distance_of(predicted: Any, actual: Any) -> float:
    """Return the mean distance of points [P,2] from others.

    Raises:
        ArgumentError: if they are not equally many.
    """
    found, wanted = (np.asarray(points, np.float64).reshape(-1, 2) for points in (predicted, actual))
    if found.shape != wanted.shape:
        raise ArgumentError("the points do not match", got=f"{len(found)} predicted, {len(wanted)} labelled")
    return float(np.hypot(*(found - wanted).T).mean())
