"""Databases where the disk cannot share memory between processes, as shared folders of virtual machines cannot."""

from __future__ import annotations

import os
import sqlite3

import pytest

from gatera.store import database


@pytest.fixture
def without_log(monkeypatch):
    """No connection that does not have the database alone can use a log."""
    real = sqlite3.connect

    class Connection(sqlite3.Connection):
        log = alone = False

        def execute(self, query, *rest):
            words = query.lower().replace(" ", "")
            self.alone |= words == "pragmalocking_mode=exclusive"
            self.log = words == "pragmajournal_mode=wal" or (self.log and not words.endswith("=delete"))
            if self.log and not self.alone and words.startswith("select"):
                err = sqlite3.OperationalError("disk I/O error")
                err.sqlite_errorcode = 5386  # SQLITE_IOERR_SHMMAP
                raise err
            return super().execute(query, *rest)

    monkeypatch.setattr(
        database.sqlite3, "connect", lambda *args, **more: real(*args, factory=Connection, **more)
    )


def test_a_database_is_kept_without_a_log(tmp_path, without_log):
    path = tmp_path / "votes.sqlite"
    for number in (1, 2):
        with database.open_database(path, 1) as base:
            base.execute("CREATE TABLE IF NOT EXISTS votes (vote)")
            base.execute("INSERT INTO votes VALUES (?)", (number,))
        base.close()
    base = database.open_database(path, 1)
    assert base.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert base.execute("SELECT vote FROM votes").fetchall() == [(1,), (2,)]


def test_elsewhere_it_has_one(tmp_path):
    base = database.open_database(tmp_path / "votes.sqlite", 1)
    assert base.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_group_that_may_write_files_may_write_it(tmp_path):
    """`gatera label apply` failed for the second person: "attempt to write a readonly database"."""
    path = tmp_path / "votes.sqlite"
    mask = os.umask(0o002)
    try:
        database.open_database(path, 1).close()
    finally:
        os.umask(mask)
    assert os.name == "nt" or path.stat().st_mode & 0o777 == 0o664
