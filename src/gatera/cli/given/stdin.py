"""Standard input: the bytes of one file, or the names of many."""

from __future__ import annotations

import os
import sys

from gatera.core.errors import DataError
from gatera.core.files import human_bytes
from gatera.program.raw.text import decoded, encoding_of

#: The largest file that is taken from standard input: everything of it is held in memory.
MOST_BYTES = 512 * 1024 * 1024


def stdin_bytes() -> bytes:
    """Return everything on standard input.

    Raises:
        DataError: if there is nothing, or more than `MOST_BYTES`.
    """
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    if not content:
        raise DataError(
            "standard input is empty", remedy="Pipe a file into it: cat photo.jpg | gatera predict PROGRAM -"
        )
    if len(content) > MOST_BYTES:
        raise DataError(
            "standard input is too large",
            expected=f"at most {human_bytes(MOST_BYTES)}",
            remedy="Save it as a file first.",
        )
    return content


def stdin_names(null: bool) -> list[str]:
    """Return the names on standard input.

    Args:
        null: whether they end with NUL, as `find -print0` writes them; else with a line break.

    Raises:
        DataError: if there are none.
    """
    content = sys.stdin.buffer.read()
    if (
        not null and encoding_of(content) != "utf-8"
    ):  # as PowerShell writes a list; names may be any bytes otherwise
        content = decoded(content).encode("utf-8", "surrogatepass")
    parts = content.split(b"\0") if null else [line.rstrip(b"\r") for line in content.split(b"\n")]
    names = [os.fsdecode(part) for part in parts if part]
    if not names:
        raise DataError(
            "there are no names on standard input",
            expected="one name per line, or with -0 names that end with NUL",
        )
    return names
