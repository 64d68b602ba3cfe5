from __future__ import annotations

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.measure.calibration import (
    answers_of,
    at_highest,
    at_lowest,
    cross_fitted,
    expected_calibration_error,
    fit_temperature,
    fold_of,
    log_loss,
    reliability,
    risk_coverage,
    scaled,
    seem_probabilities,
)
from gatera.measure.reports.certainty import CalibrationReport, missing_labels


def overconfident(n: int, factor: float, seed: int = 0, k: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `factor` times those by which the targets are drawn."""
    rng = np.random.default_rng(seed)
    true = rng.normal(0, 1.5, (n, k))
    p = np.exp(true) / np.exp(true).sum(1, keepdims=True)
    targets = (p.cumsum(1) > rng.random((n, 1))).argmax(1)
    return (true * factor).astype(np.float32), targets


@pytest.mark.parametrize("factor", [0.4, 1.0, 3.0])
def test_the_temperature_is_found_by_which_logits_were_multiplied(factor):
    logits, targets = overconfident(20_000, factor)
    assert fit_temperature(logits, targets) == pytest.approx(factor, rel=0.05)


def test_the_temperature_has_the_lowest_loss_of_a_grid():
    logits, targets = overconfident(300, 2.5)
    best = log_loss(logits, targets, fit_temperature(logits, targets), "softmax")
    assert best <= min(log_loss(logits, targets, t, "softmax") for t in np.geomspace(0.1, 10, 50)) + 1e-6


def test_the_log_loss_is_that_of_scikit_learn():
    from sklearn.metrics import log_loss as theirs

    logits, targets = overconfident(200, 2.0)
    expected = theirs(targets, scaled(logits, 1.7, "softmax"))
    assert log_loss(logits, targets, 1.7, "softmax") == pytest.approx(expected)
    several = (logits[:, :2] > 0.3).astype(float)
    p = scaled(logits[:, :2], 1.7, "sigmoid")
    plain = -(several * np.log(p) + (1 - several) * np.log(1 - p)).mean()
    assert log_loss(logits[:, :2], several, 1.7, "sigmoid") == pytest.approx(plain)


def test_scaling_lowers_the_error_and_changes_no_label():
    logits, targets = overconfident(2_000, 3.0)
    before, after = scaled(logits, 1.0, "softmax"), cross_fitted(logits, targets)
    assert (before.argmax(1) == after.argmax(1)).all()
    errors = [expected_calibration_error(*answers_of(p, targets)) for p in (before, after)]
    assert errors[0] > 0.1 and errors[1] < 0.035


def test_what_is_measured_is_not_what_was_fitted():
    logits, targets = overconfident(200, 3.0)
    fold, found = fold_of(200), cross_fitted(logits, targets)
    others = fold != 2
    alone = scaled(logits[~others], fit_temperature(logits[others], targets[others]), "softmax")
    assert found[~others] == pytest.approx(alone)
    assert np.bincount(fold).tolist() == [40] * 5


def test_the_error_is_the_mean_gap_of_bins_of_equal_size():
    p, right = np.array([0.6, 0.6, 0.9, 0.9]), np.array([True, False, True, True])
    assert expected_calibration_error(p, right, 2) == pytest.approx((0.1 + 0.1) / 2)
    assert [each.n for each in reliability(np.linspace(0, 1, 32), np.ones(32, bool))] == [3, 3] + [2] * 13
    assert len(reliability(p, right, 15)) == 4
    with pytest.raises(ArgumentError, match=r"at least one\. Got: \[0, 0\]"):
        expected_calibration_error(np.zeros(0), np.zeros(0, bool))


def test_equal_probabilities_are_binned_in_no_order():
    right = np.arange(3_000) < 2_400  # the wrong ones come last
    assert expected_calibration_error(np.full(3_000, 0.8), right) < 0.03


def test_risk_falls_as_only_the_surest_are_answered():
    curve = risk_coverage(np.array([0.5, 0.9, 0.7, 0.6]), np.array([False, True, True, False]))
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert curve.risk.tolist() == [0, 0, pytest.approx(1 / 3), 0.5]


def test_answers_of_several_labels_are_judged_one_by_one():
    p, right = answers_of(np.array([[0.9, 0.2]]), np.array([[1, 1]]), "sigmoid")
    assert p.tolist() == [0.9, 0.8] and right.tolist() == [True, False]


def test_the_report_in_words():
    report = CalibrationReport(
        140, 1.6, 0.0613, 0.021, 0.95, 0.957, 1.02, 0.93, 0.0, np.array([0.7, 0.9]), np.array([False, True])
    )
    assert report.lines() == [
        "Calibration error on 140 held-out items: 0.021 (0.061 before; logits are divided by 1.6, which changes no label).",
        "Prediction sets at 95 % contain the true label of 95.7 % of them; 1.02 labels per set on average.",
        "With sure=0.95, 93.0 % of them are answered, 0.0 % of these answers wrong.",
    ]
    assert report.to_dict()["coverage"] == 0.957
    assert [each.right for each in report.reliability()] == [0, 1] and report.risk_coverage().risk[0] == 0
    left = CalibrationReport(60, 1.0, 0.02, 0.02, remarks=["A temperature would not lower it."])
    assert left.lines() == [
        "Calibration error on 60 held-out items: 0.020; probabilities are not rescaled.",
        "A temperature would not lower it.",
    ]
    assert left.to_dict()["coverage"] is None and CalibrationReport(0).lines() == []
    numbers = CalibrationReport(50, level=0.9, coverage=0.92, size=12.3456)
    assert numbers.lines() == ["Intervals at 90 % contain the true value of 92.0 % of them; 12.3 wide."]
    several = CalibrationReport(50, level=0.9, coverage=0.92)
    assert several.lines() == ["Intervals at 90 % contain the true value of 92.0 % of them."]


def test_labels_that_no_held_out_item_has_are_named():
    assert missing_labels(["zebra"]) == (
        "No held-out item has the label zebra: how sure the program is of such items is unknown."
    )
    assert missing_labels(["zebra", "yak"]).startswith("No held-out item has the labels zebra, yak:")


def test_items_of_equal_probability_count_by_their_share_in_any_order():
    rng = np.random.default_rng(0)
    p, right = rng.choice([0.5, 0.7, 0.8, 1.0], 100), rng.random(100) < 0.7
    orders = [rng.permutation(100) for _ in range(5)]
    assert len({round(expected_calibration_error(p[order], right[order]), 12) for order in orders}) == 1
    assert len({round(risk_coverage(p[order], right[order]).area, 12) for order in orders}) == 1
    assert expected_calibration_error(np.full(20, 0.8), np.arange(20) % 2) == pytest.approx(0.3)


def test_probabilities_of_zero_and_one_are_counted_and_lists_are_taken():
    assert expected_calibration_error([1.0] * 20, [0] * 20) == 1
    assert expected_calibration_error([0.7, 0.6], [1, 0]) == pytest.approx(0.45)
    assert sum(each.n for each in reliability([0.0, 1.0, 1.0], [0, 1, 1], 2)) == 3
    assert risk_coverage([], []).area == 0 and risk_coverage([0.5], [1]).risk.tolist() == [0]


@pytest.mark.parametrize("measure", [expected_calibration_error, reliability, risk_coverage])
def test_what_is_not_a_probability_is_refused(measure):
    with pytest.raises(ArgumentError, match=r"the probability of answer 1 is not in 0\.\.1\. Got: nan"):
        measure([0.7, float("nan")], [1, 0])
    with pytest.raises(ArgumentError, match=r"the probability of answer 0 is not in 0\.\.1\. Got: 4\.5"):
        measure([4.5, 0.2], [1, 0])


def test_bins_that_are_not_whole():
    with pytest.raises(ArgumentError, match=r"bins must be a whole number of at least 1\. Got: 1\.5"):
        reliability([0.5], [1], 1.5)


def test_logits_without_a_temperature():
    logits = np.ones((4, 2))
    with pytest.raises(ArgumentError, match=r"at least one\. Got: \[\(0, 2\), \(0,\)\]"):
        fit_temperature(logits[:0], np.zeros(0, int))
    logits[2, 1] = np.nan
    with pytest.raises(
        ArgumentError, match=r"the logits of 1 of 4 items are not finite.*Got: \[1\.0, nan\].*lower"
    ):
        fit_temperature(logits, np.zeros(4, int))
    with pytest.raises(ArgumentError, match=r"cross-fitting needs at least 2 items\. Got: 1"):
        cross_fitted(np.ones((1, 2)), np.zeros(1, int))


def test_temperatures_that_nothing_limits_are_told():
    targets = np.arange(60) % 3
    assert at_lowest(fit_temperature(np.eye(3)[targets], targets), np.ones(60, bool))
    assert at_highest(fit_temperature(np.eye(3)[targets] * 1e4, (targets + 1) % 3))
    assert not at_lowest(0.5, targets > 0) and not at_lowest(1.5, targets >= 0) and not at_highest(3.0)


def test_probabilities_are_not_taken_for_logits():
    logits, _ = overconfident(50, 1.0)
    assert seem_probabilities(scaled(logits, 1.0, "softmax")) and not seem_probabilities(logits)
    assert not seem_probabilities(np.ones((3, 1)))
