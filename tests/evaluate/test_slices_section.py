from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from gatera.evaluate.findings.slices import attributes_in, slices_in, slices_section
from gatera.evaluate.items import Example, LabelledItems
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.outcomes import Outcome, over_groups
from gatera.measure.reports.classes import ErrorReport
from gatera.measure.reports.label_sets import LabelSetReport
from gatera.measure.reports.masks import MaskReport
from gatera.measure.reports.numbers import NumberReport
from gatera.measure.reports.points import PointReport
from gatera.recipes.evaluation import Evaluation
from gatera.recipes.page.training import in_groups


def measured(report, badness, wrong=None):
    outcomes = [
        Outcome(Example(f"row {place}", {"age": str(place)}, ""), "", "", wrong, float(bad), "")
        for place, bad in enumerate(badness)
    ]
    return Measurement(report, outcomes, LabelledItems([each.example for each in outcomes], "rows", ""))


def test_errors_have_the_unit_of_their_task():
    draw = np.random.default_rng(0).uniform(0.01, 0.02, 200) + np.repeat([0.5, 0], [40, 160])
    numbers = slices_section(measured(NumberReport.from_predictions(draw, draw * 0), draw))
    assert f"(off by {draw.mean():.4g} on average)" in numbers.lines[0] and "%" not in str(numbers.rows)
    prices = slices_section(measured(NumberReport.from_predictions(draw, draw * 0), 1e5 * draw))
    assert "e+" not in prices.lines[0] + str(prices.rows)
    points = PointReport.from_points([([[0, bad]], [[0, 0]], 10) for bad in draw])
    assert f"({draw.mean():.3g} pixels)" in slices_section(measured(points, draw)).lines[0]
    masks = MaskReport.from_masks([([[0, 1]], [[0, 1]])], ["a", "b"])
    found = slices_section(measured(masks, draw))
    assert f"({100 * draw.mean():.1f} % of a photo, on average)" in found.lines[0] and found.rows[0][
        2
    ].endswith(" %")


def test_where_nothing_is_wrong_no_part_is_listed():
    report = ErrorReport(80, 0, (), ())
    found = slices_section(measured(report, np.zeros(80), wrong=False))
    assert found.lines == ["No slice is clearly worse than the whole (0.0 %)."] and not found.rows


def test_parts_of_a_training_respect_the_groups_of_its_split():
    """Two of twelve patients are always wrong and old: that is said of two patients, not of twenty items."""
    patients = [f"p{place // 10}" for place in range(120)]
    wrong = np.repeat([1.0, 0.0], [20, 100])
    bare = [
        Example(f"row {place}", {"age": "old" if bad else "young"}, "") for place, bad in enumerate(wrong)
    ]
    report = ErrorReport(120, 20, (), ())
    evaluation = Evaluation(report, misses=wrong).over_groups(patients, "patient")
    items = in_groups(LabelledItems(bare, "rows", ""), evaluation)
    outcomes = [
        Outcome(each, "", "", bool(bad), bad, "") for each, bad in zip(items.examples, wrong, strict=True)
    ]
    facts = {"training": {"valid": evaluation.to_dict()}}
    together = slices_in(Measurement(over_groups(facts, outcomes, report), outcomes, items))[0]
    alone = slices_in(Measurement(report, outcomes, items))[0]
    assert together.name == alone.name == "age: old" and together.interval.low < alone.interval.low / 2


def test_items_with_several_labels_and_photos_with_masks_are_cut_by_what_they_have():
    truths = [["red", "blue"] if place < 40 else ["red"] for place in range(160)]
    wrong = np.array([place < 30 for place in range(160)])
    outcomes = [
        Outcome(Example(f"{place}", {}, truth), ", ".join(truth), "", bool(bad), float(bad), "")
        for place, (truth, bad) in enumerate(zip(truths, wrong, strict=True))
    ]
    has = np.array([["red" in truth, "blue" in truth] for truth in truths])
    several = LabelSetReport.from_predictions(has ^ wrong[:, None], has, ["red", "blue"])
    masks = MaskReport.from_masks([([[0, 1]], [[0, 1]])], ["red", "blue"])
    for report in (several, masks):
        (first,) = slices_in(Measurement(report, outcomes, LabelledItems([], "things", "")))
        assert (first.name, first.n, first.clear) == ("has blue: yes", 40, True)
    said = slices_section(Measurement(several, outcomes, LabelledItems([], "things", ""))).lines[0]
    assert (
        said == "1 slice is clearly worse than the whole (18.8 %): has blue: yes."
    )  # what a terminal shows of it


def test_recordings_are_cut_by_length_and_loudness_and_texts_in_files_by_length(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("so  so")
    sound = (np.tile(np.float32([0.1, -0.1]), 4000), 8000)
    for raw, things, cut in (
        (sound, "recordings", {"seconds": [1.0], "loudness": [pytest.approx(-20)]}),
        (file, "texts", {"length": [5]}),
    ):
        outcomes = [Outcome(Example("a", raw, "x"), "x", "x", False, 0.0, "")]
        found = attributes_in(Measurement(ErrorReport(1, 0, (), ()), outcomes, LabelledItems([], things, "")))
        assert {name: found[name] for name in cut} == cut


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        (["NA" if place % 40 == 7 else str(place) for place in range(200)], "cut below 50.5"),
        ([f"${1000 + place:,}" for place in range(200)], "cut below 1050"),
        ([f"{place / 10:.1f}".replace(".", ",") for place in range(200)], "cut below 4.975"),
        ([str(date(2023, 1, 1) + timedelta(place)) for place in range(200)], "cut 2023-01-01 to 2023-02-19"),
        (["2023-02-30", *(str(date(2023, 1, 1) + timedelta(place % 4)) for place in range(199))], None),
    ],
)
def test_columns_of_a_file_are_cut_by_the_numbers_and_dates_that_their_texts_are(cells, name):
    """Numbers beside gaps called NA, amounts, decimal commas and dates were words, of too many kinds to be parts."""
    wrong = [place < 50 for place in range(200)]
    outcomes = [
        Outcome(Example(f"row {place}", {"cut": cell}, ""), "", "", bad, float(bad), "")
        for place, (cell, bad) in enumerate(zip(cells, wrong, strict=True))
    ]
    found = slices_in(
        Measurement(ErrorReport(200, 50, (), ()), outcomes, LabelledItems([], "rows", "")), most=1
    )
    if name is None:
        assert all(part.name.startswith("cut: 2023-") for part in found)
    else:
        assert (found[0].name, found[0].clear) == (name, True)
