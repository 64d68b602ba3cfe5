"""Confidence intervals of error rates and of any statistic of a sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi, sqrt, tan
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from gatera.core.checks import check_count, check_fraction, counted, number_text
from gatera.core.errors import ArgumentError
from gatera.core.random import rng
from gatera.measure.check_given import finite_numbers, group_numbers
from gatera.measure.resampling import Members, resampled_means

#: A statistic that has no value (NaN) for some samples, as of one class only, has an interval where this share has one.
LEAST_DEFINED = 0.5

#: Items with a label that an interval of its average precision needs: samples of one differ in its rank among the others only.
LEAST_PRESENT = 2

#: Items, or groups, that a bootstrap interval needs. It lies between the least and the greatest of them, which hold the median of what
#: they were drawn from 50 times in 100 if they are two, 75 times if three, 94 times if five.
FEWEST_SAMPLED = 5

#: A difference that chance gives at least that often is not called clear.
LEAST_CHANCE = 0.05

#: Weights of items that are held at once.
MOST_WEIGHTS = 2_000_000


class Interval(NamedTuple):
    """The two ends of an interval; unpacks as (low, high)."""

    low: float
    high: float


def interval_words(
    interval: Interval,
    n: int,
    form: str | None = None,
    thing: str = "item",
    unit: str = "",
    digits: int = 4,
) -> str:
    """Return a bootstrap interval in words; of fewer than `FEWEST_SAMPLED` items there is none, and that is said.

    Args:
        interval: the interval at 95 %.
        n: number of items, or of groups where those are sampled.
        form: how an end is written; by default with some digits.
        thing: what one item is called.
        unit: written behind, as in " pixels".
        digits: significant ones of an end, where there is no `form`.

    Example:
        >>> interval_words(Interval(0.5, 2.0), 9), interval_words(Interval(1.0, 2.0), 2)
        ('95 % interval 0.5 to 2', '2 items are too few for an interval')
    """
    if n < FEWEST_SAMPLED:
        return too_few(n, thing)
    low, high = (
        number_text(end, digits, grouped=True) if form is None else form.format(end) for end in interval
    )
    return f"95 % interval {low} to {high}{unit}"


def too_few(n: int, thing: str) -> str:
    """Return why there is no interval."""
    return f"{counted(n, thing)} {'is' if n == 1 else 'are'} too few for an interval"


def plain_interval(interval: Interval, n: int) -> list[float] | None:
    """Return a bootstrap interval for JSON; None of fewer than `FEWEST_SAMPLED` items."""
    return list(interval) if n >= FEWEST_SAMPLED else None


def verdict(interval: Interval, n: int, baseline: float, chance: float = 0.0) -> str:
    """Return what is said of a model beside a simpler one; "" if it is clearly better.

    Args:
        interval: of the model's error.
        n: number of items, or of groups where those are sampled: one says nothing of others.
        baseline: the simpler model's error.
        chance: of so large a difference, item by item, where neither is better: the simpler model's error on few items is not its
            error on others. 0 if that is not known.

    Example:
        >>> verdict(Interval(0.2, 0.3), 100, 0.4), verdict(Interval(0.2, 0.3), 100, 0.1)
        ('', 'The model is clearly worse.')
        >>> verdict(Interval(0.2, 0.3), 100, 0.4, chance=0.2)
        'The model is not clearly better.'
    """
    told = n > 1 and chance < LEAST_CHANCE
    if told and interval.high < baseline:
        return ""
    return f"The model is {'clearly worse' if told and baseline < interval.low else 'not clearly better'}."


def unknown_chance(n: int) -> float:
    """Return the `chance` of a verdict by a bootstrap interval where only the simpler model's mean error is known.

    Fewer than `FEWEST_SAMPLED` items have no such interval, so they claim nothing.
    """
    return 0.0 if n >= FEWEST_SAMPLED else 1.0


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
        >>> f"{100 * low:.1f} % to {100 * high:.1f} %"
        '0.6 % to 7.0 %'
    """
    check_count("n", n, 1)
    if not 0 <= errors <= n:
        raise ArgumentError("errors must be a count of n items", got=errors, expected=f"0 to {n}")
    check_fraction("confidence", confidence, open_low=True, open_high=True)
    return score_interval(errors / n, n, confidence)


def score_interval(rate: float, n: float, confidence: float = 0.95) -> Interval:
    """Return the Wilson score interval of a rate, also for a number of items that is not whole, as of groups.

    Args:
        rate: in 0..1.
        n: what the items are worth, above 0.
        confidence: in (0, 1).

    Example:
        >>> score_interval(0.02, 100) == wilson_interval(2, 100)
        True
    """
    z = _z_score(confidence)
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # At rates of 0 and 1 the formula is exact; rounding must not move the end out of 0..1.
    return Interval(0.0 if rate == 0 else centre - half, 1.0 if rate == 1 else centre + half)


def items_worth(errors: np.ndarray, members: np.ndarray) -> float:
    """Return as how many items that stand alone those of groups say as much of an error rate; see `gatera.measure.grouped`.

    Args:
        errors: 0 or 1 for each item, float64 [N].
        members: the number of the group of each, int64 [N], of at least two groups.
    """
    n, sizes = len(errors), np.bincount(members)
    sizes = sizes[sizes > 0]
    alike = float(np.square(sizes).sum() / n)  # how much less items say if those of a group are all alike
    bad = int(errors.sum())
    rate, told = bad / n, min(bad, n - bad)
    spread = 1.0
    if told:
        squares = float(np.square(np.bincount(members, errors - rate)).sum())
        spread = len(sizes) / (len(sizes) - 1) * squares / (n * rate * (1 - rate))
    return n * (told + 1) / (told * min(max(spread, 1.0), alike) + alike)


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


def resamples_for(size: int) -> int:
    """Return how many samples to draw for an interval: fewer for very many numbers, whose interval is narrow and slow to find.

    Example:
        >>> resamples_for(1_000), resamples_for(5_000_000)
        (1000, 200)
    """
    return 1000 if size <= MOST_WEIGHTS else 200


def bootstrap_interval(
    values: Sequence[float] | np.ndarray,
    statistic: Callable[[np.ndarray], float] = np.mean,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    groups: Sequence[object] | np.ndarray | None = None,
) -> Interval:
    """Return the percentile bootstrap interval of a statistic, made wider where there are few items.

    Args:
        values: the sample, [N] or [N,...]; rows are sampled with replacement.
        statistic: turns a sample of the same shape into one number.
        confidence: in (0, 1).
        resamples: number of samples.
        seed: makes the interval reproducible.
        groups: the group of each row, [N]; whole groups are sampled, as rows of one are not independent. Rows without a group
            (None, NaN or "") stand alone. None for no groups.

    Returns:
        The interval's ends. Of a single row or group both are its own value: one says nothing of how others differ. Of fewer than
        `FEWEST_SAMPLED` they are the least and the greatest, which hold the truth less often than `confidence` says.

    Raises:
        ArgumentError: if `values` is empty or holds something that is not a finite number, `groups` has another length, the
            statistic has no value for most samples, or another argument is out of its range.

    Source: Efron 1979, Annals of Statistics 7, 1-26; Hesterberg 2015, The American Statistician 69, 371-386 (the expanded
    percentile interval: samples of few items are too alike, and plain percentiles of three items hold the truth 65 times of 100).

    Example:
        >>> low, high = bootstrap_interval([1.0, 2.0, 3.0, 4.0])
        >>> low < 2.5 < high
        True
    """
    sample = finite_numbers("the value", values)
    if not sample.size:
        raise ArgumentError("values is empty", remedy="Pass at least one number.")
    sample = np.atleast_1d(sample)
    check_fraction("confidence", confidence, open_low=True, open_high=True)
    check_count("resamples", resamples, 1)
    draw = rng(seed)
    members = None if groups is None else Members(group_numbers(groups, len(sample)))
    n = len(sample) if members is None else members.n
    if statistic is np.mean and sample.ndim == 1:
        found = resampled_means(sample, members, int(resamples), draw)
    else:
        drawn = (draw.integers(0, n, n) for _ in range(int(resamples)))
        rows = drawn if members is None else map(members.of, drawn)
        found = np.array([_number(statistic, sample[each]) for each in rows])
    numbers = found[np.isfinite(found)]
    if len(numbers) < LEAST_DEFINED * len(found):
        raise ArgumentError(
            "the statistic has no value for most samples of these items",
            got=f"{len(found) - len(numbers):,} of {len(found):,} samples", remedy="More items are needed for an interval.",
        )  # fmt: skip
    tail = _tail(confidence, n)
    low, high = np.quantile(numbers, [tail, 1 - tail])
    return Interval(float(low), float(high))


def average_precision_interval(
    scores: Sequence[float] | np.ndarray,
    present: Sequence[bool] | np.ndarray,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return the bootstrap interval of a label's average precision, over items.

    Items are sorted once; a sample is how often it has each of them. Samples without an item that has the label are left out.
    How far apart samples of few items lie is a matter of those that have the label: as in `bootstrap_interval`, fewer of them
    give a wider interval.

    Args:
        scores: of the label, the higher the more likely, [N].
        present: whether each item has it, [N].
        confidence: in (0, 1).
        resamples: number of samples.
        seed: makes the interval reproducible.

    Raises:
        ArgumentError: if scores are not finite, fewer than two items have the label, or an argument is out of its range.

    Example:
        >>> average_precision_interval([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0])
        Interval(low=1.0, high=1.0)
    """
    ranked, has = finite_numbers("the score", scores), np.asarray(present).astype(bool)
    if ranked.shape != has.shape or ranked.ndim != 1 or has.sum() < LEAST_PRESENT:
        raise ArgumentError(
            "an interval of average precision needs a score for each item, and two items that have the label",
            got=f"{list(ranked.shape)} scores, {int(has.sum())} of {list(has.shape)} with the label",
        )
    check_fraction("confidence", confidence, open_low=True, open_high=True)
    check_count("resamples", resamples, 1)
    order = np.argsort(-ranked, kind="stable")
    last = np.flatnonzero(np.append(np.diff(ranked[order]) != 0, True))  # items of one score come in together
    n, draw, found = len(order), rng(seed), []
    for start in range(0, int(resamples), rows := max(1, MOST_WEIGHTS // n)):
        weights = draw.multinomial(n, np.full(n, 1 / n), min(rows, int(resamples) - start))
        found.append(_average_precision(weights, has[order], last))
    values = np.concatenate(found)
    tail = _tail(confidence, int(has.sum()))
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _average_precision(weights: np.ndarray, has: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the average precision of samples, float64 [R]; NaN without an item that has the label.

    Args:
        weights: how often a sample has each item, best first, int [R,N].
        has: whether items have the label, bool [N].
        last: the last item of each score.
    """
    hits, taken = np.cumsum(weights * has, axis=1)[:, last], np.cumsum(weights, axis=1)[:, last]
    gained = np.diff(hits, axis=1, prepend=0) * hits / np.maximum(taken, 1)
    total = hits[:, -1]
    return np.where(total > 0, gained.sum(axis=1) / np.maximum(total, 1), np.nan)


def _number(statistic: Callable[[np.ndarray], float], sample: np.ndarray) -> float:
    value = np.asarray(statistic(sample), np.float64)
    if value.ndim:
        raise ArgumentError(
            "the statistic must turn a sample into one number", got=f"shape {list(value.shape)}"
        )
    return float(value)


def _tail(confidence: float, n: int) -> float:
    """Return the share of samples beyond either end of a bootstrap interval: the fewer items, the smaller.

    Example:
        >>> round(_tail(0.95, 1_000_000), 4), round(_tail(0.95, 10), 4), round(_tail(0.95, 3), 4)
        (0.025, 0.0086, 0.0)
    """
    return (
        (1 - confidence) / 2 if n < 2 else NormalDist().cdf(-student(confidence, n - 1) * sqrt(n / (n - 1)))
    )


def student(confidence: float, freedom: int) -> float:
    """Return how many standard errors, estimated from few items, hold `confidence` of a mean (0.95 -> 1.96 for many items).

    Args:
        confidence: in (0, 1).
        freedom: degrees of freedom, at least 1.

    Source: Student 1908, Biometrika 6, 1-25; from three degrees on the series of Abramowitz and Stegun 1964, 26.7.5.

    Example:
        >>> [round(student(0.95, freedom), 2) for freedom in (1, 2, 7, 1000)]
        [12.71, 4.3, 2.36, 1.96]
    """
    if freedom == 1:
        return tan(pi * confidence / 2)
    if freedom == 2:
        return confidence * sqrt(2 / (1 - confidence**2))
    z = _z_score(confidence)
    terms = (
        z**3 + z,
        5 * z**5 + 16 * z**3 + 3 * z,
        3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z,
        79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z,
    )
    return z + sum(
        term / part / freedom**power
        for power, (term, part) in enumerate(zip(terms, (4, 96, 384, 92160), strict=True), 1)
    )


def _z_score(confidence: float) -> float:
    """Return the number of standard deviations around a normal mean that hold `confidence` of it (0.95 -> 1.96)."""
    return NormalDist().inv_cdf((1 + confidence) / 2)
