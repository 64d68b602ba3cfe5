"""The report of several labels per item agrees with scikit-learn, and says so in words and as plain values."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from gatera.core.errors import ArgumentError
from gatera.measure.reports.label_sets import LabelSetReport

VOCAB = ["bird", "cat", "dog", "fish"]


@pytest.fixture(scope="module")
def sides() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    targets = rng.random((60, 4)) < [0.5, 0.3, 0.2, 0.0]  # nothing is a fish
    return (rng.random((60, 4)) < 0.15) ^ targets, targets


def test_figures_are_scikit_learn_s(sides):
    predicted, targets = sides
    report = LabelSetReport.from_predictions(predicted, targets, VOCAB)
    assert report.error == pytest.approx(1 - metrics.accuracy_score(targets, predicted))
    assert report.wrong_labels / 240 == pytest.approx(metrics.hamming_loss(targets, predicted))
    assert report.simplest == targets.sum()
    for name in ("precision", "recall", "f1"):
        score = getattr(metrics, f"{name}_score")(targets, predicted, average=None, zero_division=0)
        assert [getattr(row, name) for row in report.rows[:3]] == pytest.approx(score[:3])
    f1 = metrics.f1_score(targets[:, :3], predicted[:, :3], average="macro")
    assert report.mean_f1 == pytest.approx(f1) and f1 > 0.5
    assert report.card_metrics == {
        "share of items with a wrong label": report.error,
        "mean F1 of the labels": report.mean_f1,
    }


def test_the_mean_f1_has_an_interval_over_items():
    draw = np.random.default_rng(0)
    targets = draw.random((300, 4)) < 0.4
    predicted = targets ^ (draw.random((300, 4)) < 0.1)
    report = LabelSetReport.from_predictions(predicted, targets, VOCAB)
    low, high = report.f1_interval
    parts = [  # the spread over other items of the same kind
        metrics.f1_score(t, t ^ (draw.random((300, 4)) < 0.1), average="macro")
        for t in (draw.random((300, 4)) < 0.4 for _ in range(100))
    ]
    assert low < report.mean_f1 < high and high - low == pytest.approx(3.92 * np.std(parts), rel=0.25)


def test_words_and_plain_values():
    targets = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]])
    predicted = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]])
    report = LabelSetReport.from_predictions(predicted, targets, VOCAB)
    assert report.lines() == [
        "Error 50.0 % (2 of 4 items have a wrong or missing label); 95 % interval 15.0 % to 85.0 %.",
        "12.5 % of the 16 decisions, label by label, are wrong; never predicting a label would give 25.0 %. The model is not clearly better.",
        "Mean F1 0.833; lowest: cat 0.67, bird 1.00.",
    ]
    assert report.to_dict()["mean_f1_interval95"] is None
    fish = report.to_dict()["per_label"][3]
    assert fish == {"label": "fish", "n": 0, "precision": None, "recall": None, "f1": None}
    assert report.to_dict()["per_label"][2] == {
        "label": "dog",
        "n": 0,
        "precision": 0.0,
        "recall": None,
        "f1": 0.0,
    }


def test_where_no_item_has_a_label_there_is_no_f1():
    nothing = np.zeros((2, 4), bool)
    report = LabelSetReport.from_predictions(nothing, nothing, VOCAB)
    assert report.error == 0.0 and report.to_dict()["mean_f1"] is None
    assert report.lines()[-1] == report.card_remarks[-1] == "No item has a label, so there is no F1."
    assert list(report.card_metrics) == ["share of items with a wrong label"]


@pytest.mark.parametrize(("rows", "labels"), [(0, 4), (2, 3)])
def test_what_does_not_belong_together_is_refused(rows, labels):
    with pytest.raises(ArgumentError, match="must be those of the same items and labels"):
        LabelSetReport.from_predictions(np.zeros((rows, 4)), np.zeros((2, 4))[:rows], VOCAB[:labels])


def test_cards_have_the_interval_of_the_mean_f1():
    draw = np.random.default_rng(0)
    actual = draw.random((60, 3)) < 0.5
    report = LabelSetReport.from_predictions(actual ^ (draw.random((60, 3)) < 0.2), actual, ["a", "b", "c"])
    low, high = report.f1_interval
    assert report.card_remarks == [
        report.lines()[0],
        f"Mean F1 {report.mean_f1:.3f} (95 % interval {low:.3f} to {high:.3f}).",
    ]


def test_a_model_beside_never_predicting_a_label():
    has = np.zeros((60, 4), bool)
    has[:30, 0] = True
    good, bad = has.copy(), ~has
    assert LabelSetReport.from_predictions(good, has, "abcd").verdict == ""
    worse = LabelSetReport.from_predictions(bad, has, "abcd")
    assert worse.lines()[1].endswith("would give 12.5 %. The model is clearly worse.")
    assert worse.card_remarks[1] == "The model is clearly worse than never predicting a label."
    assert worse.to_dict()["baseline"] == {"wrong_labels": 30, "beaten": False}
