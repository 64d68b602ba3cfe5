"""Where classes and sides are read off folders: any case, any usual depth, and what is said of a doubt."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders.class_folders import place_files
from gatera.data.folders.holdout import check_classes, hold_out
from gatera.data.folders.labelled import (
    Kind,
    LabelledFiles,
    first_groups,
    name_left_out,
    read_folder,
    skip_unreadable,
)
from gatera.data.sources.items import decode_photo, get_image_files
from gatera.program.raw.formats.unread import unread_files, unread_sentence
from gatera.program.tables.notes import Note

PHOTOS = Kind(get_image_files, "photo", ".jpg or .png", decode_photo)


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(path)
    return folder


def read(folder: Path, **options) -> tuple[LabelledFiles, list[Note]]:
    notes: list[Note] = []
    return read_folder(folder, PHOTOS, on_note=notes.append, **options), notes


def places(found: LabelledFiles) -> dict[str, tuple[str, str]]:
    return {
        path.stem: (label, side)
        for path, label, side in zip(found.files, found.labels, found.split, strict=True)
    }


SIDES = {
    "Training and Testing": ("Training", None, "Testing"),
    "Train and Val": ("Train", "Val", None),
    "TRAIN and VALIDATION": ("TRAIN", "VALIDATION", None),
    "train_set and test_set": ("train_set", None, "test_set"),
    "seg_train and seg_test": ("seg_train", None, "seg_test"),
    "asl_train and asl_test": ("asl_alphabet_train", None, "asl_alphabet_test"),
    "train and dev": ("train", "dev", None),
    "Train Images and Test Images": ("Train Images", None, "Test Images"),
    "all three": ("Training", "validation", "TEST"),
}  # fmt: skip


@pytest.mark.parametrize("above", ["", "archive/", "archive/data set/"])
@pytest.mark.parametrize("doubled", [False, True])
@pytest.mark.parametrize("kind", SIDES)
def test_sides_are_known_in_any_case_and_depth(tmp_path, kind, doubled, above):
    expected = {}
    for side, name in zip(("train", "valid", "test"), SIDES[kind], strict=True):
        for label in ("cat", "dog"):
            if name is not None:
                inner = f"{name}/{name}" if doubled else name  # as Kaggle's archives unpack
                touch(tmp_path, f"{above}{inner}/{label}/{side}_{label}.jpg")
                expected[f"{side}_{label}"] = (label, side)
    found, notes = read(tmp_path)
    assert places(found) == expected and not found.skipped and not notes


@pytest.mark.parametrize("names", [("train", "test"), ("Train", "Test"), ("training", "validation")])
def test_sides_inside_the_folders_of_classes(tmp_path, names):
    for label in ("cat", "dog"):
        for name in names:
            touch(tmp_path, f"{label}/{name}/{label}_{name}.jpg")
    other = "valid" if names[1] == "validation" else "test"
    expected = {
        f"{label}_{name}": (label, side)
        for label in ("cat", "dog")
        for name, side in zip(names, ("train", other), strict=True)
    }
    found, notes = read(tmp_path)
    assert places(found) == expected and not notes


@pytest.mark.parametrize("above", ["archive/", "archive/train/", "a/b/c/"])
def test_folders_that_hold_nothing_but_another_one_are_no_classes(tmp_path, above):
    touch(tmp_path, *(f"{above}{label}/{label}_{n}.jpg" for label in ("cat", "dog") for n in range(2)))
    found, notes = read(tmp_path)
    assert {stem: label for stem, (label, _) in places(found).items()} == {
        f"{x}_{n}": x for x in ("cat", "dog") for n in range(2)
    }
    assert set(found.split) == {""} and not notes


LEVELS = {
    "views": (["cat/front", "cat/side", "dog/front", "dog/side"], 1),
    "views of one class each": (["cat/front", "dog/side"], 1),
    "days": (["day1/cat", "day1/dog", "day2/cat", "day2/dog"], 2),
    "numbered sessions, other words": (["S 01/cat", "S 01/dog", "S 02/cat", "S 02/dog"], 2),
    "numbers within classes": (["cat/001", "cat/002", "dog/003"], 1),
    "the same numbers within classes": (["cat/1", "cat/2", "dog/1", "dog/2"], 1),
    "kinds of kinds": (["animals/cat", "animals/dog", "plants/rose", "plants/oak"], 2),
    "crossed": (["cat/wild", "cat/tame", "dog/wild", "dog/tame"], 1),
    "WordNet": (["animals/n02085620", "animals/n02085782", "plants/n02085936"], 2),
    "train within, views below": (["train/cat/front", "train/dog/front", "test/cat/side", "test/dog/front"], 2),
}  # fmt: skip


@pytest.mark.parametrize("kind", LEVELS)
def test_the_level_that_makes_sense_is_the_class_and_the_other_is_offered(tmp_path, kind):
    folders, level = LEVELS[kind]
    touch(tmp_path, *(f"{folder}/{index}_{n}.jpg" for index, folder in enumerate(folders) for n in range(3)))
    found, notes = read(tmp_path)
    assert set(found.labels) == {folder.split("/")[level - 1] for folder in folders}
    assert len(found.files) == 3 * len(folders)
    assert [note.option for note in notes] == ["class_level"]
    other, silent = read(tmp_path, class_level=notes[0].value)
    assert (
        set(other.labels)
        == {folder.split("/")[notes[0].value - 1] for folder in folders}
        != set(found.labels)
    )
    assert not silent


def test_the_choice_is_said_in_words(tmp_path):
    touch(
        tmp_path,
        *(f"{folder}/{n}.jpg" for folder in ("cat/front", "cat/side", "dog/front") for n in range(2)),
    )
    note = read(tmp_path)[1][0]
    assert str(note) == (
        "The class of photos is their folder at level 1 below the source (cat, dog), not that at level 2 (front, side) "
        "(to change: class_level=2)."
    )
    inner, _ = read(tmp_path, class_level=-1)
    assert set(inner.labels) == {"front", "side"}


def test_photos_in_and_below_class_folders(tmp_path):
    touch(tmp_path, *(f"{label}/{label}{n}.jpg" for label in ("cat", "dog") for n in range(3)))
    touch(tmp_path, "cat/more/cat7.jpg", "dog/others/dog8.jpg")
    found, _ = read(tmp_path)
    assert all(label == stem[:3] for stem, (label, _) in places(found).items()) and len(found.files) == 8


def test_a_second_copy_of_everything_is_named_and_not_used(tmp_path):
    names = [f"{label}/{label}{n}.jpg" for label in ("sick", "well") for n in range(3)]
    touch(tmp_path, *names, *(f"cell_images/{name}" for name in names))
    found, _ = read(tmp_path)
    assert len(found.files) == 6 and set(found.labels) == {"sick", "well"}
    assert len(found.skipped) == 6 and found.skipped[0].reason.endswith(
        "occurs a second time, in the folder of its class."
    )


@pytest.mark.parametrize("name", ["test", "Test", "val"])
def test_a_test_folder_beside_class_folders_is_never_trained_on(tmp_path, name):
    touch(tmp_path, *(f"{label}/{label}{n}.jpg" for label in ("cat", "dog") for n in range(3)))
    touch(tmp_path, f"{name}/cat/held.jpg", f"{name}/unknown.jpg")
    found, notes = read(tmp_path)
    side = "valid" if name == "val" else "test"
    assert places(found)["held"] == ("cat", side) and "unknown" not in places(found)
    assert set(found.labels) == {"cat", "dog"}
    assert str(notes[0]) == f"{name} beside the class folders is not trained on (to change: class_level=1)."
    assert [bad.reason for bad in found.skipped] == [
        f"{tmp_path / name} has 1 photo outside the class folders, e.g. unknown.jpg."
    ]
    asked, _ = read(tmp_path, class_level=1)
    assert set(asked.labels) == {"cat", "dog", name}


def test_validation_and_test_folders_without_training(tmp_path):
    touch(tmp_path, "Valid/cat/1.jpg", "Test/cat/2.jpg")
    with pytest.raises(DataError) as err:
        read(tmp_path)
    assert str(err.value) == (
        f"{tmp_path} has folders for validation and testing (Test, Valid) but none for training. Expected: also a folder named "
        "train or training."
    )


def test_classes_whose_names_differ_in_case_only_are_told(tmp_path):
    touch(tmp_path, "Cat/1.jpg", "cat/2.jpg", "dog/3.jpg", "dog/3.JPG")
    found, notes = read(tmp_path)
    assert len(found.files) == 4 and set(found.labels) == {"Cat", "cat", "dog"}
    assert str(notes[0]) == (
        "'Cat', 'cat' are different classes, though their names are nearly the same; rename a folder to join them."
    )


@pytest.mark.parametrize(
    ("first", "second"), [("rgb", "depth"), ("HR", "LR"), ("trainA", "trainB"), ("thermal", "images")]
)
def test_two_views_of_the_same_things_are_told(tmp_path, first, second):
    folder = touch(tmp_path, *(f"{view}/{number}.jpg" for view in (first, second) for number in range(3)))
    names = (second, first) if first == "thermal" else (first, second)
    said = [note.text for note in read(folder)[1]]
    assert said == [
        f"{names[0]} and {names[1]} have photos of the same names: if they show the same things in two ways, they are not classes; "
        "pass one of the folders, with its labels in labels.csv (columns file,label)"
    ]
    (folder / first / "2.jpg").rename(folder / first / "3.jpg")
    assert not read(folder)[1]


def test_classes_with_files_of_the_same_names_are_classes(tmp_path):
    folder = touch(tmp_path, *(f"{label}/{number}.jpg" for label in ("left", "right") for number in range(3)))
    assert not read(folder)[1]


def test_a_class_called_blood_test_is_a_class(tmp_path):
    touch(
        tmp_path, *(f"{label}/{n}.jpg" for label in ("blood test", "training shoe", "cat") for n in range(2))
    )
    found, notes = read(tmp_path)
    assert set(found.labels) == {"blood test", "training shoe", "cat"} and not notes


# -- what is not read is named -----------------------------------------------------------------------------------------


def named(folder: Path) -> list[str]:
    found = name_left_out(skip_unreadable(read_folder(folder, PHOTOS, on_note=lambda note: None)), folder)
    return [bad.reason for bad in found.skipped]


def test_files_of_formats_that_are_not_read_are_counted_and_named(tmp_path):
    touch(tmp_path, "cat/1.jpg", "dog/2.jpg")
    for name in ("a.mov", "b.MP4", "c.CR2", "d.psd", "e.wav", "f.jxl", "notes.txt", "Thumbs.db"):
        (tmp_path / "cat" / name).write_bytes(b"0123456789")
    (tmp_path / "dog" / "photo").write_bytes((tmp_path / "dog" / "2.jpg").read_bytes())
    (tmp_path / "dog" / "README").write_text("hello")
    assert named(tmp_path) == [
        f"{tmp_path} has 1 drawing or document (.psd), which is not read, e.g. cat/d.psd.",
        f"{tmp_path} has 1 photo or recording whose name does not end as one, which is not read, e.g. dog/photo.",
        f"{tmp_path} has 1 picture in another format (.jxl), which is not read, e.g. cat/f.jxl.",
        f"{tmp_path} has 1 raw photo (.cr2), which is not read, e.g. cat/c.CR2.",
        f"{tmp_path} has 1 recording (.wav), which is not read, e.g. cat/e.wav.",
        f"{tmp_path} has 2 videos (.mov, .mp4), which are not read, e.g. cat/a.mov.",
    ]


def test_what_is_no_file_is_named_and_never_waited_for(tmp_path, monkeypatch):
    touch(tmp_path, "cat/1.jpg", "dog/2.jpg")
    os.mkfifo(tmp_path / "cat" / "pipe.jpg")
    (tmp_path / "cat" / "link.jpg").symlink_to(tmp_path / "cat" / "pipe.jpg")
    (tmp_path / "cat" / "zero.jpg").symlink_to("/dev/zero")
    (tmp_path / "dog" / "up").symlink_to(tmp_path)
    (tmp_path / "dog" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "dog" / "self.jpg").symlink_to(tmp_path / "dog" / "self.jpg")
    (tmp_path / "dog" / "empty.jpg").touch()
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # names of sockets are short
        listener.bind("dog/s.jpg")
        reasons = named(tmp_path)
    assert [reason.removeprefix(f"{tmp_path}/") for reason in reasons] == [
        "dog/empty.jpg is empty (0 bytes). Download it again, or remove it.",
        "dog/gone.jpg does not exist. Check its path.",
        reasons[2].removeprefix(f"{tmp_path}/"),
        "cat/link.jpg is a pipe, not a file.",
        "cat/pipe.jpg is a pipe, not a file.",
        "cat/zero.jpg is a device, not a file.",
        "dog/s.jpg is a socket, not a file.",
        "dog/up leads back into a folder above it.",
    ]
    assert reasons[2].startswith(f"{tmp_path}/dog/self.jpg cannot be read (")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_may_not_be_listed_is_named(tmp_path):
    touch(tmp_path, "cat/1.jpg", "dog/2.jpg", "dog/closed/3.jpg")
    (tmp_path / "dog" / "closed").chmod(0)
    try:
        assert any("closed cannot be listed" in reason for reason in named(tmp_path))
    finally:
        (tmp_path / "dog" / "closed").chmod(0o755)


def test_a_class_without_files_is_named(tmp_path):
    for name in (
        "train/cat/1.png",
        "train/dog/1.png",
        "valid/cat/2.png",
        "valid/dog/2.png",
        "train/.hidden/x.txt",
        "train/notes/x.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name) if name.endswith("png") else (
            tmp_path / name
        ).write_text("x")
    (tmp_path / "train/bird").mkdir()
    found = name_left_out(read_folder(tmp_path, PHOTOS, on_note=lambda note: None), tmp_path)
    named = [str(bad.reason) for bad in found.skipped if "is not a class" in bad.reason]
    assert named == [
        f"{tmp_path / 'train' / name}: no photos in this folder, so it is not a class"
        for name in ("bird", "notes")
    ]


def test_a_folder_that_cannot_be_listed_is_left_out(tmp_path, monkeypatch):
    touch(tmp_path, "cat/1.jpg", "dog/2.jpg", "dog/closed/3.jpg")
    listing = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr("gatera.core.walk.os.scandir", refuse)
    assert named(tmp_path) == [
        f"Folder {tmp_path / 'dog' / 'closed'} cannot be listed (Permission denied). Make it readable, or move it elsewhere."
    ]


def test_names_that_are_not_in_utf8(tmp_path):
    touch(tmp_path, "cat/1.jpg", "dog/2.jpg")
    name = os.fsencode(tmp_path) + b"/cat/\xe9t\xe9.jpg"
    Path(os.fsdecode(name)).write_bytes((tmp_path / "cat" / "1.jpg").read_bytes())
    found, _ = read(tmp_path)
    assert len(skip_unreadable(found).files) == 3


def test_sides_in_most_of_the_folder_hold_and_the_rest_is_left_out(tmp_path):
    """The test photos were trained on as soon as a second folder stood beside the one that is split."""
    split = [f"xray/{side}/{label}/{side}_{label}.png" for side in ("train", "val", "test") for label in "ab"]
    found, _ = read(touch(tmp_path, *split, "more/xray/train/a/1.png", "more/xray/train/b/2.png"))
    assert places(found) == {
        f"{name}_{label}": (label, side)
        for name, side in (("train", "train"), ("val", "valid"), ("test", "test")) for label in "ab"
    }  # fmt: skip
    assert [bad.reason for bad in found.skipped] == [
        f"{tmp_path}/more/xray has 2 photos outside the train, valid and test folders, e.g. 1.png."
    ]


def test_sides_in_a_small_part_of_the_folder_are_asked_about(tmp_path):
    photos = [f"cat/{number}.png" for number in range(5)]
    touch(tmp_path, *photos, "dog/train/6.png", "dog/test/7.png")
    with pytest.raises(DataError) as err:
        read(tmp_path)
    assert str(err.value) == (
        f"Only a part of {tmp_path} is split: {tmp_path}/dog has the folders test, train, most photos are outside. "
        "Pass that folder, or say which folder names the class: class_level=."
    )
    found, _ = read(tmp_path, class_level=1)
    assert sorted(set(found.labels)) == ["cat", "dog"] and len(found.files) == 7


def test_files_of_unknown_endings_are_counted_too(tmp_path):
    touch(tmp_path, "cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png")
    for name in ("cat/a.pcx", "cat/b.SGI", "dog/c.bin", "dog/d.weights", "dog/LICENSE", "dog/notes.txt"):
        (tmp_path / name).write_bytes(b"xx")
    found, _ = read(tmp_path)
    assert [str(bad.reason) for bad in name_left_out(found, tmp_path).skipped] == [
        f"{tmp_path} has 2 files of other kinds (.bin, .weights), which are not read, e.g. dog/c.bin.",
        f"{tmp_path} has 2 pictures in other formats (.pcx, .sgi), which are not read, e.g. cat/a.pcx.",
    ]


def test_texts_in_a_notation_are_missed_among_texts_and_not_beside_photos():
    files = [
        Path(name)
        for name in (
            "pos/1.txt",
            "pos/2.html",
            "neg/3.MD",
            "neg/4.xml",
            "README.md",
            "neg/index.html",
            "a.csv",
        )
    ]
    assert unread_files(files, {".txt"}) == [("text in another format", files[1:4])]
    assert unread_files(files, {".png"}) == []
    assert "has 3 texts in other formats (.html, .md, .xml), which are not read" in unread_sentence(
        Path(), "text in another format", files[1:4]
    )


@pytest.mark.parametrize("spread", ["ab", "a/b", "abc"])
def test_folders_that_only_spread_hashes_name_no_class(tmp_path, spread):
    """The log of a server keeps its inputs so; the digits were taken for classes."""
    names = [f"{letter}{'0123456789abcdef' * 4}"[:64] for letter in ("abc", "abcd", "abce")]
    touch(
        tmp_path,
        *(f"{label}/{spread}/{name}{n}.png" for n, name in enumerate(names) for label in ("cat", "dog")),
    )
    found, _ = read(tmp_path)
    assert sorted(found.labels) == ["cat"] * 3 + ["dog"] * 3
    assert place_files(tmp_path / "cat", sorted((tmp_path / "cat").rglob("*.png")), "photos").labels == {}


def test_a_class_whose_name_begins_some_hashes_is_a_class(tmp_path):
    """Digits in files called by their hashes: one of sixteen lost its label."""
    touch(tmp_path, *(f"{label}/{first}{'0f' * 16}.png" for label in "3c" for first in "3ac"))
    assert sorted(read(tmp_path)[0].labels) == ["3"] * 3 + ["c"] * 3


@pytest.mark.parametrize(
    "system", ["@eaDir", "#recycle", "$RECYCLE.BIN", "__MACOSX", "lost+found", "System Volume Information"]
)
def test_folders_that_systems_make_are_hidden(tmp_path, system):
    touch(tmp_path, "cat/1.png", "dog/2.png", f"cat/{system}/1.png", f"{system}/cat/1.png", f"{system}/3.png")
    found, notes = read(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in found.files] == ["cat/1.png", "dog/2.png"]
    assert name_left_out(found, tmp_path).skipped == [] and notes == []


@pytest.mark.parametrize("name", ["unsup", "Unlabeled", "unlabelled_data", "no labels"])
def test_a_folder_of_files_without_labels_is_not_a_class(tmp_path, name):
    """aclImdb has 50,000 reviews in train/unsup, beside train/pos and train/neg."""
    touch(
        tmp_path,
        *(f"train/{c}/{n}.png" for c in ("pos", "neg", name) for n in "12"),
        "test/pos/3.png",
        "test/neg/4.png",
    )
    found, _ = read(tmp_path)
    assert set(found.labels) == {"pos", "neg"} and len(found.split) == len(found.labels) == 6
    assert found.skipped[0].reason == (
        f"{tmp_path / 'train' / name} has 2 photos without a label, as its name says; rename it to train on it as a class."
    )
    touch(tmp_path / "b", f"{name}/1.png", "cat/2.png")  # it may be what is asked
    assert set(read(tmp_path / "b")[0].labels) == {name, "cat"}


def test_classes_that_a_given_test_set_lacks_are_named(tmp_path):
    touch(
        tmp_path,
        *(f"train/{c}/{n}.png" for c in "0189" for n in "1234"),
        "test/0/5.png",
        "test/1/6.png",
        "test/8/7.png",
    )
    notes: list[Note] = []
    hold_out(read(tmp_path)[0], 0.25, 1, on_note=notes.append)
    assert [str(note) for note in notes] == [
        "The class '9' is in the training set and not in the test set, whose error says nothing about it."
    ]


def test_names_whose_accents_are_written_in_two_ways_are_named(tmp_path):
    """A Mac's file systems take letters apart: \u00e9 becomes e and an accent."""
    touch(tmp_path, "caf\u00e9/1.png", "cafe\u0301/2.png", "tea/3.png")
    (note,) = read(tmp_path)[1]
    assert str(note).startswith(
        r"'cafe\u0301', 'caf\u00e9' are different classes, though their names are nearly the same".replace(
            r"caf\u00e9", "caf\u00e9"
        )
    )


# -- labels from names, sides from folders
BY_NAME = r"^([a-z]+)_"


@pytest.mark.parametrize(
    ("names", "sides", "layout"),
    [
        (("{s}/{c}_{s}{n}.jpg", "train", "test", "val"), {"train": 4, "test": 4, "valid": 4}, ", train, valid and test folders"),
        (("pets/{s}/images/{c}_{s}{n}.jpg", "Train", "Test"), {"train": 4, "test": 4}, ", train and test folders"),
        (("{s}/{c}_{s}{n}.jpg", ".", "test"), {"": 4, "test": 4}, ", test folder"),
        (("{s}/{c}_{s}{n}.jpg", "ann", "validation"), {"train": 4, "valid": 4}, ", train and valid folders"),
        (("{s}/{c}_{s}{n}.jpg", "ann", "ben"), {"": 8}, ""),
    ],
)  # fmt: skip
def test_folders_of_sides_count_where_names_of_files_have_the_labels(tmp_path, names, sides, layout):
    """Test photos were trained on, and `gatera test` measured training photos."""
    pattern, *folders = names
    touch(
        tmp_path,
        *(
            pattern.format(s=side, c=label, n=n)
            for side in folders
            for label in ("cat", "dog")
            for n in (1, 2)
        ),
    )
    found = read_folder(tmp_path, PHOTOS, BY_NAME)
    assert {side: found.split.count(side) for side in set(found.split)} == sides
    assert (found.layout, found.labels.count("dog")) == (f"labels from file names{layout}", len(folders) * 2)
    held = hold_out(found, 0.5, 1)
    assert set(held.indices("test")) == set(found.indices("test"))
    if "valid" in sides:
        assert held.split_by == "by the folders train and valid"


def test_files_outside_the_folders_of_sides_are_trained_on_where_names_have_the_labels(tmp_path):
    touch(
        tmp_path,
        *(f"{side}/{label}_{side}.jpg" for side in ("train", "test") for label in ("cat", "dog")),
        "cat_9.jpg",
    )
    found = read_folder(tmp_path, PHOTOS, BY_NAME)
    assert dict(zip([path.name for path in found.files], found.split, strict=True))["cat_9.jpg"] == ""
    assert found.split.count("test") == 2


@pytest.mark.parametrize("names", [("valid", "invalid"), ("control", "Test"), ("train", "bus", "test")])
@pytest.mark.parametrize("by", [None, r"^([a-z]+)_"])
def test_folders_called_as_their_photos_are_labelled_are_classes(tmp_path, names, by):
    """Of valid and invalid documents all valid ones were the validation set, so that nothing could be trained."""
    files = [(f"{name}/{name.lower()}_{n}.jpg", name.lower()) for name in names for n in range(3)]
    touch(tmp_path, *(file for file, _ in files))
    if by is None:
        (tmp_path / "labels.csv").write_text(
            "\n".join(["file,label", *(f"{f},{label}" for f, label in files)])
        )
    found = read_folder(tmp_path, PHOTOS, by)
    assert set(found.split) == {""} and set(found.labels) == {name.lower() for name in names}


@pytest.mark.parametrize(
    ("names", "sides", "by"),
    [
        (("train", "test"), {"": 0, "train": 6, "test": 6}, None),
        (("Train", "val"), {"train": 6, "valid": 6}, "by the folders train and valid"),
        (("a", "b"), {"": 12}, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("prefix", [True, False])
def test_folders_of_sides_count_where_a_table_names_none(tmp_path, names, sides, by, prefix):
    """metadata.csv above train and test, as data sets for Hugging Face have it: test photos were trained on."""
    there = [
        (side, label, f"{label}{side}{n}.jpg") for side in names for label in ("cat", "dog") for n in range(3)
    ]
    touch(tmp_path, *(f"{side}/{name}" for side, _, name in there))
    lines = [f"{side}/{name},{label}" if prefix else f"{name},{label}" for side, label, name in there]
    (tmp_path / "metadata.csv").write_text("\n".join(["file_name,label", *lines]))
    said: list[Note] = []
    found = read_folder(tmp_path, PHOTOS, on_note=said.append)
    assert {side: found.split.count(side) for side in sides} == sides
    split = [str(note) for note in said if "the folders do" in str(note)]
    assert len(split) == (len(sides) > 1)
    if by is not None:
        assert hold_out(found, 0.5, 1).split_by == by
    (tmp_path / "metadata.csv").write_text(
        "\n".join(["file_name,label,split", *(f"{line},train" for line in lines)])
    )
    assert set(read_folder(tmp_path, PHOTOS).split) == {"train"}, "what the table says counts"


@pytest.mark.parametrize("asked", [{"class_level": 1}, {"label_from": "(red|blue)"}])
def test_a_table_is_not_read_where_names_are_asked_for_and_that_is_said(tmp_path, asked):
    folder = touch(tmp_path, "cat/red_1.jpg", "cat/red_2.jpg", "dog/blue_3.jpg", "dog/blue_4.jpg")
    rows = [f"{path.parent.name}/{path.name},{n % 2}" for n, path in enumerate(sorted(folder.rglob("*.jpg")))]
    (folder / "labels.csv").write_text("\n".join(["file,label", *rows]))
    found, notes = read(folder, **asked)
    assert sorted(set(found.labels)) in (["cat", "dog"], ["blue", "red"])
    assert [note.text for note in notes] == [
        "labels.csv is not read: labels are taken from the names as asked"
    ]


def test_one_class_of_names_leads_to_the_expression(tmp_path):
    found = read_folder(touch(tmp_path, "1.jpg", "2.jpg"), PHOTOS, "(jpg)")
    with pytest.raises(DataError, match=r"Choose another part of the file names: label_from=") as refused:
        check_classes(found)
    assert "Add a folder" not in str(refused.value)


def test_a_column_that_is_not_there_leads_to_those_that_are(tmp_path):
    with pytest.raises(ArgumentError, match=r"no column 'who'.*patient, when") as refused:
        first_groups("group_by", "who", [Path("1.jpg")], ["patient", "when"])
    assert "parentheses" in str(refused.value)


@pytest.mark.parametrize("level", [0, 3, -3])
def test_a_level_at_which_there_is_no_folder_is_named(tmp_path, level):
    touch(tmp_path, "a/cat/1.jpg", "b/dog/2.jpg")
    with pytest.raises(
        ArgumentError,
        match=rf"^class_level names no folder .* Got: {level}\. Expected: 1 to 2, or -2 to -1: 1 is the first",
    ):
        read(tmp_path, class_level=level)
