"""The cache of a repository closes its file, also where nobody says so, and keeps no words of other code."""

from __future__ import annotations

import gc
import sqlite3

import pytest

from gatera.store.datasets.work import cache as module
from gatera.store.datasets.work.cache import Cache, Seen


def test_a_cache_that_is_dropped_closes_its_file(tmp_path):
    cache = Cache(tmp_path / "cache.db")
    assert cache.seen() == {}
    opened = cache._open
    assert opened is not None
    del cache
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened.execute("SELECT 1")


def test_what_other_code_said_of_a_commit_is_found_again(tmp_path, monkeypatch):
    """Between two versions a commit got other words: "1 added, 1 removed", and then "1 moved"."""
    file = tmp_path / "cache.db"

    def known(sentence: str | None = None):
        cache = Cache(file)
        if sentence is not None:
            cache.see({"a.jpg": Seen(1, 2, 3, "c" * 64)})
            cache.know("b" * 40, {"a.jpg": "a.jpg,"}, (), sentence)
        found = cache.sentences(), cache.lines_of("a.jpg"), len(cache.seen())
        cache.close()
        return found

    with monkeypatch.context() as earlier:
        earlier.setattr(module, "code_sha256", lambda *packages: "earlier code")
        assert known("1 added, 1 removed")[0]["b" * 40] == (False, "1 added, 1 removed")
        assert len(known()[0]) == 1
    assert known() == ({}, {}, 1)  # files need not be read again
    assert known("1 moved")[0]["b" * 40] == (False, "1 moved")
    assert len(known()[1]) == 1
