from __future__ import annotations

import threading

import pytest

from gatera.core.errors import ArgumentError
from gatera.core.threads import thread_pool


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
