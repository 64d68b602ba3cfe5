"""Processors and threads: a pool for work on many files; Pillow, disks and networks release the interpreter lock."""

from __future__ import annotations

import ctypes
import functools
import io
import math
import os
import warnings
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from gatera.core.checks import check_count, require

#: Largest default number of threads, even on a large machine. Chosen here.
MOST_THREADS = 8

#: Objects with threads of their own, which wait for these when they are freed.
_WITH_THREADS: weakref.WeakSet[Any] = weakref.WeakSet()


#: What this thread will say when it is the turn of its input; see `in_turn`.
_HELD_BACK: ContextVar[list[Callable[[], None]] | None] = ContextVar("held_back", default=None)

Result = TypeVar("Result")

#: Where Linux says how much processor time a container may take: microseconds of a period, and the period.
_QUOTAS = (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))


def usable_processors(groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many processors this process may use, also in a container that may take a part of the machine's time only."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    here = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return min(here, _allowed(groups) or here)


@functools.cache
def _allowed(groups: Path) -> int | None:
    """Return for how many processors the time of this container is enough; None where it is not limited."""
    for names in _QUOTAS:
        with suppress(OSError, ValueError):  # there is no such file, or it says "max"
            quota, period = map(int, " ".join((groups / name).read_text("ascii") for name in names).split())
            if quota > 0:  # -1 is no limit
                return max(1, math.ceil(quota / period))
    return None


def count_cores_for_trees() -> None:
    """Count the machine's cores as scikit-learn's boosted trees do, in silence: it is done once.

    Where joblib cannot count them (Windows 11, a container without `/sys`), it warns and prints a traceback.

    Raises:
        MissingExtraError: if scikit-learn is not installed.
    """
    joblib = require("joblib", "train", "for gradient-boosted trees")
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        joblib.cpu_count(only_physical_cores=True)


@contextmanager
def thread_pool(workers: int | None = None) -> Iterator[ThreadPoolExecutor]:
    """Yield a thread pool. If the block ends early, e.g. by Ctrl-C, tasks that have not started are cancelled.

    Args:
        workers: number of threads; None for one per processor that may be used, at most 8.

    Raises:
        ArgumentError: if `workers` is below 1.
    """
    if workers is not None:
        check_count("workers", workers, 1)
    pool = ThreadPoolExecutor(workers or min(MOST_THREADS, usable_processors()))
    try:
        yield pool
    finally:
        # ThreadPoolExecutor's own exit would first finish every submitted task, which may take minutes.
        pool.shutdown(wait=True, cancel_futures=True)


def never_freed_in_copies(thing: Any) -> None:
    """Let an object that has threads of its own never be freed in a copy of this process (`fork`).

    The copy has none of these threads. Freeing the object there waits for them for ever or ends the copy with a signal, at the latest
    when it exits: servers with preloaded workers then lose a worker at each restart.
    """
    _WITH_THREADS.add(thing)
    _watch_forks()


@functools.cache
def _watch_forks() -> None:
    if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
        os.register_at_fork(after_in_child=_keep_for_good)


def _keep_for_good() -> None:
    for thing in list(_WITH_THREADS):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def in_turn(say: Callable[[], None]) -> None:
    """Call what warns of an input: at once, or in the order of the inputs where several are read at once, so that the first is named."""
    held_back = _HELD_BACK.get()
    if held_back is None:
        say()
    else:
        held_back.append(say)


def started(pool: ThreadPoolExecutor, work: Callable[..., Result], *given: Any) -> Callable[[], Result]:
    """Start work in a pool; what is returned waits for its result, and says what is to be said `in_turn`."""
    future = pool.submit(_holding_back, work, *given)

    def result() -> Result:
        found, held_back = future.result()
        for say in held_back:
            say()
        return found

    return result


def _holding_back(work: Callable[..., Result], *given: Any) -> tuple[Result, list[Callable[[], None]]]:
    held_back: list[Callable[[], None]] = []
    token = _HELD_BACK.set(held_back)
    try:
        return work(*given), held_back
    except BaseException:
        for say in held_back:
            say()
        raise
    finally:
        _HELD_BACK.reset(token)
