"""Files kept by their content: an object's name is the SHA-256 of its bytes, so the same bytes are kept once and cannot change unseen."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import PARTIAL, READ_ONLY, let_go, set_mode, sha256_file, short_name, umask
from gatera.store.add_by_hard_link import take_linked

#: How a file gets into the store, or out of it. "auto" shares the blocks on disk where the file system can, and copies elsewhere.
How = Literal["auto", "link", "copy"]

#: Bytes read at a time; a file up to this size is read at once.
CHUNK = 1 << 20

#: The request of Linux that lets two files share their blocks until one is written to (`FICLONE`).
_CLONE = 0x40049409


#: How a file is opened that is read, and one that is written and was not there.
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

#: When a file was modified (nanoseconds), its size in bytes, its number in the file system.
State = tuple[int, int, int]


class Stored(NamedTuple):
    """An object of a store.

    Attributes:
        sha256: its name, 64 hexadecimal digits.
        size: bytes.
        new: whether the store did not have it before.
    """

    sha256: str
    size: int
    new: bool


class ObjectStore:
    """A folder of objects, `ab/cdef...`, each named by the SHA-256 of its bytes.

    Objects are read-only (but on Windows) and appear whole or not at all: they are written under another name and then renamed. Any number
    of processes may write at once.

    Args:
        folder: where the objects are; made with the first one.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._at = os.fspath(self.folder)
        # asked for once: asking sets it for a moment, which other threads would see
        self._mode = 0o666 & ~umask()
        self._clones = sys.platform.startswith("linux")  # until the file system says that it cannot
        # of the names that writes begin under; a killed process may have left some, and the next may have its number
        self._numbers, self._token = itertools.count(), os.urandom(4).hex()

    def path(self, sha256: str) -> Path:
        """Return where an object is, or would be.

        Raises:
            ArgumentError: if `sha256` is not 64 hexadecimal digits.
        """
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ArgumentError(
                "Not the name of an object",
                got=sha256,
                expected="SHA-256, 64 hexadecimal digits in lower case",
            )
        return self.folder / sha256[:2] / sha256[2:]

    def __contains__(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def has(self, sha256: str) -> bool:
        """Whether an object is there, for names that are known to be hashes: there may be a million."""
        return os.access(self._name_of(sha256), os.F_OK)

    def __iter__(self) -> Iterator[str]:
        """Yield the name of every object, sorted."""
        for folder in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(folder.name + path.name for path in folder.iterdir() if len(path.name) == 62)

    def put(self, source: str | Path, how: How = "auto") -> Stored:
        """Take a file into the store.

        Args:
            source: the file. It stays as it is.
            how: "auto" shares blocks with it where the file system can (Btrfs, XFS, APFS through Linux), and copies elsewhere;
                "copy" always copies. "link" makes a hard link, which takes no space: **whoever then writes into the
                file changes the object too**, which `verify` finds.

        Raises:
            OSError: if the file cannot be read, or the store cannot be written.
        """
        return self.take(source, how)[0]

    def put_sound(self, source: str | Path) -> Stored:
        """Take a file into the store as `put` does, and read what was there under its name already: damaged, it is replaced."""
        stored = self.put(source)
        if sha256_file(self.path(stored.sha256)) != stored.sha256:
            self.remove(stored.sha256)
            stored = self.put(source)
        return stored

    def take(self, source: str | Path, how: How = "auto") -> tuple[Stored, State | None]:
        """Take a file into the store; return the state it had all that time too, None if it changed meanwhile. See `put`."""
        if how == "link":
            linked = take_linked(os.fspath(source), self._name_of)
            if linked is not None:
                state = None if linked.state is None else _state(linked.state)
                return Stored(linked.sha256, linked.size, linked.new), state
            how = "auto"
        if how == "copy" or not self._clones:
            small = self._take_small(os.fspath(source))
            if small is not None:
                return small
        source = Path(source)
        before = _state(os.stat(source))  # noqa: PTH116
        stored = self._put_large(source, how)
        after = _state(os.stat(source))  # noqa: PTH116
        return stored, after if before == after and stored.size == after[1] else None

    def _put_large(self, source: Path, how: How) -> Stored:
        with source.open("rb") as file, self._partial() as partial:
            # one pass: what is hashed is what is kept, even if the file changes meanwhile
            if how == "auto" and self._cloned(file, partial):
                with partial.open("rb") as clone:
                    sha256, size = _hashed(clone)
            else:
                with partial.open("wb") as target:
                    sha256, size = _hashed(file, target)
            return Stored(sha256, size, self._keep(partial, sha256))

    def _take_small(self, source: str) -> tuple[Stored, State | None] | None:
        """Take a file of at most one `CHUNK`, with as few calls of the system as it can be: there may be millions. None for a larger one."""
        handle = os.open(source, _READ)
        try:
            before = os.fstat(handle)
            size = before.st_size
            # one byte more than there is, so that the end is seen; not a whole CHUNK, whose memory takes longer than the file
            data = os.read(handle, size + 1) if size <= CHUNK else b""
            after = os.fstat(handle)
        finally:
            os.close(handle)
        if len(data) != size:  # larger, or written to meanwhile
            return None
        state = _state(after)
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._name_of(sha256)
        new = not os.access(path, os.F_OK)
        if new:
            self._write(path, data)
        return Stored(sha256, size, new), state if state == _state(before) else None

    def _name_of(self, sha256: str) -> str:
        """Return the path of an object, for names that are known to be hashes."""
        return f"{self._at}/{sha256[:2]}/{sha256[2:]}"

    def _write(self, path: str, data: bytes) -> None:
        """Write an object, and its folder where that is missing: somebody may have removed it since."""
        try:
            self._write_whole(path, data)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
            self._write_whole(path, data)

    def _write_whole(self, path: str, data: bytes) -> None:
        """Write an object: under another name, which is then changed."""
        partial = f"{self._at}/.{os.getpid()}-{next(self._numbers)}-{self._token}{PARTIAL}"
        handle = os.open(partial, _WRITE, READ_ONLY)
        try:
            try:
                written = os.write(handle, data)
                while written < len(data):
                    written += os.write(handle, memoryview(data)[written:])
            finally:
                os.close(handle)
            os.replace(partial, path)  # noqa: PTH105
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(partial)  # noqa: PTH108
            raise

    def _cloned(self, source: BinaryIO, target: Path) -> bool:
        """Make `target` share the blocks of an open file; where the file system cannot, that is not tried again."""
        self._clones = self._clones and _cloned(source, target)
        return self._clones

    def put_bytes(self, data: bytes) -> Stored:
        """Take bytes into the store.

        Raises:
            OSError: if the store cannot be written.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 in self:
            return Stored(sha256, len(data), new=False)
        with self._partial() as partial:
            partial.write_bytes(data)
            return Stored(sha256, len(data), self._keep(partial, sha256))

    def read(self, sha256: str) -> bytes:
        """Return the bytes of an object, checked against its name.

        Raises:
            DataError: if the store does not have it, or it is damaged.
        """
        data = self._there(sha256).read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise _damaged(self.path(sha256))
        return data

    def place(self, sha256: str, target: str | Path, how: How = "auto") -> None:
        """Write an object as a file, which replaces a file that is there and has its permissions then.

        Args:
            sha256: the object.
            target: the file to write; its folder is made if it is missing.
            how: as for `put`.

        Raises:
            DataError: if the store does not have the object, or it is damaged.
            OSError: if the file cannot be written.
        """
        source, target = self._there(sha256), Path(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{short_name(target.name)}.", suffix=PARTIAL, dir=target.parent
        )
        os.close(handle)
        partial = Path(name)
        try:
            if how == "link" and _linked(source, partial):
                if sha256_file(partial) != sha256:
                    raise _damaged(source)
            else:
                _copy_checked(source, partial, sha256, how)
                set_mode(partial, self._mode_of(target))
            let_go(target)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def _mode_of(self, target: Path) -> int:
        """Return the permissions of the file that is replaced: it may be private, or a program. A read-only one was a hard link."""
        try:
            mode = stat.S_IMODE(target.stat(follow_symlinks=False).st_mode)
        except OSError:
            return self._mode
        return mode if mode & stat.S_IWUSR else self._mode | mode & 0o111

    def damaged(self) -> Iterator[str]:
        """Yield the name of every object whose bytes do not have that name any more."""
        for sha256 in self:
            with suppress(FileNotFoundError):  # removed meanwhile
                if sha256_file(self.path(sha256)) != sha256:
                    yield sha256

    def remove(self, sha256: str) -> None:
        """Remove an object; one that is not there is fine."""
        let_go(self.path(sha256))
        self.path(sha256).unlink(missing_ok=True)

    def sweep(self, older_than: float = 0.0) -> int:
        """Remove what writes that were killed left behind; return how many files that were.

        Args:
            older_than: only what was not written to for so many seconds: what is younger may belong to another process.
        """
        latest, removed = time.time() - older_than, 0
        for path in self.folder.glob(f".*{PARTIAL}"):
            with suppress(FileNotFoundError):
                if path.is_file() and path.stat().st_mtime <= latest:
                    path.unlink()
                    removed += 1
        return removed

    def _there(self, sha256: str) -> Path:
        path = self.path(sha256)
        if not path.is_file():
            raise DataError(
                f"The object {sha256[:12]} is not in {self.folder}",
                remedy="Fetch it from where the data were sent to, or add its file again.",
            )
        return path

    def _partial(self) -> _Partial:
        self.folder.mkdir(parents=True, exist_ok=True)
        return _Partial(self.folder)

    def _keep(self, partial: Path, sha256: str) -> bool:
        """Give a finished file the name of its content; return whether the store did not have it."""
        path = self.path(sha256)
        if path.exists():
            return False
        set_mode(partial, READ_ONLY)
        path.parent.mkdir(exist_ok=True)
        partial.replace(path)
        return True


class _Partial:
    """A temporary file of a store, gone after the block unless it was renamed."""

    def __init__(self, folder: Path) -> None:
        handle, name = tempfile.mkstemp(prefix=".", suffix=PARTIAL, dir=folder)
        os.close(handle)
        self.path = Path(name)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)


def _state(found: os.stat_result) -> State:
    return found.st_mtime_ns, found.st_size, found.st_ino


def _hashed(source: BinaryIO, target: BinaryIO | None = None) -> tuple[str, int]:
    """Return the hash and size of an open file, and copy it while reading."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if target is not None:
            target.write(chunk)
    return digest.hexdigest(), size


def _copy_checked(source: Path, target: Path, sha256: str, how: How) -> None:
    with source.open("rb") as file:
        if how != "copy" and _cloned(file, target):
            found = sha256_file(target)
        else:
            with target.open("wb") as out:
                found, _ = _hashed(file, out)
    if found != sha256:
        raise _damaged(source)


def _cloned(source: BinaryIO, target: Path) -> bool:
    """Make `target` share the blocks of an open file; return whether the file system can do that."""
    if not sys.platform.startswith("linux"):
        return False
    import fcntl

    try:
        with target.open("wb") as out:
            fcntl.ioctl(out, _CLONE, source.fileno())
    except OSError:
        return False
    return True


def _linked(source: Path, target: Path) -> bool:
    """Make a hard link in the place of `target`; return whether the file system can do that."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


def _damaged(path: Path) -> DataError:
    return DataError(
        f"{path} is damaged: its bytes do not have the hash that names it",
        remedy="Remove it, and fetch it again or add its file again.",
    )
