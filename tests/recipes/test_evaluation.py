from __future__ import annotations

import numpy as np

from gatera.measure.intervals import wilson_interval
from gatera.measure.reports.baseline import most_frequent_class
from gatera.measure.reports.classes import ErrorReport
from gatera.recipes.evaluation import Evaluation

REPORT = ErrorReport.from_predictions(
    [0, 1, 1, 1], [0, 0, 1, 1], ["cat", "dog"], most_frequent_class([0, 0, 1], [0, 0, 1, 1])
)


def test_baselines_follow_the_report():
    alone, beside = Evaluation(REPORT), Evaluation(REPORT, {"gradient-boosted trees": 0.5})
    assert beside.lines() == [*alone.lines(), "Gradient-boosted trees would give 50.0 %."]
    assert alone.to_dict() == REPORT.to_dict()
    assert beside.to_dict() == REPORT.to_dict() | {"baselines": {"gradient-boosted trees": 0.5}}


def test_the_interval_of_items_in_groups_is_over_groups():
    wrong = np.repeat([1.0, 0.0, 0.0, 1.0], 25)  # 100 items, and no more is known than of 4
    alone = Evaluation(ErrorReport(100, 50, (), ()), misses=wrong)
    found = alone.over_groups(np.repeat([0, 1, 2, 3], 25).tolist(), "patient")
    assert found.remarks == [
        "Items of one patient are not independent: over groups, of which 4 are held out, the 95 % interval is 0.0 % to 100.0 %."
    ]
    assert found.to_dict()["over_groups"] == {"by": "patient", "groups": 4, "interval95": [0.0, 1.0]}
    assert alone.over_groups(list(range(100)), "patient") is alone
    assert "All 100 are of one patient" in alone.over_groups(["a"] * 100, "patient").remarks[0]


def test_groups_that_are_equally_wrong_do_not_give_an_interval_of_no_width():
    sides = np.repeat([0, 1], 4).tolist()
    right = Evaluation(ErrorReport(8, 0, (), ()), misses=np.zeros(8)).over_groups(sides, "patient")
    assert (
        "of which 2 are held out, the 95 % interval is 0.0 % to 65.8 %." in right.remarks[0]
    )  # Wilson's of 0 of 2
    half = Evaluation(ErrorReport(8, 4, (), ()), misses=np.tile([0.0, 1.0], 4)).over_groups(sides, "patient")
    assert half.to_dict()["over_groups"]["interval95"] == list(wilson_interval(4, 8))  # as over items
