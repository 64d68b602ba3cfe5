"""Objects are kept whole or not at all, under the hash of their bytes, and nothing damaged is given back."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.store import add_by_hard_link, objects
from gatera.store.objects import ObjectStore

CAT = b"a cat " * 1000
NAME = hashlib.sha256(CAT).hexdigest()


@pytest.fixture
def store(tmp_path):
    return ObjectStore(tmp_path / "objects")


@pytest.fixture
def cat(tmp_path):
    path = tmp_path / "cat.jpg"
    path.write_bytes(CAT)
    return path


def files(store):
    return sorted(str(path.relative_to(store.folder)) for path in store.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("how", ["auto", "link", "copy"])
def test_a_file_is_kept_once_under_its_hash(store, cat, how):
    assert store.put(cat, how) == (NAME, len(CAT), True)
    assert store.put(cat, how) == (NAME, len(CAT), False)
    assert files(store) == [f"{NAME[:2]}/{NAME[2:]}"] and list(store) == [NAME]
    assert NAME in store and store.read(NAME) == CAT == cat.read_bytes()
    assert stat.S_IMODE(store.path(NAME).stat().st_mode) == 0o444


def test_bytes_are_kept_like_a_file(store, cat):
    assert store.put_bytes(CAT) == (NAME, len(CAT), True)
    assert store.put(cat).new is False and store.put_bytes(CAT).new is False
    assert store.put_bytes(b"").size == 0 and len(list(store)) == 2


@pytest.mark.parametrize("how", ["auto", "copy"])
def test_changing_the_file_does_not_change_the_object(store, cat, how):
    store.put(cat, how)
    with cat.open("r+b") as file:
        file.write(b"a dog")
    assert store.read(NAME) == CAT and not list(store.damaged())


def test_changing_a_linked_file_is_found(store, cat):
    store.put(cat, "link")
    cat.chmod(0o644)
    with cat.open("r+b") as file:
        file.write(b"a dog")
    assert list(store.damaged()) == [NAME]
    with pytest.raises(DataError, match="is damaged"):
        store.read(NAME)
    with pytest.raises(DataError, match="is damaged"):
        store.place(NAME, cat.with_name("again.jpg"))
    assert not cat.with_name("again.jpg").exists()


@pytest.mark.parametrize("how", ["auto", "link", "copy"])
def test_an_object_is_placed_as_a_file(store, cat, tmp_path, how):
    store.put(cat, "copy")
    target = tmp_path / "new" / "cat.jpg"
    store.place(NAME, target, how)
    store.place(NAME, target, how)
    assert target.read_bytes() == CAT
    assert [path.name for path in target.parent.iterdir()] == ["cat.jpg"]
    assert how == "link" or os.access(target, os.W_OK)


@pytest.mark.parametrize(
    ("before", "after"), [(0o600, 0o600), (0o755, 0o755), (0o444, 0o644), (0o555, 0o755), (None, 0o644)]
)
def test_a_file_that_is_replaced_gives_its_permissions(tmp_path, cat, before, after):
    """git-lfs 3074: a program was none any more; a private file could be read by everybody."""
    mask = os.umask(0o022)
    try:
        store = ObjectStore(tmp_path / "objects")
    finally:
        os.umask(mask)
    store.put(cat)
    target = tmp_path / "run"
    if before is not None:
        target.write_bytes(b"before")
        target.chmod(before)
    store.place(NAME, target)
    assert target.read_bytes() == CAT and stat.S_IMODE(target.stat().st_mode) == after


def test_without_hard_links_the_file_is_copied(store, cat, monkeypatch):
    def refused(*_, **__):
        raise OSError("no links here")

    monkeypatch.setattr(objects.os, "link", refused)
    cat.chmod(0o600)
    assert store.put(cat, "link").new and store.read(NAME) == CAT
    assert not cat.samefile(store.path(NAME)) and stat.S_IMODE(cat.stat().st_mode) == 0o600


@pytest.mark.parametrize("names_open_files", [True, False])
def test_a_link_is_made_of_what_was_read(store, cat, monkeypatch, names_open_files):
    if not names_open_files:
        monkeypatch.setattr(add_by_hard_link, "_NAMES_OPEN_FILES", False)
    os.utime(cat, (1, 1))
    reads = []
    monkeypatch.setattr(
        add_by_hard_link.os,
        "read",
        lambda handle, size, read=os.read: reads.append(read(handle, size)) or reads[-1],
    )
    stored, state = store.take(cat, "link")
    assert reads == [CAT, b""] and state[2] == cat.stat().st_ino
    assert stored == (NAME, len(CAT), True) and cat.samefile(store.path(NAME))
    assert stat.S_IMODE(cat.stat().st_mode) == 0o444 and files(store) == [f"{NAME[:2]}/{NAME[2:]}"]


@pytest.mark.parametrize("call", ["chmod", "link"])
def test_a_file_that_is_written_to_while_it_is_linked(store, cat, monkeypatch, call):
    """At once after it was read, in the same tick of the clock, so that only its bytes tell; or between the last look and the link."""
    real, mode = getattr(os, call), stat.S_IMODE(cat.stat().st_mode)

    def change(*given, **more):
        monkeypatch.setattr(add_by_hard_link.os, call, real)
        before = cat.stat()
        with writer:
            writer.write(b"a dog")
        os.utime(cat, ns=(1, before.st_mtime_ns if call == "chmod" else 1))
        return real(*given, **more)

    writer = cat.open("r+b")
    monkeypatch.setattr(add_by_hard_link.time, "time_ns", lambda: cat.stat().st_mtime_ns)
    monkeypatch.setattr(add_by_hard_link.os, call, change)
    stored, state = store.take(cat, "link")
    assert state is None and not stored.new and files(store) == []
    assert stat.S_IMODE(cat.stat().st_mode) == mode
    assert store.take(cat, "link")[1] is not None and not list(store.damaged())


@pytest.mark.parametrize("names_open_files", [True, False])
def test_a_file_that_is_replaced_while_it_is_linked(store, cat, monkeypatch, names_open_files):
    real, other = os.link, cat.with_name("new")
    other.write_bytes(b"a dog")

    def change(*given, **more):
        other.replace(cat)
        return real(*given, **more)

    monkeypatch.setattr(add_by_hard_link, "_NAMES_OPEN_FILES", names_open_files)
    monkeypatch.setattr(add_by_hard_link.os, "link", change)
    stored = store.take(cat, "link")[0]  # the other one, copied: it may be written to
    assert stored.new and store.read(stored.sha256) == b"a dog" == cat.read_bytes()
    assert list(store) == [stored.sha256] and len(files(store)) == 1 and os.access(cat, os.W_OK)


@pytest.mark.parametrize("how", ["auto", "link", "copy"])
def test_a_store_that_was_removed_meanwhile_is_made_again(store, cat, how):
    for _ in range(2):
        assert store.put(cat, how).new and store.read(NAME) == CAT
        shutil.rmtree(store.folder)


def test_an_object_that_is_not_there(store, tmp_path):
    for ask in (store.read, lambda name: store.place(name, tmp_path / "x")):
        with pytest.raises(DataError, match=r"is not in .*objects"):
            ask("0" * 64)
    store.remove("0" * 64)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", NAME.upper(), NAME[:-1]])
def test_names_that_are_not_hashes_are_refused(store, name):
    with pytest.raises(ArgumentError, match="Not the name of an object"):
        store.path(name)


def test_files_with_long_names_are_placed(store, tmp_path):
    name = "写" * 83 + ".jpg"  # 253 of 255 bytes
    store.place(store.put_bytes(CAT).sha256, tmp_path / name)
    assert (tmp_path / name).read_bytes() == CAT


@pytest.mark.parametrize("at_once", [10, 1 << 20])
def test_a_write_that_fails_leaves_nothing(store, cat, monkeypatch, at_once):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(objects, "CHUNK", at_once)  # files up to this size are written at once
    monkeypatch.setattr(objects, "_hashed", full)
    monkeypatch.setattr(objects.os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        store.put(cat, "copy")
    assert files(store) == []


def test_what_a_killed_write_left_is_swept(store):
    store.put_bytes(CAT)
    (store.folder / ".abc.partial").write_bytes(b"half")
    assert list(store) == [NAME] and store.sweep() == 1 and files(store) == [f"{NAME[:2]}/{NAME[2:]}"]


def test_many_threads_may_write_the_same(store, cat):
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(store.put, [cat] * 40))
    assert {one.sha256 for one in stored} == {NAME} and len(files(store)) == 1
