"""S3, tested against moto's server on this machine, through a proxy that answers 500 and cuts connections."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatera.core.errors import RemoteError
from gatera.store.objects import ObjectStore
from gatera.store.remotes import remote as remotes
from gatera.store.remotes.keys import object_key
from gatera.store.remotes.open import open_remote
from gatera.store.remotes.transfer import fetch_objects, send_objects

pytest.importorskip("s3fs")
server = pytest.importorskip("moto.server")


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    address = f"http://{host}:{port}"
    with urllib.request.urlopen(urllib.request.Request(f"{address}/hub", method="PUT"), timeout=10):
        pass  # the bucket
    yield address
    running.stop()


@pytest.fixture
def proxy(moto: str, proxies: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = proxies(moto)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": made.address,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return made


def filled(store: ObjectStore, *contents: bytes) -> list[str]:
    return [store.put_bytes(content).sha256 for content in contents]


def test_objects_go_and_come_through_faults(proxy: Any, make_store: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(remotes, "PART_BYTES", 40_000)
    here, there, remote = make_store("here"), make_store("there"), open_remote("s3://hub/team")
    hashes = filled(here, os.urandom(100_000), b"", b"small")
    proxy.faults = ["500", "drop", None, "cut", "500", "lost", None, "drop"]
    assert send_objects(here, remote, hashes).objects == 3
    assert proxy.faults == []
    assert sorted(remote.list("objects/")) == sorted(map(object_key, hashes))
    proxy.faults = [None, "cut", "500", None, "drop", "cut", "cut", None, "500"]
    assert fetch_objects(there, remote, hashes).size_bytes == 100_005
    assert proxy.faults == []
    assert [there.path(each).read_bytes() for each in hashes] == [
        here.path(each).read_bytes() for each in hashes
    ]


@pytest.mark.whole
def test_of_two_who_write_the_same_key_one_succeeds(proxy: Any):
    remote = open_remote("s3://hub/keys")
    assert remote.write_if_absent("tags/a/1.json", b"one")
    assert not remote.write_if_absent("tags/a/1.json", b"two") and remote.read("tags/a/1.json") == b"one"
    proxy.only, proxy.faults = ("PUT",), ["lost"]  # written, but nobody was told
    assert remote.write_if_absent("tags/a/2.json", b"mine")
    remote.replace("tags/a/2.json", b"newer")
    assert remote.read("tags/a/2.json") == b"newer"


@pytest.mark.whole
def test_a_server_that_stays_broken_is_given_up(proxy: Any, tmp_path: Path):
    remote = open_remote("s3://hub/broken")
    proxy.faults = ["500"] * 50
    with pytest.raises(RemoteError, match=r"s3://hub/broken: looking for x failed 5 times") as raised:
        remote.exists("x")
    assert "Check the network" in str(raised.value)
    proxy.faults = []
    proxy.down = True
    with pytest.raises(RemoteError, match="failed 5 times"):
        remote.exists("x")


@pytest.mark.whole
def test_a_bucket_that_does_not_exist_is_named(proxy: Any, tmp_path: Path):
    remote = open_remote("s3://no-such-bucket/x")
    assert not remote.exists("a") and remote.list("") == {}
    path = tmp_path / "a"
    path.write_bytes(b"x")
    with pytest.raises(RemoteError, match="no such bucket or folder"):
        remote.put(path, "a")
    with pytest.raises(RemoteError, match="no such bucket or folder"):
        remote.write_if_absent("a", b"x")


def test_without_credentials_it_says_what_to_set(proxy: Any, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    with pytest.raises(RemoteError, match=r"AWS_ACCESS_KEY_ID"):
        open_remote("s3://hub/x").exists("a")


@pytest.mark.parametrize("path", ["", "/", "/team/a/", "//team/b", "/team//c//d", "/with space+100%25/ü"])
def test_what_is_sent_to_a_path_is_found_there(path: str, proxy: Any, make_store: Any):
    """dvc 4492: the bucket alone. With two slashes, as by an empty variable, all was sent, and nothing was there."""
    here, there, remote = make_store("here"), make_store("there"), open_remote(f"s3://hub{path}")
    hashes = filled(here, os.urandom(100))
    send_objects(here, remote, hashes)
    remote.write_if_absent("tags/a/1.json", b"one")
    again = open_remote(f"s3://hub{path}")
    assert list(again.list("tags/")) == ["tags/a/1.json"] and object_key(hashes[0]) in again.list("objects/")
    assert fetch_objects(there, again, hashes).objects == 1
