"""What is not a number, a class or a group is refused by the item it belongs to, and never counted."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from gatera.core.errors import ArgumentError
from gatera.evaluate.questions.programs import Comparison
from gatera.measure.check_given import group_numbers
from gatera.measure.intervals import bootstrap_interval, wilson_interval
from gatera.measure.questions.label_errors import suspects
from gatera.measure.questions.paired import paired_test
from gatera.measure.questions.slices import worst_slices
from gatera.measure.reports.numbers import NumberReport
from gatera.measure.reports.points import PointReport

NAN = float("nan")
P = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]]


@pytest.mark.parametrize(
    ("labels", "item"),
    [
        ([0, 1, -1], 2),
        ([0, 1, 2], 2),
        (["a", "b", "a"], 0),
        ([1, 0.5, 0], 1),
        ([0, 1, NAN], 2),
        ([None, 1, 0], 0),
    ],
)
def test_a_label_that_is_no_class_is_named(labels, item):
    with pytest.raises(ArgumentError, match=f"the label of item {item} is not a class index"):
        suspects(P, labels)


def test_labels_as_floats_and_truth_values_are_classes():
    assert suspects(P, [0.0, 1.0, 0.0]) == suspects(P, [0, 1, 0])
    assert suspects(P, [False, True, False]) == suspects(P, [0, 1, 0])
    with pytest.raises(ArgumentError, match="argmax"):
        suspects(P, [[1, 0], [0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("probabilities", "match"),
    [
        ([[0.9, 0.1], [NAN, NAN], [0.1, 0.9]], "a probability of item 1 is not a finite number"),
        ([[0.9, 0.1], [3, 2], [0.1, 0.9]], "item 1 must be 0 or more, and add up to 1"),
        ([[0.9, 0.1], [0.5, 0.5], [-1, 2]], "item 2 must be 0 or more"),
        ([["a", "b"]], "must be a number"),
    ],
)
def test_what_is_no_probability_is_named(probabilities, match):
    with pytest.raises(ArgumentError, match=match):
        suspects(probabilities, [0, 1, 1][: len(probabilities)])


def test_a_class_without_items_is_never_confident():
    found = suspects([[0.1, 0.2, 0.7], [0.1, 0.8, 0.1], [0.7, 0.2, 0.1], [0.8, 0.1, 0.1]], [0, 0, 1, 1])
    assert len(found) == 4
    assert [one.confident for one in found if one.looks_like == 2] == [False]


@pytest.mark.parametrize("bad", [NAN, float("inf")])
def test_errors_that_are_no_numbers_give_no_verdict(bad):
    errors = [0.1, bad, 0.3, 0.2]
    for asked in (
        lambda: paired_test(errors, [0.2, 0.1, 0.1, 0.3]),
        lambda: paired_test([0.2, 0.1, 0.1, 0.3], errors),
        lambda: worst_slices(errors, {}),
        lambda: bootstrap_interval(errors),
    ):
        with pytest.raises(ArgumentError, match="of item 1 is not a finite number"):
            asked()


def test_many_items_are_compared_exactly_and_at_once():
    a, b = np.zeros(4000), np.zeros(4000)
    a[:1500], b[1500:3080] = 1, 1
    assert paired_test(a, b).p == pytest.approx(binomtest(1500, 3080).pvalue, rel=1e-9)
    assert paired_test([1, 0], [0, 1]).p == 1


def test_signs_are_flipped_in_parts_with_the_same_result(monkeypatch):
    draw = np.random.default_rng(0)
    a, b = draw.normal(0.2, 1, 50), np.zeros(50)
    whole = paired_test(a, b).p
    monkeypatch.setattr("gatera.measure.questions.paired.MOST_SIGNS", 50 * 100)
    assert paired_test(a, b).p == pytest.approx(whole, abs=0.03)
    assert paired_test(a + 5, b).differ
    assert not paired_test(np.r_[a, -a], np.zeros(100)).differ


def test_items_without_a_group_stand_alone():
    values, groups = [1.0, 2.0, 3.0, 4.0], ["a", None, "a", NAN]
    assert group_numbers(groups, 4).tolist() == [0, 1, 0, 2]
    assert group_numbers(np.array([NAN, NAN, 1.0]), 3).tolist() == [0, 1, 2]
    assert group_numbers([pd.NA, "", np.float32("nan"), np.datetime64("NaT", "s")], 4).tolist() == [
        0,
        1,
        2,
        3,
    ]
    assert bootstrap_interval(values, groups=groups) == bootstrap_interval(
        values, groups=["a", "b", "a", "c"]
    )
    found = [paired_test(values, [0, 0, 9, 0], groups=names).p for names in (groups, ["a", "b", "a", "c"])]
    assert found[0] == found[1]
    with pytest.raises(ArgumentError, match="group of each row"):
        paired_test([1, 0, 1], [0, 0, 0], groups=[1, 1])


def test_a_statistic_without_a_value_for_some_samples_has_an_interval_of_the_others():
    def middle(sample):
        return sample.mean() if len(set(sample.tolist())) > 1 else NAN

    low, high = bootstrap_interval([0, 1, 0, 1, 1], middle)
    assert 0 < low < high < 1
    with pytest.raises(ArgumentError, match="no value for most samples"):
        bootstrap_interval([0, 0, 0, 1], lambda sample: NAN)
    with pytest.raises(ArgumentError, match="one number"):
        bootstrap_interval([1, 2, 3], lambda sample: sample)
    with pytest.raises(ArgumentError, match="must be a number"):
        bootstrap_interval(["a", "b"])
    with pytest.raises(ArgumentError, match="a count of n items"):
        wilson_interval(-1, 3)


MISSES = np.arange(40) % 3 == 0


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([NAN] * 20 + ["x"] * 20, {"q: x"}),
        ([pd.NA] * 20 + ["x"] * 10 + ["y"] * 10, {"q: x", "q: y"}),
        ([pd.NaT] * 20 + ["x"] * 20, {"q: x"}),
        ([None] * 40, set()),
        ([1, 1.0] * 20, set()),
        ([1, 2.0] * 20, {"q: 1", "q: 2"}),
        (["a", "b", *range(38)], set()),
        ([pd.NA] * 4 + list(range(36)), {"q below 8.75", "q 8.75 to 17.5", "q 17.5 to 26.25", "q 26.25 or more"}),
        (pd.Series(["a", "b"] * 20, index=range(5, 45)), {"q: a", "q: b"}),
        ([date(2024, 1, 1 + i % 2) for i in range(40)], {"q: 2024-01-01", "q: 2024-01-02"}),
    ],
)  # fmt: skip
def test_missing_values_are_no_slice_and_words_beside_numbers_are_words(values, names):
    assert {part.name for part in worst_slices(MISSES, {"q": values})} == names


def test_dates_are_cut_by_quarters():
    days = pd.Series(pd.date_range("2024-01-01", periods=40)).sample(frac=1, random_state=0)
    found = {part.name: part for part in worst_slices(MISSES, {"taken": days})}
    assert len(found) == 4
    first = found["taken 2024-01-01 to 2024-01-10"]
    assert {days.iloc[place].day for place in first.places} == set(range(1, 11))


def test_bad_arguments_of_slices():
    for given in (3, "ab" * 20):
        with pytest.raises(ArgumentError, match="must have a value for each item"):
            worst_slices(MISSES, {"q": given})
    for argument in ({"most": -1}, {"confidence": 0}, {"confidence": 95}):
        with pytest.raises(ArgumentError, match=next(iter(argument))):
            worst_slices(MISSES, {}, **argument)
    with pytest.raises(ArgumentError, match="one error for each item"):
        worst_slices(np.zeros((40, 2)), {})
    assert worst_slices([], {}) == []


def test_of_a_single_item_no_interval_is_claimed():
    numbers = NumberReport.from_predictions([1.0], [3.0], {"the mean": 99.0})
    assert numbers.lines()[0] == "MSE 4 (RMSE 2) on 1 item; 1 item is too few for an interval."
    assert numbers.to_dict()["interval95"] is None
    assert numbers.beaten == []
    points = PointReport.from_points([([[3.0, 4.0]], [[0.0, 0.0]], 100)])
    assert "on 1 photo; 1 photo is too few for an interval." in points.lines()[0]
    assert points.to_dict()["interval95"] is None
    test = paired_test([1], [0])
    assert test.to_dict()["interval"] is None
    assert (
        "+100 points; 1 item is too few for an interval." in Comparison(("a", "b"), test, 0, 1, 0).lines()[1]
    )
