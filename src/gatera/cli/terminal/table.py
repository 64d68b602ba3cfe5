"""A table that comes row by row, and folds what does not fit."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from gatera.cli.terminal.style import paint, width
from gatera.cli.terminal.text import cells, escaped, filled, folded, padded

#: Columns that a folded cell keeps at least.
LEAST = 6

#: Columns that the last cell, which may be a sentence, keeps before the others give room.
LAST = 24


class Column(NamedTuple):
    """A column: its title, the width that its widest cell needs, its style, and on which side its cells stand."""

    title: str
    needs: int
    style: str | None = None
    right: bool = False


def plain_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table of texts: fitted to a terminal, and elsewhere as wide as it needs.

    Args:
        titles: of the columns.
        rows: of the table.
    """
    columns = text_columns(titles, rows)
    if not sys.stdout.isatty():
        room = [max(column.needs, cells(column.title)) for column in columns]
        for row in [titles, *rows] if rows else []:
            yield "  ".join(padded(escaped(cell), wide) for cell, wide in zip(row, room)).rstrip()
        return
    yield from table_lines(columns, ([[cell] for cell in row] for row in rows))


def text_columns(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Column]:
    """Return the columns of a table of texts, each as wide as its widest cell; the first one names the rows."""
    widest = [max((cells(escaped(row[place])) for row in rows), default=0) for place in range(len(titles))]
    return [
        Column(title, need, None if place else "name")
        for place, (title, need) in enumerate(zip(titles, widest))
    ]


def table_lines(columns: Sequence[Column], rows: Iterable[Sequence[Sequence[str]]]) -> Iterator[str]:
    """Yield the lines of a table, each as soon as its row is known; nothing at all without rows.

    Args:
        columns: where there is too little room, the last one gives some first, then the widest of the others.
        rows: for each column the lines of its cell.
    """
    widths = fitted([max(column.needs, cells(column.title)) for column in columns], width(most=200))
    titles = [padded(column.title, room, column.right) for column, room in zip(columns, widths)]
    for number, row in enumerate(rows):
        if number == 0:
            yield "  ".join(paint(title, "heading") for title in titles)
        yield from row_lines(row, columns, widths)


def fitted(needed: Sequence[int], room: int) -> list[int]:
    """Return the widths of columns that share `room`, with two spaces between them.

    Example:
        >>> fitted([60, 10, 11], 60), fitted([60, 40, 11], 40)
        ([35, 10, 11], [12, 13, 11])
    """
    over = sum(needed) + 2 * (len(needed) - 1) - room
    widths = list(needed)
    given = max(0, min(over, widths[-1] - LAST))
    widths[-1] -= given
    over -= given
    while over > 0:
        widest = max(range(len(widths) - 1), key=lambda i: widths[i])
        if widths[widest] <= LEAST:
            break
        widths[widest] -= 1
        over -= 1
    return widths


def row_lines(row: Sequence[Sequence[str]], columns: Sequence[Column], widths: Sequence[int]) -> list[str]:
    """Return the lines of a row. A label that is folded pushes its number's next neighbour down with it."""
    stacked: list[list[str]] = [[] for _ in columns]
    for parts in zip_longest(*row, fillvalue=""):
        cut = [folded(escaped(part), room) for part, room in zip(parts[:-1], widths)]
        cut.append(filled(escaped(parts[-1]), widths[-1], break_words=True))
        # the file's name may run on beside the labels below it
        height = max(len(lines) for lines in cut[1:])
        stacked[0] += cut[0] if parts[0] else []
        for column, lines in zip(stacked[1:], cut[1:]):
            column += lines + [""] * (height - len(lines))
    return [_line(parts, columns, widths) for parts in zip_longest(*stacked, fillvalue="")]


def _line(parts: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    shown = []
    for part, column, room in zip(parts, columns, widths):
        text = padded(part, room, column.right)
        shown.append(paint(text, column.style) if column.style and part else text)
    return "  ".join(shown).rstrip()
