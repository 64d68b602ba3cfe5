"""Delimiters of more than one character: "::" as in MovieLens' files, and runs of blanks as in aligned columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from gatera.program.tables.numbers import plain_number

#: Two colons, and any run of blanks and tabs.
COLONS, BLANKS = "::", "blanks"

WIDE = (COLONS, BLANKS)

#: What stands for a wide delimiter in the bytes that are split: ASCII's unit separator.
UNIT = "\x1f"

_LINE_ENDS, _RUNS = re.compile(rb"[ \t]*\n[ \t]*"), re.compile(rb"[ \t]+")


def find_wide(lines: Sequence[str]) -> str | None:
    """Return the wide delimiter that divides every line into as many cells as the first, or None.

    Runs of blanks are taken only where most cells are numbers, and nothing is in quotes: a sentence is not a row.

    Example:
        >>> find_wide(["1::1193::5", "2::Alien::4"]), find_wide([" 1.5  20 x", "12.25  3 y"]), find_wide(["a b", "c d"])
        ('::', 'blanks', None)
    """
    filled = [line for line in lines if line.strip()]
    if len(filled) < 2:
        return None
    if divided_by_colons(filled, 1):
        return COLONS
    rows = [line.split() for line in filled]
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < 2 or any('"' in line for line in filled):
        return None
    cells = [cell for row in rows[1:] for cell in row]
    numbers = sum(plain_number(cell) is not None for cell in cells)
    return BLANKS if 2 * numbers > len(cells) else None


def divided_by_colons(lines: Sequence[str], least: int = 2) -> bool:
    """Whether every line that is not blank has the same number of "::", at least `least`; also where commas divide titles."""
    counts = {line.count(COLONS) for line in lines if line.strip()}
    return len(counts) == 1 and min(counts) >= least


def narrow(chunks: Iterable[bytes], delimiter: str) -> Iterator[bytes]:
    """Yield a text with `UNIT` in place of a wide delimiter.

    Args:
        chunks: UTF-8 with "\\n" at line ends; they may end anywhere.
        delimiter: one of `WIDE`.
    """
    edge = b":" if delimiter == COLONS else b" \t\n"
    held, first = b"", True
    for chunk in chunks:
        whole = held + chunk
        kept = whole.rstrip(edge)
        held = whole[len(kept) :]  # what may go on in the next chunk
        yield _narrowed(kept.lstrip(b" \t") if first and delimiter == BLANKS else kept, delimiter)
        first = first and not kept
    yield _narrowed(held, delimiter)


def _narrowed(text: bytes, delimiter: str) -> bytes:
    unit = UNIT.encode()
    if delimiter == COLONS:
        return text.replace(COLONS.encode(), unit)
    return _RUNS.sub(unit, _LINE_ENDS.sub(b"\n", text))
