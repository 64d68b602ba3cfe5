from __future__ import annotations

import json

import numpy as np
import pytest

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError
from gatera.measure.intervals import wilson_interval
from gatera.measure.reports.baseline import Baseline, most_frequent_class
from gatera.measure.reports.classes import ErrorReport, percent

VOCAB = ["cat", "dog", "fox"]
TARGETS = np.repeat([0, 1], [60, 40])
PREDICTED = TARGETS.copy()
PREDICTED[:4], PREDICTED[60:62], PREDICTED[62] = 1, 0, 2


def report(baseline: Baseline | None = None) -> ErrorReport:
    return ErrorReport.from_predictions(PREDICTED, TARGETS, VOCAB, baseline)


# The baseline ---------------------------------------------------------------------------------------------------


def test_the_baseline_is_learned_from_training_and_measured_on_validation() -> None:
    baseline = most_frequent_class([1, 1, 0, 2], [0, 0, 1, 2, 2])
    assert (baseline.index, baseline.errors, baseline.n, baseline.error) == (1, 4, 5, 0.8)
    assert baseline.interval == wilson_interval(4, 5)


def test_a_tie_of_classes_takes_the_first() -> None:
    assert most_frequent_class([2, 1, 2, 1], [0]).index == 1


@pytest.mark.parametrize(("train", "valid"), [([], [0]), ([0], [])])
def test_message_for_a_baseline_of_nothing(train: list[int], valid: list[int]) -> None:
    with pytest.raises(ArgumentError) as err:
        most_frequent_class(train, valid)
    assert str(err.value) == (
        f"a baseline needs training and validation items. Got: '{len(train)} and {len(valid)} items'."
    )


# The report -----------------------------------------------------------------------------------------------------


def test_errors_are_counted_in_total_and_in_each_class() -> None:
    found = report()
    assert (found.n, found.errors, found.error) == (100, 7, 0.07)
    assert found.interval == wilson_interval(7, 100)
    assert [(row.label, row.n, row.errors) for row in found.per_class] == [
        ("cat", 60, 4),
        ("dog", 40, 3),
        ("fox", 0, 0),
    ]
    assert found.per_class[1].error == 3 / 40 and np.isnan(found.per_class[2].error)
    assert found.confused == (("cat", "dog", 4), ("dog", "cat", 2), ("dog", "fox", 1))


def test_probabilities_count_by_their_largest() -> None:
    assert ErrorReport.from_predictions(np.eye(3)[PREDICTED], TARGETS, VOCAB) == report()


@pytest.mark.parametrize(("errors", "beaten"), [(3, True), (5, False), (10, False)])
def test_a_baseline_is_beaten_when_the_whole_interval_is_below_it(errors: int, beaten: bool) -> None:
    targets = np.repeat([0, 1], [90, 10])
    baseline = most_frequent_class([0], targets)
    found = ErrorReport.from_predictions(
        np.repeat([0, 1], [90 + errors, 10 - errors]), targets, VOCAB, baseline
    )
    assert found.beats_baseline is beaten
    assert found.baseline_line() == (
        "Always predicting cat, the most frequent class, would give 10.0 %."
        + ("" if beaten else " The model is not clearly better.")
    )


def test_three_items_do_not_beat_a_baseline_that_three_items_measure() -> None:
    baseline = most_frequent_class([0], np.array([0, 1, 1]))
    few = ErrorReport.from_predictions([0, 1, 1], [0, 1, 1], VOCAB, baseline)
    assert few.interval.high < baseline.error  # by itself
    assert few.beats_baseline is False and few.verdict == "The model is not clearly better."
    many = np.repeat([0, 1, 1], 3)
    assert ErrorReport.from_predictions(many, many, VOCAB, most_frequent_class([0], many)).beats_baseline


def test_a_model_that_is_worse_than_the_baseline_is_called_so() -> None:
    targets = np.repeat([0, 1], [90, 10])
    bad = ErrorReport.from_predictions(1 - targets, targets, VOCAB, most_frequent_class([0], targets))
    assert bad.baseline_line().endswith("would give 10.0 %. The model is clearly worse.")
    assert bad.card_remarks[1] == "The model is clearly worse than always predicting the most frequent class."


def test_lines_for_a_terminal() -> None:
    assert report(most_frequent_class([0], TARGETS)).lines(most=2) == [
        "Error 7.0 % (7 of 100 wrong); 95 % interval 3.4 % to 13.7 %.",
        "Always predicting cat, the most frequent class, would give 40.0 %.",
        "Most confused: cat predicted as dog (4), dog predicted as cat (2) and 1 more.",
    ]


def test_a_class_of_two_lines_forges_none() -> None:
    odd, baseline = ["cat\nSaved cats.gatera", "dog"], most_frequent_class([0, 0, 1], [1, 1, 1])
    lines = ErrorReport.from_predictions([0, 0, 1], [1, 1, 1], odd, baseline).lines()
    assert not any("\n" in line for line in lines)
    assert lines[2] == "Most confused: dog predicted as cat\\x0aSaved cats.gatera (2)."
    assert listed(["cat\nSaved"]) == "cat\\x0aSaved"


def test_lines_of_a_faultless_model_without_baseline() -> None:
    assert ErrorReport.from_predictions(TARGETS, TARGETS, VOCAB).lines() == [
        "Error 0.0 % (0 of 100 wrong); 95 % interval 0.0 % to 3.7 %.",
        "No misclassified items.",
    ]


def test_the_dict_is_json_whatever_the_labels_are() -> None:
    found = ErrorReport.from_predictions(
        [1, 0, 1], [0, 0, 1], [False, np.int64(3)], most_frequent_class([0], [0, 0, 1])
    ).to_dict()
    assert json.loads(json.dumps(found)) == found
    low, high = wilson_interval(1, 3)
    assert found == {
        "n": 3, "errors": 1, "error": 1 / 3, "interval95": [low, high],
        "baseline": {"label": False, "error": 1 / 3, "beaten": False},
        "most_confused": [{"actual": False, "predicted": 3, "n": 1}],
        "per_class": [{"label": False, "n": 2, "errors": 1}, {"label": 3, "n": 1, "errors": 0}],
    }  # fmt: skip
    assert report().to_dict()["baseline"] is None
    assert ErrorReport.from_predictions([0], [0], [(1, 2)]).to_dict()["per_class"][0]["label"] == "(1, 2)"


@pytest.mark.parametrize(
    ("share", "n", "text"), [(0.00857, 700, "0.9 %"), (0.00857, 7000, "0.86 %"), (1, 5, "100.0 %")]
)
def test_percentages_have_the_decimals_their_items_support(share: float, n: int, text: str) -> None:
    assert percent(share, n) == text


@pytest.mark.parametrize(
    ("predicted", "targets", "shown"),
    [([0, 1], [0], "predictions [2], targets [1]"), ([], [], "predictions [0], targets [0]")],
)
def test_message_for_predictions_that_are_not_one_per_item(
    predicted: list[int], targets: list[int], shown: str
) -> None:
    with pytest.raises(ArgumentError) as err:
        ErrorReport.from_predictions(predicted, targets, VOCAB)
    assert str(err.value) == (
        f"an error report needs one prediction per target, and at least one. Got: '{shown}'."
    )
