"""What every remote promises, tried on a folder and on fsspec's file systems."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from gatera.core.errors import ArgumentError, RemoteError
from gatera.store.remotes import remote as remotes
from gatera.store.remotes.filesystem import S3_TRIES, FilesystemRemote
from gatera.store.remotes.folder import FolderRemote
from gatera.store.remotes.keys import object_key
from gatera.store.remotes.open import open_remote
from gatera.store.remotes.partly_fetched import Partial
from gatera.store.remotes.remote import Remote


@pytest.fixture(params=["folder", "file", "memory", "renaming"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Remote:
    kind = request.param
    if kind == "folder":
        return open_remote(str(tmp_path / "there"))
    if kind == "file":
        return open_remote((tmp_path / "on disk").as_uri())
    if kind == "memory":
        return open_remote(f"memory://{uuid.uuid4().hex}/hub")
    return FilesystemRemote(f"file://{tmp_path}/renaming")  # fsspec's own, which has to rename


def written(folder: Path, content: bytes) -> tuple[Path, str]:
    path = folder / uuid.uuid4().hex
    path.write_bytes(content)
    return path, object_key(hashlib.sha256(content).hexdigest())


def test_what_is_put_comes_back(remote: Remote, tmp_path: Path):
    path, key = written(tmp_path, b"a photo" * 100)
    assert not remote.exists(key) and remote.size(key) is None
    remote.put(path, key)
    assert remote.exists(key) and remote.size(key) == 700 and remote.read(key) == path.read_bytes()
    assert remote.get(key, tmp_path / "new" / "back").read_bytes() == path.read_bytes()
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["back"]


def test_empty_files_are_files(remote: Remote, tmp_path: Path):
    path, key = written(tmp_path, b"")
    remote.put(path, key)
    assert remote.size(key) == 0 and remote.read(key) == b""
    assert remote.get(key, tmp_path / "back").read_bytes() == b""


def test_keys_are_listed_in_order_with_their_sizes(remote: Remote, tmp_path: Path):
    assert remote.list("") == {} and remote.list("tags/") == {}
    remote.replace("tags/b/2.json", b"22")
    remote.replace("tags/a/1.json", b"1")
    remote.replace("tagsandmore/x", b"")
    assert list(remote.list("tags/").items()) == [("tags/a/1.json", 1), ("tags/b/2.json", 2)]
    assert list(remote.list("")) == ["tags/a/1.json", "tags/b/2.json", "tagsandmore/x"]


def test_of_two_who_write_at_once_one_succeeds(remote: Remote):
    done: list[bool] = []
    start = threading.Barrier(4)

    def write(number: int) -> None:
        start.wait()
        done.append(remote.write_if_absent("models/cats/3.json", f"{number}".encode()))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not isinstance(remote, FolderRemote):  # fsspec's memory and local file systems look before they write
        assert True in done
    else:
        assert sorted(done) == [False, False, False, True]
    before = remote.read("models/cats/3.json")
    assert (
        not remote.write_if_absent("models/cats/3.json", b"late")
        and remote.read("models/cats/3.json") == before
    )


def test_replace_replaces(remote: Remote):
    remote.replace("refs/main", b"one")
    remote.replace("refs/main", b"two")
    assert remote.read("refs/main") == b"two"


def test_a_missing_key_is_named(remote: Remote, tmp_path: Path):
    with pytest.raises(RemoteError, match=r"has no objects/ab/"):
        remote.get(object_key("ab" + "0" * 62), tmp_path / "x")
    with pytest.raises(RemoteError, match="has no tags/none"):
        remote.read("tags/none")
    assert list(tmp_path.glob(".*")) == []


def test_a_file_that_is_not_what_its_key_says_is_not_sent(remote: Remote, tmp_path: Path):
    path, key = written(tmp_path, b"right")
    path.write_bytes(b"wrong")
    with pytest.raises(RemoteError, match="its SHA-256 does not match"):
        remote.put(path, key)
    assert not remote.exists(key)


def test_a_damaged_object_does_not_get_its_name(remote: Remote, tmp_path: Path):
    _, key = written(tmp_path, b"right")
    remote.replace(key, b"wrong")
    with pytest.raises(RemoteError, match=r"is damaged: its SHA-256"):
        remote.get(key, tmp_path / "back")
    assert not (tmp_path / "back").exists() and list(tmp_path.glob(".*")) == []


def test_large_files_come_in_parts(remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(remotes, "PART_BYTES", 1000)
    path, key = written(tmp_path, os.urandom(2500))
    remote.put(path, key)
    came: list[int] = []
    remote.get(key, tmp_path / "back", came.append)
    assert came == [1000, 1000, 500]


class Cut(FolderRemote):
    """A folder that breaks after some parts, for good."""

    left = 0
    asked: list[int]

    def _bytes(self, key: str, start: int, end: int) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise ConnectionResetError(errno.ECONNRESET, "connection reset by peer")
        self.asked.append(start)
        return super()._bytes(key, start, end)


def test_a_cut_download_goes_on_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(remotes, "PART_BYTES", 1000)
    path, key = written(tmp_path, os.urandom(2500))
    cut = Cut(tmp_path / "there")
    cut.put(path, key)
    cut.asked, cut.left = [], 2
    with pytest.raises(
        RemoteError, match=r"reading objects/.* failed 5 times \(connection reset by peer\)"
    ) as raised:
        cut.get(key, tmp_path / "back")
    assert "what has arrived is not sent a second time" in str(raised.value)
    assert not (tmp_path / "back").exists()
    cut.left = 9
    assert cut.get(key, tmp_path / "back").read_bytes() == path.read_bytes()
    assert cut.asked == [0, 1000, 2000] and list(tmp_path.glob(".*")) == []


def test_what_was_kept_of_another_file_is_thrown_away(tmp_path: Path):
    path, key = written(tmp_path, b"right and long")
    there = FolderRemote(tmp_path / "there")
    there.put(path, key)
    (tmp_path / ".back.partial").write_bytes(b"wrong")
    assert there.get(key, tmp_path / "back").read_bytes() == b"right and long"
    (tmp_path / ".again.partial").write_bytes(b"longer than what is fetched")
    assert there.get(key, tmp_path / "again").read_bytes() == b"right and long"


def test_two_who_fetch_the_same_do_not_write_into_one_file(tmp_path: Path):
    with Partial(tmp_path / "x") as first, Partial(tmp_path / "x") as second:
        assert first.path != second.path
        first.append(b"one")
        second.append(b"two")
        first.finish()
        second.finish()
    assert (tmp_path / "x").read_bytes() == b"two" and [each.name for each in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize(
    "key", ["", "/x", "../x", "a//b", "a/.hidden", "-x", "a b", "a/../b", "cat\n", "é", None, 7]
)
def test_keys_that_some_remote_would_not_take_are_refused(tmp_path: Path, key: object):
    with pytest.raises(ArgumentError, match="not a name that every remote takes"):
        FolderRemote(tmp_path / "there").exists(key)  # type: ignore[arg-type]


def test_addresses_that_lead_nowhere(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArgumentError, match="is a file"):
        open_remote(tmp_path / "file")
    with pytest.raises(RemoteError, match=r"nor does its parent folder.*mkdir -p"):
        open_remote(tmp_path / "not" / "mounted")
    with pytest.raises(ArgumentError, match=r"no file system supports.*Did you mean 'memory'"):
        open_remote("memroy://x")
    for nothing in ("", "  ", None):
        with pytest.raises(ArgumentError, match="has no address"):
            open_remote(nothing)  # type: ignore[arg-type]


def test_a_password_in_an_address_is_not_shown(tmp_path: Path):
    remote = open_remote("memory://ann:secret@host/hub")
    assert remote.address == "memory://ann:***@host/hub"
    with pytest.raises(RemoteError) as raised:
        remote.read("x")
    assert "secret" not in str(raised.value)


def test_a_full_disk_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tries: list[int] = []

    def full(*_: object) -> None:
        tries.append(1)
        raise OSError(errno.ENOSPC, "No space left on device")

    path, key = written(tmp_path, b"x")
    there = FolderRemote(tmp_path / "there")
    monkeypatch.setattr(FolderRemote, "_put", full)
    with pytest.raises(RemoteError, match=r"No space left on device\)\. Free some space"):
        there.put(path, key)
    assert tries == [1]


class _Answers(BaseHTTPRequestHandler):
    """A web server that answers everything with a page, a refusal, or an endless way elsewhere."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        kind = self.path.split("/")[1]
        page = b"<html>Please log in</html>" if kind == "page" else b""
        self.send_response({"page": 200, "refused": 403, "elsewhere": 302}[kind])
        self.send_header("Location", f"{self.path}x")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        pass


def test_web_servers_that_are_no_remotes_are_told_at_once():
    pytest.importorskip("aiohttp")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        with pytest.raises(RemoteError, match=r"a page where a list of files was expected"):
            open_remote(f"{address}/page").list("objects/")
        with pytest.raises(RemoteError, match=r"403.*Ask for permission"):
            open_remote(f"{address}/refused").list("objects/")
        _Answers.asked.clear()
        with pytest.raises(RemoteError, match="TooManyRedirects"):
            open_remote(f"{address}/elsewhere").list("objects/")
        assert len(_Answers.asked) < 20  # once, not five times
    finally:
        server.shutdown()
        server.server_close()


def test_a_listing_that_the_network_broke_is_not_an_empty_one(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("aiohttp")
    monkeypatch.setattr("gatera.store.remotes.retry.WAIT_SECONDS", 0.0)
    with socket.socket() as taken:  # a port where nobody listens
        taken.bind(("127.0.0.1", 0))
        remote = open_remote(f"http://127.0.0.1:{taken.getsockname()[1]}/photos")
        with pytest.raises(RemoteError, match=r"listing data/refs/ failed 5 times"):
            remote.list("data/refs/")


@pytest.mark.parametrize("protocol", ["s3", "s3a"])
def test_tries_of_s3_are_counted_once(protocol):
    """By ours: s3fs and botocore would multiply them."""
    pytest.importorskip("s3fs")
    settings = FilesystemRemote(f"{protocol}://bucket/hub", anon=True)._fs
    assert settings.retries == S3_TRIES and settings.config_kwargs["retries"]["total_max_attempts"] == 1
    assert not hasattr(FilesystemRemote("memory://hub")._fs, "retries")
