"""Labelled items are found with the readers of training: names, sides and columns mean the same in both."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import DataError
from gatera.evaluate import measure_source
from gatera.evaluate.find_files import find_files_with_cells, find_labelled_files
from gatera.evaluate.find_masked import find_masks
from gatera.evaluate.find_rows import find_labelled_rows
from gatera.evaluate.items import Asked
from gatera.evaluate.measure_source import find_items
from gatera.program.operations import PHOTOS
from gatera.program.preprocess import Preprocessing

#: A table of sales: the price from the year of a date.
SOLD = {"name": "soldYear", "date": "sold", "part": "Year", "fill": 0.0, "had_empty": False, "mean": 0.0, "std": 1.0}  # fmt: skip


def photos(folder: Path, table: str, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not read here")
    (folder / "labels.csv").write_text(table)
    return folder


def found(folder: Path, **asked) -> dict[str, list[str]]:
    items = find_files_with_cells(folder, PHOTOS, "multilabel", ["cat", "dog"], None, Asked(**asked))
    return {example.name: example.truth for example in items.examples}


def test_names_stand_for_files_as_in_training(tmp_path):
    folder = photos(tmp_path, "file,labels\na\\1.jpg,cat;dog\n2,dog\n3.jpg,cat\n", "a/1.jpg", "b/2.JPG")
    assert found(folder) == {"a/1.jpg": ["cat", "dog"], "b/2.JPG": ["dog"]}  # 3.jpg is not there


def test_paths_of_another_computer_that_are_not_here_are_skipped(tmp_path):
    """Such a path is not below the folder: ValueError."""
    folder = photos(tmp_path, "file,labels\n1.jpg,cat\n/gone/2.jpg,dog\n", "1.jpg")
    assert found(folder) == {"1.jpg": ["cat"]}


def test_a_name_that_fits_two_files_is_refused(tmp_path):
    folder = photos(tmp_path, "file,labels\n1.jpg,cat\n", "a/1.jpg", "b/1.jpg")
    with pytest.raises(DataError, match=r"lists '1\.jpg', and 2 files are called so"):
        found(folder)


def test_the_file_column_is_found_by_what_it_holds(tmp_path):
    folder = photos(tmp_path, "id,labels,file\n7,cat,1.jpg\n", "1.jpg")
    assert found(folder, target="labels") == {"1.jpg": ["cat"]}


def test_folders_say_the_side_where_the_table_does_not(tmp_path):
    """Training photos were measured."""
    names = ["train/1.jpg", "train/2.jpg", "test/3.jpg"]
    photos(tmp_path, "file,labels\n" + "\n".join(f"{name},cat;dog" for name in names), *names)
    assert list(found(tmp_path)) == ["test/3.jpg"] and len(found(tmp_path, side="all")) == 3
    labelled = find_labelled_files(tmp_path, PHOTOS, Asked(label_from=r"^(\d)"))
    assert [example.name for example in labelled.examples] == ["test/3.jpg"]


def test_only_the_held_out_side_is_measured_and_unknown_sides_are_refused(tmp_path):
    table = "file,labels,is_valid\n1.jpg,cat,{}\n2.jpg,dog,False\n"
    photos(tmp_path, table.format("True"), "1.jpg", "2.jpg")
    assert found(tmp_path) == {"1.jpg": ["cat"]}
    photos(tmp_path, table.format("perhaps"))
    with pytest.raises(DataError, match=r"unknown is_valid in line 2.*Got: 'perhaps'"):
        found(tmp_path)


def test_the_column_of_a_date_is_needed_and_its_parts_are_not(tmp_path):
    table = tmp_path / "sales.csv"
    table.write_text("sold,price\n2024-05-01,3\n2025-06-02,4\n")
    program = SimpleNamespace(
        preprocess=Preprocessing([{"op": "read_row", "categories": [], "numbers": [SOLD]}]),
        info={},
        task="regression",
        vocab=[],
    )
    items = find_items(program, table, Asked())
    assert [example.truth for example in items.examples] == [3, 4]
    assert items.examples[0].raw == {"sold": "2024-05-01"}


@pytest.mark.parametrize(
    ("column", "held", "trained"),
    [("split", "test", "train"), ("is_valid", "1", "0"), ("Usage", "PublicTest", "Training")],
)
def test_of_a_table_with_sides_only_what_was_held_out_is_measured(tmp_path, column, held, trained):
    (tmp_path / "t.csv").write_text(f"a,{column},y\n1,{trained},x\n2,{held},y\n3,{trained},x\n4,{held},x\n")
    notes = []

    def rows(**asked):
        return find_labelled_rows(tmp_path / "t.csv", ["a"], Asked(on_note=notes.append, **asked), {})

    items = rows()
    assert [(example.name, example.raw, example.truth) for example in items.examples] == [
        ("row 2", {"a": "2"}, "y"), ("row 4", {"a": "4"}, "x"),
    ]  # fmt: skip
    assert any("is measured, 2 of 4 items (to change: --side all)" in note.for_shell() for note in notes)
    assert items.how == f"2 rows of the {'valid' if column == 'is_valid' else 'test'} set of t.csv, column y"
    assert len(rows(side="all").examples) == 4
    assert [example.name for example in rows(side="train").examples] == ["row 1", "row 3"]


def test_a_column_of_sides_that_the_program_reads_or_that_names_other_things_is_left_alone(tmp_path):
    (tmp_path / "t.csv").write_text("split,y\ntrain,x\ntest,y\n")
    assert len(find_labelled_rows(tmp_path / "t.csv", ["split"], Asked(), {}).examples) == 2
    (tmp_path / "t.csv").write_text("a,split,y\n1,half,x\n2,test,y\n")
    assert len(find_labelled_rows(tmp_path / "t.csv", ["a"], Asked(target="y"), {}).examples) == 2


def test_a_table_of_labels_alone_has_no_texts(tmp_path):
    (tmp_path / "t.csv").write_text("y\na\nb\n")
    with pytest.raises(DataError, match=r"t\.csv has no column of texts beside y"):
        find_labelled_rows(tmp_path / "t.csv", [], Asked(), {})


def masks(folder: Path, codes: str | None, numbers: np.ndarray) -> Path:
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (numbers.shape[1], numbers.shape[0])).save(folder / "images" / f"{name}.jpg")
        Image.fromarray(numbers.astype(np.uint8)).save(folder / "masks" / f"{name}.png")
    if codes is not None:
        (folder / "codes.txt").write_text(codes)
    return folder


NUMBERS = np.array([[0, 0, 1, 2], [1, 2, 2, 0]])


def test_masks_are_numbered_as_the_program_numbers_its_classes(tmp_path):
    notes = []
    found = find_masks(
        masks(tmp_path, "sky\nroad\ncar\n", NUMBERS), ["car", "sky"], Asked(on_note=notes.append)
    )
    assert [example.name for example in found.examples] == ["images/a.jpg", "images/b.jpg"]
    assert found.how == f"2 photos with masks in {tmp_path.name}"
    np.testing.assert_array_equal(found.examples[0].truth(), [[1, 1, -1, 0], [-1, 0, 0, 1]])
    assert any("does not know are not measured: road" in str(note) for note in notes)


def test_masks_without_names_are_numbers_in_the_program_s_order(tmp_path):
    notes = []
    found = find_masks(masks(tmp_path, None, NUMBERS), ["sky", "road", "car"], Asked(on_note=notes.append))
    np.testing.assert_array_equal(found.examples[1].truth(), NUMBERS)
    assert any("are taken as the program's classes, in order" in str(note) for note in notes)


def test_masks_of_other_classes_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"are not those of the program.*sky.*codes\.txt"):
        find_masks(masks(tmp_path, "sky\nroad\ncar\n", NUMBERS), ["cat", "dog"], Asked())


def with_cells(
    folder: Path, task: str, n_out: int | None, labels: tuple[str, ...] = (), **asked
) -> dict[str, object]:
    items = find_files_with_cells(folder, PHOTOS, task, labels, n_out, Asked(**asked))
    return {example.name: example.truth for example in items.examples}


def test_numbers_and_points_of_photos(tmp_path):
    photos(tmp_path, "file,x,y\n1.jpg,3,4.5\n2.jpg,0,1\n", "1.jpg", "2.jpg")
    assert with_cells(tmp_path, "points", 2) == {"1.jpg": [3, 4.5], "2.jpg": [0, 1]}
    assert with_cells(tmp_path, "regression", 1, target="y") == {"1.jpg": [4.5], "2.jpg": [1]}
    with pytest.raises(DataError, match=r"must have 1 columns of numbers beside file.*x.*y"):
        with_cells(tmp_path, "regression", 1)


def test_numbers_of_photos_are_read_as_training_reads_tables(tmp_path):
    photos(tmp_path, "file;x;y\n1.jpg;3,5;1.200\n2.jpg;0,25;950\n", "1.jpg", "2.jpg")
    assert with_cells(tmp_path, "points", 2) == {"1.jpg": [3.5, 1200], "2.jpg": [0.25, 950]}


@pytest.mark.parametrize(
    ("task", "n_out", "labels", "cells"), [("regression", 1, (), ["3", "4"]), ("multilabel", None, ("3", "4"), ["3;4", "4"])]
)  # fmt: skip
@pytest.mark.parametrize(("column", "by"), [("group", ""), ("patient", "patient")])
def test_a_column_of_groups_is_no_label_and_says_what_belongs_together(
    tmp_path, task, n_out, labels, cells, column, by
):
    """Numbers were refused beside it, and of several labels the interval was over photos."""
    rows = f"1.jpg,a,{cells[0]}\n2.jpg,,{cells[1]}\n"
    photos(tmp_path, f"file,{column},value\n{rows}", "1.jpg", "2.jpg")
    items = find_files_with_cells(tmp_path, PHOTOS, task, labels, n_out, Asked(), by)
    assert [each.group for each in items.examples] == ["a", ""]
    assert [each.truth for each in items.examples] == (
        [[3], [4]] if task == "regression" else [["3", "4"], ["4"]]
    )


def test_a_column_that_is_a_label_of_the_program_is_no_group(tmp_path):
    """A photo may show a group: the column was taken for the ids of groups, and 1 of another column for the label."""
    photos(tmp_path, "file,portrait,group,dog\n1.jpg,1,0,0\n2.jpg,0,1,1\n", "1.jpg", "2.jpg")
    labels = ("portrait", "group", "dog")
    items = find_files_with_cells(tmp_path, PHOTOS, "multilabel", labels, None, Asked())
    assert [(each.truth, each.group) for each in items.examples] == [
        (["portrait"], None),
        (["group", "dog"], None),
    ]


@pytest.mark.parametrize(("column", "by"), [("group", ""), ("patient", "patient")])
def test_groups_of_a_table_of_classes(tmp_path, column, by):
    photos(tmp_path, f"file,label,{column}\n1.jpg,cat,a\n2.jpg,dog,\n", "1.jpg", "2.jpg")
    items = find_labelled_files(tmp_path, PHOTOS, Asked(), by=by)
    assert [each.group for each in items.examples] == ["a", ""]


def test_an_empty_number_is_named_with_its_line(tmp_path):
    photos(tmp_path, "file,x\n1.jpg,3\n2.jpg,\n", "1.jpg", "2.jpg")
    with pytest.raises(DataError, match=r"labels\.csv, line 3: a label is empty"):
        with_cells(tmp_path, "regression", 1)


def test_a_column_for_each_label(tmp_path):
    photos(tmp_path, "file,cat,dog\n1.jpg,1,0\n2.jpg,true,1.0\n3.jpg,0,0\n", "1.jpg", "2.jpg", "3.jpg")
    assert with_cells(tmp_path, "multilabel", None, ("cat", "dog")) == {
        "1.jpg": ["cat"], "2.jpg": ["cat", "dog"], "3.jpg": [],
    }  # fmt: skip
    photos(tmp_path, "file,cat,dog\n1.jpg,TRUE,FALSE\n2.jpg,yes,\n", "1.jpg", "2.jpg")
    assert with_cells(tmp_path, "multilabel", None, ("cat", "dog")) == {"1.jpg": ["cat"], "2.jpg": ["cat"]}
    photos(tmp_path, "file,cat,dog\n1.jpg,1,perhaps\n", "1.jpg")
    with pytest.raises(DataError, match=r"line 2: column 'dog' says neither yes nor no"):
        with_cells(tmp_path, "multilabel", None, ("cat", "dog"))
    with pytest.raises(DataError, match="cow"):
        with_cells(tmp_path, "multilabel", None, ("cat", "dog"), target="cow")


def test_labels_of_our_own_tools_are_read_as_training_reads_them(tmp_path):
    """A file whose label was taken away, or that is gone, was an error, and "a\\\\b" another class than "a\\b"."""
    head = "file,sha256,label,split,group,source,by,at,note\n"
    rows = "1.jpg,,a\\\\b,valid,p1,,,,\n2.jpg,,,,,,,,\n3.jpg,,dog,train,,,,,\n4.jpg,,dog,,,,,,\n"
    photos(tmp_path, head + rows, "1.jpg", "2.jpg", "3.jpg", "5.jpg")
    notes = []
    items = find_labelled_files(tmp_path, PHOTOS, Asked(on_note=notes.append))
    (only,) = items.examples
    assert (only.name, only.truth, only.group) == ("1.jpg", "a\\b", "group p1")
    assert [each.name for each in items.training] == ["3.jpg"]
    (tmp_path / "labels.csv").write_text(head + "1.jpg,,cat,test,,,,,\n2.jpg,,dog,,,,,,\n")
    items = find_labelled_files(tmp_path, PHOTOS, Asked())
    assert [each.name for each in items.training] == ["2.jpg"] and items.side == "test"
    assert [str(note) for note in notes[:3]] == [
        "1 photo without a label in labels.csv is not used.",
        "1 photo is not in labels.csv and not used (gatera data add).",
        "1 file with a label in labels.csv is missing, e.g. 4.jpg.",
    ]


def test_several_labels_of_our_own_tools_are_those_of_the_column_label(tmp_path):
    """The column sha256 was taken for them: where it was empty, no file had a label, unsaid."""
    head = "file,sha256,label,split,group,source,by,at,note\n"
    photos(
        tmp_path,
        head + "1.jpg,,cat;dog,,p1,,,,\n2.jpg,,hot dog,,,,,,\n3.jpg,,,,,,,,\n",
        "1.jpg",
        "2.jpg",
        "3.jpg",
    )
    program = SimpleNamespace(task="multilabel", vocab=["cat", "dog"], preprocessing=None, info={})
    items = measure_source._find_files(program, tmp_path, PHOTOS, Asked())
    assert [(each.name, each.truth, each.group) for each in items.examples] == [
        ("1.jpg", ["cat", "dog"], "group p1"), ("2.jpg", ["hot dog"], "item 2.jpg"),
    ]  # fmt: skip
    photos(tmp_path, "file,size,labels\n1.jpg,12,cat;dog\n", "1.jpg")
    assert with_cells(tmp_path, "multilabel", None, ("cat", "dog")) == {"1.jpg": ["cat", "dog"]}


def test_measuring_proposes_no_argument_that_only_training_has(tmp_path):
    for name in ("day1/cat/1.jpg", "day2/cat/2.jpg", "day1/dog/3.jpg", "day2/dog/4.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    notes = []
    items = find_labelled_files(tmp_path, PHOTOS, Asked(on_note=notes.append))
    assert {example.truth for example in items.examples} == {"cat", "dog"}
    assert [str(note) for note in notes] == [
        "The class of photos is their folder at level 2 below the source (cat, dog), not that at level 1 (day1, day2)."
    ]


@pytest.mark.parametrize("notation", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", [True, False])
def test_rows_are_found_in_either_notation_of_accents(tmp_path, notation, asked):
    """The table may write names of columns otherwise than the one that a program learned from."""
    cells = normalize(notation, "\u00e2ge,pr\u00e9nom,\u00e9t\u00e9\n1,x,a\n2,y,b\n")
    (tmp_path / "t.csv").write_text(cells, "utf-8")
    for other in ("NFC", "NFD"):
        needed, target = [normalize(other, "\u00e2ge")], normalize(other, "pr\u00e9nom")
        given = Asked(target=target) if asked else Asked()
        items = find_labelled_rows(tmp_path / "t.csv", needed, given, {"target": target})
        assert [example.truth for example in items.examples] == ["x", "y"]
        assert needed[0] in items.examples[0].raw
