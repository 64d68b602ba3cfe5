"""Rows of a table as items: their names, their labels, and what adding the table again changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatera.core.errors import DataError
from gatera.store import DataRepository


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("id,age,job,hired,split\nb,20,cook,yes,\na,30,clerk,no,valid\n")
    return path


@pytest.fixture
def data(tmp_path: Path) -> DataRepository:
    said: list[str] = []
    data = DataRepository.init(tmp_path / "data", said.append)
    data.said = said
    return data


def cells(data: DataRepository) -> list[tuple[str, ...]]:
    return [(row.file, row.label, row.split, row.by, *row.more) for row in data.rows()]


def test_each_row_is_an_item_named_by_the_column_that_names_each_once(data, people):
    assert data.add_rows(people, target="hired").sentence() == "2 added."
    assert data.columns() == ("age", "job")
    assert cells(data) == [("a", "no", "valid", "Ann", "30", "clerk"), ("b", "yes", "", "Ann", "20", "cook")]
    assert "Rows are named by column 'id' (to change: key=)." in data.said


def test_a_table_without_such_a_column_is_numbered_and_that_is_said(data, tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("text,label\ngood,1\ngood,0\n")
    data.add_rows(path)
    assert [row[:2] for row in cells(data)] == [("row-000001", "1"), ("row-000002", "0")]
    assert any("rows are named by their place" in line for line in data.said)


def test_how_a_table_is_read_is_said_and_can_be_said_otherwise(data, people):
    people.write_bytes("id;word\n1;кот\n2;собака\n".encode("cp1251"))
    data.add_rows(people)
    (read,) = [line for line in data.said if "cp1252" in line]
    assert read.endswith("is read as cp1252 (to change: encoding='cp1251').")
    data.said.clear()
    people.write_bytes("file;label\n1;кот\n".encode("cp1251"))
    data.label_from(people)
    assert read in data.said
    data.said.clear()
    table = data.root / "labels.csv"
    table.write_bytes(table.read_text("utf-8").replace(",", ";").encode("cp1252"))
    data.status()
    assert "labels.csv is not in UTF-8 and is read as cp1252." in data.said


def test_added_again_only_what_differs_changes_and_who_labelled_it_is_known(data, people):
    data.add_rows(people, target="hired")
    data.commit("First")
    people.write_text("id,age,job,hired,split\nb,21,cook,,\na,30,clerk,yes,\nc,40,cook,no,\n")
    added = data.add_rows(people, target="hired", by="Ben")
    assert (added.new, added.changed) == (["c"], ["b", "a"])
    # an empty label and an empty split in the table leave what is there
    assert cells(data) == [
        ("a", "yes", "valid", "Ben", "30", "clerk"),
        ("b", "yes", "", "Ann", "21", "cook"),
        ("c", "no", "", "Ben", "40", "cook"),
    ]
    assert data.add_rows(people, target="hired").sentence() == "Nothing new."


def test_rows_that_are_gone_stay_until_they_are_dropped(data, people):
    data.add_rows(people, target="hired")
    people.write_text("id,age,job,hired,split\na,30,clerk,no,\n")
    added = data.add_rows(people, target="hired")
    assert (added.missing, added.removed, len(cells(data))) == (["b"], [], 2)
    assert data.said[-1] == "1 row stays though it is not in people.csv: b (to drop them: removed=True)."
    assert data.add_rows(people, target="hired", removed=True).removed == ["b"]
    assert [row.file for row in data.rows()] == ["a"]


def test_a_column_that_becomes_the_label_is_no_cell_any_more(data, people):
    data.add_rows(people)
    assert data.columns() == ("age", "job", "hired")
    data.add_rows(people, target="hired")
    assert data.columns() == ("age", "job")
    assert [row[1] for row in cells(data)] == ["no", "yes"]
    assert any("'hired' is the label now" in line for line in data.said)


def test_labels_stay_with_the_rows_of_a_table_without_a_key(data, people):
    """A row that was put before the others took the label of the first, and so on: a bad film was "pos"."""
    people.write_text("text,stars\ngood,5\nbad,1\nsame,3\nsame,3\nfine,4\n")
    data.add_rows(people)
    for name, label in (("1", "pos"), ("2", "neg"), ("3", "x"), ("4", "y"), ("5", "pos")):
        data.label(label, f"row-00000{name}")
    people.write_text("text,city,stars\nnew,A,2\nfine,B,4\nsame,C,3\nsame,D,3\nbad,E,1\ngood!,F,5\n")
    added = data.add_rows(people)
    found = {row.file: (row.label, *row.more) for row in data.rows()}
    assert found == {
        "row-000001": ("pos", "good", "5", ""), "row-000002": ("neg", "bad", "1", "E"), "row-000003": ("x", "same", "3", "C"),
        "row-000004": ("y", "same", "3", "D"), "row-000005": ("pos", "fine", "4", "B"), "row-000006": ("", "good!", "5", "F"),
        "row-000007": ("", "new", "2", "A"),
    }  # fmt: skip
    assert sorted(added.new) == ["row-000006", "row-000007"] and added.missing == ["row-000001"]
    people.write_text(
        "text,city,stars\nnew,A,2\nnewer,G,2\nfine,B,4\nsame,C,3\nsame,D,3\nbad,E,1\ngood!,F,5\n"
    )
    assert data.add_rows(people).sentence() == "1 added."
    assert {row.file: row.more[0] for row in data.rows()}["row-000008"] == "newer"
    people.write_text(
        "text,city,stars\ngood one,Z,5\nbad,E,1\nsame,C,3\nsame,D,3\nfine,B,4\ngood!,F,5\nnew,A,2\n"
    )
    assert data.add_rows(people).changed == ["row-000001"]  # nothing moved: a cell was edited


def test_rows_of_another_table_without_a_key_are_new(data, people):
    """The rows of February took the places and the labels of those of January, which were gone: "3 changed."."""
    people.write_text("text,stars\ngood,5\nbad,1\nsame,3\n")
    data.add_rows(people)
    data.label("pos", "row-000001")
    for text, new in (
        ("text,stars\ndull,1\nsame,3\nfine,4\nlong,3\n", ["row-000004", "row-000005", "row-000006"]),
        ("text,stars\nlate,2\nbroken,1\n", ["row-000007", "row-000008"]),
        ("city\nBonn\nRome\n", ["row-000009", "row-000010"]),
    ):
        people.write_text(text)
        added = data.add_rows(people)
        assert (sorted(added.new), added.changed) == (new, [])
    found = {row.file: (row.label, *row.more) for row in data.rows()}
    assert found["row-000001"] == ("pos", "good", "5", "") and found["row-000004"] == ("", "long", "3", "")


def test_another_table_that_also_counts_from_one_does_not_take_the_places_of_the_first(data, tmp_path):
    january, february = tmp_path / "january.csv", tmp_path / "february.csv"
    texts = [f"film {i} is {'good' if i % 3 else 'bad'}" for i in range(8)]
    january.write_text(
        "id,lang,text,label\n" + "".join(f"{i},en,{text},pos\n" for i, text in enumerate(texts))
    )
    february.write_text(
        "id,lang,text\n" + "".join(f"{i},en,{'xyzwv'[i % 5] * 9} {i * i}\n" for i in range(8))
    )
    data.add_rows(january)
    before = list(data.rows())
    with pytest.raises(
        DataError, match=r"8 rows of february\.csv have the id of rows that are here"
    ) as error:
        data.add_rows(february)
    assert "key='id'" in str(error.value) and list(data.rows()) == before
    assert not data.add_rows(january).changed
    corrected = february.with_name("corrected.csv")
    corrected.write_text("id,lang,text\n" + "".join(f"{i},de,{text}\n" for i, text in enumerate(texts)))
    assert len(data.add_rows(corrected).changed) == 8  # one column is other, and the rows are the same
    corrected.write_text("id,text\n1,good\n2,bad\n")
    assert (
        len(data.add_rows(corrected).changed) == 2
    )  # so few may be corrections, or other rows: that is said
    assert data.said[-2].startswith(
        "2 rows of corrected.csv have the id of rows that are here, and no other cell in common: if they are other rows"
    )
    data.said.clear()
    corrected.write_text("id,lang,text\n1,de,better\n2,de,worse\n")
    data.add_rows(corrected)
    assert not any("no other cell" in line for line in data.said)
    assert len(data.add_rows(february, key="id").changed) == 8
    assert data.said[-1].startswith("8 rows of february.csv have the id of rows that are here")


@pytest.mark.parametrize(
    "update",
    [
        pytest.param(lambda i, text, value: f"{i},{text}!,{value}", id="all texts edited"),
        pytest.param(lambda i, text, value: f"{i},{text.upper()},{value:.1f}", id="cleaned and rounded"),
        pytest.param(lambda i, text, value: f"{i},,{value}" if i % 2 else f"{i},{text},", id="half the cells blank"),
        pytest.param(lambda i, text, value: f"{i * 40},new {i},{value + 9}", id="single rows, not counted"),
        pytest.param(lambda i, text, value: f"{i},same,0", id="columns that tell no rows apart"),
    ],
)  # fmt: skip
def test_an_update_of_a_table_whose_rows_are_counted_is_taken(data, tmp_path, update):
    table = tmp_path / "table.csv"
    names = ["rex barks", "a long day", "seven seas", "why not", "it rains", "good film", "old jazz", "zebra"]
    rows = [(i, names[i % 8] + f" {i}", (i * 37 % 101) / 7) for i in range(200)]
    table.write_text("id,text,value\n" + "".join(f"{i},{text},{value:.4f}\n" for i, text, value in rows))
    data.add_rows(table)
    table.write_text("id,text,value\n" + "".join(f"{update(*row)}\n" for row in rows[:6]))
    assert data.add_rows(table).changed


def test_a_later_export_that_brings_old_labels_back_says_so(data, people):
    """Labels that were corrected here were those of the table again: "1 added, 2 changed."."""
    data.add_rows(people, target="hired")
    data.label("no", "b", by="Ben")
    data.said.clear()
    people.write_text("id,age,job,hired,city\nb,20,cook,yes,Bonn\na,30,clerk,no,Bonn\nc,40,cook,yes,Bonn\n")
    data.add_rows(people, target="hired")
    assert data.said[-1] == (
        "1 row has the label of people.csv now, in place of another, e.g. b: no -> yes (Ben gave the one before). "
        "See them before the commit: gatera data diff"
    )
    data.said.clear()
    data.add_rows(people, target="hired")
    assert not any("in place of another" in line for line in data.said)


def test_two_people_change_different_cells_of_a_row(data, people):
    data.add_rows(people, target="hired")
    data.commit("First")
    data.checkout("ben", new_branch=True)
    people.write_text("id,age,job,hired,split\nb,20,cook,yes,\na,31,clerk,no,\n")
    data.add_rows(people, target="hired", by="Ben")
    data.commit("An age")
    data.checkout("main")
    people.write_text("id,age,job,hired,split\nb,20,cook,yes,\na,30,chef,no,\n")
    data.add_rows(people, target="hired")
    data.commit("A job")
    data.merge("ben")
    assert cells(data)[0] == ("a", "no", "valid", "Ann", "31", "chef")


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("id,a\n1,x\n", {"target": "lable"}, "No column 'lable' in people.csv"),
        ("id,a\n1,x\n", {"key": "ID2"}, "No column 'ID2' in people.csv"),
        ("id,a\n1,x\n1,y\n", {"key": "id"}, "column 'id' of people.csv has '1' more than once"),
        ("id,a\n1,x\n,y\n", {"key": "id"}, "column 'id' of people.csv is empty in 1 row"),
        ("id,split\n1,tain\n", {}, "people.csv has an unknown split in line 2. Got: 'tain'"),
        ("id,source\n1,me\n", {}, "people.csv has a column 'source', which means something else"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_changes(data, people, text, options, said):
    people.write_text(text)
    with pytest.raises(DataError) as caught:
        data.add_rows(people, **options)
    assert said in str(caught.value) and cells(data) == []
