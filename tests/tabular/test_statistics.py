from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.data.transforms.normalize import Normalize
from gatera.tabular.procs import Categorify, FillMissing, as_procs
from gatera.tabular.statistics import learn_columns

FRAME = pd.DataFrame(
    {"job": ["nurse", "cook", None, "cook"], "age": [30.0, np.nan, 50.0, 40.0], "n": [1, 1, 1, 1]}
)


def test_categories_are_sorted_and_gaps_remembered():
    categories, _ = learn_columns(FRAME, ["job"], [], as_procs(None))
    assert categories == [{"name": "job", "labels": ["cook", "nurse"], "had_empty": True}]


def test_numbers_have_a_fill_a_flag_and_the_statistics_of_the_filled_column():
    categories, numbers = learn_columns(FRAME, [], ["age", "n"], as_procs(None))
    assert categories == [{"name": "age_na", "missing_in": "age"}]
    filled = np.array([30.0, 40.0, 50.0, 40.0])
    assert numbers[0] == {
        "name": "age",
        "fill": 40.0,
        "had_empty": True,
        "mean": filled.mean(),
        "std": filled.std(),
    }
    assert numbers[1] == {"name": "n", "fill": 1.0, "had_empty": False, "mean": 1.0, "std": 1.0}


def test_without_normalize_numbers_stay_as_they_are_and_without_add_col_there_is_no_flag():
    categories, numbers = learn_columns(FRAME, [], ["age"], as_procs(FillMissing(add_col=False)))
    assert (categories, numbers) == (
        [],
        [{"name": "age", "fill": 40.0, "had_empty": True, "mean": 0.0, "std": 1.0}],
    )


def test_statistics_may_be_given():
    _, numbers = learn_columns(FRAME, [], ["n"], as_procs(Normalize.from_stats([3], [2])))
    assert (numbers[0]["mean"], numbers[0]["std"]) == (3.0, 2.0)
    with pytest.raises(ArgumentError) as err:
        learn_columns(FRAME, [], ["n"], as_procs(Normalize.from_stats([3, 4], [2, 2])))
    assert str(err.value) == (
        "Normalize needs one mean for each number column. Got: [3.0, 4.0]. Expected: 1: n."
    )


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (pd.Series([3, 1, 2]), [1, 2, 3]),
        (pd.Series([True, False]), [False, True]),
        (pd.Series(["b", 2, "a", 1], dtype=object), [1, 2, "a", "b"]),
        (
            pd.Series(["low", "high"]).astype(pd.CategoricalDtype(["low", "mid", "high"], ordered=True)),
            ["low", "mid", "high"],
        ),
        (
            pd.to_datetime(pd.Series(["2020-01-02", "2020-01-01"])),
            ["2020-01-01 00:00:00", "2020-01-02 00:00:00"],
        ),
        (pd.Series([1, None, 2], dtype="Int64"), [1, 2]),
        (pd.Series(["b", None, "a"], dtype="string"), ["a", "b"]),
        (pd.Series([1.0, 2.5, np.nan]), [1.0, 2.5]),
    ],
)
def test_categories_may_be_of_any_kind(column, labels):
    categories, _ = learn_columns(pd.DataFrame({"c": column}), ["c"], [], as_procs(None))
    assert categories[0]["labels"] == labels


def complaint(error, *arguments) -> str:
    with pytest.raises(error) as err:
        learn_columns(*arguments)
    return str(err.value)


def test_a_column_without_a_value_is_refused():
    empty = pd.DataFrame({"x": [None, None], "y": [np.nan, np.nan]})
    for name, roles in (("x", (["x"], [])), ("y", ([], ["y"]))):
        assert complaint(DataError, empty, *roles, as_procs(None)) == (
            f"Column {name!r} is empty in every row of the training set. Remove it from the inputs."
        )


def test_an_empty_column_among_others_is_left_out_and_named():
    frame = pd.DataFrame({"x": [None, None], "y": [np.nan, np.nan], "job": ["a", "b"], "age": [1.0, 2.0]})
    with pytest.warns(UserWarning) as found:
        categories, numbers = learn_columns(frame, ["x", "job"], ["y", "age"], as_procs(None))
    assert [entry["name"] for entry in (*categories, *numbers)] == ["job", "age"]
    assert [str(one.message) for one in found] == [
        f"Column {name!r} is empty in every row of the training set; it is left out." for name in ("x", "y")
    ]


def test_gaps_that_nothing_fills_are_refused():
    assert complaint(DataError, FRAME, [], ["age"], as_procs([Categorify, Normalize])) == (
        "Column 'age' is empty in 1 of the 4 training rows. Add FillMissing to procs, or fill the column in yourself."
    )


def test_categories_that_nothing_codes_are_refused():
    assert complaint(ArgumentError, FRAME, ["job"], [], as_procs([Normalize])) == (
        "cat_names needs Categorify in procs. Got: ['job']. Add Categorify to procs."
    )


def test_a_column_named_like_a_flag_is_refused():
    assert complaint(DataError, FRAME.assign(age_na=1), [], ["age"], as_procs(None)) == (
        "The table already has columns with the names of FillMissing's missing-value flags. "
        "Got: ['age_na']. Rename them, or pass FillMissing(add_col=False)."
    )


def test_text_among_the_numbers_is_refused():
    assert complaint(DataError, FRAME, [], ["job"], as_procs(None)) == (
        "Column 'job' holds something that is not a number. Got: 'nurse'. Expected: a number, or an empty cell."
    )


def test_the_first_number_that_is_not_finite_is_named_by_its_row():
    frame = pd.DataFrame({"x": [1.0, 2.0, np.inf, -np.inf]}, index=[10, 20, 30, 40])
    with pytest.warns(
        UserWarning, match=r"^Column 'x' holds 2 numbers that are not finite, first in row 30;"
    ):
        learn_columns(frame, [], ["x"], as_procs(None))
