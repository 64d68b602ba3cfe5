from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import DataError
from gatera.data.blocks.category import CategoryBlock
from gatera.data.sources.tables import read_table
from gatera.tabular.frames import cont_cat_split
from gatera.tabular.roles import ColumnChoices, find_roles, is_class
from gatera.tabular.table import TabularPandas

N = 60


@pytest.fixture
def df() -> pd.DataFrame:
    place = np.arange(N)
    return pd.DataFrame(
        {
            "id": place + 1, "height": place / 7, "age": place * 3 % 41, "rooms": (place % 4).astype(float),
            "job": np.where(place % 2, "cook", "None"), "who": [f"person {n}" for n in place],
            "always": 5, "empty": np.nan, "blank": " ", "member": place % 3 == 0, "y": place % 2,
        }
    )  # fmt: skip


def test_columns_that_tell_nothing_are_skipped_and_named(df):
    roles = find_roles(df, ["y"])
    assert (roles.numbers, roles.categories) == (["height", "age"], ["rooms", "job", "member"])
    assert roles.skipped == {
        "id": "row numbers", "who": "almost all values differ", "always": "always the same", "empty": "empty",
        "blank": "empty",
    }  # fmt: skip
    with pytest.raises(DataError, match=r"^targets: no column 'Y' in the table\."):
        find_roles(df, ["Y"])


@pytest.mark.parametrize(
    "name", ["Ticket-Nr", "Bestellnummer", "Kundennr.", "invoice_no", "Order Number", "userid", "Nr.", "numéro", "PassengerId"]
)  # fmt: skip
def test_numbers_of_orders_and_tickets_are_not_learned_from(df, name):
    """Those of the next month are larger than any in training, and every answer was wrong."""
    assert find_roles(df.assign(**{name: df["id"] * 7 + 100_000}), ["y"]).skipped[name] == "names the rows"
    assert name in find_roles(df.assign(**{name: df["id"] // 2 + 100_000}), ["y"]).numbers


@pytest.mark.parametrize(
    "name", ["paid", "amount_paid", "bid", "aid", "liquid", "covid", "income_num", "número de empleados"]
)
def test_amounts_whose_names_end_like_ids_are_learned_from(df, name):
    """ "paid" ends in "id": such a column of amounts that all differ was left out."""
    assert name in find_roles(df.assign(**{name: df["id"] * 7 + 1}), ["y"]).numbers


def test_a_dtype_that_gaps_changed_is_only_a_hint(df):
    df.loc[::9, "rooms"] = np.nan
    assert find_roles(df, ["y"]).categories[0] == "rooms"
    with pytest.warns(UserWarning, match=r"^Skipping empty columns: empty, blank\.$"):
        numbers, categories = cont_cat_split(df, dep_var="y")
    assert (numbers, categories) == (["id", "height", "age"], ["rooms", "job", "who", "always", "member"])
    to = TabularPandas(df, cat_names="rooms", cont_names="age", y_names="y", y_block=CategoryBlock())
    assert to.classes["rooms"] == ["#na#", 0, 1, 2, 3]
    assert all(type(label) is int for label in to.classes["rooms"][1:])


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ([0, 1] * 30, True), ([0.0, 1.0] * 30, True), ([0, None] * 30, True), (list(range(60)), False),
        (list(range(15)), False), (list(range(15)) * 4, True),
        ([0.5, 1.0] * 30, False), (["a", "None"] * 30, True), ([True, False] * 30, True),
        (pd.Categorical(list(range(60))), True), (pd.array([1, None] * 30, dtype="Int64"), True),
    ],
)  # fmt: skip
def test_whether_a_target_is_a_class_comes_from_its_values(values, answer):
    assert is_class(pd.Series(values, name="y")) is answer


def test_names_of_photos_are_not_inputs_and_the_reason_leads_to_them():
    df = pd.DataFrame({"image": [f"a/{n}.JPG" for n in range(30)], "y": ["a", "b"] * 15})
    assert (
        find_roles(df, ["y"])
        .skipped["image"]
        .startswith("names of files, which are not opened; to learn from these, ")
    )


def test_labels_written_as_floats_are_the_classes_0_and_1(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{n / 7:.3f},{n % 2}.0\n" for n in range(20)))
    with pytest.warns(UserWarning, match="Column 'y' has 2 different whole numbers, which are classes"):
        to = TabularPandas(read_table(path), cont_names="x", y_names="y", y_block=None)
    assert to.frame["y"].dtype.kind == "i" and to.fields.y.vocab == [0, 1]


def test_a_number_that_is_not_finite_counts_as_missing_and_its_line_is_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,a\n\ninf,b\n3,a\n")
    said = r"^Column 'x' holds a number that is not finite, first in line 4; it counts as missing\.$"
    with pytest.warns(UserWarning, match=said):
        to = TabularPandas(read_table(path), cont_names="x", y_names="y")
    assert to.xs["x_na"].tolist() == [1, 2, 1] and to.xs["x"].tolist() == pytest.approx(
        [-(1.5**0.5), 0, 1.5**0.5]
    )
    path.write_text("x,y\n-inf,a\n\ninf,b\ninf,a\n")
    with (
        pytest.warns(UserWarning, match="3 numbers that are"),
        pytest.raises(DataError, match="no number that is finite"),
    ):
        TabularPandas(read_table(path), cont_names="x", y_names="y")
    path.write_text("x,y\n1,a\n2,\n3,a\n")
    with pytest.raises(DataError, match=r"^Column 'y' \(y_names\) is empty in line 3 of the table\."):
        TabularPandas(read_table(path), cont_names="x", y_names="y")


def test_whole_numbers_that_hardly_repeat_are_numbers_however_few():
    df = pd.DataFrame({"age": [20, 31, 22, 45, 25, 52], "floor": [1, 2, 3, 1, 2, 3], "y": list("ababab")})
    roles = find_roles(df, ["y"])
    assert (roles.numbers, roles.categories) == (["age"], ["floor"])
    assert [str(note) for note in roles.notes] == [
        "Whole numbers of at most 20 different values are categories: floor (to change: numbers='floor').",
        "Whole numbers that mostly occur once or twice are numbers: age (to change: classes='age').",
    ]


def test_sums_of_which_most_are_zero_are_numbers():
    gains = [0] * 30 + [7688, 15024, 3103, 3103, 27828]
    shops = [101] * 14 + [205, 310] * 10 + [407]
    roles = find_roles(pd.DataFrame({"gain": gains, "shop": shops, "y": list("abcde") * 7}), ["y"])
    assert (roles.numbers, roles.categories) == (["gain"], ["shop"])


def test_a_date_that_is_none_names_its_row():
    df = pd.DataFrame({"when": ["2024-01-01"] * 3 + ["2024-02-30"], "y": list("abab")}, index=[2, 3, 4, 5])
    with pytest.raises(DataError) as raised:
        find_roles(df, ["y"])
    assert str(raised.value) == (
        "Column 'when' holds something that is not a date, in row 5. Got: '2024-02-30'. Expected: a date such as 2024-02-29 or "
        "2024-02-29T12:30:00, or an empty cell. Correct it, or leave the column out: drop='when'."
    )


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (["2024-01-31", "31/01/2024", "1.2.2024"], "31/01/2024 and 2024-01-31"),
        (["12 février 2020", "1 mars 2021", "3 mai 2020"], "12 février 2020"),
        (["12-Feb-20", "1-Mar-21", "3-May-20"], "12-Feb-20"),
        (["3.9.4", "3.10.1", "2.7.18"], None),
        (["Deck 10", "Deck 12", "Junior 11"], None),
        (["12 items 20", "1 items 21", "3 parts 20"], None),
        (["2024-01-31", "none", "soon"], None),
    ],
)
def test_dates_that_are_not_read_are_named(cells, shown):
    frame = pd.DataFrame({"when": cells * 9, "x": range(27), "y": [0, 1, 2] * 9})
    said = [str(note) for note in find_roles(frame, ["y"]).notes if "has dates" in str(note)]
    ending = "which are text here; written as 2024-02-29 they are read as dates (to change: drop='when')."
    assert said == ([] if shown is None else [f"when has dates such as {shown}, {ending}"])


def test_a_word_among_dates_is_named():
    days = [f"2024-01-{1 + k % 28:02d}" for k in range(200)]
    frame = pd.DataFrame({"when": [*days, "unknown"], "x": range(201), "y": [0, 1, 2] * 67})
    said = [str(note) for note in find_roles(frame, ["y"]).notes if "when" in str(note)]
    assert said == ["when is read as text, not as dates, because of 'unknown' (to change: drop='when')."]


@pytest.mark.parametrize(
    ("name", "cells", "number"),
    [
        ("YrSold", [2006, 2007, 2008], True),
        ("model year", [2019, 2020, 2021], True),
        ("ano_venda", [2019, 2020, 2021], True),
        ("piano", [2019, 2020, 2021], False),
        ("year", [1, 2, 3], False),  # of school, say
        ("line", [2006, 2007, 2008], False),
    ],
)
def test_years_are_numbers_so_that_the_next_one_is_not_unknown(name, cells, number):
    frame = pd.DataFrame({name: cells * 20, "y": [0, 1] * 30})
    roles = find_roles(frame, ["y"])
    assert (roles.numbers == [name], roles.categories == [name]) == (number, not number)
    assert any(note.text == f"Years are numbers: {name}" for note in roles.notes) is number
    kept = find_roles(frame, ["y"], choices=ColumnChoices(classes=[name]))
    assert kept.categories == [name]
