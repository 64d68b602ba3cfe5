from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gatera.core.files import check_regular
from gatera.core.walk import files_below, natural_key

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


def names(folder: Path) -> list[str]:
    return [Path(path).name for path in files_below(folder)]


def test_pipes_and_links_to_them_are_not_listed(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to("pipe.jpg")
    (tmp_path / "device.jpg").symlink_to("/dev/zero")
    (tmp_path / "broken.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "unreachable.jpg").symlink_to(300 * "x")  # PermissionError for some, too; it ended the run
    (tmp_path / "photo.jpg").write_bytes(b"x")
    (tmp_path / "other.jpg").symlink_to("photo.jpg")
    assert names(tmp_path) == ["broken.jpg", "other.jpg", "photo.jpg", "unreachable.jpg"]


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_file_is_named(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the names of sockets must be short
    path = Path("/dev/zero") if kind == "device" else tmp_path / "it"
    if kind == "pipe":
        os.mkfifo(path)
    with socket.socket(socket.AF_UNIX) as it:
        if kind == "socket":
            it.bind("it")
        with pytest.raises(OSError, match=f"it is a {kind}, not a file"):
            check_regular(path)


def test_files_folders_and_what_is_missing_pass(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path, tmp_path / "file", tmp_path / "missing", "nul\0", "x" * 5000):
        check_regular(path)


@pytest.mark.parametrize(
    "names",
    [
        ["1.jpg", "2.jpg", "10.jpg"],
        ["IMG_0009.jpg", "IMG_0010.jpg", "IMG_10000.jpg"],
        ["s1/f9.png", "s1/f10.png", "s2/f1.png", "s10/f1.png"],
        ["a/1.jpg", "a-b/1.jpg", "a.jpg"],  # by folder, as `files_below`
        ["a.jpg", "a1.jpg", "ab.jpg"],
        ["0.jpg", "1.jpg", "01b.jpg", "2.jpg"],
        ["v1.2", "v1.10", "v2.0"],
        ["x99999999", "x100000000", "x" + "9" * 40, "x1" + "0" * 40],
        ["٩.jpg", "١٠.jpg"][::-1],  # only the digits 0 to 9 are numbers
    ],
)
def test_people_read_digits_as_numbers(names):
    other_way_round = names[::-1]
    assert sorted(other_way_round, key=natural_key) == names
