"""One long task at a time in the background: its progress, and what became of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from gatera.core.errors import ArgumentError, GateraError, shorten


class Stopped(Exception):
    """The task was told to stop."""


class Job:
    """A task that runs in a thread.

    Attributes:
        state: "idle", "running", "done" or "failed".
        words: what it does, or what became of it.
        done, total: how far it is.
    """

    def __init__(self) -> None:
        self.state, self.words, self.done, self.total = "idle", "", 0, 0
        self.seconds = 0.0
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, work: Callable[[Job], str]) -> None:
        """Start a task, which returns what became of it in a sentence.

        Raises:
            ArgumentError: if one is running.
        """
        with self._lock:
            if self.state == "running":
                raise ArgumentError("it is already running", remedy="Wait until it has ended.")
            self.state, self.words, self.done, self.total = "running", "", 0, 0
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, args=(work,), daemon=True, name="studio-job")
            self._thread.start()

    def _run(self, work: Callable[[Job], str]) -> None:
        start = time.monotonic()
        try:
            words, state = work(self), "done"
        except Stopped:
            words, state = "Stopped.", "idle"
        except GateraError as err:
            words, state = str(err), "failed"
        except Exception as err:  # noqa: BLE001 - a thread has nobody else to tell
            words, state = f"{type(err).__name__}: {shorten(str(err))}", "failed"
        self.seconds = time.monotonic() - start
        # the last count is that of the last look, and means nothing once there is a result
        self.words, self.done, self.total, self.state = words, 0, 0, state

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        """Say how far it is.

        Raises:
            Stopped: if it was told to stop.
        """
        if self._stop.is_set():
            raise Stopped
        self.words, self.done, self.total = words, done, total

    def stop(self, wait: float = 5.0) -> None:
        """Tell it to stop, and wait for a moment (seconds)."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(wait)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "state": self.state, "words": self.words, "done": self.done, "total": self.total, "seconds": round(self.seconds, 2),
        }  # fmt: skip
