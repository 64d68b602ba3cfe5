"""Measure which number of inputs computed at once pays, on this machine, with this program."""

from __future__ import annotations

import time
from typing import NamedTuple

from gatera.serve.loaded import Loaded

#: The sizes that are tried, and how long that may take (seconds).
SIZES, BUDGET = (1, 2, 4, 8, 16), 1.0

#: A larger batch is taken if an input then takes at most this share of the time.
WORTH_IT = 0.9

#: How often each size is timed, at most.
TIMES = 5


class Measured(NamedTuple):
    """What was measured.

    Attributes:
        batch: how many inputs at once take the least time for each, among the sizes tried.
        seconds: seconds for each input, by size.
    """

    batch: int
    seconds: dict[int, float]


def measure_batches(loaded: Loaded, budget: float = BUDGET) -> Measured:
    """Time a program on its example in batches; the sizes go up as long as that pays, for large ones also take memory.

    Args:
        loaded: the program.
        budget: seconds that it may take.
    """
    end = time.perf_counter() + budget

    def timed(size: int) -> float:
        times: list[float] = []
        while len(times) < TIMES and (not times or time.perf_counter() < end):
            start = time.perf_counter()
            loaded.program.predict_together([loaded.example] * size, "return")
            times.append((time.perf_counter() - start) / size)
        return min(times)

    seconds: dict[int, float] = {}
    best = 1
    for size in SIZES:
        seconds[size] = timed(size)
        if size > 1:
            if seconds[size] <= WORTH_IT * seconds[best]:
                # the smaller one once more: another program may have kept the processor while it was timed
                seconds[best] = min(seconds[best], timed(best))
            if seconds[size] > WORTH_IT * seconds[best]:
                break
        best = size
        if time.perf_counter() + 2 * size * seconds[size] > end:
            break
    return Measured(best, seconds)


def sentence(loaded: Loaded, measured: Measured, workers: int, given: bool = False) -> str:
    """Return in one line what is done and why."""
    name, batch, seconds = loaded.name, measured.batch, measured.seconds
    each = {size: f"{1_000 * took:.3g} ms" for size, took in seconds.items()}
    side = f"{workers} run in parallel, 1 thread each" if workers > 1 else "1 runs at a time, on 1 thread"
    if given:
        return f"{name}: up to {batch} {loaded.things} at once, as --batch-size says; {side}"
    tried = max(seconds)
    if batch == 1:
        also = (
            f" each alone and {each[tried]} in batches of {tried}: computed one at a time"
            if tried > 1
            else ""
        )
        return f"{name}: {loaded.things} take {each[1]}{also}; {side} (to change: --batch-size N)"
    return (
        f"{name}: {loaded.things} take {each[1]} each alone and {each[batch]} in batches of {batch}: those that arrive in the meantime "
        f"are computed together, up to {batch}; {side} (to change: --batch-size N)"
    )
