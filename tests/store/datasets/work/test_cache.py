"""The cache of a repository closes its file, also where nobody says so."""

from __future__ import annotations

import gc
import sqlite3

import pytest

from gatera.store.datasets.work.cache import Cache


def test_a_cache_that_is_dropped_closes_its_file(tmp_path):
    cache = Cache(tmp_path / "cache.db")
    assert cache.seen() == {}
    opened = cache._open
    assert opened is not None
    del cache
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened.execute("SELECT 1")
