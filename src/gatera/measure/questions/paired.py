"""Is one program better than another on the same items?"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, log, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from gatera.core.checks import check_fraction, counted
from gatera.core.errors import ArgumentError
from gatera.core.random import rng
from gatera.measure.check_given import finite_numbers, group_numbers
from gatera.measure.intervals import (
    Interval,
    bootstrap_interval,
    plain_interval,
    student,
    wilson_interval,
)

#: Sign flips that a test of numbers draws; for a rarer chance, this many times its inverse.
FLIPS, FLIPS_FOR_CHANCE = 2_000, 20

#: Items whose signs are flipped where only a verdict is asked for: of more, the sum is as good as normal.
MOST_FLIPPED = 2_000

#: Signs of so many groups are all the same by chance once in 16 times.
TOO_FEW_SIGNS = 5

#: A chance is found to this.
CHANCE_STEP = 1e-6

#: The rarest chance that flips are drawn for.
RAREST = 1e-4

#: Signs drawn at a time.
MOST_SIGNS = 4_000_000

#: The test finds a difference that is there with this probability.
POWER = 0.8

#: Sums are rounded by so much of what is added; differences below the smallest number are none.
ROUNDING, SMALLEST = 1e-12, 1e-300


@dataclass(frozen=True)
class PairedTest:
    """Two programs on the same items. Made by `paired_test`.

    Attributes:
        n: number of items.
        errors: the mean error of either.
        difference: the first minus the second.
        interval: its interval at `confidence`, by bootstrap over the items, or over groups; by Wilson's where all show the same.
        p: how likely so large a difference is where there is none.
        confidence: at which a difference is claimed.
        needed: items that would show a difference of this size, with a probability of 0.8, in groups as large as these where there
            are groups; None where there is no difference at all.
    """

    n: int
    errors: tuple[float, float]
    difference: float
    interval: Interval
    p: float
    confidence: float
    needed: int | None

    @property
    def differ(self) -> bool:
        """Whether a difference can be claimed."""
        return self.p < 1 - self.confidence

    def sentence(self, first: str = "the first", second: str = "the second") -> str:
        """Return the verdict in words.

        Args:
            first: the name of one program.
            second: that of the other.
        """
        better, worse = (first, second) if self.difference < 0 else (second, first)
        if self.differ:
            start = (
                f"T{better[1:]}" if better.startswith("the ") else better
            )  # names of files stay as they are
            return f"{start} is better than {worse} (p = {self.p:.2g})."
        more = self._more()
        return f"No difference can be claimed (p = {self.p:.2g}); {more}."

    def _more(self) -> str:
        if self.needed is None:
            return "both are wrong equally often"
        if self.needed <= self.n:
            return "this many items would usually reveal a difference as large as the one seen: a few more may be enough to confirm it"
        what = counted(self.needed - self.n, "more item")
        return f"about {what} would be needed to confirm a difference of this size"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "n": self.n, "errors": list(self.errors), "difference": self.difference, "interval": plain_interval(self.interval, self.n),
            "confidence": self.confidence, "p": self.p, "differ": self.differ, "items_needed": self.needed,
        }  # fmt: skip


def paired_test(
    first: Any, second: Any, confidence: float = 0.95, groups: Any = None, seed: int = 0
) -> PairedTest:
    """Test whether two programs differ on the same items.

    Errors of 0 and 1 are compared by the exact form of McNemar's test, numbers and groups by flipping the signs of differences, three
    to five groups by Student's t.

    Args:
        first: the error of one program on each item, [N]: 0 or 1, or any number.
        second: that of the other.
        confidence: a difference is claimed if chance gives one as large less often than 1 - confidence.
        groups: the group of each item; items of one group are not independent, those without one (None, NaN, "")
            stand alone. None for none.
        seed: of the flips.

    Raises:
        ArgumentError: if there are no items, their numbers differ, an error is not a finite number, or flips cannot tell so rare
            a chance as the confidence asks for.

    Source: McNemar 1947, Psychometrika 12, 153-157; Student 1908, Biometrika 6, 1-25; Edgington 1980, "Randomization Tests".

    Example:
        >>> paired_test([1] * 9 + [0] * 91, [0] * 100).differ
        True
    """
    one, other = finite_numbers("the first error", first), finite_numbers("the second error", second)
    if one.shape != other.shape or one.ndim != 1 or not len(one):
        raise ArgumentError(
            "a paired test needs the errors of both programs on the same items",
            got=f"{list(one.shape)} and {list(other.shape)}",
        )
    check_fraction("confidence", confidence, open_low=True, open_high=True)
    differences = one - other
    units = differences if groups is None else _sums(differences, groups)
    counts = groups is None and np.isin(differences, (-1, 0, 1)).all()
    few = None if groups is None else _by_student(differences, units)
    if few is not None:
        p = few
    else:
        p = mcnemar(differences) if counts else _flipped(units, seed, _flips(confidence))
    wrong_or_right = np.isin(one, (0, 1)).all() and np.isin(other, (0, 1)).all()
    interval = (
        _where_all_are_alike(float(differences[0]), len(units), confidence)
        if wrong_or_right and np.ptp(differences) == 0
        else bootstrap_interval(differences, confidence=confidence, groups=groups, seed=seed)
    )
    needed = _needed(units, confidence, len(differences) / len(units))
    return PairedTest(
        len(one),
        (float(one.mean()), float(other.mean())),
        float(differences.mean()),
        interval,
        p,
        confidence,
        needed,
    )


def chance_of(differences: np.ndarray) -> float:
    """Return how likely so large a sum of differences is where neither side is better, by flipping signs; of many items as a normal one.

    Args:
        differences: of each item, or of what is independent, float [N].

    Example:
        >>> chance_of(np.ones(3)) > 0.2, chance_of(np.ones(12)) < 0.01, chance_of(np.zeros(5))
        (True, True, 1.0)
    """
    values = np.asarray(differences, np.float64)
    if len(values) <= MOST_FLIPPED:
        return _flipped(values, 0, FLIPS)
    spread = float(np.sqrt(np.square(values).sum()))
    return 1.0 if not spread else 2 * NormalDist().cdf(-abs(float(values.sum())) / spread)


def chance_over_groups(differences: Any, groups: Any) -> float:
    """Return `chance_of` of the sums of groups; by Student's t where there are too few of them for signs to tell anything.

    Of five groups one is better in all by chance once in 16 times, however much better. Of two nothing is known.

    Args:
        differences: of each item, [N].
        groups: the group of each; those without one (None, NaN, "") stand alone.

    Example:
        >>> chance_over_groups([4, 5, 6, 5], list("abcd")) < 0.01, chance_over_groups([1, 9, -1, 2], list("abcd")) > 0.2
        (True, True)
    """
    values, sums = np.asarray(differences, np.float64), _sums(differences, groups)
    chance = _by_student(values, sums)
    return chance_of(sums) if chance is None else chance


def _by_student(differences: np.ndarray, sums: np.ndarray) -> float | None:
    """Return the chance of so large a mean of groups where the true one is 0, by Student's t; None where signs tell, or nothing does.

    That few groups happen to be alike proves little: they differ at least as those of items that stand alone would.

    Args:
        differences: of each item, [N].
        sums: their sums over groups, [G].
    """
    n, mean = len(sums), abs(float(sums.mean()))
    alone = float(np.square(differences - differences.mean()).sum())
    spread = sqrt(max(float(sums.var(ddof=1)) / n, alone / n**2)) if n > 1 else 0.0
    if not 2 < n <= TOO_FEW_SIGNS or spread <= ROUNDING * mean:
        return None
    low, high = 0.0, 1.0
    while high - low > CHANCE_STEP:  # the confidence at which the interval of the mean would reach 0
        middle = (low + high) / 2
        low, high = (middle, high) if student(middle, n - 1) * spread < mean else (low, middle)
    return 1 - low


def _where_all_are_alike(difference: float, n: int, confidence: float) -> Interval:
    """Return the interval where all items, or groups, show one difference: resampled they would always give it, however few."""
    margin = 1 - wilson_interval(n, n, confidence).low
    return Interval(max(-1.0, difference - margin), min(1.0, difference + margin))


def mcnemar(differences: np.ndarray) -> float:
    """Return the chance of so uneven differences, 1, 0 or -1 for each item, where neither side is better: twice the binomial tail."""
    worse, better = int((differences > 0).sum()), int((differences < 0).sum())
    n, least = worse + better, min(worse, better)
    if not n:
        return 1.0
    k, factorials = np.arange(least + 1), _log_factorials(n)
    logs = factorials[n] - factorials[k] - factorials[n - k] - n * log(2)
    top = float(logs.max())  # exp of the differences to the largest: nothing overflows, however many items
    return min(1.0, 2 * exp(top) * float(np.exp(logs - top).sum()))


def _log_factorials(n: int) -> np.ndarray:
    """Return the logarithms of 0!, 1!, ... n!, float64 [n + 1]."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])


def _sums(values: np.ndarray, groups: Any) -> np.ndarray:
    return np.bincount(group_numbers(groups, len(values)), values)


def _flips(confidence: float) -> int:
    """Return how many flips can tell chances as rare as 1 - confidence."""
    if 1 - confidence < RAREST * (1 - 1e-9):
        raise ArgumentError(
            "such small probabilities cannot be measured by flipping signs, which is how numbers and groups are compared",
            got=f"confidence={confidence:.10g}", expected=f"at most {1 - RAREST}",
        )  # fmt: skip
    return max(FLIPS, ceil(FLIPS_FOR_CHANCE / (1 - confidence) - 1e-6))


def _flipped(differences: np.ndarray, seed: int, flips: int) -> float:
    draw, seen = rng(seed, len(differences)), abs(differences.sum())
    room = ROUNDING * float(np.abs(differences).sum())
    extreme, rows = 0, max(1, MOST_SIGNS // len(differences))
    for start in range(0, flips, rows):  # some flips at a time: all of them would fill the memory
        shape = min(rows, flips - start), len(differences)
        bits = np.unpackbits(
            draw.integers(0, 256, (shape[0], (shape[1] + 7) // 8), np.uint8), axis=1, count=shape[1]
        )
        sums = (
            2 * (bits.astype(np.float64) @ differences) - differences.sum()
        )  # a bit is a sign: 1 plus, 0 minus
        extreme += int((np.abs(sums) >= seen - room).sum())
    return (1 + extreme) / (1 + flips)


def _needed(units: np.ndarray, confidence: float, items_each: float) -> int | None:
    """Return how many items show a difference of this mean and spread; None where the mean is 0, up to rounding.

    Args:
        units: what is independent: the differences of items, or their sums over groups.
        confidence: at which a difference is claimed.
        items_each: how many items a unit has on average.
    """
    largest = float(np.abs(units).max())
    shares = units / max(largest, SMALLEST)  # squares of very small differences would be 0
    mean = float(shares.mean())
    if abs(mean) <= ROUNDING:
        return None
    normal = NormalDist()
    z = normal.inv_cdf((1 + confidence) / 2) + normal.inv_cdf(POWER)
    return ceil(z * z * float(np.square(shares).mean()) / mean**2 * items_each)
