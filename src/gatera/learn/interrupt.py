"""Ctrl-C that never lands in the middle of an update."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class StepGuard:
    """Hold back Ctrl-C while an update runs, and let it through right after.

    `listen()` installs the handler for the length of a fit (only in the main thread: elsewhere Python delivers no
    signals and there is nothing to hold back). `with guard:` marks an update. A second Ctrl-C is let through at once.
    """

    def __init__(self) -> None:
        self._busy = self._pending = False
        self._previous: Any = None
        self._installed = False

    def listen(self) -> None:
        """Start to catch SIGINT."""
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._on_signal)
            self._installed = True

    def stop(self) -> None:
        """Give SIGINT back to whoever had it."""
        if self._installed:
            signal.signal(signal.SIGINT, self._previous)
            self._installed = False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._busy and not self._pending:
            self._pending = True
            return
        self._pending = False
        raise KeyboardInterrupt

    def __enter__(self) -> None:
        self._busy = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._busy = False
        if self._pending:
            self._pending = False
            if error is None:
                raise KeyboardInterrupt
