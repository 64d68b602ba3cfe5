from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gatera.core.errors import DataError
from gatera.evaluate.findings.copies import copies_section
from gatera.evaluate.items import Example, LabelledItems
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.outcomes import Outcome, in_groups_of, over_groups
from gatera.evaluate.questions.programs import compare_measurements
from gatera.measure.grouped import grouped_errors
from gatera.measure.reports.classes import ErrorReport
from gatera.measure.reports.label_sets import LabelSetReport
from gatera.measure.reports.masks import MaskReport
from gatera.measure.reports.numbers import NumberReport
from gatera.measure.reports.points import PointReport
from gatera.recipes.evaluation import Evaluation

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


def measured(report, rows) -> Measurement:
    return Measurement(report, rows, LabelledItems([each.example for each in rows], "rows", ""))


def test_programs_are_compared_over_patients_too():
    """100 rows of 4 patients, of whom one program is wrong about one: that is one difference, not 25."""
    patients = [f"p{place // 25}" for place in range(100)]
    good, bad = outcomes([0] * 100, patients), outcomes([1] * 25 + [0] * 75, patients)
    one, other = (
        over_groups(TRAINED, rows, ErrorReport(100, n, (), ())) for rows, n in ((good, 0), (bad, 25))
    )
    alone = compare_measurements(
        measured(ErrorReport(100, 0, (), ()), good), measured(ErrorReport(100, 25, (), ()), bad), ("a", "b")
    )
    together = compare_measurements(measured(one, good), measured(other, bad), ("a", "b"))
    assert alone.test.differ and not together.test.differ
    assert "4 groups are too few for an interval" in together.lines()[1] and together.to_dict()["groups"] == 4


def test_programs_that_were_measured_by_different_labels_are_not_compared():
    """Two of one table, of its columns q and k: one was said to be better than the other."""
    rows = outcomes([0, 1, 1, 0], "abcd")
    other = [replace(row, example=replace(row.example, truth="z")) for row in rows]
    one, two = (measured(ErrorReport(4, 2, (), ()), each) for each in (rows, other))
    with pytest.raises(
        DataError, match=r"a and b were measured against different labels.*'x' for one, 'z' for the other"
    ):
        compare_measurements(one, two, ("a", "b"))
    as_number = [replace(row, example=replace(row.example, truth=5.0)) for row in rows]
    as_text = [replace(row, example=replace(row.example, truth="5")) for row in rows]
    one, two = (measured(ErrorReport(4, 2, (), ()), each) for each in (as_number, as_text))
    assert not compare_measurements(one, two, ("a", "b")).test.differ


def test_differences_of_prices_are_written_as_prices():
    rows = outcomes([1, 2, 3, 4], "abcd")
    report = NumberReport.from_predictions([1.0] * 4, [2.0] * 4)
    far = [replace(row, wrong=None, badness=40_000 * row.badness) for row in rows]
    near = [replace(row, wrong=None) for row in rows]
    said = compare_measurements(measured(report, far), measured(report, near), ("a", "b")).lines()[0]
    assert said.startswith("Mean distance from the label of a minus that of b: +200,000; ")
    assert "e+" not in said


def beside_training(rows, report):
    training = [each.example for each in outcomes([0] * 4, ["ann", "ann", "bob", "NA"])]
    items = LabelledItems(
        [each.example for each in rows], "rows", "", training=training, grouped_by="patient"
    )
    return copies_section(replace(measured(report, rows), items=items)).lines


def test_patients_that_were_trained_on_are_named_and_the_error_is_given_without_them():
    rows = outcomes([1, 1, 0, 0, 0, 1], ["bob", "bob", "eve", "eve", "dan", "NA"])
    told = beside_training(rows, over_groups(TRAINED, rows, ErrorReport(6, 3, (), ())))
    assert told[-2] == (
        "1 of 3 groups (patient) is in the training set, too: bob; 2 of 6 items. The error on them says little about new ones."
    )
    assert told[-1].startswith("Without them the error is 25.0 % (1 of 4 wrong; 95 % interval ")
    numbers = [replace(row, wrong=None) for row in rows]
    told = beside_training(numbers, NumberReport.from_predictions([2.0, 2, 0, 0, 0, 2], [0.0] * 6))
    assert told[-1].startswith("Without them: MSE 1 (RMSE 1) on 4 items; ")
    assert "groups (patient)" not in " ".join(beside_training(rows[2:], ErrorReport(4, 1, (), ())))


def test_cells_that_another_program_wrote_anew_are_the_same_cells():
    rows = [
        replace(
            row, example=replace(row.example, raw={"patient": str(at), "a": f"{at}.50", "b": "", "c": "x"})
        )
        for at, row in enumerate(outcomes([0] * 30, "a" * 30))
    ]
    training = [
        replace(rows[at].example, raw={"patient": f"{at}.0", "a": f"{at}.5", "b": "NaN", "c": "x "})
        for at in range(10)
    ]
    items = LabelledItems(
        [each.example for each in rows], "rows", "", training=training, grouped_by="patient"
    )
    lines = copies_section(replace(measured(ErrorReport(30, 0, (), ()), rows), items=items)).lines
    assert lines[0].startswith("10 of 30 rows of the test set are also in the training set: ")
    assert lines[1].startswith("10 of 30 groups (patient) are in the training set, too: 0, 1, 2 and 7 more; ")


def test_the_difference_of_two_programs_of_masks_is_that_of_their_errors():
    """A photo of 30 pixels counts three times as much as one of 10, as in the errors that are printed."""
    rows = [
        replace(row, wrong=None, weight=weight)
        for row, weight in zip(outcomes([0, 0], "ab"), (10, 30), strict=True)
    ]
    report = MaskReport.from_masks([([[0] * 30], [[0] * 30])], ["a", "b"])
    one, other = (
        [replace(row, badness=bad) for row, bad in zip(rows, share, strict=True)]
        for share in ((0.1, 0.2), (0.4, 0.1))
    )
    test = compare_measurements(measured(report, one), measured(report, other), ("a", "b")).test
    assert test.errors == pytest.approx((7 / 40, 7 / 40)) and test.difference == pytest.approx(0)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (
            NumberReport.from_predictions([2.0, 2.0], [0.0, 0]),
            "Mean distance from the label of a minus that of b: -2;",
        ),
        (
            PointReport.from_points([([[3.0, 4.0]], [[0.0, 0.0]], 64)] * 2),
            "Error of a minus that of b: -2 pixels;",
        ),
    ],
)
def test_a_difference_has_the_unit_of_the_task(report, said):
    def of(badness):
        return [Outcome(Example(f"row {place}", {}, 1.0), 1.0, 1.0, None, badness, "") for place in range(2)]

    compared = compare_measurements(measured(report, of(1.0)), measured(report, of(3.0)), ("a", "b"))
    assert said in str(compared)


def of_films(n_films=6, each=8):
    """Frames of films: those of one are all right, or all wrong."""
    films = [f"film {place // each}" for place in range(n_films * each)]
    rows = [
        Outcome(Example(f"{place}.png", Path(f"{place}.png"), "x", film), "x", "y", None, 0.0, "")
        for place, film in enumerate(films)
    ]
    return films, rows, np.repeat(np.arange(n_films) < 2, each)


def test_masks_are_measured_over_the_groups_that_labels_name():
    """Eight frames of each of six films counted as 48 photos: an interval of 27 to 47 % where six films say 10 to 77 %."""
    _, rows, wrong = of_films()
    pairs = [([[int(bad)] * 10], [[0] * 9 + [1]]) for bad in wrong]
    alone = MaskReport.from_masks(pairs, ["ground", "disc"])
    report = over_groups({}, rows, alone)
    share = np.where(wrong, 0.9, 0.1).reshape(6, 8)[:, 0]
    draw = np.random.default_rng(1).integers(0, 6, (4000, 6))
    low, high = np.quantile(share[draw].mean(axis=1), [0.025, 0.975])
    assert report.grouped.n == 6 and report.interval.low <= low + 1e-9 and report.interval.high >= high
    assert report.interval.high - report.interval.low > 1.5 * (alone.interval.high - alone.interval.low)
    assert report.overlap_interval.low < alone.overlap_interval.low
    assert "over 6 groups" in report.lines()[0] and report.to_dict()["over_groups"]["groups"] == 6
    verdicts = [alone.verdict, report.verdict]
    assert verdicts == ["The model is clearly worse.", "The model is not clearly better."]
    one = over_groups({}, rows[:8], MaskReport.from_masks(pairs[:8], ["ground", "disc"]))
    assert "1 group is too few for an interval" in one.lines()[0] and one.to_dict()["interval95"] is None
    assert alone.over_groups([str(place) for place in range(48)], "group") == alone


def test_sets_of_labels_are_measured_over_the_groups_that_labels_name():
    films, rows, wrong = of_films()
    has = np.tile([True, False, False], (48, 1))
    found = has.copy()
    found[wrong, 1] = True
    alone = LabelSetReport.from_predictions(found, has, ["a", "b", "c"])
    report = over_groups({}, rows, alone)
    assert report.interval == grouped_errors(wrong, films, "group").interval != alone.interval
    assert report.wrong_interval.high > alone.wrong_interval.high
    assert "over 6 groups" in report.lines()[0] and report.to_dict()["over_groups"]["groups"] == 6
    assert (
        over_groups({}, rows[:8], LabelSetReport.from_predictions(found[:8], has[:8], "abc")).to_dict()[
            "interval95"
        ]
        is None
    )


def test_two_programs_of_masks_are_compared_over_groups():
    """48 frames of 6 films made a difference sure (p = 0.0005) that six films do not show."""
    _, rows, _ = of_films()
    report = over_groups({}, rows, MaskReport.from_masks([([[0, 0]], [[0, 1]])] * 48, ["a", "b"]))
    worse = np.repeat([0.1, 0.1, 0.1, 0.1, -0.1, 0.1], 8)
    one, other = (
        [replace(row, badness=0.3 + bad) for row, bad in zip(rows, by, strict=True)]
        for by in (worse, 0 * worse)
    )
    found = compare_measurements(measured(report, one), measured(report, other), ("a", "b"))
    assert not found.test.differ and found.n_groups == 6 and "over 6 groups." in found.lines()[0]


def test_a_training_on_masks_gives_its_interval_over_groups():
    films, _, wrong = of_films()
    report = MaskReport.from_masks([([[int(bad)] * 10], [[0] * 10]) for bad in wrong], ["ground", "disc"])
    found = Evaluation(report).over_groups(films, "group")
    assert found.groups == (films, "group") and found.report.grouped.n == 6
    assert found.remarks[0].startswith(
        "Items of one group are not independent; as if they were, the interval would be 2"
    )
    assert Evaluation(report).over_groups((), "group").groups is None
