"""The terminal, if there is one: its width, and whether it shows colours."""

from __future__ import annotations

import os
import sys
from typing import TextIO

#: Longer lines are hard to read.
WIDEST = 100

#: ANSI codes of the styles that the commands use.
CODES = {
    "bold": "1",
    "dim": "2",
    "error": "1;31",
    "warning": "33",
    "heading": "1",
    "name": "36",
    "command": "1;36",
}


def width(most: int = WIDEST) -> int:
    """Return how many columns to write: those of the terminal (or COLUMNS), 80 where nothing says, at most `most`."""
    asked = os.environ.get("COLUMNS", "")
    return max(20, min(int(asked) if asked.isdecimal() and int(asked) else _measured(), most))


def colourful(stream: TextIO) -> bool:
    """Whether `stream` shows colours: a terminal that can, unless NO_COLOR is set."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return False
    return os.name != "nt" or "WT_SESSION" in os.environ


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """Return text in a style of `CODES`, plain where `stream` (stdout by default) shows no colours."""
    return f"\x1b[{CODES[style]}m{text}\x1b[0m" if text and colourful(stream or sys.stdout) else text


def _measured() -> int:
    for stream in (sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None:
                return os.get_terminal_size(stream.fileno()).columns or 80
        except (OSError, ValueError):  # not a terminal, or closed
            continue
    return 80
