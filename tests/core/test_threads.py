from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from gatera.core.errors import ArgumentError
from gatera.core.threads import thread_pool, usable_processors


def test_work_is_done_in_order() -> None:
    with thread_pool() as pool:
        assert list(pool.map(str, range(100))) == [str(n) for n in range(100)]


def test_ctrl_c_leaves_undone_what_has_not_begun() -> None:
    begun, go_on = [], threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number > 0:
            go_on.wait(5)
        return number

    def interrupted() -> None:
        with thread_pool(2) as pool:
            results = pool.map(work, range(1000))
            next(results)
            go_on.set()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(begun) < 1000


def test_there_is_at_least_one_thread() -> None:
    with pytest.raises(ArgumentError) as err, thread_pool(0):
        pass
    assert str(err.value) == "workers must be at least 1. Got: 0."


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, 16),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 16),
        ({"cpu.max": "6400000 100000\n"}, 16),
        ({"cpu.max": ""}, 16),
        ({}, 16),
    ],
)
def test_processors_are_those_that_a_container_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], expected: int
) -> None:
    """`docker run --cpus 1` on a large machine: a server computed 64 photos side by side on the time of one processor."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert usable_processors(tmp_path) == expected
