from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
import warnings

import numpy as np
import pandas
import pytest

from gatera.core.errors import DataError, ProgramFileError
from gatera.program.preprocess import Preprocessing
from gatera.program.raw.row import PairReader, RowReader
from gatera.program.tables.numbers import PointNumber

CATEGORIES = [
    {"name": "job", "labels": ["cook", "nurse"], "had_empty": False},
    {"name": "income_na", "missing_in": "income"},
]
NUMBERS = [
    {"name": "age", "fill": 40.0, "had_empty": False, "mean": 40.0, "std": 10.0},
    {"name": "income", "fill": 7.0, "had_empty": True, "mean": 0.0, "std": 1.0},
]
ROW = {"job": "nurse", "age": "30", "income": 5}


def reader() -> RowReader:
    return RowReader(CATEGORIES, NUMBERS)


def complaint(raw, read=None) -> str:
    with pytest.raises(DataError) as err:
        (read or reader())(raw)
    return str(err.value)


def test_a_row_is_codes_and_then_normalised_numbers():
    array = reader()(ROW)
    assert (array.tolist(), array.dtype) == ([2.0, 1.0, -1.0, 5.0], np.float32)


@pytest.mark.parametrize(
    "raw",
    [
        {**ROW, "more": 1},
        pandas.Series(ROW),
        ["nurse", 30, 5],
        ("nurse", "30", "5.0"),
        np.array(["nurse", 30, 5], dtype=object),
    ],
)
def test_a_row_may_come_in_many_ways(raw):
    assert reader()(raw).tolist() == [2.0, 1.0, -1.0, 5.0]


def test_a_day_without_its_hour_is_told_where_the_hour_counts():
    since = {"date": "since", "fill": 1.0, "had_empty": True, "mean": 0.0, "std": 1.0}
    parts = [{**since, "name": f"since_{part}", "part": part} for part in ("Year", "Hour", "Elapsed")]
    read = RowReader([], parts)
    (said,) = read.examine({"since": "2024-05-01"})[1].values()
    assert said == "Column 'since' had times of day in training; '2024-05-01' is read as 00:00."
    assert read.notes([{"since": " 2024-W09-4 "}, {"since": "2024-05-01 00:00"}, {"since": ""}]) == [
        ["Column 'since' had times of day in training; ' 2024-W09-4 ' is read as 00:00."], [], [],
    ]  # fmt: skip
    assert len(read.examine({"since": datetime.date(2024, 5, 1)})[1]) == 1
    assert read.examine({"since": datetime.datetime(2024, 5, 1)})[1] == {}
    assert RowReader([], [parts[0]]).examine({"since": "2024-05-01"})[1] == {}


@pytest.mark.parametrize(
    ("cell", "another"),
    [
        ("2024-03-01T00:00:00+02:00", True), ("2024-02-29 22:00-05:00", True), ("2024-03-01T12:00+02:00", False),
        ("2024-03-01T00:00:00Z", False), ("2024-03-01T00:00", False), ("2024-W09-4", False), ("2024-03-01", False),
        (pandas.Timestamp("2024-03-01", tz="Europe/Madrid"), True), (pandas.Timestamp("2024-03-01"), False),
        (datetime.date(2024, 3, 1), False), ("", False), (None, False),
    ],
)  # fmt: skip
def test_a_time_of_another_day_in_utc_is_told_once(cell, another):
    since = {"date": "since", "fill": 1.0, "had_empty": True, "mean": 0.0, "std": 1.0}
    read = RowReader(
        [], [{**since, "name": f"since_{part}", "part": part} for part in ("Year", "Day", "Elapsed")]
    )
    said = [f"Column 'since': {cell!r} is read in UTC, where it is another day."] if another else []
    assert read.notes([{"since": cell}]) == [said]


@pytest.mark.parametrize(
    ("cell", "hour"),
    [
        ("2024-03-01T12:00+02:00", True), ("2024-03-01T12:00+00:00", False), ("2024-03-01T12:00Z", False),
        ("2024-03-01T12:00", False), (pandas.Timestamp("2024-03-01 12:00", tz="Asia/Kolkata"), True), ("", False),
    ],
)  # fmt: skip
def test_a_time_of_another_hour_in_utc_is_told_where_the_hour_counts(cell, hour):
    since = {"date": "since", "fill": 1.0, "had_empty": True, "mean": 0.0, "std": 1.0}
    parts = [{**since, "name": f"since_{part}", "part": part} for part in ("Hour", "Elapsed")]
    said = [f"Column 'since': {cell!r} is read in UTC, where it is another hour."] if hour else []
    assert RowReader([], parts).notes([{"since": cell}]) == [said]
    assert RowReader([], parts[1:]).notes([{"since": cell}]) == [[]]
    if hour:
        assert RowReader([], [{**each, "zoned": True} for each in parts]).notes([{"since": cell}]) == [[]]


@pytest.mark.parametrize(
    ("cell", "without"),
    [
        ("2024-03-01T00:00:00+02:00", False), ("2024-03-01T12:00:00Z", False), ("2024-03-01 00:00", True),
        ("2024-03-01", True), ("2024-W09-4", True), (datetime.date(2024, 3, 1), True),
        (pandas.Timestamp("2024-03-01", tz="Asia/Kolkata"), False), (pandas.Timestamp("2024-03-01"), True),
        ("", False), (None, False), (pandas.NaT, False), (np.datetime64("NaT"), False),
    ],
)  # fmt: skip
def test_a_date_without_the_time_zone_that_training_had_is_told_once(cell, without):
    since = {"date": "since", "fill": 1.0, "had_empty": True, "mean": 0.0, "std": 1.0, "zoned": True}
    read = RowReader(
        [], [{**since, "name": f"since_{part}", "part": part} for part in ("Year", "Day", "Elapsed")]
    )
    said = [f"Column 'since' had time zones in training; {cell!r} is read as UTC."] if without else []
    assert read.notes([{"since": cell}]) == [said]


def test_a_gap_that_training_had_is_filled_and_flagged_without_a_word():
    assert reader()({**ROW, "income": None}).tolist() == [2.0, 2.0, -1.0, 7.0]


def test_what_training_did_not_know_is_said_once_for_each_column():
    read = reader()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(2):
            assert read({"job": "pilot", "age": "", "income": 5}).tolist() == [0.0, 1.0, 0.0, 5.0]
    assert [str(one.message) for one in said] == [
        "Unseen category 'pilot' in column 'job'; treated as unknown (#na#). This warning is shown "
        "once per column.",
        "Column 'age' is empty, which it never was in training; 40 is used. This warning is shown once per column.",
    ]


def test_of_some_rows_of_a_table_no_number_of_cells_is_told():
    """Tables are read a few rows at a time: "It affects 2 cells" was said of a category in 70 of 500 rows."""
    with pytest.warns(UserWarning) as said:
        reader().rows([{**ROW, "job": "pilot"}] * 3)
    assert [str(one.message) for one in said] == [
        "Unseen category 'pilot' in column 'job'; treated as unknown (#na#). This warning is shown once per column."
    ]


@pytest.mark.parametrize("cell", ["inf", float("-inf"), 1e300])
def test_a_number_that_is_not_finite_is_not_called_empty(cell):
    with pytest.warns(
        UserWarning,
        match=rf"^Column 'age' holds {re.escape(repr(cell))}, which is too large or not finite; 40 is used",
    ):
        assert reader()({**ROW, "age": cell}).tolist() == reader()({**ROW, "age": 40}).tolist()


def test_an_empty_category_is_unknown_and_said():
    with pytest.warns(
        UserWarning, match=r"^Column 'job' is empty, which it never was in training; treated as unknown"
    ):
        assert reader()({**ROW, "job": float("nan")})[0] == 0


def test_a_table_is_read_like_its_rows_and_what_is_said_counts_the_cells():
    table = {
        "job": ["cook", "pilot", "guard"],
        "age": np.array([40, 50, 60]),
        "income": np.array([1.0, np.nan, 3.0]),
    }
    with pytest.warns(UserWarning) as said:
        array = reader().table(table, " of the validation split")
    assert array.tolist() == [[1, 1, 0, 1], [0, 2, 1, 7], [0, 1, 2, 3]]
    assert [str(one.message) for one in said] == [
        "In the rows of the validation split: unseen category 'pilot' in column 'job'; treated as unknown (#na#). It affects 2 cells."
    ]


def test_a_missing_column_offers_the_nearest_name():
    assert complaint({"job": "cook", "Age": 30, "income": 5}) == (
        "No column 'age' in the row. Available: job, Age, income. Did you mean 'Age'?"
    )
    assert complaint({}) == "No column 'job' in the row, nor age, income."


def test_a_row_of_another_length_is_refused():
    assert (
        complaint(["nurse", 30]) == "The row has 2 cells. Got: ['nurse', 30]. Expected: 3: job, age, income."
    )


@pytest.mark.parametrize("raw", ["nurse", b"nurse", 7, None])
def test_what_is_no_row_is_refused(raw):
    received = "" if raw is None else f" Got: {raw!r}."
    assert complaint(raw) == (
        f"A row cannot be given as {type(raw).__name__}.{received} Expected: a dict of column names and cells, a pandas Series, "
        "or a list of cells."
    )


def test_a_cell_that_cannot_be_read_names_its_column():
    assert complaint({**ROW, "age": "old"}) == (
        "Column 'age' holds something that is not a number. Got: 'old'. Expected: a number, or an empty cell."
    )
    assert complaint({**ROW, "job": ["cook"]}) == (
        "Column 'job' holds something that is not one value. Got: ['cook']."
    )


@pytest.mark.parametrize("cell", [float("inf"), "-inf", float("nan"), 1e39, "-1e300", 10**400])
def test_a_number_that_is_not_finite_is_read_as_an_empty_cell(cell):
    read = RowReader(
        [{"name": "age_na", "missing_in": "age"}],
        [{"name": "age", "fill": 40.0, "had_empty": True, "mean": 40.0, "std": 10.0}],
    )
    assert read([cell]).tolist() == read([None]).tolist() == [2.0, 0.0]
    if cell != 10**400:
        assert read.table({"age": np.array([float(cell), 50.0])}).tolist() == [[2.0, 0.0], [1.0, 1.0]]


def test_a_program_without_columns_is_refused():
    with pytest.raises(ProgramFileError) as err:
        RowReader([], [])
    assert str(err.value) == "The program reads rows and names no column."


def test_flags_alone_still_read_their_column():
    read = RowReader([{"name": "age_na", "missing_in": "age"}], [])
    assert (read.columns, read([None]).tolist()) == (("age",), [2.0])


# ---- pairs

PAIR = {
    "op": "read_pair",
    "columns": ["user", "film"],
    "users": [7, 9],
    "items": ["Alien", "Brazil"],
    "rated": None,
}


@pytest.mark.parametrize("raw", [(9, "Alien"), ["9", " Alien"], {"film": "Alien", "user": 9.0, "rating": 3}])
def test_a_pair_is_two_codes(raw):
    array = Preprocessing([PAIR])(raw)
    assert (array.tolist(), array.dtype) == ([2, 1], np.int64)


def test_an_unknown_user_is_zero_and_said_once():
    read = PairReader(["user", "film"], [7, 9], ["Alien", "Brazil"])
    with pytest.warns(UserWarning) as said:
        assert [read((8, "Alien")).tolist(), read((6, "Alien")).tolist()] == [[0, 1], [0, 1]]
    assert [str(one.message) for one in said] == [
        "Unseen category 8 in column 'user'; treated as unknown (#na#). This warning is shown once per column."
    ]


def test_a_pair_of_three_is_refused():
    assert complaint((1, 2, 3), PairReader(["user", "film"], [7], ["A"])) == (
        "The row has 3 cells. Got: [1, 2, 3]. Expected: 2: user, film."
    )


# ---- as a program holds them

ROWS = {"op": "read_row", "categories": CATEGORIES, "numbers": NUMBERS}


@pytest.mark.parametrize("op", [ROWS, PAIR])
def test_the_operation_survives_json(op):
    first = Preprocessing([op])
    assert first.config == [op]
    assert Preprocessing(json.loads(json.dumps(first.config))).config == first.config


def test_the_words_name_what_is_read():
    assert Preprocessing([PAIR]).words == ["look up user and film"]
    assert Preprocessing([ROWS]).words == ["read a row: a code for each category, then the numbers"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("categories", "job"),
        ("categories", [3]),
        ("categories", [{"name": "job", "labels": ["a", "a"], "had_empty": True}]),
        ("categories", [{"name": "job", "labels": [["a"]], "had_empty": True}]),
        ("categories", [{"name": "job", "labels": [float("nan")], "had_empty": True}]),
        ("categories", [{"name": "job", "labels": "ab", "had_empty": True}]),
        ("categories", [{"name": "job", "labels": ["a"], "had_empty": 1}]),
        ("categories", [{"name": "job", "labels": ["a"]}]),
        ("categories", [{"name": 3, "labels": ["a"], "had_empty": True}]),
        ("categories", [{"name": "job_na", "missing_in": 3}]),
        ("numbers", [{"name": "age"}]),
        ("numbers", [{**NUMBERS[0], "std": 0}]),
        ("numbers", [{**NUMBERS[0], "std": float("nan")}]),
        ("numbers", [{**NUMBERS[0], "mean": float("inf")}]),
        ("numbers", [{**NUMBERS[0], "fill": "40"}]),
        ("numbers", [{**NUMBERS[0], "fill": True}]),
        ("numbers", [{**NUMBERS[0], "had_empty": "no"}]),
        ("numbers", [{**NUMBERS[0], "name": None}]),
        ("numbers", [{**NUMBERS[0], "more": 1}]),
    ],
)
def test_a_damaged_row_description_is_refused(field, value):
    with pytest.raises(
        ProgramFileError, match=rf"^'{field}' of preprocessing step 1 \(read_row\) is not valid\."
    ):
        Preprocessing([{**ROWS, field: value}])


@pytest.mark.parametrize(
    ("field", "value"),
    [("columns", ["user"]), ("columns", ["a", "a"]), ("columns", [1, 2]), ("users", 7), ("items", [None])],
)
def test_a_damaged_pair_description_is_refused(field, value):
    with pytest.raises(
        ProgramFileError, match=rf"^'{field}' of preprocessing step 1 \(read_pair\) is not valid\."
    ):
        Preprocessing([{**PAIR, field: value}])


@pytest.mark.slow
def test_rows_are_read_without_pandas_and_torch():
    code = f"""
import sys
from gatera.program.preprocess import Preprocessing
print(Preprocessing([{ROWS!r}])({ROW!r}).tolist(), "pandas" in sys.modules or "torch" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[2.0, 1.0, -1.0, 5.0] False"


def test_numbers_may_be_written_otherwise():
    written = {"decimal": ",", "thousands": "."}
    config = {
        "op": "read_row",
        "categories": [
            {"name": "size", "labels": [1.5, 1200], "had_empty": True, **written},
            {"name": "income_na", "missing_in": "income"},
        ],
        "numbers": [{"name": "income", "fill": 7.0, "had_empty": True, "mean": 0.0, "std": 1.0, **written}],
    }
    read = Preprocessing([config])
    assert read({"size": "1,5", "income": "1.234,5"}).tolist() == [1.0, 1.0, 1234.5]
    assert read({"size": "1.200", "income": "n/a"}).tolist() == [2.0, 2.0, 7.0]
    assert read({"size": 1200, "income": 12.5}).tolist() == [2.0, 1.0, 12.5]


@pytest.mark.parametrize(
    "written",
    [
        {"decimal": ","},
        {"decimal": "x", "thousands": ""},
        {"decimal": ",", "thousands": "_"},
        {"unit": "kg"},
        {"zoned": True},
        {"date": "since", "part": "Year", "zoned": False},
        *({"decimal": ".", "thousands": "", "unit": unit} for unit in ("", " kg", "k" * 21, 5)),
    ],
)
def test_only_known_ways_of_writing_numbers_and_dates_are_taken(written):
    number = {"name": "age", "fill": 7.0, "had_empty": True, "mean": 0.0, "std": 1.0, **written}
    with pytest.raises(ProgramFileError):
        Preprocessing([{"op": "read_row", "categories": [], "numbers": [number]}])


@pytest.mark.parametrize(
    ("unit", "cells", "said"),
    [
        ("%", ["45%", "0", " 12.5 % ", "", None], None),
        ("%", ["0.45"], "in % in training; '0.45' is read as 0.45 %"),
        ("%", [0.45, "45%", 45], "in % in training; 0.45 is read as 0.45 %"),
        ("kg", [12, 0.5], None),
        ("kg", ["12"], "in kg in training; '12' is read as 12 kg"),
        ("{x}", ["12"], "in {x} in training; '12' is read as 12 {x}"),
        ("h:mm", ["14:30"], None),
        ("h:mm", ["14.5"], "as times (h:mm) in training; '14.5' is read as 14.5 hours"),
    ],
)
def test_a_number_without_the_unit_of_training_is_told(unit, cells, said):
    written = {"decimal": ".", "thousands": "", "unit": unit}
    number = {"name": "share", "fill": 7.0, "had_empty": True, "mean": 0.0, "std": 1.0, **written}
    notes = RowReader([], [number]).notes([{"share": cell} for cell in cells])
    assert notes[0] == ([] if said is None else [f"Column 'share' was written {said}."])
    assert not any(notes[1:])


@pytest.mark.parametrize("cell", ["45%", "45 %", " -1,5% "])
def test_a_percent_sign_that_training_did_not_have_is_told(cell):
    """A workbook's 0.45 is "45%" in the CSV that Excel writes of it: it was 45, unsaid."""
    number = {"name": "share", "fill": 7.0, "had_empty": True, "mean": 0.0, "std": 1.0}
    said = f"Column 'share': {cell!r} is read without its percent sign, not divided by 100."
    cells = [cell, "45", 0.45, "$45", "0%", "", None]
    assert RowReader([], [number]).notes([{"share": each} for each in cells]) == [
        [said],
        [],
        [],
        [],
        [],
        [],
        [],
    ]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (
            ["8.123", "12.75", "1.234,5", "-1.234"],
            [0, 3],
        ),  # decimal points, of which some have three digits behind them
        (["8.123", "2843.482"], [0]),
        (["8.123", "0.285"], [0]),
        (["8.123", "1.234,5", "12", "31,5", "", 12.75], []),
    ],
)
def test_points_between_thousands_that_are_decimal_signs_elsewhere_are_told(cells, told):
    """A program that learned "1.234,5" took half of a table of decimal points for thousands, unsaid: 53 % wrong for 0."""
    number = {"name": "x", "fill": 7.0, "had_empty": True, "mean": 0.0, "std": 1000.0}
    read = RowReader([], [{**number, "decimal": ",", "thousands": "."}])
    said = "Column 'x': {!r} is read with '.' between thousands, as in training, though it is the decimal sign of other cells."
    wanted = [[said.format(cell)] if place in told else [] for place, cell in enumerate(cells)]
    assert read.notes([{"x": cell} for cell in cells]) == wanted
    assert not any(read.notes([{"x": cell}])[0] for cell in cells)  # one cell does not show it


def test_a_number_far_from_training_s_that_is_among_them_with_a_decimal_point_is_told():
    number = {"name": "x", "fill": 7.0, "had_empty": True, "mean": 50.0, "std": 20.0}
    read = RowReader([], [{**number, "decimal": ",", "thousands": "."}])
    said = (
        "Column 'x': '41.083' is read with '.' between thousands, as in training, which is far from training's numbers; "
        "with '.' as the decimal sign it is among them."
    )
    assert read.notes([{"x": "41.083"}]) == [[said]]
    for usual in ("41,083", "41.08", 41.083, PointNumber("41.083"), "900.000", "1.234.567", ""):
        assert read.notes([{"x": usual}]) == [[]], usual
    prices = RowReader([], [{**number, "decimal": ",", "thousands": ".", "mean": 40e3, "std": 20e3}])
    assert prices.notes([{"x": "41.083"}]) == [[]]


@pytest.mark.parametrize(
    "written", [{}, {"decimal": ",", "thousands": "\u202f"}, {"decimal": ",", "thousands": " "}]
)
def test_a_number_far_below_training_s_that_is_among_them_with_thousands_is_told(written):
    """ "47.022" of a German file was 47.022 for a program that learned 47022, unsaid."""
    read = RowReader([], [{"name": "x", "fill": 5e4, "had_empty": True, "mean": 6e4, "std": 4e4, **written}])
    said = (
        "Column 'x': '47.022' is read with '.' as the decimal sign, which is far from training's numbers; "
        "with '.' between thousands it is among them."
    )
    assert read.notes([{"x": "47.022"}]) == [[said]]
    for usual in ("47022", "47.02", 47.022, PointNumber("47.022"), "900.000", "0.285", "1000.125", ""):
        assert read.notes([{"x": usual}]) == [[]], usual
    small = RowReader(
        [], [{"name": "x", "fill": 50.0, "had_empty": True, "mean": 50.0, "std": 20.0, **written}]
    )
    assert small.notes([{"x": "47.022"}]) == [[]]


def test_signs_of_numbers_with_a_unit_are_looked_at_before_it():
    number = {"name": "x", "fill": 7.0, "had_empty": True, "mean": 50.0, "std": 20.0, "unit": "kg"}
    read = RowReader([], [{**number, "decimal": ",", "thousands": "."}])
    assert "41.083 kg' is read with '.' between thousands" in read.notes([{"x": "41.083 kg"}])[0][0]


@pytest.mark.parametrize("cell", ["47.022 \u20ac", "47.022\u20ac", "$47.022", " 47.022 ", "(47.022)"])
def test_signs_of_amounts_are_looked_at_without_their_currency(cell):
    """ "47.022 €" of a German price list was 47.022 for a program that learned 47022, unsaid."""
    sign = -1 if "(" in cell else 1
    read = RowReader([], [{"name": "x", "fill": 5e4, "had_empty": True, "mean": sign * 6e4, "std": 4e4}])
    assert f"{cell!r} is read with '.' as the decimal sign" in read.notes([{"x": cell}])[0][0]
    number = {"name": "x", "fill": 7.0, "had_empty": True, "mean": 0.0, "std": 1e6}
    read = RowReader([], [{**number, "decimal": ",", "thousands": "."}])
    assert "the decimal sign of other cells" in read.notes([{"x": cell}, {"x": "12.75"}])[0][0]


def test_no_thousands_begin_with_a_zero():
    """0.285 was 285 for a program that learned "1.234,5"."""
    number = {"name": "x", "fill": 7.0, "had_empty": True, "mean": 0.0, "std": 1.0}
    read = RowReader([], [{**number, "decimal": ",", "thousands": "."}])
    found = [read({"x": cell})[0] for cell in ("0.285", "-0.285", "10.285")]
    assert found == pytest.approx([0.285, -0.285, 10285])
    with pytest.raises(DataError, match="not a number"):
        RowReader([], [{**number, "decimal": ".", "thousands": ","}])({"x": "0,285"})


def test_of_a_whole_table_whose_units_were_left_off_nothing_is_told():
    number = {"name": "share", "fill": 7.0, "had_empty": True, "mean": 0.0, "std": 1.0}
    read = RowReader([], [{**number, "decimal": ".", "thousands": "", "unit": "%"}])
    assert read.table({"share": np.array([45.0, 12.5])}).tolist() == [
        [45.0],
        [12.5],
    ]  # warnings are errors here


def test_a_missing_date_is_said_once_for_all_its_parts():
    parts = ("Year", "Month", "Day")
    about = {"fill": 3.0, "had_empty": False, "mean": 0.0, "std": 1.0, "date": "sold"}
    read = RowReader([], [{**about, "name": f"sold{part}", "part": part} for part in parts])
    with pytest.warns(UserWarning) as said:
        assert read({"sold": ""}).tolist() == [3, 3, 3]
    assert [str(one.message) for one in said] == [
        "Column 'sold' is empty, which it never was in training; the usual value in training is used. This warning is shown "
        "once per column."
    ]


def test_several_rows_are_read_as_one_by_one():
    rows = [["cook", 30, 1], {"job": "nurse", "age": "41.5", "income": ""}, ["", None, "5"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone = [reader()(row).tolist() for row in rows]
        assert reader().rows(rows).tolist() == alone
    with pytest.raises(DataError):
        reader().rows([*rows, ["cook"]])
    pairs = PairReader(["user", "film"], [7, 9], ["Alien", "Brazil"])
    assert pairs.rows([(9, "Alien"), ("7", "Brazil")]).tolist() == [[2, 1], [1, 2]]
