"""Unpack downloaded archives safely: nothing is written outside the folder, which appears only when complete."""

from __future__ import annotations

import gzip
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from gatera.core.errors import DownloadError
from gatera.core.files import PARTIAL, free_bytes, human_bytes, put_in_place
from gatera.core.progress import track

#: What the readers of Python's library raise for damaged archives.
_DAMAGE = (tarfile.TarError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError,
           KeyError, RuntimeError, NotImplementedError, UnicodeError)  # fmt: skip


class BadArchive(DownloadError):
    """The archive itself is bad: damaged, not an archive, or with members that are not allowed."""


def unpack(archive: Path, folder: Path, quiet: bool = False) -> Path:
    """Unpack a tar archive (compressed or not) or a zip to `folder`, which appears only when it is complete.

    An archive that holds one folder gives that folder's content. Only files and folders are made: a link
    becomes a copy of the file in the archive that it means. A `folder` that exists is replaced.

    Args:
        archive: the file.
        folder: where its content shall be.
        quiet: show no progress.

    Returns:
        `folder`.

    Raises:
        BadArchive: if it is damaged or not an archive, or has a member that would be outside the folder or is
            neither file, folder nor link.
        DownloadError: if the disk is full.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left_over in folder.parent.glob(f".{folder.name}.*{PARTIAL}"):
        shutil.rmtree(left_over, ignore_errors=True)  # of a run that was killed
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=PARTIAL, dir=folder.parent))
    try:
        content = work / "content"
        content.mkdir()
        _write_members(archive, content, quiet)
        put_in_place(_single_folder(content), folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def _write_members(archive: Path, content: Path, quiet: bool) -> None:
    try:
        with _opened(archive) as members:
            for member in track(members, f"Unpacking {archive.name}", quiet=quiet):
                _write(member, content / _safe(member.name, archive), archive)
    except DownloadError:
        raise
    except _DAMAGE as err:
        raise BadArchive(
            f"{archive} is damaged ({err or type(err).__name__})", remedy="Fetch it again."
        ) from err
    except OSError as err:
        raise DownloadError(f"{archive} cannot be unpacked ({err.strerror or err})") from err


def _write(member: _Member, target: Path, archive: Path) -> None:
    if member.open is None:
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if member.size_bytes > free_bytes(target.parent):
        raise DownloadError(
            f"Not enough disk space to unpack {archive}: {member.name} has {human_bytes(member.size_bytes)}",
            remedy="Free some disk space, or set GATERA_HOME to a larger disk.",
        )
    file = member.open()
    if file is None:
        raise BadArchive(
            f"{archive} holds {member.name!r}, which is neither a file nor a folder; nothing was unpacked",
            remedy="Do not use this archive unless you trust its source.",
        )
    with file, target.open("wb") as copy:
        shutil.copyfileobj(file, copy)


@dataclass(frozen=True)
class _Member:
    """One entry of an archive. `open` is None for a folder, and returns None for a device or a pipe."""

    name: str
    size_bytes: int
    open: Callable[[], IO[bytes] | None] | None


@contextmanager
def _opened(archive: Path) -> Iterator[Iterator[_Member]]:
    if tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            yield (_tar_member(tar, member) for member in tar)
    elif zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            yield (_zip_member(opened, member) for member in opened.infolist())
    else:
        raise BadArchive(f"{archive} is neither a tar nor a zip archive", remedy="Fetch it again.")


def _tar_member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> _Member:
    # For a link extractfile opens the member that it means, so no link is ever made on disk.
    return _Member(member.name, member.size, None if member.isdir() else partial(tar.extractfile, member))


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _Member:
    return _Member(
        member.filename, member.file_size, None if member.is_dir() else partial(archive.open, member)
    )


def _safe(name: str, archive: Path) -> PurePosixPath:
    """Return a member's name as a relative path; raise BadArchive if it would leave the folder on any system."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    climbs = ".." in posix.parts or ".." in windows.parts
    if climbs or posix.is_absolute() or windows.drive or windows.root or "\0" in name:
        raise BadArchive(
            f"{archive} holds {name!r}, which would be outside its folder; nothing was unpacked",
            remedy="Do not use this archive unless you trust its source.",
        )
    return posix


def _single_folder(content: Path) -> Path:
    """Return the one folder that `content` holds, apart from what macOS adds, else `content` itself."""
    entries = [entry for entry in content.iterdir() if not entry.name.startswith((".", "__MACOSX"))]
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else content
