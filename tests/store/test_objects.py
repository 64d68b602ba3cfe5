"""Objects are kept whole or not at all, under the hash of their bytes, and nothing damaged is given back."""

from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.store import objects
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
    def refused(*_):
        raise OSError("no links here")

    monkeypatch.setattr(objects.os, "link", refused)
    assert store.put(cat, "link").new and store.read(NAME) == CAT


def test_an_object_that_is_not_there(store, tmp_path):
    for ask in (store.read, lambda name: store.place(name, tmp_path / "x")):
        with pytest.raises(DataError, match=r"is not in .*objects"):
            ask("0" * 64)
    store.remove("0" * 64)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", NAME.upper(), NAME[:-1]])
def test_names_that_are_not_hashes_are_refused(store, name):
    with pytest.raises(ArgumentError, match="Not the name of an object"):
        store.path(name)


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
