"""Predict many inputs at once: side by side on all cores, each alone or in batches, whichever takes less time.

A photo alone takes less time than in a batch (EfficientNet-Lite0, 320 px: 36 ms alone, 46 ms of sixteen) and less memory (133
against 557 MB), and trying it would already take that memory. A row of a table takes 40 µs alone and 2 µs of 64; how much a
batch of texts helps depends on the network. So for rows and texts the size of batches is found by trying.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from gatera.core.errors import ProgramFileError
from gatera.core.threads import started, usable_processors
from gatera.program.engines import Engine
from gatera.program.held import held

Answer = TypeVar("Answer")

#: A larger batch is taken if an input then takes at most this share of the time.
WORTH_IT = 0.9

#: The largest batch that is tried.
MOST = 64

#: How often a size is timed before the next one is tried, and how often that is, to judge it.
TIMES, TRIALS = 3, 2


class Pace:
    """Finds how many inputs to compute at once: one, and twice as many as long as that makes each of them cheaper.

    It may be used from several threads.

    Args:
        most: the largest number; 1 tries nothing.

    Example:
        >>> pace = Pace()
        >>> for _ in range(TIMES):
        ...     pace.timed(pace.next_size(), 1.0)
        >>> pace.next_size()
        2
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._size, self._settled, self._asked = 1, most == 1, 0
        self._seconds: dict[int, list[float]] = {}
        self._lock = threading.Lock()

    def next_size(self) -> int:
        """Return how many inputs to take next."""
        with self._lock:
            known, tried = (len(self._seconds.get(size, ())) for size in (self._size, 2 * self._size))
            # one trial at a time: each thread that ever had a larger batch keeps the memory for it
            if self._settled or known < TIMES or self._asked > tried:
                return self._size
            self._asked += 1
            return 2 * self._size

    def returned(self, size: int) -> None:
        """Note that a chunk is done; if it was a trial and nothing in it could be read, another one is due."""
        with self._lock:
            if size == 2 * self._size:
                self._asked = len(self._seconds.get(size, ()))

    def timed(self, size: int, seconds: float) -> None:
        """Note how long each of `size` inputs took that were computed together."""
        with self._lock:
            self._seconds.setdefault(size, []).append(seconds)
            tried = self._seconds.get(2 * self._size, [])
            if self._settled or len(tried) < TRIALS:
                return
            # The shortest times: others were interrupted, or had memory to prepare.
            self._settled = min(tried) > WORTH_IT * min(self._seconds[self._size])
            if not self._settled:
                self._size, self._asked = 2 * self._size, 0
                self._settled = self._size >= self._most


class Timer:
    """Times what an engine does for a number of inputs."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def __call__(self, run: Callable[[], list[Answer]]) -> list[Answer]:
        """Call `run`, which returns what is computed for each input, and note the time of each."""
        start = time.perf_counter()
        found = run()
        if found:
            self._pace.timed(len(found), (time.perf_counter() - start) / len(found))
        return found


def side_by_side(
    items: Iterable[tuple[int, Any]],
    answers: Callable[[list[tuple[int, Any]]], list[Answer]],
    pace: Pace,
    workers: int,
) -> Iterator[Answer]:
    """Yield the answers for inputs in their order; several chunks are in work at once.

    Args:
        items: (number, input); they are taken as they are needed, and inputs that may change later are copied at once.
        answers: returns the answers for a chunk of them; called in threads.
        pace: how many make a chunk.
        workers: number of threads.
    """
    source = iter(items)
    waiting: deque[tuple[int, Callable[[], list[Answer]]]] = deque()
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="gatera-predict")
    try:
        while True:
            while len(waiting) < 2 * workers:
                chunk = [(number, held(raw)) for number, raw in islice(source, pace.next_size())]
                if not chunk:
                    break
                waiting.append((len(chunk), started(pool, answers, chunk)))
            if not waiting:
                return
            size, answer = waiting.popleft()
            found = answer()
            pace.returned(size)
            yield from found
    finally:
        pool.shutdown(cancel_futures=True)


class ManyInputs:
    """How a program computes many inputs: on every core one, each with one thread.

    An engine with a thread per core does that badly: its threads wait for each other. So from the first `FEW` inputs on there
    is a second engine, with one thread. Making it takes as long as a few photos.

    Args:
        engine: what computes single predictions.
        threads: its number of threads; None for one per core.
        make: makes the same with one thread, or raises ProgramFileError; None where that is not possible.
    """

    FEW = 8

    def __init__(
        self, engine: Engine, threads: int | None = None, make: Callable[[], Engine] | None = None
    ) -> None:
        self._engine = engine if threads is not None or make is None else None
        self._make, self._lock = make, threading.Lock()
        #: Inputs side by side; two at least, so that one is read while another is computed.
        self.workers = max(2, usable_processors() // (threads or 1))

    def engine(self, number: int) -> Engine | None:
        """Return what computes input `number` (counted from 0); None for what computes single predictions."""
        if self._engine is not None or number < self.FEW or self._make is None:
            return self._engine
        with self._lock:
            if self._make is not None and self._engine is None:
                make, self._make = self._make, None
                # the file was moved or replaced: then the first engine goes on, which is slower
                with contextlib.suppress(ProgramFileError):
                    self._engine = make()
        return self._engine


def threads_for(inputs: int, batch_size: int | None) -> int | None:
    """Return the number of threads that compute a prediction: one where many inputs are computed side by side.

    Example:
        >>> threads_for(1000, None), threads_for(1000, 16), threads_for(1, None)
        (1, None, None)
    """
    return 1 if batch_size is None and inputs > ManyInputs.FEW else None
