from __future__ import annotations

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.measure.reports.numbers import NumberReport


def test_the_report_says_how_far_how_sure_and_against_what():
    draw = np.random.default_rng(0)
    actual = draw.normal(size=400)
    report = NumberReport.from_predictions(
        actual + 0.5 * draw.normal(size=400), actual, {"the mean": 1.0, "trees": 0.25}
    )
    assert list(report.baselines) == ["trees", "the mean"]
    assert report.beaten == ["the mean"]
    first, trees, mean = report.lines()
    assert first.startswith("MSE 0.2") and "on 400 items" in first and "95 % interval" in first
    assert trees == "Trees would give 0.25. The model is not clearly better."
    assert mean == "The mean would give 1."


def test_a_model_worse_than_means_is_called_so_on_the_card_too():
    draw = np.random.default_rng(0)
    off, actual = draw.normal(size=100), np.zeros(100)
    report = NumberReport.from_predictions(off, actual, {"the mean": 0.1, "others": 1.0, "guesses": 9.0})
    assert report.beaten == ["guesses"]
    assert report.lines()[1] == "The mean would give 0.1. The model is clearly worse."
    assert report.card_remarks == [
        report.lines()[0],
        "The model is clearly worse than the mean.",
        "The model is not clearly better than others.",
    ]


def test_prices_are_written_as_prices():
    report = NumberReport.from_predictions(
        [300_000, 420_000] * 3, [330_000, 380_000] * 3, {"the mean": 1.748e9}
    )
    first, mean = report.lines()
    assert first.startswith(
        "MSE 1,250,000,000 (RMSE 35,400) on 6 items; 95 % interval of the MSE 900,000,000 to"
    )
    assert mean.startswith("The mean would give 1,748,000,000.")


def test_json_has_plain_values():
    found = NumberReport.from_predictions([[1.0], [3.0]] * 3, [[1.0], [1.0]] * 3, {"the mean": 9.0}).to_dict()
    assert found["mse"] == 2.0 and found["n"] == 6
    assert found["baselines"] == {"the mean": {"mse": 9.0, "beaten": True}}
    assert all(isinstance(end, float) for end in found["interval95"])


def test_another_number_of_predictions_is_refused():
    with pytest.raises(ArgumentError) as err:
        NumberReport.from_predictions([1.0, 2.0], [1.0])
    assert str(err.value) == (
        "a number report needs one prediction per target, and at least one. "
        "Got: 'predictions [2], targets [1]'."
    )


def test_few_items_that_make_half_of_the_error_are_told():
    off = np.ones(40)
    off[:2] = -10, 9  # 100 and 81 of 219
    report = NumberReport.from_predictions(off, np.zeros(40))
    assert report.lines()[-1] == (
        "Half of the squared error comes from 2 items of 40; half of the items are off by at most 1."
    )
    assert report.to_dict()["half_of_error"] == {"items": 2, "median_error": 1.0}
    for even in (np.ones(40), off[:19], np.zeros(40)):
        assert NumberReport.from_predictions(even, np.zeros(len(even))).tail is None


@pytest.mark.parametrize(("n", "beaten"), [(1, []), (4, []), (5, ["the mean"])])
def test_fewer_items_than_an_interval_needs_claim_nothing(n, beaten):
    actual = 10.0 * np.arange(n)
    report = NumberReport.from_predictions(actual + 0.1, actual, {"the mean": 1000.0})
    assert report.beaten == beaten
