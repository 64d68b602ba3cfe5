from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gatera.core.files import check_regular
from gatera.core.walk import files_below

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
