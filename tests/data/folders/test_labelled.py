from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from gatera.core.errors import DataError
from gatera.data.folders.labelled import hold_out, leave_out_bad, read_photo_folder


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(path)
    return folder


def pairs(photos) -> dict[str, tuple[str, str]]:
    return {
        p.name: (label, side)
        for p, label, side in zip(photos.photos, photos.labels, photos.split, strict=True)
    }


def test_class_folders(tmp_path):
    photos = read_photo_folder(touch(tmp_path, "cat/1.jpg", "dog/2.jpg"))
    assert pairs(photos) == {"1.jpg": ("cat", ""), "2.jpg": ("dog", "")}
    assert photos.layout == "a folder per class"


def test_train_and_valid_folders_with_a_test_folder(tmp_path):
    photos = read_photo_folder(
        touch(tmp_path, "train/cat/1.jpg", "val/cat/2.jpg", "test/dog/3.jpg", "test/4.jpg")
    )
    assert pairs(photos) == {"1.jpg": ("cat", "train"), "2.jpg": ("cat", "valid"), "3.jpg": ("dog", "test")}


def test_photos_outside_of_the_class_folders_are_listed_as_left_out(tmp_path):
    touch(
        tmp_path,
        "train/cat/1.jpg",
        "train/more/cat/2.jpg",
        "train/dog/3.jpg",
        "valid/dog/4.jpg",
        "valid/cat/5.jpg",
    )
    touch(tmp_path, "train/6.jpg", "train/7.jpg", "valid/8.jpg", "test/9.jpg", "more/cat/10.jpg", "11.jpg")
    photos = hold_out(leave_out_bad(read_photo_folder(tmp_path)), 0.2, 42)
    assert [path.name for path in photos.photos] == ["1.jpg", "3.jpg", "2.jpg", "5.jpg", "4.jpg"]
    assert [bad.reason for bad in photos.bad] == [
        f"{tmp_path} holds 1 photo that is not in a train, valid or test folder, e.g. 11.jpg.",
        f"{tmp_path / 'more'} holds 1 photo that is not in a train, valid or test folder, e.g. 10.jpg.",
        f"{tmp_path / 'test'} holds 1 photo outside of class folders, e.g. 9.jpg: nothing says what they show.",
        f"{tmp_path / 'train'} holds 2 photos outside of class folders, e.g. 6.jpg: nothing says what they show.",
        f"{tmp_path / 'valid'} holds 1 photo outside of class folders, e.g. 8.jpg: nothing says what they show.",
    ]


def test_train_and_valid_folders_without_class_folders(tmp_path):
    assert refused(touch(tmp_path, "train/1.jpg", "train/2.jpg", "valid/3.jpg")) == (
        f"{tmp_path / 'train'} holds 2 photos outside of class folders, e.g. 1.jpg: nothing says what they show. "
        "Expected: a folder per class in each of them. Move them into class folders, or pass a regular expression over "
        "all names (--label-from)."
    )


def test_labels_from_file_names(tmp_path):
    photos = read_photo_folder(touch(tmp_path, "cat_1.jpg", "dog_2.jpg"), label_from=r"^(.+)_\d+")
    assert pairs(photos) == {"cat_1.jpg": ("cat", ""), "dog_2.jpg": ("dog", "")}


def test_a_table_of_labels_with_a_split_and_names_without_endings(tmp_path):
    touch(tmp_path, "1.jpg", "2.jpg", "more/3.jpg")
    (tmp_path / "labels.csv").write_text(
        "image,breed,is_valid\n1.jpg,cat,False\n2,dog,True\nmore/3.jpg,dog,0\n"
    )
    assert pairs(read_photo_folder(tmp_path)) == {
        "1.jpg": ("cat", "train"), "2.jpg": ("dog", "valid"), "3.jpg": ("dog", "train"),
    }  # fmt: skip


def test_a_table_that_repeats_itself_is_fine(tmp_path):
    touch(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "labels.csv").write_text("file,label\n1.jpg,cat\n1.jpg,cat\n2.jpg,dog\n")
    assert len(read_photo_folder(tmp_path).photos) == 2


def refused(folder: Path, **options) -> str:
    with pytest.raises(DataError) as err:
        hold_out(read_photo_folder(folder, **options), 0.2, 42)
    return str(err.value)


def test_an_empty_folder(tmp_path):
    assert refused(tmp_path) == (
        f"there are no photos in {tmp_path}. Expected: files such as .jpg, .png, .webp, also in folders."
    )


def test_a_single_class(tmp_path):
    assert refused(touch(tmp_path, "cat/1.jpg", "cat/2.jpg")) == (
        "all 2 photos have the same label. Got: 'cat'. Expected: at least two classes. "
        "Add a folder of photos of what it is to be told apart from."
    )


def test_a_class_with_one_photo(tmp_path):
    assert refused(touch(tmp_path, "cat/1.jpg", "cat/2.jpg", "dog/3.jpg")) == (
        f"the class 'dog' has a single photo ({tmp_path / 'dog/3.jpg'}). Expected: two photos or more per class. "
        "One is needed to learn from and one to check with: add photos of it, or take the class out."
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
        "the class 'dog' is in the validation photos and not in the training photos. Expected: cat, cow. "
        "Add training photos of it, or take it out of the validation."
    )


def test_photos_that_nothing_labels(tmp_path):
    assert refused(touch(tmp_path, "1.jpg", "2.jpg")) == (
        f"{tmp_path} holds 2 photos (e.g. 1.jpg) and nothing says what they show. Expected: a folder per class, train "
        "and valid folders, or a labels.csv with columns file,label. Move them into class folders, or pass a regular "
        r"expression over their names: --label-from '^(.+)_\d+' takes cat from cat_12.jpg."
    )


def test_photos_beside_class_folders(tmp_path):
    assert refused(touch(tmp_path, "cat/1.jpg", "dog/2.jpg", "3.jpg")) == (
        f"{tmp_path} holds class folders and also 1 photos beside them, e.g. 3.jpg. Move those into the folder of their "
        "class, or out of the way."
    )


def test_a_table_with_files_that_are_not_there(tmp_path):
    touch(tmp_path, "cat_1.jpg")
    (tmp_path / "labels.csv").write_text("file,label\ncat_1.jpg,cat\ncat_11.jpg,cat\n")
    assert refused(tmp_path) == (
        f"{tmp_path / 'labels.csv'} names 1 files that are not in {tmp_path}: cat_11.jpg. Did you mean 'cat_1.jpg'?"
    )


def test_a_table_that_contradicts_itself(tmp_path):
    touch(tmp_path, "1.jpg")
    (tmp_path / "labels.csv").write_text("file,label\n1.jpg,cat\n1.jpg,dog\n")
    assert refused(tmp_path) == (
        f"{tmp_path / 'labels.csv'} gives 1.jpg two labels, 'cat' and 'dog' (line 3). Keep the right one of the two lines."
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
        f"{tmp_path / 'labels.csv'} needs two columns or more. Got: ['file']. Expected: file,label."
    )


def test_a_table_with_an_unknown_split(tmp_path):
    touch(tmp_path, "1.jpg")
    (tmp_path / "labels.csv").write_text("file,label,split\n1.jpg,cat,later\n")
    assert refused(tmp_path) == (
        f"{tmp_path / 'labels.csv'} has an unknown split in line 2. Got: 'later'. Expected: train, training, valid, "
        "val, validation, test, testing."
    )


def test_the_split_holds_out_the_same_share_of_every_class_and_is_seeded(tmp_path):
    touch(tmp_path, *(f"cat/{i}.jpg" for i in range(10)), *(f"dog/{i}.jpg" for i in range(20)))
    photos = read_photo_folder(tmp_path)
    first, again, other = hold_out(photos, 0.2, 1), hold_out(photos, 0.2, 1), hold_out(photos, 0.2, 2)
    assert Counter(first.labels[i] for i in first.indices("valid")) == {"cat": 2, "dog": 4}
    assert first.split == again.split != other.split


def test_a_share_that_leaves_no_photo_of_some_class_names_the_option_and_a_share_that_does(tmp_path):
    names = [f"{label}/{number}.jpg" for label in "abcdefghijklmnopqrst" for number in range(2)]
    assert refused(touch(tmp_path, *names)) == (
        "valid_pct=0.2 of 40 photos leaves 8 to check with, fewer than the 20 classes. Expected: at least one of every "
        "class on either side. Raise valid_pct (--valid-pct) to 0.5, or add photos of every class."
    )
    assert len(hold_out(read_photo_folder(tmp_path), 0.5, 42).indices("valid")) == 20
    with pytest.raises(DataError) as err:
        hold_out(read_photo_folder(tmp_path), 0.8, 42)
    assert str(err.value) == (
        "valid_pct=0.8 of 40 photos leaves 8 to learn from, fewer than the 20 classes. Expected: at least one of every "
        "class on either side. Lower valid_pct (--valid-pct) to 0.5, or add photos of every class."
    )


def test_bad_files_are_left_out_and_listed(tmp_path):
    touch(tmp_path, "cat/1.jpg", "dog/2.jpg")
    (tmp_path / "cat/0.jpg").write_bytes(b"")
    (tmp_path / "dog/3.jpg").write_bytes((tmp_path / "dog/2.jpg").read_bytes()[:200])
    photos = leave_out_bad(read_photo_folder(tmp_path))
    assert [p.name for p in photos.photos] == ["1.jpg", "2.jpg"]
    assert [bad.path.name for bad in photos.bad] == ["0.jpg", "3.jpg"]
    assert all(bad.reason for bad in photos.bad)


def test_a_folder_of_nothing_but_bad_files(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat/0.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"none of the 1 photos can be read, e\.g\. .*0\.jpg"):
        leave_out_bad(read_photo_folder(tmp_path))
