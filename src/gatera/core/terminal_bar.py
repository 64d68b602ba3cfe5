"""A progress bar on the last line of a terminal, without rich."""

from __future__ import annotations

import os
import time
from typing import TextIO

from gatera.core.escape import escaped

#: Shortest interval between redraws (seconds).
REDRAW_SECONDS = 0.1

#: Shortest interval between whole lines of progress (seconds), where nothing can be redrawn.
LINE_SECONDS = 10.0

#: Width of the bar itself, in columns.
BAR = 24

#: Return to the beginning of the line and clear it.
CLEAR = "\r\x1b[K"


class TerminalBar:
    """A line such as "Predicting [######------] 50 of 100, 0:03 left", redrawn in place.

    Args:
        stream: the terminal.
    """

    #: The bar on the screen. Code that prints a line calls `clear_bar` first.
    current: TerminalBar | None = None

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._text, self._total = stream, "", 0
        self._began, self._drawn = time.monotonic(), float("-inf")
        TerminalBar.current = self

    def add_task(self, description: str, total: int | None) -> int:
        """Set the description and the total. Returns 0, the id of the only task."""
        self._text, self._total = escaped(description), total or 0
        return 0

    def update(self, task: int, completed: int) -> None:
        """Redraw the bar, unless it was redrawn a moment ago."""
        now = time.monotonic()
        if now - self._drawn >= REDRAW_SECONDS:
            self._drawn = now
            self._write(CLEAR + self.line(completed, now - self._began)[: _columns(self._stream) - 1])

    def line(self, completed: int, seconds: float) -> str:
        """Return the text of the bar after `completed` items and `seconds` seconds."""
        if not self._total:
            return f"{self._text} {completed:,}"
        full = BAR * completed // self._total
        left = f", {_clock(seconds / completed * (self._total - completed))} left" if completed else ""
        return f"{self._text} [{'#' * full}{'-' * (BAR - full)}] {completed:,} of {self._total:,}{left}"

    def show(self, text: str) -> None:
        """Show a text in place of a bar."""
        self._write(CLEAR + text[: _columns(self._stream) - 1])

    def clear(self) -> None:
        """Clear the bar from the screen until the next update."""
        self._write(CLEAR)
        self._drawn = float("-inf")

    def stop(self) -> None:
        """Remove the bar."""
        self.clear()
        TerminalBar.current = None

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class LinesOfProgress(TerminalBar):
    """The same as whole lines, for where another process may print on the terminal in between: a reader such as `tee`."""

    def update(self, task: int, completed: int) -> None:
        """Print how far it is, unless that was said a while ago."""
        now = time.monotonic()
        if now - self._drawn >= LINE_SECONDS:
            self._drawn = now
            self.show(self.line(completed, now - self._began))

    def show(self, text: str) -> None:
        """Print a text on a line of its own."""
        self._write(text + "\n")

    def clear(self) -> None:
        """Leave the lines where they are."""


def clear_bar() -> None:
    """Clear the current bar, if any, before printing a line."""
    if TerminalBar.current is not None:
        TerminalBar.current.clear()


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
