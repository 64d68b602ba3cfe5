from __future__ import annotations

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.measure.grouped import grouped_errors, grouped_mean
from gatera.measure.intervals import Interval, bootstrap_interval, wilson_interval


def test_no_error_among_six_patients_says_no_more_than_six_items():
    found = grouped_errors(np.zeros(48), np.repeat(np.arange(6), 8).tolist(), "patient")
    assert (found.n, found.by, found.words) == (6, "patient", " over 6 groups (patient)")
    assert found.interval == pytest.approx(wilson_interval(0, 6))  # a bootstrap says 0 to 0
    assert found.over_items == wilson_interval(0, 48)


def test_items_that_stand_alone_have_no_interval_over_groups():
    assert grouped_errors([0.0, 1.0, 1.0], ["a", "b", None], "patient") is None
    assert grouped_mean([0.5, 1.0], ["a", "b"], "patient", Interval(0, 1)) is None


@pytest.mark.parametrize(("alike", "rate"), [(0.0, 0.2), (0.4, 0.2), (1.0, 0.2), (1.0, 0.03)])
def test_intervals_over_groups_hold_the_true_rate(alike, rate):
    """95 % of them, whether items of a group are independent or all alike; those over items hold it in 34 to 96 %."""
    draw, held, over_items = np.random.default_rng(0), 0, 0
    for _ in range(400):
        groups = np.repeat(np.arange(12), draw.integers(4, 13, 12))
        a, b = (share * (1 - alike) / alike if 0 < alike < 1 else 0 for share in (rate, 1 - rate))
        of_group = draw.beta(a, b, 12) if a else draw.random(12) < rate if alike else np.full(12, rate)
        wrong = draw.random(len(groups)) < of_group[groups]
        found = grouped_errors(wrong.astype(float), groups.tolist(), "patient")
        held += found.interval.low <= rate <= found.interval.high
        over_items += found.over_items.low <= rate <= found.over_items.high
    assert held >= 0.92 * 400
    assert alike == 0 or over_items < 0.8 * 400


def test_a_single_group_says_nothing_of_others():
    found = grouped_errors([0.0, 0.0, 1.0], ["a", "a", "a"], "patient")
    assert found.n == 1 and found.interval == (0.0, 1.0) and found.words == " (patient)"


def test_means_are_bootstrapped_over_groups():
    values, groups = np.repeat([1.0, 2.0, 9.0], 10), np.repeat(["a", "b", "c"], 10).tolist()
    found = grouped_mean(values, groups, "group", bootstrap_interval(values))
    assert found.interval == (1.0, 9.0) and found.words == " over 3 groups"
    assert found.over_items.high - found.over_items.low < 3


def test_something_else_than_right_and_wrong_is_refused():
    with pytest.raises(ArgumentError, match="0 or 1 for each item"):
        grouped_errors([0.5, 1.0], ["a", "a"], "patient")


def test_groups_that_are_equally_wrong_do_not_give_an_interval_of_no_width():
    values = np.tile([1.0, 3.0], 6)
    over_items = bootstrap_interval(values)
    found = grouped_mean(values, np.repeat(["a", "b"], 6).tolist(), "patient", over_items)
    assert found is not None and found.interval == over_items and found.interval.low < 2 < found.interval.high
