"""`labels.csv` and its relatives: names of files, columns of labels, sides."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders.holdout import hold_out
from gatera.data.folders.labelled import Kind, read_folder
from gatera.data.folders.labels_csv import find_labels
from gatera.data.sources.items import get_image_files

PHOTOS = Kind(get_image_files, "photo", ".jpg", Image.open)


def touch(folder: Path, *names: str, **tables: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def read(folder: Path, **options):
    """Return name -> label, and what was decided."""
    notes: list = []
    found = read_folder(folder, PHOTOS, on_note=notes.append, **options)
    labels = {
        path.relative_to(folder).as_posix(): label
        for path, label in zip(found.files, found.labels, strict=True)
    }
    return labels, [str(note) for note in notes]


def complaint(folder: Path, kind=DataError, **options) -> str:
    with pytest.raises(kind) as err:
        read_folder(folder, PHOTOS, on_note=lambda note: None, **options)
    return str(err.value).replace(f"{folder}/", "").replace(str(folder), "FOLDER")


# -- which file


@pytest.mark.parametrize(
    "names",
    [
        ["1.jpg", "sub/2.jpg"], ["1", "2"], ["1", "sub/2"], [r".\1.jpg", r"sub\2.jpg"], ["1.JPG", "2.JPG"],
        ["/home/me/photos/1.jpg", r"C:\photos\2.jpg"],
    ],
)  # fmt: skip
def test_a_file_is_found_by_whatever_part_of_its_name_is_given(tmp_path, names):
    folder = touch(tmp_path, "1.jpg", "sub/2.jpg")
    (folder / "labels.csv").write_text(f"file,label\n{names[0]},cat\n{names[1]},dog\n")
    assert read(folder) == ({"1.jpg": "cat", "sub/2.jpg": "dog"}, [])


@pytest.mark.parametrize(("there", "listed"), [("cafe\u0301", "caf\u00e9"), ("caf\u00e9", "cafe\u0301")])
def test_a_file_is_found_in_either_notation_of_accents(tmp_path, there, listed):
    folder = touch(tmp_path, f"{there}/{there}.jpg", "2.jpg")
    (folder / "labels.csv").write_text(f"file,label\n{listed}/{listed}.jpg,cat\n2,dog\n")
    assert read(folder)[0] == {f"{there}/{there}.jpg": "cat", "2.jpg": "dog"}


@pytest.mark.parametrize(
    ("files", "name", "listed"),
    [(["1.jpg", "1.png"], "1", "1.jpg, 1.png"), (["a/1.jpg", "b/1.jpg"], "1.jpg", "a/1.jpg, b/1.jpg")],
)
def test_a_name_that_fits_two_files_is_refused(tmp_path, files, name, listed):
    folder = touch(tmp_path, *files)
    (folder / "labels.csv").write_text(f"file,label\n{name},cat\n")
    assert complaint(folder) == (
        f"labels.csv lists {name!r}, and 2 files are called so. Available: {listed}. "
        "Write its name with its folder and its ending."
    )


def test_a_whole_name_is_taken_even_where_another_file_has_its_stem(tmp_path):
    folder = touch(tmp_path, "1.jpg", "1.png", "2.jpg")
    (folder / "labels.csv").write_text("file,label\n1.jpg,cat\n1.png,dog\n2.jpg,dog\n")
    assert read(folder)[0] == {"1.jpg": "cat", "1.png": "dog", "2.jpg": "dog"}


def test_files_that_the_table_does_not_name_are_counted(tmp_path):
    folder = touch(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    (folder / "labels.csv").write_text("file,label\n1.jpg,cat\n2.jpg,dog\n")
    assert read(folder)[1] == ["1 file is not in labels.csv and is not used."]


# -- which column


def test_the_columns_are_found_by_what_they_hold_and_told(tmp_path):
    folder = touch(tmp_path, "a1.jpg", "a2.jpg")
    (folder / "labels.csv").write_text("diagnosis,scan,split\nwell,a1,train\nill,a2,valid\n")
    labels, notes = read(folder)
    assert labels == {"a1.jpg": "well", "a2.jpg": "ill"}
    assert notes == [
        "The file is in column 'scan', the label in 'diagnosis' (to change: target='diagnosis')."
    ]


def test_several_columns_that_could_be_the_label_are_asked_about(tmp_path):
    folder = touch(tmp_path, "a1.jpg", "a2.jpg")
    (folder / "labels.csv").write_text("image_id,dx,age,sex\na1,well,30,f\na2,ill,40,m\n")
    assert complaint(folder) == (
        "labels.csv has several columns that could be the label. Got: 'dx, age, sex'. Name it: target=."
    )
    assert read(folder, target="dx") == ({"a1.jpg": "well", "a2.jpg": "ill"}, [])
    assert complaint(folder, target="agee") == (
        "target=: no column 'agee' in labels.csv. Available: image_id, dx, age, sex. Did you mean 'age'?"
    )


@pytest.mark.parametrize("names", ["x,y", "y1,x1", "nose_x,nose_y", "c0x,c0y"])
def test_coordinates_are_points_and_not_labels(tmp_path, names):
    folder = touch(tmp_path, "a1.jpg", "a2.jpg")
    (folder / "labels.csv").write_text(f"file,{names}\na1.jpg,30,4.5\na2.jpg,,\n")
    assert complaint(folder).endswith(
        "Points of a photo are learned in Python, by a DataBlock with PointBlock; else name the column: target=."
    )


def test_a_target_without_a_table_is_refused(tmp_path):
    folder = touch(tmp_path, "cat/1.jpg", "dog/2.jpg")
    assert "target= says how to read labels.csv, and no labels.csv in" in complaint(
        folder, ArgumentError, target="dx"
    )


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("1.0", "0.0")])
def test_a_column_for_each_class_gives_their_names(tmp_path, yes, no):
    folder = touch(tmp_path, "a1.jpg", "a2.jpg", "a3.jpg")
    (folder / "labels.csv").write_text(
        f"image,MEL,NV,BCC\na1,{yes},{no},{no}\na2,{no},{yes},{no}\na3,{no},{no},{yes}\n"
    )
    labels, notes = read(folder)
    assert labels == {"a1.jpg": "MEL", "a2.jpg": "NV", "a3.jpg": "BCC"}
    assert notes == [
        "The file is in column 'image', a class in each of MEL, NV, BCC (to change: target='BCC')."
    ]


@pytest.mark.parametrize(
    ("cells", "said"), [("1,1", "2 labels in line 3. Got: 'A, B'"), ("0,0", "no labels in line 3")]
)
def test_a_file_of_no_class_or_of_two_is_refused(tmp_path, cells, said):
    folder = touch(tmp_path, "a1.jpg", "a2.jpg")
    (folder / "labels.csv").write_text(f"image,A,B\na1,1,0\na2,{cells}\n")
    assert f"labels.csv gives a2 {said}" in complaint(folder)


def test_one_column_of_0_and_1_is_a_label(tmp_path):
    folder = touch(tmp_path, "a1.jpg", "a2.jpg")
    (folder / "labels.csv").write_text("id,has_cactus\na1.jpg,1\na2.jpg,0\n")
    assert read(folder) == ({"a1.jpg": "1", "a2.jpg": "0"}, [])


def test_a_table_without_a_header_keeps_its_first_row(tmp_path):
    folder = touch(tmp_path, "a1.jpg", "a2.jpg", "a3.jpg")
    (folder / "labels.csv").write_text("a1,cat\na2,dog\na3,cat\n")
    labels, notes = read(folder)
    assert labels == {"a1.jpg": "cat", "a2.jpg": "dog", "a3.jpg": "cat"}
    assert notes[0].startswith("The first row holds data, not names")


# -- which side


@pytest.mark.parametrize(
    ("true", "false"),
    [("x", ""), ("valid", "train"), ("1.0", "0.0"), ("Y", "N"), ("True", "False"), ("t", "f")],
)
def test_is_valid_is_read_however_it_is_written(tmp_path, true, false):
    folder = touch(tmp_path, "1.jpg", "2.jpg")
    (folder / "labels.csv").write_text(f"file,label,is_valid\n1.jpg,cat,{false}\n2.jpg,dog,{true}\n")
    assert list(read_folder(folder, PHOTOS).split) == ["train", "valid"]


# -- relatives of labels.csv


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("metadata.csv", "file_name,label\n1.jpg,cat\n2.jpg,dog\n"),
        (
            "metadata.jsonl",
            '{"file_name": "1.jpg", "label": "cat"}\n{"file_name": "2.jpg", "label": "dog"}\n',
        ),
        ("train.csv", "id,breed\n1,cat\n2,dog\n"),
        ("file names.csv", "id,breed\n1,cat\n2,dog\n"),
        ("labels.tsv", "id\tbreed\n1\tcat\n2\tdog\n"),
    ],
)
def test_tables_of_other_names_are_read_where_they_name_the_photos(tmp_path, name, table):
    folder = touch(tmp_path, "images/1.jpg", "images/2.jpg")
    (folder / name).write_text(table)
    found = read_folder(folder, PHOTOS, on_note=lambda note: None)
    assert (list(found.labels), found.layout) == (["cat", "dog"], f"labels from {name}")
    assert (found.table, found.in_names) == (name, False)


def test_a_table_of_labels_in_the_folder_of_each_side(tmp_path):
    folder = touch(tmp_path, *(f"{side}/{n}.jpg" for side in ("train", "validation") for n in "1234"))
    for side in ("train", "validation"):
        (folder / side / "metadata.csv").write_text(
            "file_name,label\n1.jpg,cat\n2.jpg,dog\n3.jpg,cat\n4.jpg,dog\n"
        )
    found = read_folder(folder, PHOTOS)
    assert list(found.split) == ["train"] * 4 + ["valid"] * 4 and list(found.labels)[4:] == ["cat", "dog"] * 2
    assert hold_out(found, 0.2, 1).split_by == "by the folders train and valid"


@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("archive/train_set", "archive/test_set")])
@pytest.mark.parametrize("name", ["labels.csv", "metadata.csv", "_classes.csv"])
def test_the_folder_of_a_table_says_its_side(tmp_path, train, test, name):
    folder = touch(tmp_path, *(f"{side}/{n}.jpg" for side in (train, test) for n in "123"))
    for side in (train, test):
        (folder / side / name).write_text("filename, cat, dog\n1.jpg, 1, 0\n2.jpg, 0, 1\n3.jpg, 1, 0\n")
    found = read_folder(folder, PHOTOS, on_note=lambda note: None)
    assert sorted(found.split) == ["test"] * 3 + ["train"] * 3
    assert [label.strip() for label in found.labels] == ["cat", "dog", "cat"] * 2


def test_tables_in_the_folders_of_files_name_the_classes_and_not_the_folders(tmp_path):
    folder = touch(tmp_path, *(f"batch{b}/{n}.jpg" for b in "12" for n in "12"))
    for batch in ("batch1", "batch2"):
        (folder / batch / "labels.csv").write_text("file_name,label\n1.jpg,cat\n2.jpg,dog\n")
    found = read_folder(folder, PHOTOS, on_note=(notes := []).append)
    assert list(found.labels) == ["cat", "dog"] * 2
    assert [str(note) for note in notes] == [
        "Labels are read from the tables in batch1, batch2, not from the names of these folders (to change: class_level=1)."
    ]
    assert set(read_folder(folder, PHOTOS, class_level=1).labels) == {"batch1", "batch2"}
    (folder / "batch2" / "labels.csv").unlink()
    with pytest.raises(
        DataError, match=r"batch1/labels.csv has labels of files, and .*batch2 has no such table"
    ):
        read_folder(folder, PHOTOS)
    (folder / "batch1" / "labels.csv").write_text("file_name,width\n1.jpg,5\n2.jpg,6\n")  # no labels
    assert set(read_folder(folder, PHOTOS).labels) == {"batch1", "batch2"}


def test_a_table_in_the_only_folder_of_files_and_files_without_a_table(tmp_path):
    folder = touch(tmp_path, "data/1.jpg", "data/2.jpg")
    (folder / "data" / "anything.csv").write_text("file_name,label\n./1.jpg,cat\n./2.jpg,dog\n")
    assert list(read_folder(folder, PHOTOS).labels) == ["cat", "dog"]
    folder = touch(tmp_path / "split", "train/1.jpg", "train/2.jpg", "test/3.jpg")
    (folder / "train" / "metadata.csv").write_text("file_name,label\n1.jpg,cat\n2.jpg,dog\n")
    assert len(read_folder(folder, PHOTOS, on_note=(notes := []).append).files) == 2
    assert str(notes[-1]) == "1 file outside train is in no table and is not used, e.g. test/3.jpg."


def test_a_table_about_something_else_is_passed_over(tmp_path):
    folder = touch(tmp_path, "cat/1.jpg", "dog/2.jpg")
    (folder / "train.csv").write_text("a,b\n1.5,2\n3,4\n")
    (folder / "metadata.csv").write_text("broken,\n1\n")
    assert find_labels(folder, get_image_files(folder)) == []
    assert read_folder(folder, PHOTOS).layout == "a folder per class"


# -- what may be meant otherwise


@pytest.mark.parametrize(
    ("name", "train", "test"), [("Usage", "Training", "PublicTest"), ("set", "train", "Test"), ("subset", "train_set", "test_set")]
)  # fmt: skip
def test_a_column_of_another_name_that_names_sides_is_one(tmp_path, name, train, test):
    folder = touch(tmp_path, "a1.jpg", "a2.jpg", "a3.jpg")
    (folder / "labels.csv").write_text(f"file,label,{name}\na1,x,{train}\na2,y,{train}\na3,x,{test}\n")
    found = read_folder(folder, PHOTOS, on_note=lambda note: None)
    assert list(found.split) == ["train", "train", "test"]
    (folder / "labels.csv").write_text(f"file,label,{name}\na1,x,{train}\na2,y,blue\na3,x,{test}\n")
    found = read_folder(folder, PHOTOS, on_note=(notes := []).append)
    assert list(found.split) == ["", "", ""]
    assert str(notes[0]) == (
        f"The file is in column 'file', the label in 'label'; not used as labels: {name} (to change: target='{name}')."
    )


def test_a_table_of_any_name_is_used_where_nothing_else_has_the_labels(tmp_path):
    folder = touch(tmp_path, "images/a1.jpg", "images/a2.jpg")
    (folder / "annotations.csv").write_text("image,label\na1.jpg,x\na2.jpg,y\n")
    (folder / "prices.csv").write_text("thing,price\nbread,1\n")
    assert read(folder)[0] == {"images/a1.jpg": "x", "images/a2.jpg": "y"}
    (folder / "more.csv").write_text("image,label\na1.jpg,x\na2.jpg,y\n")
    assert find_labels(folder, get_image_files(folder)) == []
    classes = touch(tmp_path / "b", "cat/a1.jpg", "dog/a2.jpg")
    (classes / "annotations.csv").write_text("image,label\na1.jpg,x\na2.jpg,y\n")
    assert find_labels(classes, get_image_files(classes)) == []


@pytest.mark.parametrize(
    ("files", "table"),
    [(["audio/a1.jpg", "audio/a2.jpg"], "meta/esc50.csv"), (["audio/fold1/a1.jpg", "audio/fold2/a2.jpg"], "metadata/Sounds.csv")],
)  # fmt: skip
def test_a_table_in_a_folder_for_tables_has_the_labels_where_folders_name_none(tmp_path, files, table):
    folder = touch(tmp_path, *files, table)
    (folder / table).write_text("filename,fold,category\na1.jpg,1,x\na2.jpg,2,y\n")
    assert read(folder)[0] == dict(zip(files, "xy", strict=True))


def test_classes_that_are_called_folds_are_told(tmp_path):
    folder = touch(tmp_path, "fold1/a1.jpg", "fold2/a2.jpg")
    assert read(folder)[1] == [
        "The classes are called as the parts of a cross-validation are: fold1, fold2; if the labels are elsewhere, write them into "
        "labels.csv with the columns file,label."
    ]


@pytest.mark.parametrize(
    ("written", "labels"), [(("0.0", "1.0"), ["0", "1"]), (("0.0", "1.5"), ["0.0", "1.5"]), (("1.0", "x"), ["1.0", "x"])]
)  # fmt: skip
def test_whole_numbers_with_a_fraction_of_zero_are_whole(tmp_path, written, labels):
    folder = touch(tmp_path, "a1.jpg", "a2.jpg")
    (folder / "labels.csv").write_text(f"file,label\na1,{written[0]}\na2,{written[1]}\n")
    assert list(read(folder)[0].values()) == labels


def told(folder: Path, rows: list[str]) -> list[str]:
    touch(folder, *(f"{number}.jpg" for number in range(len(rows))))
    lines = "".join(f"{number}.jpg,{row}\n" for number, row in enumerate(rows))
    (folder / "labels.csv").write_text(f"file,label\n{lines}")
    notes: list = []
    hold_out(read_folder(folder, PHOTOS, on_note=notes.append), 0.5, 0, on_note=notes.append)
    return [str(note) for note in notes]


def test_labels_that_may_be_numbers_or_several_in_one_are_told(tmp_path):
    assert told(tmp_path / "a", [str(number // 2) for number in range(50)]) == [
        "The labels are 25 different numbers, each of which is a class; RegressionBlock in Python predicts numbers."
    ]
    assert told(tmp_path / "b", [f"cat;{word}" for word in ("red", "blue") * 4]) == [
        "Labels such as 'cat;blue' are one class each; MultiCategoryBlock in Python learns several labels of a file."
    ]
    blanks = ["red", "blue", "red blue", "red blue green", "green"] * 4
    assert told(tmp_path / "e", blanks) == [
        "Labels such as 'red blue' are one class each; MultiCategoryBlock in Python learns several labels of a file."
    ]
    skies = [
        f"clear {' '.join(sorted(set(word)))}"
        for word in ("a", "b", "c", "ab", "ac", "bc", "abc", "abcd", "abd", "acd", "bcd", "cd", "ad")
    ]
    assert "'clear a' are one class each" in told(tmp_path / "f", skies * 4)[0]
    fruits = [
        f"{colour} {fruit}"
        for colour in ("red", "green", "blue")
        for fruit in ("apple", "pear", "plum", "fig")
    ]
    assert (
        told(tmp_path / "g", fruits * 4)
        == told(tmp_path / "h", ["terrier", "bull terrier", "fox terrier"] * 4)
        == []
    )
    assert told(tmp_path / "c", [str(number // 10) for number in range(100)]) == []
    with pytest.raises(DataError, match=r"the labels are numbers that each occur only once.*RegressionBlock"):
        told(tmp_path / "d", [f"{number}.5" for number in range(8)])


@pytest.mark.parametrize(("column", "valid"), [("split", "valid"), ("is_valid", "1")])
def test_files_whose_split_is_blank_are_trained_on(tmp_path, column, valid):
    """They were refused, as rows of a table and of a data repository are not."""
    folder, notes = touch(tmp_path, "a1.png", "a2.png", "a3.png"), []
    lines = ("file,label," + column, f"a1.png,cat,{valid}", "a2.png,dog,", "a3.png,dog,train")
    (folder / "labels.csv").write_text("\n".join(lines))
    assert list(read_folder(folder, PHOTOS, on_note=notes.append).split) == ["valid", "train", "train"]
    assert [str(note) for note in notes] == [
        f"Rows of labels.csv whose {column!r} is blank are trained on: 1."
    ]


def test_a_blank_split_in_the_folder_of_a_side_is_that_side(tmp_path):
    folder = touch(tmp_path, "train/a1.png", "train/a2.png", "test/b1.png", "test/b2.png")
    (folder / "train" / "labels.csv").write_text("file,label\na1.png,cat\na2.png,dog\n")
    (folder / "test" / "labels.csv").write_text("file,label,split\nb1.png,cat,test\nb2.png,dog,\n")
    assert list(read_folder(folder, PHOTOS).split) == ["test", "test", "train", "train"]


def test_a_column_of_splits_that_nobody_filled_in_decides_nothing(tmp_path):
    folder = touch(tmp_path, "a1.png", "a2.png")
    (folder / "labels.csv").write_text("file,label,split\na1.png,cat,\na2.png,dog,\n")
    assert list(read_folder(folder, PHOTOS).split) == ["", ""]


def test_files_elsewhere_that_a_table_names_are_on_no_side_and_not_counted(tmp_path):
    """Their place was asked for in a folder that they are not in: ValueError; "-1 files are not in labels.csv"."""
    folder = touch(tmp_path / "photos", "1.jpg", "test/2.jpg")
    other = touch(tmp_path / "elsewhere", "3.jpg", "4.jpg", "5.jpg")
    named = ["1.jpg", "test/2.jpg", *(str(other / f"{n}.jpg") for n in (3, 4, 5))]
    (folder / "labels.csv").write_text(
        "file,label\n" + "".join(f"{name},{'ab'[n % 2]}\n" for n, name in enumerate(named))
    )
    notes: list = []
    found = read_folder(folder, PHOTOS, on_note=notes.append)
    assert {path.name: side for path, side in zip(found.files, found.split, strict=True)} == {
        "1.jpg": "", "2.jpg": "test", "3.jpg": "", "4.jpg": "", "5.jpg": "",
    }  # fmt: skip
    assert [str(note) for note in notes] == ["The labels do not define a split; the folders do: test."]
