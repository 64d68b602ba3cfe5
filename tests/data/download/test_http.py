from __future__ import annotations

import errno
import hashlib
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from gatera.core.errors import ArgumentError, DownloadError
from gatera.data.download import http as fetch_module
from gatera.data.download.http import Expected, fetch, locked

BODY = bytes(range(256)) * 12_000  # 3,072,000 bytes


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_module, "PAUSE_SECONDS", 0.0)


def expected(body: bytes) -> Expected:
    return Expected(len(body), hashlib.md5(body[: 2**20]).hexdigest())


def left(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_is_fetched_whole_and_alone(web: Any, tmp_path: Path) -> None:
    web.files["a.tgz"] = BODY
    assert fetch(web.url("a.tgz"), tmp_path / "deep/a.tgz", expected(BODY)) == tmp_path / "deep/a.tgz"
    assert (tmp_path / "deep/a.tgz").read_bytes() == BODY
    assert left(tmp_path / "deep") == ["a.tgz"]


def test_one_plain_line_says_what_is_fetched(
    web: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    web.files["a.tgz"] = BODY
    fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert capsys.readouterr().err == f"Downloading {web.url('a.tgz')} (3.1 MB)\n"
    fetch(web.url("a.tgz"), tmp_path / "a.tgz", quiet=True)
    assert capsys.readouterr().err == ""


def test_fetching_needs_nothing_beside_python(
    web: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages that predict are written where only the using half is installed, and fetch ONNX Runtime for the browser."""
    monkeypatch.setitem(sys.modules, "rich.console", None)  # type: ignore[arg-type]  # so that importing it fails
    web.files["a.tgz"] = BODY
    fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert capsys.readouterr().err == f"Downloading {web.url('a.tgz')} (3.1 MB)\n"


def test_a_broken_connection_is_gone_on_with(web: Any, tmp_path: Path) -> None:
    web.files["a.tgz"], web.tags["a.tgz"], web.cut["a.tgz"] = BODY, '"v1"', [1_500_000, 400_000]
    fetch(web.url("a.tgz"), tmp_path / "a.tgz", expected(BODY))
    assert (tmp_path / "a.tgz").read_bytes() == BODY
    assert web.requests == [("a.tgz", None), ("a.tgz", "bytes=1499999-"), ("a.tgz", "bytes=1899998-")]
    assert left(tmp_path) == ["a.tgz"]


def test_an_interrupted_call_is_gone_on_with_by_the_next(
    web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    web.files["a.tgz"], web.tags["a.tgz"] = BODY, '"v1"'
    real = fetch_module._raw_chunks

    def interrupted(*arguments: Any) -> Any:
        yield next(real(*arguments))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fetch_module, "_raw_chunks", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert left(tmp_path) == ["a.tgz.partial", "a.tgz.partial.tag"]
    fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert (tmp_path / "a.tgz").read_bytes() == BODY
    assert web.requests[-1] == ("a.tgz", "bytes=1048575-")
    assert f"Going on with {web.url('a.tgz')} (3.1 MB)\n" in capsys.readouterr().err


def test_what_changed_on_the_server_is_fetched_anew(web: Any, tmp_path: Path) -> None:
    web.files["a.tgz"], web.tags["a.tgz"] = BODY, '"v2"'
    (tmp_path / "a.tgz.partial").write_bytes(b"old" * 1000)
    (tmp_path / "a.tgz.partial.tag").write_text('"v1"')
    fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert (tmp_path / "a.tgz").read_bytes() == BODY


@pytest.mark.parametrize("tag", [None, 'W/"weak"'])
def test_what_cannot_be_told_apart_is_never_joined(web: Any, tmp_path: Path, tag: str | None) -> None:
    web.files["a.tgz"], web.cut["a.tgz"] = BODY, [1000]
    if tag:
        web.tags["a.tgz"] = tag
    fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert (tmp_path / "a.tgz").read_bytes() == BODY
    assert web.requests == [("a.tgz", None), ("a.tgz", None)]


def test_a_server_without_ranges_sends_all_again(web: Any, tmp_path: Path) -> None:
    web.files["a.tgz"], web.tags["a.tgz"], web.cut["a.tgz"], web.ranges = BODY, '"v1"', [1000], False
    fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert (tmp_path / "a.tgz").read_bytes() == BODY


def test_all_had_come_when_the_last_run_was_ended(web: Any, tmp_path: Path) -> None:
    (tmp_path / "a.tgz.partial").write_bytes(BODY)
    fetch(web.url("a.tgz"), tmp_path / "a.tgz", expected(BODY))
    assert web.requests == []
    assert left(tmp_path) == ["a.tgz"]


def test_all_had_come_of_a_file_of_unknown_length(web: Any, tmp_path: Path) -> None:
    web.files["a.tgz"], web.tags["a.tgz"] = BODY, '"v1"'
    (tmp_path / "a.tgz.partial").write_bytes(BODY)
    (tmp_path / "a.tgz.partial.tag").write_text('"v1"')
    fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert web.requests == [("a.tgz", f"bytes={len(BODY) - 1}-")]
    assert (tmp_path / "a.tgz").read_bytes() == BODY


def test_a_length_that_is_not_announced_is_no_obstacle(web: Any, tmp_path: Path) -> None:
    web.files["a.tgz"], web.length = BODY, False
    fetch(web.url("a.tgz"), tmp_path / "a.tgz", expected(BODY))
    assert (tmp_path / "a.tgz").read_bytes() == BODY


def test_a_connection_that_keeps_breaking_is_given_up_with_what_came_kept(web: Any, tmp_path: Path) -> None:
    web.files["a.tgz"], web.tags["a.tgz"], web.cut["a.tgz"] = BODY, '"v1"', [500_001] * 4
    with pytest.raises(DownloadError) as err:
        fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert str(err.value) == (
        f"{web.url('a.tgz')} was interrupted 4 times; 2.0 MB are kept. Call again to resume."
    )
    fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert (tmp_path / "a.tgz").read_bytes() == BODY


def test_a_file_of_another_length_is_refused_before_it_comes(web: Any, tmp_path: Path) -> None:
    web.files["a.tgz"], web.content_type = b"<html>please log in</html>", "text/html"
    with pytest.raises(DownloadError) as err:
        fetch(web.url("a.tgz"), tmp_path / "a.tgz", Expected(811_706_944, "e4db5c76"))
    assert str(err.value) == (
        f"{web.url('a.tgz')} is not the expected file. Got: '26 bytes of type text/html'. "
        "Expected: "
        "811,706,944 bytes whose first MiB has MD5 e4db5c76. "
        "A proxy may have answered instead, or the server has a new version."
    )
    assert left(tmp_path) == []


def test_a_file_with_another_beginning_is_refused_and_removed(web: Any, tmp_path: Path) -> None:
    web.files["a.tgz"], web.tags["a.tgz"] = b"y" * 10, '"v1"'
    with pytest.raises(DownloadError) as err:
        fetch(web.url("a.tgz"), tmp_path / "a.tgz", expected(b"x" * 10))
    assert str(err.value) == (
        f"The download from {web.url('a.tgz')} is not the expected file and was deleted. Got: "
        f"'10 bytes whose first MiB has MD5 {hashlib.md5(b'y' * 10).hexdigest()}'. Expected: "
        f"10 bytes whose first MiB has MD5 {hashlib.md5(b'x' * 10).hexdigest()}. "
        "Try again; a proxy may have answered instead, or the server has a new version."
    )
    assert left(tmp_path) == []


def test_a_disk_without_room_is_noticed_before_the_file_comes(
    web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files["a.tgz"] = BODY
    monkeypatch.setattr(fetch_module, "free_bytes", lambda folder: 1_000_000)
    with pytest.raises(DownloadError) as err:
        fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert str(err.value) == (
        f"Not enough disk space for {web.url('a.tgz')} in {tmp_path}: it needs 3.1 MB, 1.0 MB are free. "
        "Free some disk space, or set GATERA_HOME to a larger disk."
    )
    assert left(tmp_path) == []


def test_a_disk_that_fills_up_keeps_what_came(
    web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files["a.tgz"], web.tags["a.tgz"] = BODY, '"v1"'
    real = fetch_module._raw_chunks

    def full(*arguments: Any) -> Any:
        yield next(real(*arguments))
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fetch_module, "_raw_chunks", full)
        with pytest.raises(DownloadError) as err:
            fetch(web.url("a.tgz"), tmp_path / "a.tgz")
    assert str(err.value) == (
        f"{tmp_path / 'a.tgz'} cannot be written (No space left on device). "
        "Free some disk space, or set GATERA_HOME to another disk; the next call resumes from here."
    )
    assert left(tmp_path) == ["a.tgz.partial", "a.tgz.partial.tag"]


def test_a_missing_file_is_named_with_the_servers_answer(web: Any, tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as err:
        fetch(web.url("gone.tgz"), tmp_path / "gone.tgz")
    assert str(err.value) == f"{web.url('gone.tgz')} could not be fetched (HTTP status 404, Not Found)."
    assert left(tmp_path) == []


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as err:
        fetch("http://127.0.0.1:9/a.tgz", tmp_path / "a.tgz", timeout_seconds=2)
    refused = f"[Errno {errno.ECONNREFUSED}] Connection refused"
    assert str(err.value) == f"http://127.0.0.1:9/a.tgz could not be fetched ({refused})."


@pytest.mark.parametrize("url", ["PETS", "ftp://x/y", "file:///etc/passwd", "http://", 7])
def test_only_web_addresses_are_fetched(url: Any, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError) as err:
        fetch(url, tmp_path / "a.tgz")
    assert (
        str(err.value)
        == f"url is not a web address. Got: {url!r}. Expected: text that starts with http:// or https://."
    )


def test_one_at_a_time_holds_the_lock(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events: list[str] = []

    def second() -> None:
        with locked(tmp_path / "x.lock"):
            events.append("second")

    with locked(tmp_path / "x.lock"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.05)
        events.append("first")
    thread.join()
    assert events == ["first", "second"]
    assert capsys.readouterr().err == "Another process is fetching the same data; waiting for it.\n"


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(DownloadError) as err, locked(tmp_path / "x.lock"):
        pass
    assert str(err.value) == (
        f"{tmp_path / 'x.lock'} cannot be locked: the disk knows no locks. Set GATERA_HOME to a folder on a local disk."
    )
