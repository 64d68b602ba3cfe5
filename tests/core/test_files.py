from __future__ import annotations

import errno
import hashlib
import os
import stat
import struct
import sys
from pathlib import Path

import pytest

from gatera.core.errors import ArgumentError, OutputExistsError
from gatera.core.files import (
    atomic_write,
    check_can_write,
    check_free_to_write,
    check_not_an_input,
    free_bytes,
    home,
    human_bytes,
    put_in_place,
    sha256_file,
    where_to_look,
)
from gatera.store.objects import ObjectStore
from gatera.store.remotes.folder import FolderRemote
from gatera.store.remotes.keys import object_key


def test_the_home_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("GATERA_HOME", str(tmp_path))
    assert home() == tmp_path


def test_without_a_choice_the_home_is_the_platforms_cache(monkeypatch):
    monkeypatch.delenv("GATERA_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    if sys.platform == "linux":
        assert home() == Path("/somewhere/gatera")


def test_a_user_without_a_folder_is_told(monkeypatch):
    """A container that runs under a number without a name, with no HOME: a traceback."""
    for name in ("GATERA_HOME", "XDG_CACHE_HOME", "HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 9)
    with pytest.raises(ArgumentError, match="The user has no folder"):
        home()
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    monkeypatch.setattr(sys, "platform", "linux")
    assert home() == Path("/somewhere/gatera")


def test_files_are_written_where_the_disk_lets_nobody_set_permissions(monkeypatch, tmp_path):
    """Drives of Windows in WSL, shares and phones' cards: "cannot write cats.gatera (Operation not permitted)", after the training."""

    def refuse(*_, **__):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    for name in ("chmod", "fchmod"):
        monkeypatch.setattr(os, name, refuse)
    path = tmp_path / "a.txt"
    for text in ("one", "two"):
        with atomic_write(path) as partial:
            partial.write_text(text)
    assert path.read_text() == "two"
    store = ObjectStore(tmp_path / "objects")
    for how in ("copy", "link"):
        path.write_text(how)
        kept = store.put(path, how)
        store.place(kept.sha256, tmp_path / "back.txt")
        remote = FolderRemote(tmp_path / "remote")
        key = object_key(kept.sha256)
        remote.put(store.path(kept.sha256), key)
        assert remote.get(key, tmp_path / "fetched.txt").read_text() == how


def test_what_was_written_appears_whole(tmp_path):
    with atomic_write(tmp_path / "deep" / "a.txt") as partial:
        partial.write_text("all")
        assert not (tmp_path / "deep" / "a.txt").exists()
    assert (tmp_path / "deep" / "a.txt").read_text() == "all"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [OSError("No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, error):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(type(error)), atomic_write(target) as partial:
        partial.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_names_the_file(tmp_path):
    with pytest.raises(OSError) as found, atomic_write(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert found.value.filename == str(tmp_path / "a.txt")
    with (
        pytest.raises(OSError) as found,
        atomic_write(tmp_path / ("x" * 300)),
    ):  # the temporary file has too long a name
        pass
    assert found.value.filename == str(tmp_path / ("x" * 300))
    with pytest.raises(FileNotFoundError) as found, atomic_write(tmp_path / "a.txt"):
        (tmp_path / "other").read_bytes()
    assert found.value.filename == str(tmp_path / "other")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_a_written_file_can_be_read_by_others(tmp_path):
    with atomic_write(tmp_path / "a.txt") as partial:
        partial.write_text("x")
    (tmp_path / "plain").write_text("x")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == stat.S_IMODE(
        (tmp_path / "plain").stat().st_mode
    )


@pytest.mark.parametrize("name", ["x" * 251 + ".png", "写" * 83 + ".png"])
def test_names_as_long_as_the_file_system_takes_can_be_written(tmp_path, name):
    with atomic_write(tmp_path / name) as partial:
        partial.write_text("new")
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_an_existing_file_is_kept_unless_forced(tmp_path):
    target = tmp_path / "a.gatera"
    check_free_to_write(target)
    target.touch()
    with pytest.raises(OutputExistsError) as err:
        check_free_to_write(target)
    assert str(err.value) == (
        f"{target} already exists and was not overwritten. Choose another name, or pass force=True."
    )
    check_free_to_write(target, force=True)


def test_the_hash_is_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"cat")
    assert sha256_file(tmp_path / "a") == hashlib.sha256(b"cat").hexdigest()


def test_free_space_is_known_for_folders_to_come(tmp_path):
    assert free_bytes(tmp_path / "not" / "yet") > 0


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (18_600_000, "18.6 MB"), (3e12, "3.0 TB")],
)
def test_sizes_are_written_for_people(size, text):
    assert human_bytes(size) == text


def test_where_a_file_can_be_written_is_known_without_writing_anything(tmp_path):
    check_can_write(tmp_path / "new" / "folder" / "a.gatera")
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_the_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "deep" / "a.gatera"
    with pytest.raises(ArgumentError) as err:
        check_can_write(path)
    assert str(err.value) == (
        f"Cannot write {path}: cannot create files in {tmp_path / 'file'} (Not a directory). Choose another folder, "
        "or make that one writable."
    )


def folder_with(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "file").write_text(text)
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_folder_that_came_with_an_image_is_replaced(monkeypatch, tmp_path):
    """overlayfs gives folders of lower layers no other name: "cannot be written (Invalid cross-device link)"."""
    real = Path.rename

    def rename(path, target):
        if path == tmp_path / "page":
            raise OSError(errno.EXDEV, "Invalid cross-device link", str(path))
        return real(path, target)

    folder_with(tmp_path / "page", "old")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        with pytest.raises(FileNotFoundError):
            put_in_place(tmp_path / "not there", tmp_path / "page")
        assert (tmp_path / "page" / "file").read_text() == "old"
        put_in_place(folder_with(tmp_path / "new", "new"), tmp_path / "page")
    assert (tmp_path / "page" / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


def test_a_finished_folder_takes_the_place_of_the_old_one(tmp_path):
    folder = folder_with(tmp_path / "page", "old")
    put_in_place(folder_with(tmp_path / "new", "new"), folder)
    assert (folder / "file").read_text() == "new" and names_in(tmp_path) == ["page"]
    put_in_place(folder_with(tmp_path / "new", "again"), tmp_path / "other")
    assert names_in(tmp_path) == ["other", "page"]


def test_the_old_folder_comes_back_where_the_new_one_cannot_be_named(tmp_path):
    folder = folder_with(tmp_path / "page", "old")
    with pytest.raises(FileNotFoundError):
        put_in_place(tmp_path / "not there", folder)
    assert (folder / "file").read_text() == "old" and names_in(tmp_path) == ["page"]


@pytest.mark.parametrize("named", [False, True])
def test_what_a_killed_run_had_put_aside_is_not_lost(tmp_path, named):
    folder_with(tmp_path / ".page.replaced", "old")
    if named:
        folder_with(tmp_path / "page", "newer")
    with pytest.raises(FileNotFoundError):
        put_in_place(tmp_path / "not there", tmp_path / "page")
    assert (tmp_path / "page" / "file").read_text() == ("newer" if named else "old")
    assert names_in(tmp_path) == ["page"]


def test_a_folder_is_not_a_file_to_write(tmp_path):
    with pytest.raises(ArgumentError, match=r"it is a folder\. Name a file\."):
        check_can_write(tmp_path)


def test_what_is_read_is_not_written_over(tmp_path):
    folder, table, program = tmp_path / "photos", tmp_path / "t.csv", tmp_path / "photos" / "a.gatera"
    folder.mkdir()
    for file in (table, folder / "1.jpg", program):
        file.write_bytes(b"kept")
    (tmp_path / "link.csv").symlink_to(table)
    for output, given in ((table, table), (tmp_path / "link.csv", table), (folder / "1.jpg", folder)):
        with pytest.raises(ArgumentError, match="is an input, and writing the output to it would destroy it"):
            check_not_an_input(output, None, given)
    check_not_an_input(program, folder, table)
    check_not_an_input(tmp_path / "new.gatera", folder, table, "gone")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize(
    ("before", "after"),
    [(0o600, 0o600), (0o664, 0o664), (0o444, 0o644), (0o400, 0o600), (0o440, 0o640), (None, 0o644)],
)
def test_who_may_read_a_file_that_is_written_over_stays(tmp_path, before, after):
    """labels.csv that somebody made private could be read by all after the next label, and one of a group not be written by it."""
    path = tmp_path / "labels.csv"
    if before is not None:
        path.touch()
        path.chmod(before)
    mask = os.umask(0o022)
    try:
        with atomic_write(path) as partial:
            partial.write_text("new")
    finally:
        os.umask(mask)
    assert (path.stat().st_mode & 0o777, path.read_text()) == (after, "new")


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only root can give files to others")
@pytest.mark.parametrize("may", [True, False])
def test_a_file_that_is_written_over_keeps_its_owner_and_group(tmp_path, monkeypatch, may):
    """`sudo gatera` took private labels away from their owner, and a member those of a group from the group."""
    path = tmp_path / "labels.csv"
    path.touch()
    path.chmod(0o660)
    os.chown(path, 1234, 5678)

    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if not may:  # whoever is not in the group
        monkeypatch.setattr(os, "chown", refuse)
    with atomic_write(path) as partial:
        partial.write_text("new")
    facts = path.stat()
    found = facts.st_uid, facts.st_gid, facts.st_mode & 0o777
    assert found == ((1234, 5678, 0o660) if may else (0, 0, 0o600))


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="only Linux keeps such lists there")
def test_an_access_control_list_stays(tmp_path):
    """Of a file for its owner and one other, the list was lost, and its mask became the right of the group."""
    path, name = tmp_path / "labels.csv", "system.posix_acl_access"
    path.touch()
    entries = [(1, 6, -1), (2, 6, 1234), (4, 0, -1), (0x10, 6, -1), (0x20, 0, -1)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    try:
        os.setxattr(path, name, acl)
    except OSError:
        pytest.skip("this disk keeps no such lists")
    with atomic_write(path) as partial:
        partial.write_text("new")
    assert os.getxattr(path, name) == acl


def test_an_address_is_to_be_downloaded():
    said = "It is an address, and only files and folders on this machine are read: download it first."
    for address in ("https://example.org/cats.zip", "s3://bucket/cats", "hf://datasets/a/b"):
        assert where_to_look(Path(address), "Check its name.") == said
    for path in ("cats/dogs", "C:/cats", r"C:\cats", "a: b/c", "12:30/x"):
        assert where_to_look(Path(path), "Check its name.") == "Check its name."
