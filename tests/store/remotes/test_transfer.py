"""Copying sets of objects between a store and a remote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gatera.core.errors import RemoteError
from gatera.store.objects import ObjectStore
from gatera.store.remotes import transfer
from gatera.store.remotes.folder import FolderRemote
from gatera.store.remotes.keys import object_key
from gatera.store.remotes.transfer import fetch_objects, send_objects


def filled(store: ObjectStore, *contents: bytes) -> list[str]:
    return [store.put_bytes(content).sha256 for content in contents]


@pytest.mark.parametrize("few", [0, 200])
def test_only_what_is_missing_is_copied(
    make_store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
):
    monkeypatch.setattr(transfer, "FEW", few)  # also by listing all that the remote has
    here, there, remote = make_store("here"), make_store("there"), FolderRemote(tmp_path / "remote")
    hashes = filled(here, b"one", b"two", b"three")
    first = send_objects(here, remote, hashes[:1])
    assert first.in_words("Sent") == "Sent 1 object (3 bytes)."
    assert (
        send_objects(here, remote, [*hashes, *hashes]).in_words("Sent")
        == "Sent 2 objects (8 bytes); 1 was there already."
    )
    assert send_objects(here, remote, hashes).in_words("Sent") == "Sent nothing; 3 were there already."
    assert fetch_objects(there, remote, hashes, {hashes[2]: 5}).objects == 3
    assert [there.path(each).read_bytes() for each in hashes] == [b"one", b"two", b"three"]
    assert fetch_objects(there, remote, hashes).there == 3


def test_an_object_of_another_size_is_sent_again(make_store: Any, tmp_path: Path):
    here, remote = make_store("here"), FolderRemote(tmp_path / "remote")
    (sha256,) = filled(here, b"whole")
    remote.replace(object_key(sha256), b"wh")
    assert send_objects(here, remote, [sha256]).objects == 1
    assert remote.read(object_key(sha256)) == b"whole"


def test_an_error_says_how_much_had_arrived(make_store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transfer, "AT_ONCE", 1)
    here, there, remote = make_store("here"), make_store("there"), FolderRemote(tmp_path / "remote")
    hashes = filled(here, b"one", b"two", b"three")
    send_objects(here, remote, hashes)
    remote.replace(object_key(hashes[1]), b"owt")
    with pytest.raises(RemoteError, match=r"is damaged: .*; 1 of 3 objects had arrived"):
        fetch_objects(there, remote, hashes)
    with pytest.raises(
        RemoteError, match=r"its size does not match; 0 of 2 objects had arrived\. Got: 3\. Expected: 4 bytes"
    ):
        fetch_objects(there, remote, hashes, {hashes[1]: 4})


def test_objects_that_the_store_lacks_are_named(make_store: Any, tmp_path: Path):
    here = make_store("here")
    hashes = filled(here, b"one")
    with pytest.raises(
        RemoteError, match=r"1 of the 2 objects to send is not in the store\. Got: '000000000000'"
    ):
        send_objects(here, FolderRemote(tmp_path / "remote"), [*hashes, "0" * 64])


def test_a_file_that_cannot_be_written_is_named(make_store: Any, tmp_path: Path):
    here, there, remote = make_store("here"), make_store("there"), FolderRemote(tmp_path / "remote")
    hashes = filled(here, b"one")
    send_objects(here, remote, hashes)
    there.folder.write_text("a file where the store should be")
    with pytest.raises(RemoteError, match=r"Fix that and run the same again"):
        fetch_objects(there, remote, hashes)
