from __future__ import annotations

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
