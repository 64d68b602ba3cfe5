from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gatera.core.errors import DataError
from gatera.data.sources.tables import PhotoTable, formats_of, read_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / name).touch()
    return tmp_path


def frame(files=("a.jpg", "b.jpg", "c.jpg"), labels=("cat", "dog", "cat"), **more) -> pd.DataFrame:
    return pd.DataFrame({"name": files, "label": labels, **more})


def check(folder: Path, table: pd.DataFrame, **options) -> pd.DataFrame:
    about = {"file": "name", "labels": ["label"]} | options
    return PhotoTable(table, **about).checked(lambda name: f"{folder}/{name}")


def message(call) -> str:
    with pytest.raises(DataError) as err:
        call()
    return str(err.value)


def test_a_sound_table_is_returned_as_it_is(folder):
    table = frame()
    assert check(folder, table) is table
    assert check(folder, table, file=0, labels=[1]) is table


def test_an_empty_table_is_refused(folder):
    assert message(lambda: check(folder, frame([], []))) == "The table has no rows."


def test_an_unknown_column_gets_the_nearest_name(folder):
    assert message(lambda: check(folder, frame(), labels=["lable"])) == (
        "No column 'lable' in the table. Available: name, label. Did you mean 'label'?"
    )
    assert message(lambda: check(folder, frame(), file=2)) == (
        "No column 2 in the table. Available: name, label. Pass a column's name, or its position from 0 to 1."
    )


def test_empty_cells_are_named_by_their_row(folder):
    table = frame(labels=["cat", None, float("nan")])
    assert message(lambda: check(folder, table)) == (
        "Column 'label' is empty in row 1, row 2. Fill it in, or remove the rows."
    )
    assert check(folder, table, optional_labels=True) is table
    table = frame(files=["a.jpg", None, "c.jpg"])
    assert message(lambda: check(folder, table, optional_labels=True)) == (
        "Column 'name' is empty in row 1. Fill it in, or remove the rows."
    )


def test_missing_files_are_counted_and_the_first_named(folder):
    files = [f"{i}.jpg" for i in range(8)]
    assert message(lambda: check(folder, frame([*files, "a.jpg"], ["x"] * 9))) == (
        f"8 of the 9 files in the table do not exist: {folder}/0.jpg, {folder}/1.jpg, {folder}/2.jpg, "
        f"{folder}/3.jpg, {folder}/4.jpg and 3 more. "
        "Check path=, folder= and suff=, which are put around each name."
    )


def test_names_of_windows_are_files_in_folders(folder):
    (folder / "cat").mkdir()
    (folder / "cat" / "a.jpg").touch()
    (folder / r"odd\b.jpg").touch()
    table = frame([r"cat\a.jpg", r"odd\b.jpg", "c.jpg"])
    assert list(check(folder, table, file=0)["name"]) == ["cat/a.jpg", r"odd\b.jpg", "c.jpg"]
    assert next(iter(table["name"])) == r"cat\a.jpg"
    assert r"do not exist: " in message(lambda: check(folder, frame([r"dog\a.jpg", "b.jpg", "c.jpg"])))


def test_rows_that_contradict_each_other_are_refused(folder):
    table = frame(["a.jpg", "b.jpg", "a.jpg"], ["cat", "dog", "dog"])
    assert message(lambda: check(folder, table)) == (
        "The table contradicts itself about a.jpg: row 0 says 'cat', row 2 says 'dog'. "
        "Keep the right row. Several labels of one photo go into one cell, with label_delim=."
    )
    table = frame(["a.jpg", "a.jpg"], ["cat", "cat"], held_out=[True, False])
    assert message(lambda: check(folder, table, marks="held_out")) == (
        "The table contradicts itself about a.jpg: row 0 says 'cat', 'True', row 1 says 'cat', 'False'. "
        "Keep the right row. Several labels of one photo go into one cell, with label_delim=."
    )


def test_rows_that_repeat_each_other_are_left_out_and_that_is_said(folder):
    table = frame(["a.jpg", "b.jpg", "a.jpg"], ["cat", "dog", "cat"])
    with pytest.warns(UserWarning) as said:
        kept = check(folder, table)
    assert kept["name"].tolist() == ["a.jpg", "b.jpg"]
    assert len(table) == 3
    assert str(said[0].message) == (
        "1 rows of the table repeat an earlier one and are skipped, so that no photo is on both sides of the "
        "split: row 2."
    )


# -- reading


def test_a_table_is_read_and_its_index_tells_the_line(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("name,label\na.jpg,cat\n\nb.jpg,dog\n\n")
    table = read_table(path)
    assert table["label"].tolist() == ["cat", "dog"]
    assert [index + 2 for index in table.index] == [2, 4]


def test_a_table_that_is_not_there_gets_the_nearest_name(tmp_path):
    (tmp_path / "label.csv").touch()
    assert message(lambda: read_table(tmp_path / "labels.csv")) == (
        f"There is no table {tmp_path}/labels.csv. Available: label.csv. Did you mean 'label.csv'?"
    )
    assert message(lambda: read_table(tmp_path / "sub" / "labels.csv")) == (
        f"There is no table {tmp_path}/sub/labels.csv. Check its name."
    )


def test_what_is_not_a_table_is_refused(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("")
    assert (
        message(lambda: read_table(path))
        == f"{path} is empty: it has no header line with the names of its columns."
    )
    path.write_bytes(b"name,label\n\x00\xff\xfe,cat\n")
    assert message(lambda: read_table(path)) == (
        f"{path} cannot be read as a table (it holds NUL bytes, so it is not text). "
        "Check that it is a text file of rows, such as CSV, and its encoding."
    )


def test_decisions_are_warned_of_or_handed_over(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("age;income\n30;1.200,5\n40;900\n")
    with pytest.warns(UserWarning) as said:
        frame = read_table(path)
    lines = [
        "Columns are separated by a semicolon (to change: delimiter=',').",
        "Column 'income' is read as numbers with decimal sign ',', thousands separator '.' (to change: decimal='.').",
    ]
    assert [str(one.message) for one in said] == lines
    assert frame.to_dict("list") == {"age": [30, 40], "income": [1200.5, 900.0]}
    assert formats_of(frame.iloc[1:]) == {"income": {"decimal": ",", "thousands": "."}}
    notes = []
    read_table(path, on_note=notes.append)
    assert [str(note) for note in notes] == lines


def test_a_table_of_rows_is_read_without_blanks_and_with_checked_names(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("age,job\n30, cook\n\n40, nurse\n")
    frame = read_table(path)
    assert (frame["job"].tolist(), frame.index.tolist()) == (["cook", "nurse"], [0, 2])
    assert read_table(path, skipinitialspace=False)["job"].tolist() == [" cook", " nurse"]
    path.write_text("age,job, age\n1,2,3\n")
    with pytest.raises(DataError) as err:
        read_table(path)
    assert str(err.value) == (
        f"{path} has more than one column of a name. Got: ['age']. Rename one of each, or remove it."
    )


def test_units_and_times_are_numbers_and_told(tmp_path):
    path, rows = tmp_path / "t.csv", range(30)
    lines = [f"{k + 1} kg,{k % 24:02d}:{k:02d},{k + 1}%,{k % 3} stars,{k} {('m', 'km')[k % 2]}" for k in rows]
    path.write_text("\n".join(["weight,start,share,stars,way", *lines]))
    said = []
    frame = read_table(path, on_note=lambda note: said.append(str(note)))
    assert frame.dtypes.map(lambda dtype: dtype.kind).tolist()[:3] == ["i", "f", "i"]
    assert frame["stars"][1] == "1 stars"  # few whole numbers are categories, and keep their names
    units = {name: written.get("unit") for name, written in formats_of(frame).items()}
    assert units == {"weight": "kg", "start": "h:mm", "share": "%"}
    assert said == [
        "Column 'weight' is read as numbers; the unit behind them, 'kg', is left off (to change: classes='weight').",
        "Column 'start' is read as times (h:mm), in hours (to change: classes='start').",
        "Column 'way' is read as text, as its numbers have units or signs: 'm' (15 cells), 'km' (15 cells). Write all in one unit, without signs, "
        "to learn from the numbers.",
    ]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["<5", "<5", *map(str, range(6, 20))], "its numbers have units or signs: '<' (2 cells), none (14 cells). Write all in one unit"),
        ([f"USD {n}.5" for n in range(16)], "its numbers have units or signs: 'USD' (16 cells). Write all in one unit"),
        ([*(f"{n}.25" for n in range(12)), "7.5*", "3.1-"], "units or signs: '*' (1 cell), '-' (1 cell), none (12 cells)."),
        ([*(f"{n},5" for n in range(12)), "k.A."], "is read as text, not as numbers, because of 'k.A.'"),
        ([*(f"{n},500" for n in range(12)), "1,,0"], "is read as text, not as numbers, because of '1,,0'"),
    ],
)  # fmt: skip
def test_what_keeps_a_column_from_being_numbers_is_named(tmp_path, cells, said):
    path, notes = tmp_path / "t.csv", []
    pd.DataFrame({"x": cells, "y": 1.5}).to_csv(path, index=False)
    read_table(path, on_note=lambda note: notes.append(str(note)))
    assert len(notes) == 1 and said in notes[0]


@pytest.mark.parametrize(
    "cells",
    [["1.2.3", "1.2.4"], ["BMW 320", "BMW 520"], ["18-25", "26-35"], ["120/80", "110/70"], ["A1", "B2"]],
)
def test_names_with_digits_are_not_told_as_numbers_with_signs(tmp_path, cells):
    path, notes = tmp_path / "t.csv", []
    pd.DataFrame({"x": cells * 9, "y": 1.5}).to_csv(path, index=False)
    read_table(path, on_note=lambda note: notes.append(str(note)))
    assert not notes
