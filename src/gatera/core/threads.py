"""Side by side: processors; a pool of threads for work on many files, as Pillow, disks and networks release the interpreter lock; and
locks between processes, on files. The system takes a lock back when its file is closed, and so when its process ends, however it ends.
"""

from __future__ import annotations

import ctypes
import functools
import io
import math
import os
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import Any

from gatera.core.checks import check_count, require

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Largest default number of threads, even on a large machine. Chosen here.
MOST_THREADS = 8

#: Objects with threads of their own, which wait for these when they are freed.
_WITH_THREADS: weakref.WeakSet[Any] = weakref.WeakSet()


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


#: Which byte is locked on Windows, where nobody else can read or write a locked one: far behind the end of our files. C counts up to it there.
FAR = 2**31 - 2

#: Between two looks at a lock (seconds).
_PAUSE_SECONDS = 0.01


def lock(handle: int) -> bool:
    """Lock an open file until it is closed, against everybody who opened it too; the disk may know no locks.

    Args:
        handle: its descriptor.

    Returns:
        Whether it is locked now; False on a disk without locks, as some network disks are.

    Raises:
        BlockingIOError: if somebody else has it locked.
    """
    try:
        if fcntl is None:
            _lock_far_byte(handle)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


def lock_after_others(
    handle: int, patience: float = math.inf, on_wait: Callable[[float], None] = lambda _: None
) -> bool:
    """Lock an open file as `lock` does, and wait for whoever has it locked.

    Args:
        handle: its descriptor.
        patience: for how long (seconds).
        on_wait: is told again and again for how long it has waited (seconds).

    Raises:
        BlockingIOError: if somebody else has it locked all that time.
    """
    start = time.monotonic()
    while True:
        try:
            return lock(handle)
        except BlockingIOError:
            waited = time.monotonic() - start
            if waited > patience:
                raise
        on_wait(waited)
        time.sleep(_PAUSE_SECONDS)


def _lock_far_byte(handle: int) -> None:
    import msvcrt

    place = os.lseek(handle, 0, os.SEEK_CUR)
    try:
        os.lseek(handle, FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except PermissionError as err:  # how Windows says that somebody else has it
        raise BlockingIOError(err.errno, "it is locked by another process") from err
    finally:
        os.lseek(handle, place, os.SEEK_SET)
