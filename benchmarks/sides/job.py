"""What every side shares: a job comes in on the command line, its result goes out as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

#: Calls before the clock counts: buffers and kernels are made in the first ones.
WARM_UP_CALLS = 5


def run_job(jobs: Mapping[str, Callable[..., dict[str, Any]]]) -> None:
    """Run the job that `JOB ARGUMENTS RESULT` on the command line asks for."""
    name, arguments, result = sys.argv[1:]
    Path(result).write_text(json.dumps(jobs[name](**json.loads(arguments))))


def milliseconds_each(call: Callable[[str], object], photos: Sequence[str]) -> list[float]:
    """Return how long `call` takes for each photo, after some calls that do not count."""
    for photo in photos[:WARM_UP_CALLS]:
        call(photo)
    return [milliseconds(call, photo) for photo in photos]


def milliseconds(call: Callable[[str], object], photo: str) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    call(photo)
    return (time.perf_counter() - start) * 1000
