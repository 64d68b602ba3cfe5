"""Points report: how far predicted points are from the labelled ones, in pixels of the photo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import number_text
from gatera.core.errors import ArgumentError
from gatera.measure.intervals import (
    Interval,
    bootstrap_interval,
    interval_words,
    plain_interval,
    unknown_chance,
    verdict,
)
from gatera.measure.questions.paired import chance_of
from gatera.measure.reports.shows_lines import ShowsLines


@dataclass(frozen=True, repr=False)
class PointReport(ShowsLines):
    """The distance between predicted and labelled points. Made by `from_points`.

    Attributes:
        n: number of photos.
        distance: mean distance in pixels of the photo.
        interval: its 95 % interval, by bootstrap over the photos.
        share: mean distance as a share of the photo's width.
        furthest: the largest mean distance of a photo, in pixels.
        baseline: the mean distance if each point always lay at its mean place, in shares of width and height; None if it is not known.
        chance: of so large a difference from that, photo by photo, where neither is better; see `unknown_chance`.
    """

    n: int
    distance: float
    interval: Interval
    share: float
    furthest: float
    baseline: float | None = None
    chance: float = 0.0

    @classmethod
    def from_points(
        cls, pairs: Iterable[tuple[Any, Any, float]], baseline: float | Sequence[float] | None = None
    ) -> PointReport:
        """Compare predicted points with labelled ones.

        Args:
            pairs: for each photo the predicted and the labelled points, float [P,2] in pixels, and the photo's width.
            baseline: what `distances_from_mean` says of the same photos, or its mean.

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
        simplest = None if baseline is None else np.asarray(baseline, np.float64)
        return cls(
            len(rows), float(distances.mean()), bootstrap_interval(distances), float(shares.mean()), float(distances.max()),
            None if simplest is None else float(simplest.mean()),
            unknown_chance(len(rows)) if simplest is None or not simplest.ndim else chance_of(distances - simplest),
        )  # fmt: skip

    @property
    def card_metrics(self) -> dict[str, float]:
        """The numbers for the model card, by name."""
        return {
            "mean distance of points in pixels": self.distance,
            "the same as a share of the photo's width": self.share,
        }

    @property
    def verdict(self) -> str:
        """What is said of the model beside the baseline; "" without one, or if the model is clearly better."""
        return "" if self.baseline is None else verdict(self.interval, self.n, self.baseline, self.chance)

    @property
    def card_remarks(self) -> list[str]:
        """What a card says of a test: the distance with its interval and, unless the baseline is beaten, the verdict."""
        worse = [f"{self.verdict[:-1]} than always answering the mean place."] if self.verdict else []
        return [self.lines()[0], *worse]

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        off, furthest = _pixels(self.distance), _pixels(self.furthest)
        said = interval_words(self.interval, self.n, thing="photo", unit=" pixels", digits=3)
        lines = [
            f"Points are {off} pixels off on average ({100 * self.share:.1f} % of the photo's width), on "
            f"{self.n:,} photo{'s' * (self.n != 1)}; {said}."
        ]
        if self.baseline is not None:
            simplest = f"Always answering the mean place of these photos would be {_pixels(self.baseline)} pixels off."
            lines.append(f"{simplest} {self.verdict}".rstrip())
        return [*lines, f"The worst photo is {furthest} pixels off."]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "n": self.n, "distance": self.distance, "interval95": plain_interval(self.interval, self.n), "share_of_width": self.share,
            "furthest": self.furthest,
            "baseline": None if self.baseline is None else {"distance": self.baseline, "beaten": not self.verdict},
        }  # fmt: skip


def distances_from_mean(points: Sequence[Any], sizes: Sequence[tuple[float, float]]) -> list[float] | None:
    """Return how far the points of each photo lie from their mean places, in pixels; None where photos have different numbers of points.

    Args:
        points: the labelled points of each photo, [P,2] in pixels.
        sizes: width and height of each photo.

    Example:
        >>> distances_from_mean([[[0, 5]], [[20, 10]]], [(10, 10), (20, 20)])
        [5.0, 10.0]
    """
    if len({len(each) for each in points}) != 1:
        return None
    scale = np.asarray(sizes, np.float64)[:, None]  # [N,1,2]
    placed = np.asarray(points, np.float64).reshape(len(points), -1, 2)
    away = np.hypot(*np.moveaxis((placed / scale).mean(axis=0) * scale - placed, -1, 0))
    return [float(distance) for distance in away.mean(axis=1)]


def _pixels(distance: float) -> str:
    return number_text(distance, 3, grouped=True)


def distance_of(predicted: Any, actual: Any) -> float:
    """Return the mean distance of points [P,2] from others.

    Raises:
        ArgumentError: if they are not equally many.
    """
    found, wanted = (np.asarray(points, np.float64).reshape(-1, 2) for points in (predicted, actual))
    if found.shape != wanted.shape:
        raise ArgumentError("the points do not match", got=f"{len(found)} predicted, {len(wanted)} labelled")
    return float(np.hypot(*(found - wanted).T).mean())
