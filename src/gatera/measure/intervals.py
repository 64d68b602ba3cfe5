"""Confidence intervals of error rates and of any statistic of a sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from gatera.core.checks import check_count, check_fraction
from gatera.core.errors import ArgumentError
from gatera.core.random import rng


class Interval(NamedTuple):
    """The two ends of an interval; unpacks as (low, high)."""

    low: float
    high: float


def wilson_interval(errors: int, n: int, confidence: float = 0.95) -> Interval:
    """Return the Wilson score interval of an error rate, which is valid for few items and for zero errors.

    Args:
        errors: number of wrong items.
        n: number of items, at least 1.
        confidence: the share of such intervals that contain the true rate; in (0, 1).

    Returns:
        The interval's ends, both in 0..1.

    Raises:
        ArgumentError: if `n` is below 1, `errors` not in 0..n, or `confidence` not in (0, 1).

    Source: Wilson 1927, JASA 22, 209-212.

    Example:
        >>> low, high = wilson_interval(errors=2, n=100)
        >>> f"{low:.1%} to {high:.1%}"
        '0.6% to 7.0%'
    """
    check_count("n", n, 1)
    if not 0 <= errors <= n:
        raise ArgumentError("errors must be a count of n items", got=errors, expected=f"0 to {n}")
    check_fraction("confidence", confidence, open_low=True, open_high=True)
    z = _z_score(confidence)
    rate = errors / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # At rates of 0 and 1 the formula is exact; rounding must not move the end out of 0..1.
    return Interval(0.0 if errors == 0 else centre - half, 1.0 if errors == n else centre + half)


class ErrorCount:
    """Base of records that count wrong items: `errors` of `n`."""

    n: int
    errors: int

    @property
    def error(self) -> float:
        """The share of items that are wrong, 0..1."""
        return self.errors / self.n

    @property
    def interval(self) -> Interval:
        """The 95 % Wilson interval of `error`."""
        return wilson_interval(self.errors, self.n)


def bootstrap_interval(
    values: Sequence[float] | np.ndarray,
    statistic: Callable[[np.ndarray], float] = np.mean,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    groups: Sequence[object] | np.ndarray | None = None,
) -> Interval:
    """Return the percentile bootstrap interval of a statistic.

    Args:
        values: the sample, [N] or [N,...]; rows are sampled with replacement.
        statistic: turns a sample of the same shape into one number.
        confidence: in (0, 1).
        resamples: number of samples.
        seed: makes the interval reproducible.
        groups: the group of each row, [N]; whole groups are sampled, as rows of one are not independent. None for no groups.

    Raises:
        ArgumentError: if `values` is empty, `groups` has another length, or another argument is out of its range.

    Source: Efron 1979, Annals of Statistics 7, 1-26.

    Example:
        >>> low, high = bootstrap_interval([1.0, 2.0, 3.0, 4.0])
        >>> low < 2.5 < high
        True
    """
    sample = np.asarray(values)
    if sample.size == 0:
        raise ArgumentError("values is empty", remedy="Pass at least one number.")
    check_fraction("confidence", confidence, open_low=True, open_high=True)
    check_count("resamples", resamples, 1)
    draw = rng(seed)
    members = None if groups is None else _members(groups, len(sample))
    statistics = []
    for _ in range(resamples):
        if members is None:
            rows = draw.integers(0, len(sample), len(sample))
        else:
            rows = np.concatenate([members[i] for i in draw.integers(0, len(members), len(members))])
        statistics.append(statistic(sample[rows]))
    tail = (1 - confidence) / 2
    low, high = np.quantile(statistics, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _members(groups: Sequence[object] | np.ndarray, n: int) -> list[np.ndarray]:
    """Return the rows of each group."""
    if len(groups) != n:
        raise ArgumentError(
            "groups must name the group of each row", got=f"{len(groups)} names", expected=str(n)
        )
    numbers: dict[object, int] = {}
    of_rows = np.array([numbers.setdefault(group, len(numbers)) for group in groups])
    return [np.flatnonzero(of_rows == number) for number in range(len(numbers))]


def _z_score(confidence: float) -> float:
    """Return the number of standard deviations around a normal mean that hold `confidence` of it (0.95 -> 1.96)."""
    return NormalDist().inv_cdf((1 + confidence) / 2)
