"""Files that become objects by a hard link: nothing is copied, and each is read once."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from gatera.core.files import PARTIAL

#: A file modified this shortly before it was hashed may change again within the same tick of the clock (nanoseconds).
RACY_NS = 20_000_000

#: The same where disks keep whole seconds, memory cards (FAT, exFAT) every other one (nanoseconds).
_RACY_WHOLE_NS, SECOND_NS = 2_000_000_000, 1_000_000_000

#: Bytes read at a time.
_CHUNK = 1 << 20

#: How a file is opened that is read.
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

#: Where an open file has a name of its own, on Linux.
_OPEN_FILES = "/proc/self/fd"
_NAMES_OPEN_FILES = os.path.isdir(_OPEN_FILES) and os.link in os.supports_dir_fd  # noqa: PTH112

#: Whether an open file can be made read-only, whatever has its name by now.
_BY_HANDLE = os.chmod in os.supports_fd


class Linked(NamedTuple):
    """A file that was taken by a link.

    Attributes:
        sha256: the hash of its bytes, as they were read.
        size: bytes.
        new: whether it is an object that was not there before.
        state: as it was all that time; None if it was written to meanwhile, and is no object for that.
    """

    sha256: str
    size: int
    new: bool
    state: os.stat_result | None


def take_linked(source: str, path_of: Callable[[str], str]) -> Linked | None:
    """Hash a file, make it read-only, and let the object be a hard link to it.

    The object appears at once and whole: a process that is killed leaves at most a file that is read-only. A file whose object
    already exists stays as it is.

    Args:
        source: the file.
        path_of: returns the path of an object; its folder is made if it is missing.

    Returns:
        None where the file system has no links, or the file belongs to somebody else; the file is then as it was.

    Raises:
        OSError: if the file cannot be read.
    """
    handle = os.open(source, _READ)
    try:
        before = os.fstat(handle)
        sha256 = _hash_of(handle, before.st_size)
        path = path_of(sha256)
        new = steady = False
        try:
            if os.access(path, os.F_OK):
                steady = True
            elif steady := _made_read_only(handle, source, before, sha256):
                if not os.access(folder := os.path.dirname(path), os.F_OK):  # noqa: PTH120
                    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
                with suppress(FileExistsError):  # another process was faster
                    _name(handle, source, path)
                    new = True
        except OSError:
            return None
        finally:
            after = os.fstat(handle)
            if not (steady := steady and _same(before, after)) and new:
                os.unlink(path)  # noqa: PTH108
                new = False
            if not new and after.st_mode != before.st_mode:
                _set_mode(handle, source, before.st_mode)
        return Linked(sha256, before.st_size, new, after if steady else None)
    finally:
        os.close(handle)


def is_young(mtime: int) -> bool:
    """Whether a file that is modified now may keep this time (nanoseconds)."""
    return mtime > time.time_ns() - (RACY_NS if mtime % SECOND_NS else _RACY_WHOLE_NS)


def _made_read_only(handle: int, source: str, before: os.stat_result, sha256: str) -> bool:
    """Make an open file read-only; return whether it still is what was read.

    From then on only those can write who had it open: its time shows that, or its bytes while the time is too young to tell.
    """
    _set_mode(handle, source, 0o444)  # editors that replace files still work
    if is_young(before.st_mtime_ns):
        os.lseek(handle, 0, os.SEEK_SET)
        if _hash_of(handle, before.st_size) != sha256:
            return False
    return _same(before, os.fstat(handle))


def _name(handle: int, source: str, path: str) -> None:
    """Give an open file another name.

    Raises:
        OSError: if the file system cannot, or another file has its name by now.
    """
    if _NAMES_OPEN_FILES:
        os.link(f"{_OPEN_FILES}/{handle}", path, src_dir_fd=handle)  # with a folder's handle it follows /proc
        return
    partial = f"{os.path.dirname(os.path.dirname(path))}/.{os.urandom(8).hex()}{PARTIAL}"  # noqa: PTH120
    os.link(source, partial)
    try:
        if not os.path.samestat(os.stat(partial), os.fstat(handle)):  # noqa: PTH116
            raise FileNotFoundError(source)
        os.replace(partial, path)  # noqa: PTH105
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial)  # noqa: PTH108


def _hash_of(handle: int, size: int) -> str:
    """Return the hash of an open file, read to its end."""
    digest = hashlib.sha256()
    # one byte more than there is: a whole chunk of memory takes longer to get than a small file to read
    while data := os.read(handle, min(size + 1, _CHUNK)):
        digest.update(data)
    return digest.hexdigest()


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return one.st_mtime_ns == other.st_mtime_ns and one.st_size == other.st_size


def _set_mode(handle: int, source: str, mode: int) -> None:
    os.chmod(handle if _BY_HANDLE else source, stat.S_IMODE(mode))  # noqa: PTH101
