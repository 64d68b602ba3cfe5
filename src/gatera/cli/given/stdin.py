"""Standard input: the bytes of one file, the names of many, or lines of text."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator
from typing import cast

from gatera.core.errors import DataError
from gatera.core.files import human_bytes
from gatera.program.raw.text import decoded, encoding_of

#: The largest file that is taken from standard input: everything of it is held in memory.
MOST_BYTES = 512 * 1024 * 1024

#: How much is read at once of a list: more than most lists have, as what is there is answered before more is read.
PIECE = 1024 * 1024


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


def stdin_begins() -> str:
    """Return the first line of standard input, as far as it is there; it stays to be read."""
    head = cast(io.BufferedReader, sys.stdin.buffer).peek()
    return head.decode(encoding_of(head), "replace").removeprefix("\ufeff").partition("\n")[0].rstrip("\r")


def stdin_names(null: bool) -> Iterator[list[str]]:
    """Yield the names on standard input, in groups as they arrive: see `_arriving`.

    Args:
        null: whether they end with NUL, as `find -print0` writes them; else with a line break.

    Raises:
        DataError: if there are none, or if those that should end with a line break end with NUL.
    """
    none = True
    for parts in _arriving(b"\0" if null else b"\n"):
        if not null and any(b"\0" in part for part in parts):
            raise DataError(
                "the names on standard input hold NUL", remedy="With -0 names are read that end with NUL."
            )
        if names := [os.fsdecode(part) for part in parts if part]:
            none = False
            yield names
    if none:
        raise DataError(
            "there are no names on standard input",
            expected="one name per line, or with -0 names that end with NUL",
        )


def stdin_lines() -> Iterator[list[bytes]]:
    """Yield the lines of standard input that are not blank, in groups as they arrive: see `_arriving`."""
    for parts in _arriving(b"\n"):
        if lines := [line for line in parts if line.strip()]:
            yield lines


def _arriving(end: bytes) -> Iterator[list[bytes]]:
    """Yield the parts of standard input that end with `end`, in groups: of what is there, whenever more is asked for.

    So what another program writes now and then is answered at once, and a list that is there already is one group or few.
    Lines in UTF-16 and UTF-32, whose breaks are not single bytes, are read to their end first, and yielded as UTF-8.
    """
    pieces: list[bytes] = []
    first = end != b"\0"  # names that end with NUL may be any bytes
    stdin = cast(io.BufferedReader, sys.stdin.buffer)
    while piece := stdin.read1(PIECE):
        pieces.append(piece)
        if end not in piece:
            continue
        content = b"".join(pieces)
        whole, _, rest = (_in_utf8(content) if first else content).rpartition(end)
        first, pieces = False, [rest]
        yield _parts(whole, end)
    if last := b"".join(pieces):
        yield _parts(_in_utf8(last) if first else last, end)


def _in_utf8(content: bytes) -> bytes:
    """Return the beginning of standard input without a byte order mark; all of it, in UTF-8, where it is in UTF-16 or UTF-32."""
    if encoding_of(content).startswith("utf-8"):
        return content.removeprefix(codecs.BOM_UTF8)
    return decoded(content + sys.stdin.buffer.read()).encode("utf-8", "surrogatepass")


def _parts(content: bytes, end: bytes) -> list[bytes]:
    return content.split(end) if end == b"\0" else [line.rstrip(b"\r") for line in content.split(end)]
