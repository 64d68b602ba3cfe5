from __future__ import annotations

import pytest

from gatera.evaluate.items import Example
from gatera.evaluate.outcomes import Outcome, in_groups_of, over_groups
from gatera.measure.reports.classes import ErrorReport
from gatera.measure.reports.numbers import NumberReport

TRAINED = {"training": {"valid": {"over_groups": {"by": "patient"}}}}


def outcomes(wrong, patients):
    return [
        Outcome(
            Example(f"row {place}", {"patient": patient, "a": "1"}, "x"), "x", "y", bool(bad), 2.0 * bad, ""
        )
        for place, (bad, patient) in enumerate(zip(wrong, patients, strict=True))
    ]


def test_a_program_trained_by_patients_is_measured_over_patients():
    rows = outcomes([0] * 20, [f"p{place // 5}" for place in range(20)])
    report = over_groups(TRAINED, rows, ErrorReport(20, 0, (), ()))
    assert report.grouped.n == 4 and report.interval.high == pytest.approx(0.49, abs=0.01)
    assert over_groups({}, rows, ErrorReport(20, 0, (), ())).grouped is None
    left = in_groups_of(report, rows[5:], ErrorReport(15, 0, (), ()))
    assert left.interval_words.endswith("over 3 groups (patient)")


def test_numbers_are_measured_over_patients_too():
    rows = outcomes([1, 1, 0, 0], ["a", "a", "b", "b"])
    report = over_groups(TRAINED, rows, NumberReport.from_predictions([2.0, 2.0, 0, 0], [0.0, 0, 0, 0]))
    assert report.mse == 2.0 and report.interval == (0.0, 4.0) and report.grouped.n == 2


def test_rows_without_the_column_stand_alone():
    rows = [
        *outcomes([0, 0], ["a", "a"]),
        Outcome(Example("row 2", {"a": "1"}, "x"), "x", "x", False, 0.0, ""),
    ]
    assert over_groups(TRAINED, rows, ErrorReport(3, 0, (), ())).grouped is None
