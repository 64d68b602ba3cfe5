"""The journal of a person: every decision is a line on the disk before it is answered.

A line is JSON. A process that is killed leaves at most half a line, which nobody was told of; the next one cuts it off. A file
belongs to one process at a time; other processes only read it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from gatera.core.errors import ArgumentError, DataError
from gatera.core.escape import UNSAFE
from gatera.core.files import atomic_write, disk_full
from gatera.core.locks import lock

#: How a journal is opened. Windows would write a second character for the end of a line.
_APPEND = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)

#: Ending of journals.
SUFFIX = ".jsonl"

#: Longest name of a person (characters).
LONGEST_NAME = 60

#: The journal of a person whose work is all committed begins anew from this size on (bytes).
LARGE = 2_000_000

Entry = dict[str, Any]


def check_name(name: str) -> str:
    """Return the name of a person without blanks around it.

    Raises:
        ArgumentError: if it is empty, too long, or has characters that are not printable.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or UNSAFE.search(name):
        raise ArgumentError(
            "the name of a person is needed", got=name, expected=f"1 to {LONGEST_NAME} printable characters"
        )
    return name


def file_of(folder: Path, by: str) -> Path:
    """Return the journal of a person."""
    return folder / f"{quote(by, safe=' ')}{SUFFIX}"


def people_in(folder: Path) -> list[str]:
    """Return who has a journal in a folder, sorted."""
    return sorted(unquote(path.name.removesuffix(SUFFIX)) for path in folder.glob(f"*{SUFFIX}"))


class Journal:
    """The journal of whoever labels here; `append` is on the disk when it returns.

    Args:
        folder: where journals are.
        by: the person.
        say: is told of half a line that was cut off.

    Attributes:
        entries: what was in it when it was opened.

    Raises:
        DataError: if it cannot be opened, is in use by another process, or is damaged.
    """

    def __init__(self, folder: Path, by: str, say: Callable[[str], None]) -> None:
        self.path, self._by, self._say = file_of(folder, by), by, say
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self.path, _APPEND | os.O_CREAT, 0o666)
        except OSError as err:
            raise DataError(
                f"{self.path} cannot be written ({err.strerror})",
                remedy="Decisions are kept there: free some disk space, or make it writable.",
            ) from err
        try:
            self._lock(self._handle)
            self.entries = self._read(say)
        except BaseException:
            os.close(self._handle)
            raise

    def _lock(self, handle: int) -> None:
        try:
            lock(handle)
        except BlockingIOError as err:
            raise DataError(
                f"{self._by} is working in another studio on the same data",
                remedy='Work there, or say who you are here: --by "Your name".',
            ) from err

    def _read(self, say: Callable[[str], None]) -> list[Entry]:
        # a share of Windows lets nobody else read what is locked
        with open(self._handle, "rb", closefd=False) as file:
            data = file.read()
        whole, newline, rest = data.rpartition(b"\n")
        if rest:
            os.ftruncate(self._handle, len(whole) + len(newline))
            say(
                f"The last line of {self.path.name} was incomplete and has been removed; it had not been confirmed to anyone."
            )
        return list(parsed(whole, self.path))

    def append(self, entry: Entry) -> None:
        """Write an entry; it is on the disk when this returns.

        Raises:
            DataError: if it cannot be written; the journal is as it was.
        """
        line = (
            json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
            + b"\n"
        )
        size = os.fstat(self._handle).st_size
        try:
            if os.write(self._handle, line) != len(line):
                raise disk_full()
            os.fsync(self._handle)
            self._put_back()
        except OSError as err:
            os.ftruncate(self._handle, size)
            raise DataError(
                f"{self.path} cannot be written ({err.strerror})",
                remedy="This decision was not saved. Free some disk space, then press the key again.",
            ) from err
        except DataError:
            os.ftruncate(self._handle, size)
            raise

    def _put_back(self) -> None:
        """See that the file still has its name: what is written to one that somebody removed is gone when this process ends.

        A journal that was removed is written again, whole: as long as it is open, the system keeps what was in it.

        Raises:
            OSError: if it cannot be written again.
            DataError: if another file has its name, whose lines must not be lost either.
        """
        try:
            there = os.path.samestat(os.fstat(self._handle), self.path.stat())
        except FileNotFoundError:
            self._write_again()
            return
        if not there:
            raise DataError(
                f"{self.path} is not the file that was opened",
                remedy="This decision was not saved. Start the studio again, then press the key again.",
            )

    def _write_again(self) -> None:
        with atomic_write(self.path) as partial, partial.open("wb") as file:
            file.write(os.pread(self._handle, os.fstat(self._handle).st_size, 0))
            file.flush()
            os.fsync(file.fileno())
        handle = os.open(self.path, _APPEND)
        try:
            self._lock(handle)
        except BaseException:
            os.close(handle)
            raise
        os.close(self._handle)
        self._handle = handle
        self._say(f"{self.path} had been removed, and was written again with everything that was in it.")

    def begin_anew(self) -> None:
        """Empty the journal, when all of it is where labels are kept and it has grown large."""
        if os.fstat(self._handle).st_size > LARGE:
            os.ftruncate(self._handle, 0)
            os.fsync(self._handle)

    def close(self) -> None:
        """Let others open it."""
        os.close(self._handle)


class Following:
    """The journal of somebody else, read as it grows."""

    def __init__(self, path: Path) -> None:
        self.path, self._place = path, 0

    def new(self) -> tuple[bool, list[Entry]]:
        """Return whether the journal began anew, and the entries since the last call."""
        try:
            size = self.path.stat().st_size
        except OSError:
            return True, []
        anew = size < self._place
        if anew:
            self._place = 0
        if size == self._place:
            return anew, []
        with self.path.open("rb") as file:
            file.seek(self._place)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._place += len(whole) + len(newline)
        return anew, list(parsed(whole, self.path))


def parsed(data: bytes, path: Path) -> Iterator[Entry]:
    """Yield the entries of whole lines.

    Raises:
        DataError: if one is not an entry; it names the line.
    """
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line:
            continue
        try:
            entry = json.loads(line.decode("utf-8", "surrogatepass"))
        except ValueError:
            entry = None
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("what"), str)
            or type(entry.get("n")) is not int
        ):
            raise DataError(
                f"line {number} of {path} is damaged", got=line[:80].decode("utf-8", "replace"),
                remedy="Remove that line; what the others say stays.",
            )  # fmt: skip
        yield entry
