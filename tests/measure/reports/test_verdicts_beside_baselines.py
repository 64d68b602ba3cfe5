"""Of a model that is as good as its baseline nothing is claimed, however few items there are; of a better or worse one it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from gatera.measure.questions.paired import MOST_FLIPPED, chance_of, chance_over_groups, paired_test
from gatera.measure.reports.baseline import Baseline
from gatera.measure.reports.classes import ErrorReport
from gatera.measure.reports.label_sets import LabelSetReport
from gatera.measure.reports.masks import MaskReport
from gatera.measure.reports.numbers import NumberReport
from gatera.measure.reports.points import PointReport, distances_from_mean

Draw = np.random.Generator


def label_sets(draw: Draw, n: int, worse: float) -> str:
    has = draw.random((n, 4)) < 0.3
    found = has ^ (draw.random((n, 4)) < 0.3 * worse)  # never predicting errs in 0.3 of them
    return LabelSetReport.from_predictions(found, has, list("abcd")).verdict


def masks(draw: Draw, n: int, worse: float) -> str:
    pairs = []
    for _ in range(n):
        share, error = draw.beta(2, 5), draw.beta(2, 5) * worse
        actual = (draw.random((8, 8)) < share).astype(int)
        pairs.append((np.where(draw.random((8, 8)) < error, 1 - actual, actual), actual))
    return MaskReport.from_masks(pairs, ["ground", "disc"]).verdict


def numbers(draw: Draw, n: int, worse: float) -> str:
    actual = draw.normal(size=n)
    simplest = np.square(actual - actual.mean())
    found = actual + worse * draw.normal(size=n)  # as far off as the mean is
    return NumberReport.from_predictions(found, actual, {"the mean": simplest}).verdict("the mean")


def points(draw: Draw, n: int, worse: float) -> str:
    actual = draw.uniform(20, 80, (n, 1, 2))
    found = actual + worse * draw.uniform(-30, 30, (n, 1, 2))
    simplest = distances_from_mean(list(actual), [(100, 100)] * n)
    return PointReport.from_points(zip(found, actual, [100] * n, strict=True), simplest).verdict


KINDS = pytest.mark.parametrize("kind", [label_sets, masks, numbers, points])


@KINDS
@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_nothing_is_claimed_by_chance(kind: Callable[[Draw, int, float], str], n: int):
    draw = np.random.default_rng(n)
    assert [kind(draw, n, 1.0) for _ in range(25)].count("The model is not clearly better.") >= 23


@KINDS
def test_what_is_clear_is_said(kind: Callable[[Draw, int, float], str]):
    draw = np.random.default_rng(0)
    assert kind(draw, 40, 0.1) == "" and kind(draw, 40, 2.5) == "The model is clearly worse."


def test_chances_of_many_items_are_those_of_a_normal_sum():
    draw = np.random.default_rng(0)
    for shift in (0.0, 0.02, 0.05):
        values = draw.normal(shift, 1, MOST_FLIPPED + 1)
        expected = 2 * stats.norm.sf(abs(values.sum()) / np.sqrt(np.square(values).sum()))
        assert chance_of(values) == pytest.approx(expected)
        assert chance_of(values[:-1]) == pytest.approx(chance_of(values), abs=0.05)
    assert chance_of(np.zeros(MOST_FLIPPED + 1)) == 1.0


@pytest.mark.parametrize(("n", "rate"), [(20, 0.05), (40, 0.2), (400, 0.4)])
def test_a_classifier_is_not_clearly_worse_than_one_of_which_only_the_error_is_known_by_chance(n, rate):
    """Their error was taken for their error on all items: two wrong of forty were clearly worse than none."""
    draw = np.random.default_rng(1)
    wrong = draw.binomial(n, rate, (400, 2))
    said = [ErrorReport(n, int(one), (), ()).clearly_worse_than(other / n) for one, other in wrong]
    assert np.mean(said) < 0.05
    assert ErrorReport(n, int(n * (rate + 0.5)), (), ()).clearly_worse_than(rate)


def test_over_groups_a_classifier_is_less_often_clearly_worse():
    wrong = np.repeat([1.0, 0.0, 0.0, 0.0], 25)
    alone = ErrorReport(100, 25, (), ())
    grouped = alone.over_groups(wrong, np.repeat([0, 1, 2, 3], 25).tolist(), "patient")
    assert alone.clearly_worse_than(0.05) and not grouped.clearly_worse_than(0.05)


@pytest.mark.parametrize(("groups", "each"), [(3, 30), (5, 30), (6, 30), (12, 8)])
def test_over_groups_nothing_is_claimed_of_a_model_that_is_as_good_as_its_baseline(groups, each):
    """The interval was over groups and the chance over items: "clearly better" in 3 to 13 % of such sets, "clearly worse" in up to 15 %."""
    draw, said = np.random.default_rng(3), {"classes": [], "numbers": []}
    names = np.repeat(np.arange(groups), each)
    for _ in range(100):
        truth, answer = (draw.random((2, groups)) < 0.5)[:, names].astype(int)
        beside = Baseline(0, int(truth.sum()), len(truth))
        report = ErrorReport.from_predictions(answer, truth, ["a", "b"], beside)
        said["classes"].append(report.over_groups((answer != truth) * 1.0, names.tolist(), "film").verdict)
        off, other = np.square(draw.normal(size=(2, groups))[:, names])
        numbers = NumberReport.from_predictions(np.sqrt(off), 0 * off, {"the mean": other})
        said["numbers"].append(numbers.over_groups(off, names.tolist(), "film").verdict("the mean"))
    for verdicts in said.values():
        assert verdicts.count("") <= 6
        assert verdicts.count("The model is clearly worse.") <= 6


def test_over_groups_a_model_that_is_better_in_most_of_them_is_clearly_better():
    names = np.repeat(np.arange(20), 5)
    truth = (names % 2).astype(int)
    answer = np.where(names == 0, 1 - truth, truth)
    report = ErrorReport.from_predictions(answer, truth, ["a", "b"], Baseline(0, 50, 100))
    assert report.over_groups((answer != truth) * 1.0, names.tolist(), "film").verdict == ""
    numbers = NumberReport.from_predictions(0.1 * truth, 0.0 * truth, {"the mean": np.ones(100)})
    assert numbers.over_groups(0.01 * truth, names.tolist(), "film").verdict("the mean") == ""


@pytest.mark.parametrize("groups", [3, 4, 5])
def test_of_few_groups_a_model_that_is_much_better_in_each_is_clearly_better(groups):
    """A fifth of 25 patients is five: an error of 5 % beside 50 % was "not clearly better", whatever the model did."""
    draw, names = np.random.default_rng(1), np.repeat(np.arange(groups), 40)
    truth = draw.integers(0, 2, len(names))
    answer = np.where(draw.random(len(names)) < 0.05, 1 - truth, truth)
    report = ErrorReport.from_predictions(
        answer, truth, ["a", "b"], Baseline(0, int(truth.sum()), len(truth))
    )
    assert report.over_groups((answer != truth) * 1.0, names.tolist(), "patient").verdict == ""
    actual = draw.normal(size=len(names))
    off = np.square(0.2 * draw.normal(size=len(names)))
    numbers = NumberReport.from_predictions(
        actual + np.sqrt(off), actual, {"the mean": np.square(actual - actual.mean())}
    )
    assert numbers.over_groups(off, names.tolist(), "patient").verdict("the mean") == ""


def test_the_chance_of_few_groups_is_that_of_students_test():
    draw = np.random.default_rng(2)
    for groups in (3, 4, 5):
        for centre in (0.1, 1, 4):
            sums = draw.normal(centre, size=groups)
            expected = stats.ttest_1samp(sums, 0).pvalue
            assert chance_over_groups(sums, list(range(groups))) == pytest.approx(expected, abs=2e-3)
    assert chance_over_groups([2, 2, 2], "abc") > 0.2 and chance_over_groups([0, 0, 0], "abc") == 1
    alike = [1, 0, 0, 1] * 3  # three groups with one sum: as if items stood alone
    assert 1e-3 < chance_over_groups(alike, np.repeat([0, 1, 2], 4).tolist()) < 0.1
    assert chance_over_groups([2, 2.01], "ab") > 0.3  # two tell nothing


@pytest.mark.parametrize("groups", [3, 5])
def test_two_programs_on_few_groups_can_differ(groups):
    """Of five patients no difference could be claimed, however large."""
    draw = np.random.default_rng(3)
    first, second = draw.random((2, 40 * groups)) < [[0.5], [0.05]]
    names = np.repeat(np.arange(groups), 40)
    assert paired_test(first * 1.0, second * 1.0, groups=names).differ
    alike = sum(
        paired_test(*((draw.random((2, groups)) < 0.5) * 1.0)[:, names], groups=names).differ
        for _ in range(100)
    )
    assert alike <= 6
