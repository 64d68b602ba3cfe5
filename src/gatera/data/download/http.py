"""Download one file over HTTP: resumed after an interruption, and checked against its known size and checksum."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gatera.core.checks import whole_number
from gatera.core.errors import ArgumentError, DownloadError
from gatera.core.files import PARTIAL, free_bytes, human_bytes
from gatera.core.locks import lock_after_others
from gatera.core.progress import note, track

#: What is said where another process has the lock of a download.
FETCHED_BY_ANOTHER = "Another process is fetching the same data; waiting for it."

#: Bytes read at a time, and the length of the beginning that is compared with its known MD5.
MIB = 2**20

#: How often a connection is tried that breaks in the middle, and the pause after the first time (it doubles).
ATTEMPTS, PAUSE_SECONDS = 4, 1.0

#: Some servers turn away clients that do not say who they are.
USER_AGENT = "Mozilla/5.0 (compatible; gatera)"


@dataclass(frozen=True)
class Expected:
    """What is known of a file before it is downloaded.

    Args:
        size_bytes: its length.
        md5_first_mib: MD5 of its first 2**20 bytes, in hexadecimal. It tells files apart; it is not proof
            against fraud.
    """

    size_bytes: int
    md5_first_mib: str

    @classmethod
    def of(cls, path: Path) -> Expected:
        """Measure an existing file."""
        with path.open("rb") as file:
            digest = hashlib.md5(file.read(MIB), usedforsecurity=False).hexdigest()
        return cls(path.stat().st_size, digest)

    def __str__(self) -> str:
        return f"{self.size_bytes:,} bytes whose first MiB has MD5 {self.md5_first_mib}"


class BrokenOff(DownloadError):
    """The connection broke in the middle: another attempt may resume from there."""


def fetch(
    url: str, dest: Path, expected: Expected | None = None, quiet: bool = False, timeout_seconds: float = 30.0
) -> Path:
    """Download a file to `dest`, which appears only when it is complete and checked.

    Received data is kept in `dest` + ".partial". An interrupted call, Ctrl-C included, is resumed by the
    next one, if the server still has the same file (it is asked by its tag or date). Callers must not run two
    at once for one `dest`; see `locked`.

    Args:
        url: address, http or https.
        dest: path to write to; its folder is made.
        expected: size and beginning that the file must have.
        quiet: show no progress.
        timeout_seconds: longest silence of the server.

    Returns:
        `dest`.

    Raises:
        ArgumentError: if `url` is not an address.
        DownloadError: if the server cannot be reached, refuses, keeps breaking off or sends something else,
            or if the disk is full.
    """
    check_address(url)
    partial = dest.with_name(dest.name + PARTIAL)
    try:
        dest.parent.mkdir(parents=True, exist_ok=True)
        _fetch_all(url, partial, expected, quiet, timeout_seconds)
        _verify(url, partial, expected)
        partial.replace(dest)
        _tag_file(partial).unlink(missing_ok=True)
    except DownloadError:
        raise
    except OSError as err:
        raise DownloadError(
            f"{dest} cannot be written ({err.strerror})",
            remedy="Free some disk space, or set GATERA_HOME to another disk; the next call resumes from here.",
        ) from err
    return dest


def check_address(url: str) -> None:
    """Raise ArgumentError unless `url` is an http or https URL."""
    parts = urllib.parse.urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        raise ArgumentError(
            "url is not a web address", got=url, expected="text that starts with http:// or https://"
        )


def open_address(
    url: str, timeout_seconds: float, headers: dict[str, str] | None = None
) -> http.client.HTTPResponse:
    """Open a connection and return the response; raises DownloadError, naming URL and reason."""
    request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT, **(headers or {})})
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=timeout_seconds)
    except urllib.error.HTTPError as err:
        err.close()
        raise DownloadError(f"{url} could not be fetched (HTTP status {err.code}, {err.reason})") from err
    except (OSError, http.client.HTTPException, ValueError) as err:
        reason = err.reason if isinstance(err, urllib.error.URLError) else err
        raise DownloadError(f"{url} could not be fetched ({reason or type(reason).__name__})") from err
    return response


def chunks(response: http.client.HTTPResponse, url: str, quiet: bool = False) -> Iterator[bytes]:
    """Yield what the server sends, a MiB at a time, with a bar; raises BrokenOff if the response is too short."""
    announced = _announced(response)
    total = None if announced is None else -(-announced // MIB)
    received = 0
    for chunk in track(_raw_chunks(response, url), "Downloading", total=total, quiet=quiet):
        received += len(chunk)
        yield chunk
    if announced is not None and received < announced:
        raise BrokenOff(f"{url} broke off after {received:,} of {announced:,} bytes", remedy="Try again.")


def _raw_chunks(response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read(MIB)
        except (OSError, http.client.HTTPException) as err:
            raise BrokenOff(
                f"{url} broke off ({str(err) or type(err).__name__})", remedy="Try again."
            ) from err
        if not chunk:
            return
        yield chunk


def _announced(response: http.client.HTTPResponse) -> int | None:
    length = response.headers["Content-Length"]
    return whole_number(length) if length else None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock a path: only one thread of one process at a time runs the block; the others wait.

    `path` is made and left as an empty file.

    Raises:
        DownloadError: if the file system knows no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if not lock_after_others(file.fileno(), say=lambda: note(FETCHED_BY_ANOTHER)):
            raise DownloadError(
                f"{path} cannot be locked: the disk knows no locks",
                remedy="Set GATERA_HOME to a folder on a local disk.",
            )
        yield  # closing the file opens the lock


def _fetch_all(
    url: str, partial: Path, expected: Expected | None, quiet: bool, timeout_seconds: float
) -> None:
    """Download to `partial`, in several attempts if the connection breaks."""
    for attempt in range(ATTEMPTS):
        if expected and partial.exists() and partial.stat().st_size == expected.size_bytes:
            return  # all of it had come when an earlier run was ended
        try:
            _go_on(url, partial, expected, quiet, timeout_seconds)
            return
        except BrokenOff as err:
            if attempt == ATTEMPTS - 1:
                raise DownloadError(
                    f"{url} was interrupted {ATTEMPTS} times; {human_bytes(partial.stat().st_size)} are kept",
                    remedy="Call again to resume.",
                ) from err
        time.sleep(PAUSE_SECONDS * 2**attempt)


def _go_on(url: str, partial: Path, expected: Expected | None, quiet: bool, timeout_seconds: float) -> None:
    """Make one request: for the missing part if the server certainly has the same file, else for all of it."""
    tag, start, headers = _tag_file(partial), 0, {}
    if tag.exists() and partial.exists():
        # The last byte is asked for again: a server answers with an error if nothing is left to send.
        start = max(0, partial.stat().st_size - 1)
        headers = {"Range": f"bytes={start}-", "If-Range": tag.read_text(encoding="ascii")}
    with open_address(url, timeout_seconds, headers) as response:
        if response.status != http.client.PARTIAL_CONTENT:
            start = 0
            tag.unlink(missing_ok=True)
            if known := _tag_of(response):
                tag.write_text(known, encoding="ascii", newline="\n")
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            tag.unlink()  # so that the next attempt starts from the beginning
            raise BrokenOff(f"{url} was answered with a different part from the one requested")
        announced = _announced(response)
        total = None if announced is None else start + announced
        _check_announced(url, partial, total, expected, response.headers.get_content_type())
        if not quiet:
            size = "" if total is None else f" ({human_bytes(total)})"
            note(f"{'Going on with' if start else 'Downloading'} {url}{size}")
        with partial.open("r+b" if start else "wb") as file:
            file.seek(start)
            for chunk in chunks(response, url, quiet):
                file.write(chunk)


def _check_announced(
    url: str, partial: Path, total: int | None, expected: Expected | None, content_type: str
) -> None:
    """Raise DownloadError, before the first byte, for a file of the wrong length or one too large for the disk."""
    if total is None:
        return
    if expected and total != expected.size_bytes:
        raise DownloadError(
            f"{url} is not the expected file",
            got=f"{total:,} bytes of type {content_type}", expected=str(expected),
            remedy="A proxy may have answered instead, or the server has a new version.",
        )  # fmt: skip
    free = free_bytes(partial.parent)
    if total - (partial.stat().st_size if partial.exists() else 0) > free:
        raise DownloadError(
            f"Not enough disk space for {url} in {partial.parent}: "
            f"it needs {human_bytes(total)}, {human_bytes(free)} are free",
            remedy="Free some disk space, or set GATERA_HOME to a larger disk.",
        )


def _verify(url: str, path: Path, expected: Expected | None) -> None:
    if expected is None:
        return
    found = Expected.of(path)
    if found != expected:
        path.unlink()
        _tag_file(path).unlink(missing_ok=True)
        raise DownloadError(
            f"The download from {url} is not the expected file and was deleted",
            got=str(found), expected=str(expected),
            remedy="Try again; a proxy may have answered instead, or the server has a new version.",
        )  # fmt: skip


def _tag_file(partial: Path) -> Path:
    """Return where the server's tag for this version of the file is kept during the download."""
    return partial.with_name(partial.name + ".tag")


def _tag_of(response: http.client.HTTPResponse) -> str | None:
    etag = response.headers["ETag"]
    # A weak tag (W/...) promises the same meaning, not the same bytes, and may not be used to resume.
    return etag if etag and not etag.startswith("W/") else response.headers["Last-Modified"]
