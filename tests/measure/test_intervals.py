from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.stats import t
from sklearn.metrics import average_precision_score

from gatera.core.errors import ArgumentError
from gatera.core.random import rng
from gatera.measure.intervals import (
    FEWEST_SAMPLED,
    average_precision_interval,
    bootstrap_interval,
    interval_words,
    plain_interval,
    student,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("errors", "n", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        # by hand: z*z / (n + z*z) is the other end where no item or every item is wrong
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
    ],
)
def test_wilson_intervals_equal_the_published_ones(errors: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(errors, n) == pytest.approx((low, high), abs=5e-5)


def test_more_confidence_makes_a_wider_interval() -> None:
    narrow, wide = wilson_interval(5, 100, confidence=0.9), wilson_interval(5, 100, confidence=0.99)
    assert wide.low < narrow.low < 0.05 < narrow.high < wide.high


def test_the_interval_covers_the_true_rate_as_often_as_it_says() -> None:
    rate, n = 0.03, 700
    counts = np.random.default_rng(0).binomial(n, rate, 2000)
    covered = [low <= rate <= high for low, high in (wilson_interval(int(count), n) for count in counts)]
    assert 0.93 < np.mean(covered) < 0.97


def test_bootstrap_interval_of_a_mean_is_about_two_standard_errors_wide() -> None:
    values = np.random.default_rng(0).normal(10, 2, 400)
    low, high = bootstrap_interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.15)


def test_bootstrap_interval_is_repeatable_and_takes_any_statistic() -> None:
    values = np.arange(30.0)
    assert bootstrap_interval(values, np.median, seed=3) == bootstrap_interval(values, np.median, seed=3)
    assert bootstrap_interval(values, np.median, seed=3) != bootstrap_interval(values, np.median, seed=4)


def test_message_for_more_errors_than_items() -> None:
    with pytest.raises(ArgumentError) as err:
        wilson_interval(11, 10)
    assert str(err.value) == "errors must be a count of n items. Got: 11. Expected: 0 to 10."


def test_message_for_no_items() -> None:
    with pytest.raises(ArgumentError) as err:
        wilson_interval(0, 0)
    assert str(err.value) == "n must be at least 1. Got: 0."


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_message_for_a_confidence_that_is_none(confidence: float) -> None:
    for call in (
        lambda: wilson_interval(1, 2, confidence),
        lambda: bootstrap_interval([1.0], confidence=confidence),
    ):
        with pytest.raises(ArgumentError) as err:
            call()
        assert str(err.value) == (f"confidence must be a number in (0, 1). Got: {confidence}.")


def test_message_for_an_empty_sample() -> None:
    with pytest.raises(ArgumentError) as err:
        bootstrap_interval([])
    assert str(err.value) == "values is empty. Pass at least one number."


def test_message_for_no_resamples() -> None:
    with pytest.raises(ArgumentError) as err:
        bootstrap_interval([1.0], resamples=0)
    assert str(err.value) == "resamples must be at least 1. Got: 0."


@pytest.mark.slow
def test_the_interval_of_an_average_precision_is_that_of_resampled_items_with_ties_as_scikit_learn_has_them() -> (
    None
):
    draw = np.random.default_rng(0)
    present = draw.random(60) < 0.3
    scores = np.round(np.where(present, draw.normal(1, 1, 60), draw.normal(0, 1, 60)), 1)
    found = average_precision_interval(scores, present)
    rows = np.stack([present, scores], axis=1)
    wanted = bootstrap_interval(
        rows, lambda part: average_precision_score(part[:, 0], part[:, 1]), resamples=300
    )
    assert found == pytest.approx(wanted, abs=0.04)
    assert found.low < average_precision_score(present, scores) < found.high
    whole = average_precision_interval(np.arange(60), present, resamples=1)
    assert whole.low == whole.high
    with pytest.raises(ArgumentError, match="two items that have the label"):
        average_precision_interval([0.1, 0.2], [0, 0])


def test_an_interval_of_an_average_precision_leaves_out_as_much_on_either_side_as_asked():
    present, scores = np.arange(40) % 3 == 0, np.random.default_rng(1).random(40)
    order = np.argsort(-scores)
    drawn = rng(0).multinomial(40, np.full(40, 1 / 40), 100)  # how often each item is in a sample
    values = [average_precision_score(present[order], scores[order], sample_weight=times) for times in drawn]
    found = average_precision_interval(scores, present, confidence=0.8, resamples=100)
    tail = t.cdf(-t.ppf(0.9, 13) * np.sqrt(14 / 13), 10**6)  # 14 items have the label
    assert found == pytest.approx(np.quantile(values, [tail, 1 - tail]), abs=1e-3)
    with pytest.raises(ArgumentError, match="two items that have the label"):
        average_precision_interval(scores, np.arange(40) == 7)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_intervals_of_few_numbers_hold_the_truth_as_often_as_those_of_many(n: int) -> None:
    # plain percentiles hold it in 70, 82 and 90 % of the samples; of 3 numbers no resampling can do better than their ends
    draw = np.random.default_rng(0)
    ends = [bootstrap_interval(draw.normal(0, 1, n), resamples=200, seed=seed) for seed in range(200)]
    held = np.mean([low <= 0 <= high for low, high in ends])
    assert held > {3: 0.7, 5: 0.86, 10: 0.92}[n], held


@pytest.mark.parametrize("freedom", [1, 2, 3, 7, 20, 1000])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
def test_students_distribution_is_scipys(freedom: int, confidence: float) -> None:
    assert student(confidence, freedom) == pytest.approx(t.ppf((1 + confidence) / 2, freedom), rel=0.01)


def test_intervals_over_tens_of_thousands_of_groups_take_seconds() -> None:
    """Rows of which some are there twice: groups are nearly as many as items, and took 90 times as long."""
    values = np.random.default_rng(0).random(20_000)
    groups = np.arange(20_000) // 2 * 2 + np.arange(20_000) % 2 * (np.arange(20_000) % 10 > 1)
    started = time.perf_counter()
    bootstrap_interval(values, resamples=50)
    middle = time.perf_counter()
    found = bootstrap_interval(values, resamples=50, groups=groups)
    assert time.perf_counter() - middle < 30 * (middle - started) + 0.2
    draw, means = rng(0), []
    members = [np.flatnonzero(groups == each) for each in dict.fromkeys(groups.tolist())]
    for _ in range(50):
        rows = np.concatenate([members[i] for i in draw.integers(0, len(members), len(members))])
        means.append(values[rows].mean())
    assert found == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=2e-5)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_an_interval_is_called_one_of_95_percent_only_where_it_nearly_is(n: int) -> None:
    """Samples never reach beyond the least and the greatest item: of two they hold the truth half of the time."""
    draw = np.random.default_rng(n)
    found = [bootstrap_interval(draw.normal(size=n), resamples=200) for _ in range(400)]
    most = 1 - 2 ** (1 - n)
    assert np.mean([low < 0 < high for low, high in found]) == pytest.approx(most, abs=0.08)
    told = interval_words(found[0], n).startswith("95 % interval"), plain_interval(found[0], n) is not None
    assert told == (most > 0.9,) * 2 == (n >= FEWEST_SAMPLED,) * 2


@pytest.mark.parametrize("n", [2, 7, 130, 150_000])
def test_means_of_many_samples_at_once_are_those_of_one_by_one(n: int) -> None:
    values = np.random.default_rng(n).exponential(size=n)
    once = bootstrap_interval(values, lambda sample: float(np.mean(sample)), resamples=20)
    assert bootstrap_interval(values, resamples=20) == once
    groups = np.arange(n) % max(2, n // 3)
    grouped = bootstrap_interval(values, lambda sample: float(np.mean(sample)), resamples=20, groups=groups)
    assert bootstrap_interval(values, resamples=20, groups=groups) == pytest.approx(grouped, rel=1e-12)
