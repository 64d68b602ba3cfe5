"""What is kept beside a repository to be fast: when files were seen last, and which commit changed which item.

All of it can be deleted: it is found again. A damaged or unwritable cache is gone without.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from gatera.core.escape import is_utf8
from gatera.core.files import code_sha256
from gatera.store.database import open_database

T = TypeVar("T")

_TABLES = """
CREATE TABLE IF NOT EXISTS seen (file TEXT PRIMARY KEY, mtime INTEGER, size INTEGER, inode INTEGER, sha256 TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commits (id INTEGER PRIMARY KEY, hash TEXT UNIQUE, bulk INTEGER, sentence TEXT, extra TEXT);
CREATE TABLE IF NOT EXISTS changes (item INTEGER, id INTEGER, line TEXT, PRIMARY KEY (item, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS made_by (code TEXT);
"""

#: Changes with a newer layout start again.
_VERSION = 4

#: What finds and words the changes of a commit: those that other code found are found again, so that all copies say the same.
_MADE_BY = "store/datasets"

#: Commits of more changes are looked into instead: the list would be as long as the labels.
BULK = 20_000


class Seen(NamedTuple):
    """A file as it was when it was hashed.

    Attributes:
        mtime: when it was modified (nanoseconds).
        size: bytes.
        inode: its number in the file system.
        sha256: its hash.
    """

    mtime: int
    size: int
    inode: int
    sha256: str


class Cache:
    """The cache of a repository.

    Args:
        path: its file; None to keep nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._open: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def seen(self) -> dict[str, tuple[Any, ...]]:
        """Return file -> (mtime, size, inode, sha256) of every file that was hashed."""

        def read(base: sqlite3.Connection) -> dict[str, tuple[Any, ...]]:
            return {row[0]: row[1:] for row in base.execute("SELECT * FROM seen")}

        return self._try(read, {})

    def see(self, files: Mapping[str, Seen], gone: Iterable[str] = ()) -> None:
        """Record files that were hashed, and forget those that are gone."""
        # a name that is not UTF-8 cannot be stored, and is hashed every time
        rows = [(name, *seen) for name, seen in files.items() if is_utf8(name)]

        def write(base: sqlite3.Connection) -> None:
            with base:
                base.execute("BEGIN")
                base.executemany("REPLACE INTO seen VALUES (?, ?, ?, ?, ?)", sorted(rows))
                base.executemany(
                    "DELETE FROM seen WHERE file = ?", ((name,) for name in gone if is_utf8(name))
                )

        if rows or gone:
            self._try(write, None)

    def sentences(self) -> dict[str, tuple[bool, str]]:
        """Return commit -> whether it has too many changes to list, and its changes in a sentence."""

        def read(base: sqlite3.Connection) -> dict[str, tuple[bool, str]]:
            return {
                row[0]: (bool(row[1]), row[2])
                for row in base.execute("SELECT hash, bulk, sentence FROM commits")
            }

        return self._try(read, {})

    def know(
        self, commit: str, lines: Mapping[str, str | None] | None, extra: Sequence[str], sentence: str
    ) -> None:
        """Record what a commit changed.

        Args:
            commit: its full name.
            lines: item -> its line in the labels after it; None where it removed the item. None if there are more than `BULK`.
            extra: columns beyond ours in those lines.
            sentence: the changes in words.
        """

        def write(base: sqlite3.Connection) -> None:
            with base:
                base.execute("BEGIN IMMEDIATE")
                made = base.execute(
                    "INSERT OR IGNORE INTO commits (hash, bulk, sentence, extra) VALUES (?, ?, ?, ?)",
                    (commit, lines is None, sentence, json.dumps(list(extra))),
                )
                if made.rowcount == 1 and lines is not None:
                    rows = ((_key(name), made.lastrowid, line) for name, line in lines.items())
                    base.executemany("INSERT OR IGNORE INTO changes VALUES (?, ?, ?)", rows)

        self._try(write, None)

    def lines_of(self, file: str) -> dict[str, tuple[str | None, tuple[str, ...]]]:
        """Return commit -> the line of an item after it, and its columns beyond ours; commits of too many changes are not among them."""

        def read(base: sqlite3.Connection) -> dict[str, tuple[str | None, tuple[str, ...]]]:
            found = base.execute(
                "SELECT hash, line, extra FROM changes JOIN commits ON changes.id = commits.id WHERE item = ?",
                (_key(file),),
            )
            return {row[0]: (row[1], tuple(json.loads(row[2]))) for row in found}

        return self._try(read, {})

    def _try(self, do: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        if self.path is None:
            return otherwise
        try:
            return do(self._connection())
        except sqlite3.DatabaseError as err:
            self.close()
            if isinstance(err, sqlite3.OperationalError) and "no such" not in str(err):
                return otherwise  # locked for long, a full disk, a disk that cannot be written to
            for ending in ("", "-wal", "-shm", "-journal"):  # damaged
                with suppress(OSError):
                    self.path.with_name(self.path.name + ending).unlink()
            return otherwise

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            assert self.path is not None
            base = open_database(self.path, timeout=20, by_hand=True)
            self._open = base
            weakref.finalize(self, base.close)  # from Python 3.13 on, one that is left open is warned of
            # a crash of the machine may damage it: then it is made again
            base.execute("PRAGMA synchronous = OFF")
            if base.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                for table in ("seen", "commits", "changes", "made_by"):
                    base.execute(f"DROP TABLE IF EXISTS {table}")
                base.executescript(_TABLES)
                base.execute(f"PRAGMA user_version = {_VERSION}")
            code = code_sha256(_MADE_BY)
            if base.execute("SELECT code FROM made_by").fetchone() != (code,):
                with base:
                    base.execute("BEGIN IMMEDIATE")
                    for table in ("commits", "changes", "made_by"):
                        base.execute(f"DELETE FROM {table}")
                    base.execute("INSERT INTO made_by VALUES (?)", (code,))
        return self._open


def _key(name: str) -> int:
    """Return a number for an item: names may be long."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
