"""Threads for work on many files: Pillow, disks and networks let several run at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from gatera.core.checks import check_at_least

#: Threads taken unless told otherwise, on however large a machine. Chosen here.
MOST_THREADS = 8


@contextmanager
def thread_pool(workers: int | None = None) -> Iterator[ThreadPoolExecutor]:
    """Give a pool of threads. If the block is left early, by Ctrl-C say, what has not begun is dropped.

    Args:
        workers: number of threads; None for one per processor, at most 8.

    Raises:
        ArgumentError: if `workers` is below 1.
    """
    if workers is not None:
        check_at_least("workers", workers, 1)
    pool = ThreadPoolExecutor(workers or min(MOST_THREADS, os.cpu_count() or 1))
    try:
        yield pool
    finally:
        # ThreadPoolExecutor's own exit would first finish all that was asked for, which may take minutes.
        pool.shutdown(wait=True, cancel_futures=True)
