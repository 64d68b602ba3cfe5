"""Intervals over groups: items of one patient, film or session are alike, so that they say less than as many others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.measure.check_given import finite_numbers, group_numbers
from gatera.measure.intervals import (
    Interval,
    bootstrap_interval,
    items_worth,
    plain_interval,
    score_interval,
    wilson_interval,
)

#: What groups of files are called: their names are found by a pattern, not in a column.
UNNAMED = "group"

#: What groups of rows or texts are called that nothing but their contents keeps together; no table has a column of that name.
COPIES = "set of copies"


@dataclass(frozen=True)
class Grouped:
    """The interval of an error over groups.

    Attributes:
        by: what groups the items, as a column; "group" for no name.
        n: number of groups, at least 1. Of one, nothing is known of how others differ.
        interval: over groups.
        over_items: as if each item stood alone, which is too narrow.
    """

    by: str
    n: int
    interval: Interval
    over_items: Interval

    @property
    def words(self) -> str:
        """What follows an interval over groups, as in " over 6 groups (patient_id)"; without the number for a single one."""
        name = "" if self.by == UNNAMED else f" ({self.by})"
        return f" over {self.n:,} groups{name}" if self.n > 1 else name

    def to_dict(self, items: int) -> dict[str, Any]:
        """Return plain values for JSON, given the number of items."""
        return {
            "by": self.by,
            "groups": self.n,
            "interval95_over_items": plain_interval(self.over_items, items),
        }


def grouped_errors(
    wrong: Sequence[float] | np.ndarray, groups: Sequence[Hashable], by: str
) -> Grouped | None:
    """Return the interval of an error rate over groups; None where each item stands alone.

    It is Wilson's for as many items as the groups are worth: n, divided by how much more the rates of groups differ than those of
    items that stand alone would. Few errors say little of that, so it is drawn to the case that items of a group are all alike,
    by as much as one error weighs: no error among 6 patients says no more than 6 items do.

    Args:
        wrong: whether each item is wrong, 0 or 1, [N].
        groups: the group of each, [N]; None, NaN or "" for none.
        by: what groups them.

    Raises:
        ArgumentError: if there are no items, one is neither 0 nor 1, or groups have another length.

    Source: Wilson 1927, as `wilson_interval`; the effective number of items: Korn and Graubard 1998, Survey Methodology 24, 193-201.

    Example:
        >>> found = grouped_errors([0.0] * 48, [patient for patient in range(6) for _ in range(8)], "patient")
        >>> round(found.interval.high, 2), round(found.over_items.high, 2)
        (0.39, 0.07)
    """
    errors = finite_numbers("the error", wrong)
    if errors.ndim != 1 or not len(errors) or not np.isin(errors, (0, 1)).all():
        raise ArgumentError("an error rate needs 0 or 1 for each item", got=f"shape {list(errors.shape)}")
    members = group_numbers(groups, len(errors))
    sizes = np.bincount(members)
    n, n_groups, bad = len(errors), len(sizes), int(errors.sum())
    if n_groups == n:
        return None
    alone = wilson_interval(bad, n)
    if n_groups == 1:
        return Grouped(by, 1, Interval(0.0, 1.0), alone)
    return Grouped(by, n_groups, score_interval(bad / n, items_worth(errors, members)), alone)


def grouped_mean(
    values: Sequence[float] | np.ndarray,
    groups: Sequence[Hashable],
    by: str,
    over_items: Interval,
    statistic: Callable[[np.ndarray], float] = np.mean,
    resamples: int = 1000,
) -> Grouped | None:
    """Return the bootstrap interval of a mean, or another statistic, over groups; None where each item stands alone.

    Few groups that happen to be equally wrong do not differ: the interval is never narrower than that over items.

    Args:
        values: a number for each item, [N], or several, [N,...].
        groups: the group of each, [N]; None, NaN or "" for none.
        by: what groups them.
        over_items: the interval as if each item stood alone.
        statistic: turns a sample of the values into one number.
        resamples: number of samples.

    Raises:
        ArgumentError: if a value is not finite, or groups have another length.
    """
    n_groups = int(group_numbers(groups, len(values)).max(initial=-1)) + 1
    if n_groups == len(values):
        return None
    low, high = bootstrap_interval(values, statistic, groups=groups, resamples=resamples)
    return Grouped(by, n_groups, Interval(min(low, over_items.low), max(high, over_items.high)), over_items)
