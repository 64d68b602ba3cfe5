from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from gatera.core import walk
from gatera.core.errors import DataError
from gatera.data.sources.items import (
    BadFile,
    FileGetter,
    ImageGetter,
    Items,
    check_photos,
    each,
    get_files,
    get_image_files,
    is_table,
    verify_images,
)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names(files: Items[Path], folder: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in files]


def test_files_come_sorted_whatever_order_the_file_system_lists_them_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "b/2.jpg", "b/10.jpg", "a-b/1.jpg", "a/9.jpg", "c.jpg", "B/1.jpg")
    found = get_image_files(tmp_path)
    assert names(found, tmp_path) == ["B/1.jpg", "a/9.jpg", "a-b/1.jpg", "b/10.jpg", "b/2.jpg", "c.jpg"]
    assert found == sorted(found)
    real = os.scandir

    class Reversed:
        def __init__(self, folder: str) -> None:
            self.entries = sorted(real(folder), key=lambda entry: entry.name, reverse=True)

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self.entries

        def __exit__(self, *error: object) -> None: ...

    monkeypatch.setattr(walk.os, "scandir", Reversed)
    assert get_image_files(tmp_path) == found


def test_photos_are_known_by_their_ending_in_any_case(tmp_path: Path) -> None:
    touch(tmp_path, "1.JPG", "2.jpeg", "3.Png", "notes.txt", "jpg", "4.jpg.bak", "5.tar.jpg")
    assert names(get_image_files(tmp_path), tmp_path) == ["1.JPG", "2.jpeg", "3.Png", "5.tar.jpg"]


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, ".1.jpg", "._2.jpg", ".git/3.jpg", "a/.thumbs/4.jpg", "a/5.jpg")
    assert names(get_image_files(tmp_path), tmp_path) == ["a/5.jpg"]


def test_an_empty_folder_gives_no_items(tmp_path: Path) -> None:
    assert get_image_files(tmp_path) == []


def test_without_recurse_only_the_folder_itself_is_listed(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg", "a/2.jpg")
    assert names(get_image_files(tmp_path, recurse=False), tmp_path) == ["1.jpg"]


def test_folders_limit_the_search_to_those_at_the_top(tmp_path: Path) -> None:
    touch(tmp_path, "0.jpg", "train/cat/1.jpg", "valid/2.jpg", "other/train/3.jpg")
    assert names(get_image_files(tmp_path, folders="train"), tmp_path) == ["train/cat/1.jpg"]
    assert names(get_image_files(tmp_path, folders=["valid", "train"]), tmp_path) == [
        "train/cat/1.jpg",
        "valid/2.jpg",
    ]
    assert names(get_image_files(tmp_path, folders=["."]), tmp_path) == ["0.jpg"]
    assert names(get_image_files(tmp_path, folders=["valid", "."]), tmp_path) == ["0.jpg", "valid/2.jpg"]


def test_extensions_may_be_one_or_many_with_or_without_their_dot(tmp_path: Path) -> None:
    touch(tmp_path, "1.txt", "2.CSV", "3.jpg")
    assert names(get_files(tmp_path, "txt"), tmp_path) == ["1.txt"]
    assert names(get_files(tmp_path, [".txt", "csv"]), tmp_path) == ["1.txt", "2.CSV"]
    assert names(get_files(tmp_path), tmp_path) == ["1.txt", "2.CSV", "3.jpg"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_followed_but_never_in_a_circle(tmp_path: Path) -> None:
    touch(tmp_path, "photos/a/1.jpg", "elsewhere/2.jpg")
    (tmp_path / "photos/a/up").symlink_to(tmp_path / "photos")
    (tmp_path / "photos/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos/self.jpg").symlink_to(tmp_path / "photos/self.jpg")
    (tmp_path / "photos/gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    found = names(get_image_files(tmp_path / "photos"), tmp_path / "photos")
    assert found == ["a/1.jpg", "gone.jpg", "linked/2.jpg", "self.jpg"]


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes of this kind there")
def test_a_pipe_is_not_a_photo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.jpg")
    assert get_image_files(tmp_path) == []


def test_a_missing_folder_is_named_and_the_nearest_offered(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "readme.txt").touch()
    with pytest.raises(DataError) as err:
        get_image_files(tmp_path / "photoz")
    assert str(err.value) == (
        f"Folder {tmp_path / 'photoz'} does not exist. Available: photos in {tmp_path}. Did you mean "
        "'photos'?"
    )


def test_a_missing_folder_in_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as err:
        get_image_files(tmp_path / "a" / "b")
    assert str(err.value) == (
        f"Folder {tmp_path / 'a' / 'b'} does not exist. Check the spelling and the folder you started from."
    )


def test_a_missing_one_of_the_folders_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "train/1.jpg")
    with pytest.raises(DataError) as err:
        get_image_files(tmp_path, folders=["trian"])
    assert str(err.value) == (
        f"Folder {tmp_path / 'trian'} does not exist. Available: train in {tmp_path}. Did you mean 'train'?"
    )


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg")
    with pytest.raises(DataError) as err:
        get_image_files(tmp_path / "1.jpg")
    assert (
        str(err.value)
        == f"{tmp_path / '1.jpg'} is a file, not a folder. Pass the folder it is in: {tmp_path}."
    )


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "closed/1.jpg")
    real = os.scandir

    def refuse(folder: str | Path) -> object:
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(walk.os, "scandir", refuse)
    with pytest.raises(DataError) as err:
        get_image_files(tmp_path)
    assert str(err.value) == (
        f"Folder {tmp_path / 'closed'} cannot be listed (Permission denied). "
        "Make it readable, or move it elsewhere."
    )


def test_getters_are_get_files_with_options_set(tmp_path: Path) -> None:
    touch(tmp_path, "images/1.jpg", "images/2.txt", "3.jpg")
    assert names(ImageGetter("images")(tmp_path), tmp_path) == ["images/1.jpg"]
    assert names(FileGetter("images", extensions=".txt")(str(tmp_path)), tmp_path) == ["images/2.txt"]
    assert (
        repr(FileGetter("images")) == "FileGetter(suf='images', extensions=None, recurse=True, folders=None)"
    )


def test_items_keep_the_habits_of_the_book() -> None:
    items = Items(["b", "a", "c"])
    assert items.sorted() == ["a", "b", "c"]
    assert items.sorted(key=lambda item: -ord(item)) == ["c", "b", "a"]
    assert items.sorted(reverse=True) == ["c", "b", "a"]
    assert items.map(str.upper) == ["B", "A", "C"]
    assert items.filter(lambda item: item != "b") == ["a", "c"]
    assert items[0] == "b"
    assert isinstance(items[:2], Items)
    assert isinstance(items.map(str.upper), Items)


def test_items_say_how_many_they_are() -> None:
    assert repr(Items(range(3))) == "Items of 3: [0, 1, 2]"
    assert repr(Items(range(100))) == "Items of 100: [0, 1, 2, 3, 4, 5, …]"


def test_bad_photos_are_found_in_order_and_good_ones_pass(photo_folder: Path, tmp_path: Path) -> None:
    good = get_image_files(photo_folder)
    whole = good[0].read_bytes()
    bad = {"empty.jpg": b"", "text.jpg": b"no photo at all", "half.jpg": whole[: len(whole) // 2]}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    files = [
        good[0],
        tmp_path / "half.jpg",
        good[1],
        tmp_path / "empty.jpg",
        tmp_path / "text.jpg",
        tmp_path / "gone.jpg",
    ]
    found = check_photos(files)
    assert [entry.path.name for entry in found] == ["half.jpg", "empty.jpg", "text.jpg", "gone.jpg"]
    assert all(isinstance(entry, BadFile) and str(entry.path) in entry.reason for entry in found)
    assert verify_images(files) == [
        tmp_path / name for name in ("half.jpg", "empty.jpg", "text.jpg", "gone.jpg")
    ]
    assert verify_images(good) == []


def test_a_photo_cut_by_a_few_bytes_is_found_although_it_is_decoded_small(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.effect_noise((256, 256), 40).convert("RGB").save(buffer, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(buffer.getvalue()[:-400])
    assert verify_images([tmp_path / "cut.jpg"]) == [tmp_path / "cut.jpg"]


def test_a_bad_file_can_be_removed_the_books_way(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg")
    verify_images(get_image_files(tmp_path)).map(Path.unlink)
    assert get_image_files(tmp_path) == []


def test_tables_are_gone_through_row_by_row() -> None:
    table = pd.DataFrame({"name": ["a", "b"]}, index=[7, 8])
    assert is_table(table)
    assert not is_table([1])
    assert [row["name"] for row in each(table)] == ["a", "b"]
    assert list(each(["x", "y"])) == ["x", "y"]
