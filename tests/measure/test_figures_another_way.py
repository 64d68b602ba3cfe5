"""Figures are those that scipy, scikit-learn or a plain loop find, whatever the items are: ties, one class, classes never predicted."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import sklearn.metrics
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from gatera.measure.calibration import expected_calibration_error, risk_coverage
from gatera.measure.intervals import average_precision_interval, wilson_interval
from gatera.measure.questions.paired import mcnemar
from gatera.measure.reports.baseline import most_frequent_class
from gatera.measure.reports.classes import ErrorReport
from gatera.measure.reports.label_sets import LabelSetReport
from gatera.measure.thresholds import above, best_thresholds

#: Probabilities as networks give them: ties, the two ends, neighbours in single precision, far below any rounding.
PROBABILITIES = st.one_of(
    st.sampled_from([0.0, 1.0, 0.5, 0.1, 0.3, 1e-7, 2e-7, 3e-8, 0.9999999, 0.99999994]),
    st.floats(0, 1, width=32),
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Return a probability of each item, and whether it has the label."""
    n = draw(st.integers(1, 25))
    p = draw(st.lists(PROBABILITIES, min_size=n, max_size=n))
    return np.array(p), np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))


@st.composite
def classes(draw: st.DrawFn) -> tuple[int, np.ndarray, np.ndarray]:
    """Return the number of classes, and the actual and the predicted one of each item."""
    k, n = draw(st.integers(1, 5)), draw(st.integers(1, 40))
    each = st.lists(st.integers(0, k - 1), min_size=n, max_size=n)
    return k, np.array(draw(each)), np.array(draw(each))


@given(
    st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.01, 0.9999)
)
def test_intervals_of_rates_are_scipys(counts, confidence):
    low, high = wilson_interval(*counts, confidence)
    expected = stats.binomtest(*counts).proportion_ci(confidence, "wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= counts[0] / counts[1] <= high <= 1


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=200))
def test_chances_of_uneven_differences_are_those_of_a_coin(differences):
    worse, better = differences.count(1), differences.count(-1)
    expected = stats.binomtest(worse, worse + better).pvalue if worse + better else 1.0
    assert mcnemar(np.array(differences, float)) == pytest.approx(expected, rel=1e-9)


@given(classes(), st.randoms())
def test_reports_of_classes_hold_whatever_their_order_and_names(drawn, random):
    k, actual, predicted = drawn
    vocab = [f"class {place}" for place in range(k)]
    report = ErrorReport.from_predictions(predicted, actual, vocab, most_frequent_class(actual, actual))
    counts = np.array([[((actual == i) & (predicted == j)).sum() for j in range(k)] for i in range(k)])
    assert report.errors == (actual != predicted).sum() == sum(pair.n for pair in report.confused)
    assert [row.n for row in report.per_class] == counts.sum(axis=1).tolist()
    assert [row.n - row.errors for row in report.per_class] == counts.diagonal().tolist()

    place, order = np.array(random.sample(range(k), k)), random.sample(range(len(actual)), len(actual))
    other_vocab = [vocab[old] for old in np.argsort(place)]
    simplest = most_frequent_class(actual, actual)
    moved = type(simplest)(int(place[simplest.index]), simplest.errors, simplest.n)
    again = ErrorReport.from_predictions(place[predicted][order], place[actual][order], other_vocab, moved)
    assert again.lines() == report.lines() and set(again.per_class) == set(report.per_class)


@given(classes(), classes())
def test_reports_of_label_sets_are_scikit_learns(one, other):
    k, n = min(one[0], other[0]), min(len(one[1]), len(other[1]))
    actual, predicted = (
        np.eye(9, dtype=bool)[a[:n], :k] | np.eye(9, dtype=bool)[b[:n], :k] for _, a, b in (one, other)
    )
    report = LabelSetReport.from_predictions(predicted, actual, list(range(k)))
    assert report.error == pytest.approx((actual != predicted).any(axis=1).mean())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        each = [
            sklearn.metrics.f1_score(actual[:, place], predicted[:, place], zero_division=np.nan)
            for place in range(k)
        ]
    assert [row.f1 for row in report.rows] == pytest.approx(each, nan_ok=True)
    known = [f1 for f1, row in zip(each, report.rows, strict=True) if row.n]
    assert report.mean_f1 == pytest.approx(np.mean(known) if known else np.nan, nan_ok=True)
    report.lines(), report.to_dict()


@given(answers(), st.integers(1, 20), st.randoms())
def test_calibration_is_that_of_a_plain_loop_and_knows_no_order(drawn, bins, random):
    p, right = drawn
    found = expected_calibration_error(p, right, bins)
    order = random.sample(range(len(p)), len(p))
    assert expected_calibration_error(p[order], right[order], bins) == pytest.approx(found, abs=1e-12)
    assume(len(np.unique(p)) == len(p))  # of ties every order would be another figure
    rising = np.argsort(p)
    parts = [part for part in np.array_split(rising, bins) if len(part)]
    expected = sum(len(part) * abs(p[part].mean() - right[part].mean()) for part in parts) / len(p)
    assert found == pytest.approx(expected, abs=1e-12)
    wrong_so_far = np.cumsum(~right[rising[::-1]]) / np.arange(1, len(p) + 1)
    assert risk_coverage(p, right).risk == pytest.approx(wrong_so_far)


@given(answers(), st.sampled_from([0.5, 1.0, 2.0]))
def test_no_threshold_is_better_than_the_best(drawn, beta):
    p, has = drawn
    assume(has.any())
    [chosen] = best_thresholds(p[:, None], has[:, None], beta)

    def f(threshold: float) -> float:
        found = above(torch.tensor(p, dtype=torch.float32), threshold).numpy()
        hits = (found & has).sum()
        return float((1 + beta**2) * hits / max(found.sum() + beta**2 * has.sum(), 1e-9))

    assert f(chosen) == pytest.approx(max(f(threshold) for threshold in [0.0, *p.tolist()]))


@given(answers())
def test_average_precision_of_few_items_lies_in_its_interval(drawn):
    p, has = drawn
    assume(has.sum() >= 2)
    low, high = average_precision_interval(p, has, resamples=200)
    assert 0 <= low <= sklearn.metrics.average_precision_score(has, p) <= high <= 1 + 1e-12
