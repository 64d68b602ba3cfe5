"""A table of labels for each side: train.csv, val.csv and test.csv beside the files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gatera.core.errors import DataError
from gatera.data.folders.labelled import Kind, read_folder
from gatera.data.sources.items import get_image_files

PHOTOS = Kind(get_image_files, "photo", ".jpg", Image.open)


def photos(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def write(path: Path, *rows: str, header: str = "file,label") -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n")


def read(folder: Path):
    """Return name -> (label, side), how the folder was understood, and what was decided."""
    found = read_folder(folder, PHOTOS, on_note=(notes := []).append)
    each = zip(found.files, found.labels, found.split, strict=True)
    return (
        {path.stem: (label, side) for path, label, side in each},
        found.layout,
        [str(note) for note in notes],
    )


@pytest.mark.parametrize("folders", [("", ""), ("train/", "val/"), ("images/", "images/")])
@pytest.mark.parametrize(
    ("train", "valid"),
    [("train.csv", "val.csv"), ("annotations/train.csv", "annotations/valid.csv"), ("labels_train.csv", "labels_dev.csv"), ("Train_Set.csv", "validation.csv")],
)  # fmt: skip
def test_each_table_says_the_side_of_its_files(tmp_path, folders, train, valid):
    folder = photos(tmp_path, f"{folders[0]}1.jpg", f"{folders[0]}2.jpg", f"{folders[1]}3.jpg", "4.jpg")
    write(folder / train, "1.jpg,cat", "2,dog")
    write(folder / valid, "3.jpg,dog")
    names = f"{Path(train).name}, {Path(valid).name}"
    assert read(folder) == (
        {"1": ("cat", "train"), "2": ("dog", "train"), "3": ("dog", "valid")},
        f"labels from {names}",
        [f"1 file is not in {names} and is not used."],
    )


@pytest.mark.parametrize(
    ("header", "train", "valid"),
    [
        ("file,label,comment", "{},cat,blurred", "{},cat,"),
        ("file,label,fold", "{},cat,1", None),
        (",file,label", "0,{},cat", None),
        ("File,Label", "{},cat", None),
    ],
)
def test_only_the_label_has_to_be_in_each_table(tmp_path, header, train, valid):
    folder = photos(tmp_path, "1.jpg", "2.jpg")
    write(folder / "train.csv", train.format(1), header=header)
    write(folder / "val.csv", (valid or "{},cat").format(2), header=header if valid else "file,label")
    assert read(folder)[0] == {"1": ("cat", "train"), "2": ("cat", "valid")}


@pytest.mark.parametrize("test", [["3", "4"], ["3,", "4,"]])
def test_a_table_without_labels_is_of_no_side(tmp_path, test):
    """Kaggle's test.csv, beside an example of what to hand in."""
    folder = photos(tmp_path, *(f"{n}.jpg" for n in range(1, 5)))
    write(folder / "train.csv", "1,cat", "2,dog")
    write(folder / "test.csv", *test, header="file,label" if "," in test[0] else "file")
    write(folder / "sample_submission.csv", "3,cat", "4,cat")
    assert read(folder) == (
        {"1": ("cat", ""), "2": ("dog", "")},
        "labels from train.csv",
        ["2 files are not in train.csv and are not used."],
    )


def test_two_tables_that_could_be_of_one_side_decide_nothing(tmp_path):
    folder = photos(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    for name, row in (("train", "1,cat"), ("training", "2,dog"), ("test", "3,cat")):
        write(folder / f"{name}.csv", row)
    assert read(folder)[1] == "labels from train.csv"


def test_a_file_on_two_sides_is_refused(tmp_path):
    folder = photos(tmp_path, "1.jpg", "2.jpg")
    write(folder / "train.csv", "1,cat", "2,dog")
    write(folder / "val.csv", "2,dog")
    with pytest.raises(DataError, match=r"val.csv gives 2 two sides, 'train' and 'valid' \(line 2\)"):
        read(folder)


def test_a_table_that_names_files_in_several_folders_is_told_of_and_read_where_target_is_given(tmp_path):
    """HAM10000: the folders are parts of the download, and were the classes, without a word."""
    folder = photos(tmp_path, *(f"part_{1 + n // 4}/{n}.jpg" for n in range(1, 7)))
    write(
        folder / "metadata_of_all.csv",
        *(f"A{n // 2},{n},{n % 2},{40 + n}" for n in range(1, 7)),
        header="lesion,image_id,dx,age",
    )
    labels, _, notes = read(folder)
    assert {label for label, _ in labels.values()} == {"part_1", "part_2"}
    assert notes[-1] == (
        "metadata_of_all.csv names files and is not read: their folders name the class (to change: target='dx')."
    )
    found = read_folder(folder, PHOTOS, on_note=print, target="dx")
    assert list(found.labels) == ["1", "0", "1", "0", "1", "0"]


def test_a_table_of_the_same_classes_is_not_told_of(tmp_path):
    folder = photos(tmp_path, "cat/1.jpg", "cat/2.jpg", "dog/3.jpg", "dog/4.jpg")
    write(
        folder / "index.csv",
        *(f"{n},{n * 10},{'cat' if n < 3 else 'dog'}" for n in range(1, 5)),
        header="file,width,what",
    )
    assert read(folder)[2] == []


@pytest.mark.parametrize("above", ["CheXpert-v1.0-small/", "/kaggle/input/x/"])
def test_names_may_begin_with_folders_above(tmp_path, above):
    folder = photos(tmp_path, "train/p1/view.jpg", "train/p2/view.jpg", "valid/p3/view.jpg")
    write(folder / "train.csv", f"{above}train/p1/view.jpg,cat", f"{above}train/p2/view.jpg,dog")
    write(folder / "valid.csv", f"{above}valid/p3/view.jpg,dog")
    found = read_folder(folder, PHOTOS, on_note=print)
    assert (list(found.labels), list(found.split)) == (["cat", "dog", "dog"], ["train", "train", "valid"])


def test_texts_that_are_no_names_are_not_looked_for(tmp_path):
    """COCO's annotations are JSON whose cells are whole lists: the file system said "File name too long"."""
    folder = photos(tmp_path, "1.jpg", "2.jpg")
    story = "once upon a time " * 30
    write(folder / "train.csv", f"{story},1,cat", f"{story},2,dog", header="story,file,label")
    assert read(folder)[0] == {"1": ("cat", ""), "2": ("dog", "")}
