"""What Prometheus reads at /metrics: requests, answers, refusals, times, what waits, and when programs changed."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.requests import ClientDisconnect

from gatera.core.errors import GateraError
from gatera.web.errors import status_of

#: The type of what `text` returns.
TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: Upper ends of the intervals of times (seconds).
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

#: The ends of paths where predictions are asked for.
ASKED = ("/predict", "/where", "/recommend", "/infer")

#: The status of a request whose client has gone, as nginx calls it.
GONE = 499


class Counting:
    """A request that is being counted.

    Attributes:
        program: its name; "" while it is not known.
        status: of the answer; 0 while it is not known.
    """

    def __init__(self, program: str) -> None:
        self.program, self.status = program, 0


class Metrics:
    """Counts.

    Args:
        waiting: returns how many pieces of work wait.
        wait: returns how long a request would wait, in seconds.
    """

    def __init__(self, waiting: Callable[[], float], wait: Callable[[], float]) -> None:
        self._registry = CollectorRegistry()
        about: dict[str, Any] = {"registry": self._registry}
        self._requests = Counter(
            "gatera_requests", "Requests for predictions.", ["program", "status"], **about
        )
        self._inputs = Counter("gatera_inputs", "Inputs that were answered.", ["program"], **about)
        self._labels = Counter(
            "gatera_answers", "Predictions of classifications.", ["program", "label"], **about
        )
        self._seconds = Histogram(
            "gatera_request_seconds",
            "From the first byte of a request to its answer.",
            ["program"],
            buckets=BUCKETS,
            **about,
        )
        self.reloads = Counter("gatera_reloads", "Changed program files.", ["program", "result"], **about)
        self.log_failures = Counter(
            "gatera_log_failures", "Answers that could not be logged when they were given.", **about
        )
        Gauge("gatera_waiting", "Pieces of work that wait.", **about).set_function(waiting)
        Gauge("gatera_wait_seconds", "How long a request that comes now would wait.", **about).set_function(
            wait
        )
        Gauge("gatera_memory_bytes", "Resident memory of the server.", **about).set_function(resident_bytes)
        self._ready = Gauge("gatera_program_info", "The programs in service.", ["program", "sha256"], **about)
        self._counters: dict[tuple[str, ...], Counter] = {}
        self._children: dict[tuple[str, str], tuple[Counter, Histogram]] = {}

    def request(self, program: str, status: int, seconds: float) -> None:
        """Count a request."""
        key = (program, str(status))
        found = self._children.get(key)
        if found is None:
            found = self._requests.labels(*key), self._seconds.labels(program)
            self._children[key] = found
        found[0].inc()
        if status < 400:
            found[1].observe(seconds)

    def refused(self, path: str, status: int) -> None:
        """Count a request for predictions that was refused before anyone looked which program it is for."""
        if path.endswith(ASKED):
            self.request("", status, 0.0)

    @contextmanager
    def counting(self, program: str = "") -> Iterator[Counting]:
        """Count what is done within as a request, whatever becomes of it.

        Args:
            program: its name; "" where it is not known yet.
        """
        start, counted = time.perf_counter(), Counting(program)
        try:
            yield counted
            counted.status = counted.status or 200
        except GateraError as err:
            counted.status = status_of(err)
            raise
        except (ClientDisconnect, asyncio.CancelledError):
            counted.status = GONE
            raise
        except BaseException:
            counted.status = 500  # also where half an answer was sent
            raise
        finally:
            self.request(counted.program, counted.status, time.perf_counter() - start)

    def answered(self, program: str, inputs: int, label: str | None = None) -> None:
        """Count answers."""
        self._counter(self._inputs, program).inc(inputs)
        if label is not None:
            self._counter(self._labels, program, label).inc()

    def _counter(self, of: Counter, *labels: str) -> Counter:
        # finding it takes longer than counting
        found = self._counters.get(labels)
        if found is None:
            found = self._counters[labels] = of.labels(*labels)
        return found

    def in_service(self, program: str, sha256: str) -> None:
        """Note which program is in service."""
        for labels in list(self._ready._metrics):
            if labels[0] == program:
                self._ready.remove(*labels)
        self._ready.labels(program, sha256).set(1)

    def text(self) -> bytes:
        """Return everything as Prometheus reads it."""
        return generate_latest(self._registry)


def resident_bytes() -> float:
    """Return the memory of this process; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0
