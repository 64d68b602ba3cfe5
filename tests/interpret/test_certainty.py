from __future__ import annotations

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.interpret.certainty import plot_certainty
from gatera.measure.reports.certainty import CalibrationReport


def report(n: int = 300) -> CalibrationReport:
    rng = np.random.default_rng(0)
    probability = rng.uniform(0.5, 1, n)
    return CalibrationReport(
        n, 1.4, 0.06, 0.02, 0.95, 0.95, 1.2, 0.4, 0.05, probability, rng.random(n) < probability
    )


def test_both_curves_show_the_numbers_of_the_report():
    shown = report()
    left, right = plot_certainty(shown).axes
    claimed = left.lines[0]
    assert list(claimed.get_xdata()) == list(claimed.get_ydata()) and claimed.get_xdata()[1] == 1
    points = left.containers[0].lines[0]
    assert points.get_xdata() == pytest.approx([each.confidence for each in shown.reliability()])
    assert points.get_ydata() == pytest.approx([each.right for each in shown.reliability()])
    assert left.get_title() == "Calibration error 0.020"
    curve = right.lines[0].get_ydata()
    assert curve[-1] == pytest.approx(100 * (~shown.right).mean()) and curve[:30].mean() < curve[-1]
    assert right.lines[2].get_xdata()[0] == pytest.approx(40)


def test_numbers_have_no_probabilities_to_draw():
    with pytest.raises(ArgumentError, match="there are no probabilities to draw"):
        plot_certainty(CalibrationReport(50, coverage=0.95))


def test_a_few_items_that_are_all_right_may_be_so_by_chance():
    few = CalibrationReport(
        4, 1.0, 0.1, 0.1, 0.95, 0.95, 1.0, 1.0, 0.0, np.array([0.6, 0.7, 0.8, 0.9]), np.ones(4, bool)
    )
    left, right = plot_certainty(few).axes
    (bars,) = left.containers[0].lines[2]
    for low, high in (segment[:, 1] for segment in bars.get_segments()):
        assert low < 0.6 and high == pytest.approx(1)
    assert right.get_legend()._get_loc() == 2  # upper left: the curve ends at the right
