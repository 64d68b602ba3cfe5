"""Databases of SQLite on every disk."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

#: What SQLite says where the disk cannot share memory between processes, as its log needs: shared folders of virtual machines, network disks.
_NO_LOG = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})


def open_database(path: Path | None, timeout: float, by_hand: bool = False) -> sqlite3.Connection:
    """Open a database, for all threads, whose readers and writers do not wait for each other where the disk allows it.

    Args:
        path: its file; None for one in memory.
        timeout: how long to wait for another process (seconds).
        by_hand: whether the caller begins and ends what is written as one.

    Raises:
        sqlite3.Error: if it cannot be opened, or is not a database.
    """
    # SQLite itself would let only its owner write, whatever the umask
    if path is not None and not path.exists():
        with suppress(OSError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o666))

    def connected() -> sqlite3.Connection:
        return sqlite3.connect(
            path or ":memory:",
            timeout,
            isolation_level=None if by_hand else "DEFERRED",
            check_same_thread=False,
        )

    base = connected()
    try:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as err:
        base.close()
        if err.sqlite_errorcode & 0xFF not in _NO_LOG:
            raise
        base = connected()
        # so that one with a log can be read without sharing memory
        base.execute("PRAGMA locking_mode = EXCLUSIVE")
        base.execute("PRAGMA journal_mode = DELETE")
        base.execute("PRAGMA locking_mode = NORMAL")
        base.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from now on others can, too
    return base
