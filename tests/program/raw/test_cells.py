from __future__ import annotations

import math
import sqlite3

import numpy as np
import pandas
import pytest

from gatera.core.errors import DataError
from gatera.program.held import held
from gatera.program.raw.cells import EMPTY, UNSEEN, Codes, cells_of, is_empty, number_in
from gatera.program.tables.known_texts import MISSING_WORDS
from gatera.program.tables.numbers import NumberFormat


@pytest.mark.parametrize(
    "cell",
    [None, float("nan"), np.float32("nan"), pandas.NA, pandas.NaT, "", "  ", "NA", " nan", "null", "None"],
)
def test_what_holds_nothing_is_empty(cell):
    assert is_empty(cell)


@pytest.mark.parametrize(
    "cell", [0, 0.0, False, "0", "no", "nothing", np.int64(0), [], pandas.Timestamp("2020-01-01")]
)
def test_what_holds_something_is_not_empty(cell):
    assert not is_empty(cell)


def test_the_words_for_missing_are_those_of_pandas_and_of_three_habits(tmp_path):
    table = tmp_path / "t.csv"
    words = sorted(word for word in MISSING_WORDS - {"?", "-", "."} if word[-1:] not in "!?" or not word)
    spelled = [word.upper() for word in words if word not in ("-nan", "nan")] + ["nan", "-nan"]
    spelled = ["None" if word == "NONE" else word for word in spelled]
    table.write_text("a,b\n" + "".join(f'"{text}",1\n' for text in spelled))
    assert pandas.read_csv(table)["a"].isna().all()
    assert all(map(is_empty, spelled))


@pytest.mark.parametrize(
    ("cell", "number"),
    [(3, 3.0), ("3", 3.0), (" -2.5e3 ", -2500.0), (True, 1.0), (np.int8(7), 7.0), (np.float32(0.5), 0.5)],
)
def test_numbers_are_found_however_they_are_written(cell, number):
    assert number_in(cell, "age") == number


def test_an_empty_cell_is_no_number():
    assert math.isnan(number_in(" ", "age"))


@pytest.mark.parametrize("cell", ["old", [1], pandas.Timestamp("2020-01-01"), "16,000", 1j])
def test_something_else_than_a_number_names_column_and_cell(cell):
    with pytest.raises(DataError) as err:
        number_in(cell, "age")
    assert str(err.value) == (
        f"Column 'age' holds something that is not a number. Got: {cell!r}. Expected: a number, or an empty cell."
    )


def test_something_else_than_a_time_is_told_how_times_are_written():
    with pytest.raises(DataError, match="Expected: a time as h:mm, a number of hours, or an empty cell"):
        number_in("7h30", "start", NumberFormat(unit="h:mm"))


@pytest.mark.parametrize("cell", [float("inf"), "-inf", "1e999"])
def test_a_number_that_is_not_finite_counts_as_missing(cell):
    assert math.isnan(number_in(cell, "age"))


def test_texts_are_found_with_blanks_around_them_or_without():
    codes = Codes([" Private", "State-gov"])
    assert [codes(cell) for cell in (" Private", "Private", "Private ", "State-gov", " State-gov")] == [
        1,
        1,
        1,
        2,
        2,
    ]


def test_texts_are_found_in_either_notation_of_accents():
    composed, apart = "caf\u00e9", "cafe\u0301"
    assert Codes([composed, "tea"])(apart) == Codes([apart, "tea"])(composed) == 1
    both = Codes([composed, apart])
    assert (both(composed), both(apart), both("cafe")) == (1, 2, UNSEEN)


def test_columns_are_found_in_either_notation_of_accents():
    composed, apart = "pr\u00e9nom", "pre\u0301nom"
    assert cells_of({apart: 1, "b": 2}, [composed, "b"]) == {composed: 1, "b": 2}
    assert cells_of({composed: 1}, [apart]) == {apart: 1}
    with pytest.raises(DataError, match="No column 'c' in the row"):
        cells_of({apart: 1}, [composed, "c"])


def test_labels_that_differ_in_blanks_only_are_told_apart_as_they_are_written():
    codes = Codes(["a", " a"])
    assert (codes("a"), codes(" a"), codes("a ")) == (1, 2, UNSEEN)


@pytest.mark.parametrize("cell", [3, 3.0, "3", " 3", "3.0", np.int64(3), np.float32(3)])
def test_a_number_is_the_same_category_however_it_is_written(cell):
    assert Codes([1, 2, 3])(cell) == Codes([1.0, 2.0, 3.0])(cell) == 3
    if cell != "3.0":  # text is text
        assert Codes(["1", "2", "3"])(cell) == 3


@pytest.mark.parametrize("cell", [True, np.bool_(True), "True", "true", " TRUE"])
def test_a_truth_value_is_the_same_category_however_it_is_written(cell):
    assert Codes([False, True])(cell) == 2


def test_unknown_and_empty_cells_are_told_apart():
    codes = Codes(["cook", "nurse"])
    assert [codes(cell) for cell in ("Cook", "pilot", 7)] == [UNSEEN] * 3
    assert [codes(cell) for cell in (None, float("nan"), "", "NA", pandas.NA)] == [EMPTY] * 5


def test_a_label_that_reads_like_nothing_is_a_label():
    codes = Codes(["None", "some"])
    assert (codes("None"), codes(None), codes(float("nan"))) == (1, EMPTY, EMPTY)


def test_a_list_is_not_a_cell():
    with pytest.raises(DataError) as err:
        Codes(["a"])([1])
    assert str(err.value) == "A cell holds something that is not one value. Got: [1]."


def test_rows_that_name_their_columns_are_read_by_name_in_any_order():
    frame = pandas.DataFrame({"age": [30], "more": ["x"], "job": ["cook"]})
    row, record = next(frame.itertuples()), frame.to_records()[0]
    for raw in (row, record, held(row), held(record)):
        assert cells_of(raw, ["job", "age"]) == {"job": "cook", "age": 30}
    two = next(frame[["age", "job"]].itertuples(index=False))  # as many as are needed, in another order
    assert cells_of(two, ["job", "age"])["job"] == "cook"
    assert cells_of(("cook", 30), ["job", "age"]) == {"job": "cook", "age": 30}


def test_rows_of_a_database_are_read_by_name():
    base = sqlite3.connect(":memory:")
    base.row_factory = sqlite3.Row
    row = base.execute("select 30 as age, 'cook' as job").fetchone()
    base.close()
    assert cells_of(row, ["job", "age"]) == {"job": "cook", "age": 30}


def test_a_name_that_pandas_replaces_is_the_one_that_is_missing():
    frame = pandas.DataFrame({"age": [30], "hours per week": [40]})
    row = next(frame.itertuples(index=False))
    assert cells_of(row, ["hours per week", "age"]) == {"age": 30, "hours per week": 40}
    with pytest.raises(DataError, match="No column 'hours per week'"):  # another may be meant
        cells_of(next(frame.itertuples()), ["hours per week", "age"])
