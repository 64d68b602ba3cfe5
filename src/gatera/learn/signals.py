"""Signals that stop a run: Ctrl-C, and where a run listens to them, SIGTERM and SIGHUP. An update is always completed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

#: Signals that ask a process to end. Windows has no SIGHUP.
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class StoppedBySignal(KeyboardInterrupt):
    """SIGTERM or SIGHUP while a run listens to them.

    Attributes:
        number: the signal's number.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"stopped by {signal.Signals(number).name}")


def signal_of(stop: BaseException) -> int:
    """Return the number of the signal that raised a KeyboardInterrupt."""
    return int(getattr(stop, "number", signal.SIGINT))


def raise_stop(number: int, frame: FrameType | None) -> None:
    """Raise the exception of a signal; a handler."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise StoppedBySignal(number)


@contextmanager
def stopping_signals() -> Iterator[None]:
    """Raise StoppedBySignal at SIGTERM and SIGHUP inside the block, unless the program handles or ignores them itself."""
    before: dict[int, Any] = {}
    if _in_main_thread():
        for number in ENDING[1:]:
            if signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, raise_stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def shielded() -> Iterator[None]:
    """Delay the signals that stop a run until the block is done. Then only the first is raised."""
    if not _in_main_thread():
        yield
        return
    seen: list[int] = []
    before = {number: signal.getsignal(number) for number in ENDING}
    handled = {number: handler for number, handler in before.items() if callable(handler)}
    for number in handled:
        signal.signal(number, lambda number, frame: seen.append(number))
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
    if seen:
        handled[seen[0]](seen[0], None)


class StepGuard:
    """Delay a stop while an update runs, and raise KeyboardInterrupt right after it.

    `listen()` installs the handler for the duration of a fit (only in the main thread: Python delivers no signals to others).
    `with guard:` marks an update. A second signal interrupts immediately.

    Attributes:
        torn: whether a signal interrupted an update, so that the parameters are those of no step.
    """

    def __init__(self) -> None:
        self._busy = self.torn = False
        self._pending = 0
        self._previous: dict[int, Any] = {}

    def listen(self) -> None:
        """Install the handler for Ctrl-C, and for the other signals if the run listens to them."""
        if _in_main_thread():
            listened = [n for n in ENDING if n == signal.SIGINT or signal.getsignal(n) is raise_stop]
            self._previous = {number: signal.signal(number, self._on_signal) for number in listened}

    def stop(self) -> None:
        """Restore the previous handlers."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._busy and not self._pending:
            self._pending = number
            return
        self._pending, self.torn = 0, self._busy
        raise_stop(number, frame)

    def __enter__(self) -> None:
        self._busy = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._busy = False
        self.torn |= isinstance(error, KeyboardInterrupt)
        if self._pending:
            number, self._pending = self._pending, 0
            if error is None:
                raise_stop(number, None)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
