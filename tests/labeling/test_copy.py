"""Labels beside what is labelled: the copy of a table whose columns changed since, and labels.csv in other encodings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gatera.core.errors import DataError
from gatera.data.folders.labelled import Kind
from gatera.evaluate.kept.files import kept_labels
from gatera.labeling.labels.copy import LabelledCopy
from gatera.labeling.labels.table import LabelRow, read_labels_file, write_labels_file


def rows(*texts, **more):
    return [{"text": text, "n": "1", **more} for text in texts]


@pytest.fixture
def copy(tmp_path):
    made = LabelledCopy(tmp_path / "t.csv", rows("a", "b"))
    made.cells[0] |= {"label": "cat", "source": "person", "by": "Ann"}
    made.write(["label", "source", "by"])
    return made


@pytest.mark.parametrize("made_again", [False, True])
def test_a_column_that_was_added_to_the_table_comes_into_the_copy(copy, made_again):
    """It was refused, with the advice to save the copy with commas."""
    there = LabelledCopy(copy.table, rows("a", "b", new="x"))
    there.read(made_again)
    there.write(["label", "source", "by"])
    assert copy.path.read_text() == "text,n,new,label,source,by\na,1,x,cat,person,Ann\nb,1,x,,,\n"


def test_rows_that_are_others_beside_an_added_column_are_refused(copy):
    with pytest.raises(DataError, match=r"has different rows from t\.csv"):
        LabelledCopy(copy.table, rows("b", "a", new="x")).read(made_again=True)


def test_a_column_that_was_renamed_is_named(copy):
    renamed = [{"review": each["text"], "n": "1"} for each in rows("b", "a")]
    with pytest.raises(
        DataError, match=r"has no column 'review' of t\.csv, which changed since\. Rename t-labelled"
    ):
        LabelledCopy(copy.table, renamed).read()


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are UTF-8")
def test_labels_that_are_not_in_utf8_are_refused_but_names_of_files_may_be_any_bytes(tmp_path):
    table, odd = tmp_path / "labels.csv", os.fsdecode(b"caf\xe9.txt")
    (tmp_path / odd).write_text("A text.")
    table.write_bytes(b"file,label\ncaf\xe9.txt,good\n")
    assert read_labels_file(table)[odd].label == "good"
    for cells in (b"caf\xe9.txt,sch\xf6n", b"th\xe9.txt,good"):  # as Excel saves them
        table.write_bytes(b"file,label\n" + cells + b"\n")
        with pytest.raises(DataError, match=r"labels\.csv is not in UTF-8 \(line 2\)"):
            read_labels_file(table)


def test_lines_name_their_items_as_training_finds_them(tmp_path):
    table, items = tmp_path / "labels.csv", ["a/1.txt", "a/2.TXT", "b/3.txt", "b/4.txt"]
    lines = ["1.txt,x", "a\\2.txt,y", "C:/data/b/3.txt,z", "a/4.txt,gone", "b/4.txt,here"]
    table.write_text("\n".join(["file,label", *lines]))
    rows = read_labels_file(table, items)
    assert {name: row.label for name, row in rows.items()} == {
        "a/1.txt": "x", "a/2.TXT": "y", "b/3.txt": "z", "a/4.txt": "gone", "b/4.txt": "here",
    }  # fmt: skip
    assert all(row.file == name for name, row in rows.items())


def test_a_label_of_a_file_that_is_gone_does_not_go_to_another_of_its_name(tmp_path):
    """Cameras count from 1 in each folder: what somebody said of IMG_1.jpg became the label of b/IMG_1.jpg."""
    table = tmp_path / "labels.csv"
    write_labels_file(table, [LabelRow("IMG_1.jpg", label="cat", source="person", by="ann")])
    assert list(read_labels_file(table, ["b/IMG_1.jpg"])) == ["IMG_1.jpg"]
    elsewhere = tmp_path.parent / "elsewhere.gif"
    elsewhere.write_bytes(b"x")
    (tmp_path / "labels.csv").write_text(f"file,label\n{elsewhere},cat\n")  # was a traceback
    assert list(read_labels_file(table, ["b/IMG_1.jpg"])) == [str(elsewhere)]


def test_a_person_counts_before_functions_that_labelled_the_same_file_by_another_name(tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("file,label,source\na/1.txt,pos,function:joy@1\n1.txt,neg,\na/2.txt,pos,\n2.txt,neg,\n")
    rows = read_labels_file(table, ["a/1.txt", "a/2.txt"])
    assert (rows["a/1.txt"].label, rows["a/2.txt"].label, rows["2.txt"].label) == ("neg", "pos", "neg")


def test_a_label_with_a_backslash_is_the_same_for_training(tmp_path):
    """ "C:\\new" was read with a line break in it by training."""
    row = LabelRow("1.txt", label=r"C:\new", note="two\nlines")
    write_labels_file(tmp_path / "labels.csv", [row])
    assert read_labels_file(tmp_path / "labels.csv") == {"1.txt": row}
    (tmp_path / "1.txt").write_text("A text.")
    kind = Kind(lambda folder, on_left_out: [folder / "1.txt"], "text", ".txt", Path)
    kept = kept_labels(tmp_path, kind, print)
    assert kept.files.labels == [r"C:\new"]
