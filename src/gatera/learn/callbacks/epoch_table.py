"""Format the table of epochs as text and as HTML."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence


def clock(seconds: float) -> str:
    """Return a duration as 'mm:ss', or 'h:mm:ss' from one hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def cells(row: Mapping[str, float]) -> list[str]:
    """Return the values of one row as text."""
    shown = {"epoch": lambda value: str(int(value)), "time": clock}
    return [shown.get(name, _number)(value) for name, value in row.items()]


def _number(value: float) -> str:
    """Return a number in eight columns as far as that can be: 0.123456, 95049.68, 2370688256."""
    before_the_point = len(f"{abs(value):.0f}")
    return f"{value:.{max(0, min(6, 7 - before_the_point))}f}"


def text_line(names: Sequence[str], values: Sequence[str]) -> str:
    """Return one line of a table whose columns are at least as wide as their names."""
    widths = [max(len(name), 8) for name in names]
    return "  ".join(f"{value:<{width}}" for value, width in zip(values, widths, strict=True)).rstrip()


def text_table(rows: Sequence[Mapping[str, float]]) -> str:
    """Return rows as lines of text; a new header starts wherever the columns change."""
    lines: list[str] = []
    names: list[str] = []
    for row in rows:
        if list(row) != names:
            names = list(row)
            lines.append(text_line(names, names))
        lines.append(text_line(names, cells(row)))
    return "\n".join(lines)


def html_table(names: Sequence[str], rows: Sequence[Mapping[str, float]]) -> str:
    """Return rows as an HTML table; a cell is empty if its row lacks the column."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{_html_cells(names, row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _html_cells(names: Sequence[str], row: Mapping[str, float]) -> str:
    texts = dict(zip(row, cells(row), strict=True))
    return "".join(f"<td>{texts.get(name, '')}</td>" for name in names)
