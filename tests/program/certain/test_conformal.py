from __future__ import annotations

import re
from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from scipy.stats import betabinom

from gatera.core.errors import ArgumentError
from gatera.program.certain.conformal import (
    Answers,
    Scores,
    check_level,
    default_level,
    highest_level,
    least_items,
)


def exact(values: list[float]) -> Scores:
    return Scores(np.sort(np.array(values, np.float32)), len(values))


def test_the_cutoff_is_the_order_statistic_of_the_theorem():
    scores = exact([0.1 * k for k in range(1, 20)])  # 19 items: ceil(20 * level)-th smallest
    assert scores.cutoff("level", 0.95) == pytest.approx(1.9)
    assert scores.cutoff("level", 0.9) == pytest.approx(1.8)
    assert scores.cutoff("level", 0.5) == pytest.approx(1.0)


def test_on_average_over_many_splits_the_coverage_is_what_was_asked_for():
    rng = np.random.default_rng(0)
    covered = [
        np.mean(rng.normal(size=50) <= exact(rng.normal(size=99).tolist()).cutoff("level", 0.9))
        for _ in range(2_000)
    ]
    assert np.mean(covered) == pytest.approx(0.9, abs=0.004)


def test_one_split_lies_in_its_exact_interval():
    rng, n, m = np.random.default_rng(1), 150, 400
    new = rng.exponential(size=m)
    inside = int((new <= exact(rng.exponential(size=n).tolist()).cutoff("level", 0.9)).sum())
    rank = int(np.ceil((n + 1) * 0.9))
    low, high = betabinom(m, rank, n + 1 - rank).ppf([0.005, 0.995])
    assert low <= inside <= high


def test_several_labels_of_an_item_share_its_weight():
    # 20 items, two of which have two labels; one label of the first scores badly
    values = np.array([0.1] * 20 + [0.2, 0.9], np.float32)
    weights = np.array([1] * 18 + [0.5, 0.5] + [0.5, 0.5], np.float32)
    scores = Scores(values, 20, weights)
    assert scores.cutoff("level", 0.95) == np.float32(0.9)  # 0.05 * 21 - 1 = 0.05 may be missed
    assert scores.cutoff("level", 0.92) == np.float32(0.2)  # 0.68 may be missed: one half label


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
def test_a_level_needs_as_many_items_as_one_over_alpha_less_one(level):
    needed = least_items(level)
    assert needed == round(1 / (1 - level) - 1)
    check_level("sure", level, needed)
    with pytest.raises(ArgumentError, match=f"at least {needed:,} for {level:g}"):
        check_level("sure", level, needed - 1)
    assert least_items(highest_level(needed)) <= needed


def test_more_confidence_than_the_data_supports_says_how_many_items_would_be_needed():
    with pytest.raises(ArgumentError) as err:
        check_level("sure", 0.999, 140)
    assert str(err.value) == (
        "sure needs more held-out items than the program has: at least 999 for 0.999. Got: 140. Expected: at most "
        "sure=0.9929. Train again with at least 999 items in the validation set, or ask for a lower level."
    )
    with pytest.raises(ArgumentError) as err:
        check_level("sure", 0.9, 0)
    assert "Expected: a program with held-out items." in str(err.value)


@pytest.mark.parametrize("level", [0, 1, -0.5, 2, "0.9", True, float("nan")])
def test_a_level_lies_between_0_and_1(level):
    with pytest.raises(ArgumentError, match=r"sure must be a number in \(0, 1\)"):
        check_level("sure", level, 1_000)


def test_the_usual_level_is_one_that_the_data_supports():
    assert [default_level(n) for n in (1_000, 19, 18, 9, 8, 4, 1)] == [0.95, 0.95, 0.9, 0.9, 0.8, 0.8, 0.5]


def test_the_least_probability_counts_one_more_wrong_answer():
    right = np.linspace(0.7, 1, 99, dtype=np.float32)
    assert Answers(right, np.zeros(0, np.float32)).least_probability(0.95) == np.float32(0.7)
    assert Answers(right[:18], np.zeros(0, np.float32)).least_probability(0.95) > 1  # 1/19 is above 0.05
    unsure = Answers(right, np.full(20, 0.6, np.float32))
    assert unsure.least_probability(0.95) == np.float32(0.7)  # with the 20 others a sixth would be wrong


def test_of_the_answers_that_are_given_the_asked_share_is_right():
    rng, wrong = np.random.default_rng(2), []
    for _ in range(200):
        p = rng.uniform(0.5, 1, 1_200)
        right = rng.random(1_200) < p
        known = Answers(np.sort(p[:200][right[:200]]), np.sort(p[:200][~right[:200]]))
        given = p[200:] >= known.least_probability(0.9)
        wrong.append((~right[200:][given]).sum() / max(1, given.sum()))
    assert np.mean(wrong) <= 0.1


def test_levels_are_exact_for_every_number_of_items():
    for n in (*range(5, 40), 99, 299):
        scores = exact(list(range(1, n + 1)))
        for level in (Fraction(1, 2), Fraction(7, 10), Fraction(9, 10), Fraction(29, 100), Fraction(2, 3)):
            place = ceil((n + 1) * level)
            if place <= n:
                assert scores.cutoff("level", float(level)) == place, (n, level)


def test_shares_of_several_labels_that_add_up_to_whole_items_lose_nothing_to_rounding():
    values, shares = (
        np.arange(1, 121, dtype=np.float32),
        np.full(120, 1 / 3, np.float32),
    )  # 40 items of 3 labels
    # of 41 with the new item, 4.1 may be missed: 3.1 of the others are 9 labels and a third of one
    assert Scores(values, 40, shares).cutoff("level", 0.9) == 111
    # 39 and the new one: 4 may be missed, which leaves 3 items, 9 labels
    assert Scores(values[:117], 39, shares[:117]).cutoff("level", 0.9) == 117 - 9


@pytest.mark.parametrize(("level", "meant"), [(95, "0.95"), (99.9, "0.999"), ("95%", "0.95")])
def test_a_level_in_percent_is_told(level, meant):
    with pytest.raises(
        ArgumentError, match=rf"must be a number in \(0, 1\).*Did you mean {re.escape(meant)}\?"
    ):
        check_level("sure", level, 100)
