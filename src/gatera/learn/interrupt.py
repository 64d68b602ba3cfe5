"""Delay Ctrl-C until the current update is complete."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class StepGuard:
    """Delay Ctrl-C while an update runs, and raise KeyboardInterrupt right after it.

    `listen()` installs the handler for the duration of a fit (only in the main thread: Python delivers no signals to others).
    `with guard:` marks an update. A second Ctrl-C interrupts immediately.
    """

    def __init__(self) -> None:
        self._busy = self._pending = False
        self._previous: Any = None
        self._installed = False

    def listen(self) -> None:
        """Install the handler for SIGINT."""
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._on_signal)
            self._installed = True

    def stop(self) -> None:
        """Restore the previous handler."""
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
