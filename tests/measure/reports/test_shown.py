"""What a prompt and a notebook show of a report at the end of a cell: its lines."""

from __future__ import annotations

import numpy as np
import pytest

from gatera.evaluate.measure_source import Measurement
from gatera.measure.reports.certainty import CalibrationReport
from gatera.measure.reports.classes import ErrorReport
from gatera.measure.reports.label_sets import LabelSetReport
from gatera.measure.reports.masks import MaskReport
from gatera.measure.reports.numbers import NumberReport
from gatera.measure.reports.points import PointReport
from gatera.recipes.evaluation import Evaluation

KINDS = (
    ErrorReport, LabelSetReport, MaskReport, NumberReport, PointReport, CalibrationReport, Evaluation, Measurement,
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_report_shows_its_lines(kind):
    class Told(kind):
        def __init__(self) -> None:
            pass

        def lines(self, most: int = 5) -> list[str]:
            return ["a", "b"]

    assert repr(Told()) == str(Told()) == "a\nb"


def test_numbers_at_a_prompt():
    report = NumberReport.from_predictions(
        np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.5, 3.0]), {"the mean": 1.0}
    )
    assert repr(report) == "\n".join(report.lines()) and "NumberReport(" not in repr(report)
