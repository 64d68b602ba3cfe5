from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders.holdout import hold_out
from gatera.data.folders.labelled import Kind, read_folder, skip_unreadable
from gatera.data.sources.items import decode_photo, get_image_files

PHOTOS = Kind(get_image_files, "photo", ".jpg or .png", decode_photo)


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(path)
    return folder


def pairs(photos) -> dict[str, tuple[str, str]]:
    return {
        p.name: (label, side)
        for p, label, side in zip(photos.files, photos.labels, photos.split, strict=True)
    }


def test_class_folders(tmp_path):
    photos = read_folder(touch(tmp_path, "cat/1.jpg", "dog/2.jpg"), PHOTOS)
    assert pairs(photos) == {"1.jpg": ("cat", ""), "2.jpg": ("dog", "")}
    assert photos.layout == "a folder per class"


def test_train_and_valid_folders_with_a_test_folder(tmp_path):
    photos = read_folder(
        touch(tmp_path, "train/cat/1.jpg", "val/cat/2.jpg", "test/dog/3.jpg", "test/4.jpg"), PHOTOS
    )
    assert pairs(photos) == {"1.jpg": ("cat", "train"), "2.jpg": ("cat", "valid"), "3.jpg": ("dog", "test")}


def test_photos_outside_of_the_class_folders_are_skipped_and_listed(tmp_path):
    touch(
        tmp_path,
        "train/cat/1.jpg",
        "train/more/cat/2.jpg",
        "train/dog/3.jpg",
        "valid/dog/4.jpg",
        "valid/cat/5.jpg",
    )
    touch(tmp_path, "train/6.jpg", "train/7.jpg", "valid/8.jpg", "test/9.jpg", "more/cat/10.jpg", "11.jpg")
    photos = hold_out(skip_unreadable(read_folder(tmp_path, PHOTOS)), 0.2, 42)
    assert [path.name for path in photos.files] == ["1.jpg", "3.jpg", "2.jpg", "5.jpg", "4.jpg"]
    assert [bad.reason for bad in photos.skipped] == [
        f"{tmp_path} has 1 photo outside the train, valid and test folders, e.g. 11.jpg.",
        f"{tmp_path / 'more'} has 1 photo outside the train, valid and test folders, e.g. 10.jpg.",
        f"{tmp_path / 'test'} has 1 photo outside the class folders, e.g. 9.jpg.",
        f"{tmp_path / 'train'} has 2 photos outside the class folders, e.g. 6.jpg.",
        f"{tmp_path / 'valid'} has 1 photo outside the class folders, e.g. 8.jpg.",
    ]


def test_train_and_valid_folders_without_class_folders(tmp_path):
    assert refused(touch(tmp_path, "train/1.jpg", "train/2.jpg", "valid/3.jpg")) == (
        f"{tmp_path / 'train'} has 2 photos outside the class folders, e.g. 1.jpg. Expected: a folder per class in each of "
        "them. Move them into class folders, or pass label_from= with a regular expression over file names."
    )


def test_labels_from_file_names(tmp_path):
    photos = read_folder(touch(tmp_path, "cat_1.jpg", "dog_2.jpg"), PHOTOS, label_from=r"^(.+)_\d+")
    assert pairs(photos) == {"cat_1.jpg": ("cat", ""), "dog_2.jpg": ("dog", "")}


def test_a_table_of_labels_with_a_split_and_names_without_endings(tmp_path):
    touch(tmp_path, "1.jpg", "2.jpg", "more/3.jpg")
    (tmp_path / "labels.csv").write_text(
        "image,breed,is_valid\n1.jpg,cat,False\n2,dog,True\nmore/3.jpg,dog,0\n"
    )
    assert pairs(read_folder(tmp_path, PHOTOS)) == {
        "1.jpg": ("cat", "train"), "2.jpg": ("dog", "valid"), "3.jpg": ("dog", "train"),
    }  # fmt: skip


def test_a_table_that_repeats_itself_is_fine(tmp_path):
    touch(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "labels.csv").write_text("file,label\n1.jpg,cat\n1.jpg,cat\n2.jpg,dog\n")
    assert len(read_folder(tmp_path, PHOTOS).files) == 2


def refused(folder: Path, **options) -> str:
    with pytest.raises(DataError) as err:
        hold_out(read_folder(folder, PHOTOS, **options), 0.2, 42)
    return str(err.value)


def test_an_empty_folder(tmp_path):
    assert refused(tmp_path) == (
        f"there are no photos in {tmp_path}. Expected: files ending in .jpg or .png, also in subfolders."
    )


def test_a_single_class(tmp_path):
    assert refused(touch(tmp_path, "cat/1.jpg", "cat/2.jpg")) == (
        "all 2 photos have the label 'cat'. Expected: at least two classes. Add a folder with photos of another class; "
        "labels that a list holds go into labels.csv, with the columns file,label."
    )


def test_a_class_with_one_photo_is_trained_on_and_that_is_said(tmp_path):
    touch(tmp_path, "cat/1.jpg", "cat/2.jpg", "dog/3.jpg", *(f"cow/{n}.jpg" for n in range(8)))
    for seed in range(8):
        notes = []
        found = hold_out(read_folder(tmp_path, PHOTOS), 0.4, seed, on_note=notes.append)
        assert pairs(found)["3.jpg"] == ("dog", "train")
        assert found.counts["valid"] == 4
        assert [str(note) for note in notes] == [
            "The class 'dog' has only one photo, which is trained on and not measured."
        ]


def test_nothing_but_classes_of_one_photo(tmp_path):
    assert refused(touch(tmp_path, "cat/1.jpg", "dog/3.jpg")) == (
        "each of the 2 classes has only one photo. Expected: at least two photos of a class, one for training and one for "
        "validation. If folders above those name the classes, choose them with class_level=."
    )


def test_a_class_that_is_only_validated(tmp_path):
    touch(
        tmp_path,
        "train/cat/1.jpg",
        "train/cow/1.jpg",
        "valid/cat/2.jpg",
        "valid/dog/3.jpg",
        "valid/dog/4.jpg",
    )
    touch(tmp_path, "train/cow/2.jpg")
    assert refused(tmp_path) == (
        "the class 'dog' is in the validation set but not in the training set. Available: cat, cow. "
        "Add training photos of it, or remove it from the validation set."
    )


@pytest.mark.skipif(os.name == "nt", reason="a name cannot hold a backslash there")
def test_an_archive_of_windows_that_was_unpacked_without_its_folders(tmp_path):
    said = refused(touch(tmp_path, "photos\\cat\\1.jpg", "photos\\dog\\1.jpg"))
    assert said == (
        f"the names of 2 photos in {tmp_path} contain Windows folders, e.g. photos\\cat\\1.jpg: the archive was unpacked "
        "without making folders of them. Unpack it again with a tool that does: unzip, for example."
    )


def test_photos_that_nothing_labels(tmp_path):
    assert refused(touch(tmp_path, "1.jpg", "2.jpg")) == (
        f"{tmp_path} has 2 photos (e.g. 1.jpg) but no labels for them. Expected: a folder per class, train and valid "
        "folders, or a labels.csv with the columns file,label. Move them into class folders, or pass a regular expression "
        r"over their names: label_from='^(.+)_\d+' takes cat from cat_12.jpg."
    )


def test_photos_beside_class_folders(tmp_path):
    assert refused(touch(tmp_path, "cat/1.jpg", "dog/2.jpg", "3.jpg")) == (
        f"{tmp_path} has class folders and also 1 photo beside them, e.g. 3.jpg. Move those into the folder of their "
        "class, or elsewhere."
    )


def test_a_table_with_files_that_are_not_there(tmp_path):
    touch(tmp_path, "cat_1.jpg")
    (tmp_path / "labels.csv").write_text("file,label\ncat_1.jpg,cat\ncat_11.jpg,cat\n")
    assert refused(tmp_path) == (
        f"{tmp_path / 'labels.csv'} lists files that are not in {tmp_path}: cat_11.jpg. Did you mean 'cat_1.jpg'?"
    )


def test_a_table_that_contradicts_itself(tmp_path):
    touch(tmp_path, "1.jpg")
    (tmp_path / "labels.csv").write_text("file,label\n1.jpg,cat\n1.jpg,dog\n")
    assert refused(tmp_path) == (
        f"{tmp_path / 'labels.csv'} gives 1.jpg two labels, 'cat' and 'dog' (line 3). Delete one of the two lines."
    )


def test_a_table_without_a_label(tmp_path):
    touch(tmp_path, "1.jpg")
    (tmp_path / "labels.csv").write_text("file,label\n1.jpg,\n")
    assert refused(tmp_path) == (
        f"{tmp_path / 'labels.csv'} has no label in line 2, column label. Got: '1.jpg'."
    )


def test_a_table_with_one_column(tmp_path):
    touch(tmp_path, "1.jpg")
    (tmp_path / "labels.csv").write_text("file\n1.jpg\n")
    assert refused(tmp_path) == (
        f"{tmp_path / 'labels.csv'} needs at least two columns. Got: ['file']. Expected: file,label."
    )


def test_a_table_with_an_unknown_split(tmp_path):
    touch(tmp_path, "1.jpg")
    (tmp_path / "labels.csv").write_text("file,label,split\n1.jpg,cat,later\n")
    assert refused(tmp_path) == (
        f"{tmp_path / 'labels.csv'} has an unknown split in line 2. Got: 'later'. Expected: one of train, training, valid, "
        "val, validation, test, testing."
    )


def test_the_split_holds_out_the_same_share_of_every_class_and_is_seeded(tmp_path):
    touch(tmp_path, *(f"cat/{i}.jpg" for i in range(10)), *(f"dog/{i}.jpg" for i in range(20)))
    photos = read_folder(tmp_path, PHOTOS)
    first, again, other = hold_out(photos, 0.2, 1), hold_out(photos, 0.2, 1), hold_out(photos, 0.2, 2)
    assert Counter(first.labels[i] for i in first.indices("valid")) == {"cat": 2, "dog": 4}
    assert first.split == again.split != other.split


def test_a_share_that_leaves_no_photo_of_some_class_names_the_argument_and_a_share_that_does(tmp_path):
    names = [f"{label}/{number}.jpg" for label in "abcdefghijklmnopqrst" for number in range(2)]
    assert refused(touch(tmp_path, *names)) == (
        "with valid_pct=0.2, the validation set would have 8 of 40 photos, fewer than there are classes (20). Expected: at "
        "least one photo of every class. Raise valid_pct= to 0.5, or add photos of every class."
    )
    assert len(hold_out(read_folder(tmp_path, PHOTOS), 0.5, 42).indices("valid")) == 20
    with pytest.raises(DataError) as err:
        hold_out(read_folder(tmp_path, PHOTOS), 0.8, 42)
    assert str(err.value) == (
        "with valid_pct=0.8, the training set would have 8 of 40 photos, fewer than there are classes (20). Expected: at "
        "least one photo of every class. Lower valid_pct= to 0.5, or add photos of every class."
    )


def test_unreadable_files_are_skipped_and_listed(tmp_path):
    touch(tmp_path, "cat/1.jpg", "dog/2.jpg")
    (tmp_path / "cat/0.jpg").write_bytes(b"")
    (tmp_path / "dog/3.jpg").write_bytes((tmp_path / "dog/2.jpg").read_bytes()[:200])
    photos = skip_unreadable(read_folder(tmp_path, PHOTOS))
    assert [p.name for p in photos.files] == ["1.jpg", "2.jpg"]
    assert [bad.path.name for bad in photos.skipped] == ["0.jpg", "3.jpg"]
    assert all(bad.reason for bad in photos.skipped)


def test_a_folder_of_nothing_but_bad_files(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat/0.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"none of the 1 photo can be read, e\.g\. .*0\.jpg"):
        skip_unreadable(read_folder(tmp_path, PHOTOS))


def test_whole_groups_are_held_out_and_the_test_set_stays(tmp_path):
    names = [f"{label}_{who}_{n}.jpg" for label in "ab" for who in ("kim", "lee", "max") for n in range(2)]
    photos = read_folder(touch(tmp_path, *names), PHOTOS, label_from="^(.)")
    found = hold_out(photos, 0.3, 1, group_by=r"_(\w+)_")
    held_out = {found.files[i].name.split("_")[1] for i in found.indices("valid")}
    assert len(held_out) == 1 and len(found.indices("valid")) == 4
    assert found.split_by == f"by whole groups ({held_out.pop()} held out)"
    touch(tmp_path / "sides", *(f"{side}/{name[0]}/{name}" for side in ("train", "test") for name in names))
    sides = hold_out(read_folder(tmp_path / "sides", PHOTOS), 0.3, 1, group_by=r"_(\w+)_")
    assert sides.counts == {"train": 8, "valid": 4, "test": 12}


def test_the_split_is_told_in_words(tmp_path):
    names = [f"{side}/{label}/{n}.jpg" for side in ("train", "val") for label in "ab" for n in range(2)]
    sides = hold_out(read_folder(touch(tmp_path / "sides", *names), PHOTOS), 0.5, 1)
    assert sides.split_by == "by the folders train and valid"
    touch(tmp_path / "table", "1.jpg", "2.jpg", "3.jpg", "4.jpg")
    (tmp_path / "table/labels.csv").write_text(
        "file,label,split\n1.jpg,a,train\n2.jpg,b,train\n3.jpg,a,val\n4.jpg,b,val\n"
    )
    assert hold_out(read_folder(tmp_path / "table", PHOTOS), 0.5, 1).split_by == "by labels.csv"
    touch(tmp_path / "plain", "a/1.jpg", "a/2.jpg", "b/3.jpg", "b/4.jpg")
    plain = hold_out(read_folder(tmp_path / "plain", PHOTOS), 0.5, 1)
    assert plain.split_by == "50 % of every class at random, seed 1"


def test_groups_in_a_folder_that_is_split_already(tmp_path):
    names = [f"{side}/{label}/{n}.jpg" for side in ("train", "val") for label in "ab" for n in range(2)]
    with pytest.raises(ArgumentError) as err:
        hold_out(read_folder(touch(tmp_path, *names), PHOTOS), 0.5, 1, group_by="(.)")
    assert str(err.value) == (
        "group_by= chooses a validation set, but the folder already has one. Got: '(.)'. Omit group_by=, or move the photos "
        "out of the train and valid folders."
    )
    touch(tmp_path / "table", "1.jpg", "2.jpg", "3.jpg", "4.jpg")
    (tmp_path / "table/labels.csv").write_text(
        "file,label,split\n1.jpg,a,train\n2.jpg,b,train\n3.jpg,a,val\n4.jpg,b,val\n"
    )
    with pytest.raises(ArgumentError, match=r"Omit group_by=, or take the sides out of labels\.csv\."):
        hold_out(read_folder(tmp_path / "table", PHOTOS), 0.5, 1, group_by="(.)")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (
            "(",
            "label_from= is not a regular expression (missing ), unterminated subpattern at position 0). Got: '('.",
        ),
        (
            "cat",
            "label_from= has no group. Got: 'cat'. Put parentheses around the part to take, as in '^(.+)_\\d+'.",
        ),
        (
            "(dog)",
            "label_from= does not match the file name 'cat_1.jpg'. Expected: a name that matches '(dog)'. Change the regular "
            "expression, or remove the file.",
        ),
    ],
)
def test_a_regular_expression_that_is_not_usable(tmp_path, pattern, message):
    with pytest.raises((ArgumentError, DataError)) as err:
        read_folder(touch(tmp_path, "cat_1.jpg"), PHOTOS, label_from=pattern)
    assert str(err.value) == message


def test_labels_csv_is_read_as_asked_and_decisions_are_told(tmp_path):
    folder = touch(tmp_path, "1.jpg", "2.jpg", "3.jpg", "4.jpg")
    (folder / "labels.csv").write_text("1.jpg;cat\n2.jpg;dog\n3.jpg;cat\n4.jpg;dog\n")
    notes = []
    found = read_folder(folder, PHOTOS, on_note=notes.append)
    assert list(found.labels) == ["cat", "dog", "cat", "dog"]
    assert [note.option for note in notes] == ["delimiter", "header"]
    notes.clear()
    asked = read_folder(folder, PHOTOS, None, notes.append, delimiter=";", header=None)
    assert (asked, notes) == (found, [])
    with pytest.warns(UserWarning, match=r"^labels.csv: Columns are separated by a semicolon"):
        read_folder(folder, PHOTOS, header=None)


def test_how_to_read_labels_csv_is_refused_without_one(tmp_path):
    folder = touch(tmp_path, "cat/1.jpg", "dog/2.jpg")
    assert read_folder(folder, PHOTOS, delimiter=None, header="auto").layout == "a folder per class"
    with pytest.raises(ArgumentError) as err:
        read_folder(folder, PHOTOS, delimiter=";", header="auto")
    assert str(err.value) == (
        f"delimiter= says how to read labels.csv, and no labels.csv in {folder} is used. Omit delimiter=."
    )


@pytest.mark.parametrize(
    ("true", "false"), [("1.0", "0.0"), ("t", "f"), ("y", "n"), ("YES", "no"), ("True", "False")]
)
def test_is_valid_is_read_however_it_is_written(tmp_path, true, false):
    folder = touch(tmp_path, "1.jpg", "2.jpg")
    (folder / "labels.csv").write_text(f"file,label,is_valid\n1.jpg,cat,{false}\n2.jpg,dog,{true}\n")
    assert list(read_folder(folder, PHOTOS).split) == ["train", "valid"]


@pytest.mark.parametrize("mark", ["x", "2"])
def test_an_unknown_is_valid_is_refused(tmp_path, mark):
    folder = touch(tmp_path, "1.jpg", "2.jpg")
    (folder / "labels.csv").write_text(f"file,label,is_valid\n1.jpg,cat,1\n2.jpg,dog,{mark}\n")
    with pytest.raises(DataError) as err:
        read_folder(folder, PHOTOS)
    assert str(err.value) == (
        f"{folder}/labels.csv has an unknown is_valid in line 3. Got: {mark!r}. Expected: true or false."
    )


def test_a_file_on_two_sides_is_refused(tmp_path):
    touch(tmp_path, "1.jpg", "2.jpg")
    table = tmp_path / "labels.csv"
    table.write_text("file,label,split\n1.jpg,cat,train\n2.jpg,dog,valid\n./1.jpg,cat,valid\n")
    assert (
        refused(tmp_path)
        == f"{table} gives ./1.jpg two sides, 'train' and 'valid' (line 4). Delete one of the two lines."
    )
