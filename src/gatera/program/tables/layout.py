"""Which cells of a row belong to which column: names, a column that only names the rows, a delimiter at the line's end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from gatera.core.checks import columns_alike, listed, repeated
from gatera.core.errors import DataError, shorten
from gatera.core.escape import composed
from gatera.program.tables.blocks import Block
from gatera.program.tables.columns import Column, Kind
from gatera.program.tables.dialect import has_header, rows_above
from gatera.program.tables.known_texts import is_missing_word
from gatera.program.tables.notes import Note
from gatera.program.tables.numbers import find_format

#: What pandas calls a column without a name, by its place.
UNNAMED = "Unnamed: {}"

#: What columns are called where the file names none, by their place from 1 on.
NUMBERED = "column_{}"

#: A row below the header is one of units if this many columns of numbers hold none there, with this many rows below it.
FEWEST_UNITS, FEWEST_BELOW = 2, 3

#: Characters that a note shows of a row above the table.
MOST_SHOWN = 40

#: What is removed around a name: blanks, and the characters without width that Excel and web pages leave there.
_AROUND_NAMES = " \t\n\r\x0b\x0c\u00a0\ufeff\u200b\u200c\u200d\u2060"

#: A cell of a line between header and rows: `:---:` in Markdown, `---+---` in databases' output.
_RULE = re.compile(r":?[+]?[-=]{2,}([+][-=]+)*[+]?:?")

#: Also what pandas makes of a file that it wrote and read twice.
_UNNAMED = re.compile(r"Unnamed: \d+(\.\d+)*")


#: A line that only stands around a table, as databases print it: `+-----+------+`, `(4 rows)`.
_FRAME = re.compile(r"[+]?[-=]{2,}([+][-=]+)*[+]?|[(]\d+ rows?[)]|\d+ rows? in set.*")


@dataclass(frozen=True)
class Layout:
    """How the rows of a file are made.

    Attributes:
        all_names: the column of each cell of a row; None for cells that are not read.
        skip: rows above the first one.
        source: where the number of cells comes from, for messages.
        notes: what was decided.
        header: the cells of the row that names the columns; none where they are called by their places.
    """

    all_names: tuple[str | None, ...]
    skip: int
    source: str = "the header names"
    notes: list[Note] = field(default_factory=list)
    header: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Cells of a row."""
        return len(self.all_names)

    @property
    def names(self) -> list[str]:
        """The columns that have a name."""
        return [name for name in self.all_names if name is not None and not _UNNAMED.fullmatch(name)]

    def called_as(self, known: Sequence[str]) -> Layout:
        """Return the layout with its columns called as in `known`, where only the notation of accents differs."""
        missing = [name for name in known if name not in self.all_names]
        alike = {there: name for name, there in columns_alike(missing, self.all_names).items()}
        return (
            replace(self, all_names=tuple(alike.get(name, name) for name in self.all_names))
            if alike
            else self
        )

    def drop_index(self, columns: dict[str, Column]) -> list[Note]:
        """Take out a column without a name that only numbers or names the rows, and columns without name and cells."""
        notes = []
        for place, name in enumerate(self.all_names):
            if name is None or not _UNNAMED.fullmatch(name):
                continue
            column = columns[name]
            if column.kind is Kind.EMPTY:
                del columns[name]
            elif column.counts_rows or (place == 0 and _all_differ(column)):
                del columns[name]
                notes.append(Note("The column without a name only names the rows; it is not used"))
            else:
                notes.append(Note(f"The column without a name in place {place + 1} is called {name!r}"))
        return list(dict.fromkeys(notes))


def find_layout(
    sample: Sequence[Sequence[str]], header: str | int | None, path: Path, known: Sequence[str] = ()
) -> Layout:
    """Return the layout of a file.

    Args:
        sample: its first rows, at least one.
        header: see `open_table`.
        path: the file, for messages.
        known: see `open_table`.

    Raises:
        DataError: if two columns have one name, or there is no row that `header` could be.
    """
    if header == "auto" and known:
        header = _header_with(known, sample[0])
        if header == 0:
            return _without_units(_named(sample[0], sample[1:], 1, path), sample[1:])
    if isinstance(header, int):
        if header >= len(sample):
            raise DataError(f"{path} has no row {header} to take names from", got=header)
        return _named(sample[header], sample[header + 1 :], header + 1, path)
    framed = len(sample) > 1 and len(sample[0]) == 1 and is_frame(sample[0][0])
    above = int(framed) if framed or header is None else rows_above(sample)
    first, others = sample[above], sample[above + 1 :]
    notes = [Note(_said_above(sample[:above]), "header", 0)] if above else []
    if header is not None and has_header(first, [row for row in others if not _is_rule(row)]):
        layout = _without_units(_named(first, others, above + 1, path), others)
        return replace(layout, notes=[*notes, *layout.notes])
    names = tuple(NUMBERED.format(place) for place in range(1, len(first) + 1))
    note = Note(
        "The first row holds data, not names: the columns are called column_1, column_2 and so on",
        "header",
        0,
    )
    return Layout(names, above, "the first row has", [] if header is None else [*notes, note])


def _without_units(layout: Layout, rows: Sequence[Sequence[str]]) -> Layout:
    """Leave out a row of units or of longer names below the header: the only one without numbers in columns of numbers.

    A line of dashes, as Markdown has it, is one, too.
    """
    if len(rows) > 1 and _is_rule(rows[0]):
        text = "The row below the header is a line of dashes: it is left out"
        return _without_units(
            replace(layout, skip=layout.skip + 1, notes=[*layout.notes, Note(text, "header", 0)]), rows[1:]
        )
    first, others = rows[0] if rows else (), [row for row in rows[1:] if any(row)]
    if len(others) < FEWEST_BELOW or any(len(row) != len(first) for row in others):
        return layout
    odd = [
        cell for place, cell in enumerate(first)
        if not _number_or_gap(cell) and _holds_numbers([row[place] for row in others])
    ]  # fmt: skip
    if len(odd) < FEWEST_UNITS:
        return layout
    text = f"The row below the header holds no data, but {listed(map(repr, odd), 3)}: it is left out"
    return replace(layout, skip=layout.skip + 1, notes=[*layout.notes, Note(text, "header", 0)])


def _is_rule(row: Sequence[str]) -> bool:
    return any(row) and all(_RULE.fullmatch(cell) for cell in row if cell)


def _holds_numbers(cells: Sequence[str]) -> bool:
    """Whether cells are numbers and gaps, and not gaps alone."""
    return all(map(_number_or_gap, cells)) and not all(map(is_missing_word, cells))


def _number_or_gap(cell: str) -> bool:
    return is_missing_word(cell) or find_format([cell]) is not None


def _said_above(rows: Sequence[Sequence[str]]) -> str:
    first = next((cell.strip() for cell in rows[0] if cell.strip()), "")
    many = "The first row is" if len(rows) == 1 else f"The first {len(rows)} rows are"
    return f"{many} not part of the table: {shorten(first, MOST_SHOWN)!r}"


def _header_with(known: Sequence[str], first: Sequence[str]) -> str | int | None:
    """Return which row names the columns if `known` ones are needed."""
    if set(map(composed, known)) <= {composed(_clean(cell)) for cell in first}:
        return 0
    numbered = {NUMBERED.format(place) for place in range(1, len(first) + 1)}
    return None if set(known) <= numbered else "auto"


def _named(names: Sequence[str], rows: Sequence[Sequence[str]], skip: int, path: Path) -> Layout:
    named = [_clean(name) for name in names]
    twice = repeated(name for name in named if name)
    if twice:
        raise DataError(
            f"{path} has more than one column of a name",
            got=twice,
            remedy="Rename one of each, or remove it.",
        )
    header = tuple(names)
    all_names: list[str | None] = [name or _unnamed(place, named) for place, name in enumerate(named)]
    longer = bool(rows) and all(len(row) == len(named) + 1 for row in rows)
    if longer and not any(row[-1].strip() for row in rows):
        return Layout(
            (*all_names, None),
            skip,
            "the rows before have",
            [Note("Every row ends with a delimiter")],
            header,
        )
    if longer and len(rows) > 1 and _names_rows([row[0] for row in rows]):
        note = Note(
            "Rows have one cell more than the header: the first one only names the row and is not used"
        )
        return Layout((None, *all_names), skip, "the rows before have", [note], header)
    return Layout(tuple(all_names), skip, header=header)


def _unnamed(place: int, names: Sequence[str]) -> str:
    """Return what a column without a name is called; a file that was written twice has a column of that name already."""
    called = UNNAMED.format(place)
    while called in names:
        called += ".1"
    return called


def _clean(name: str) -> str:
    """Return a name without blanks and signs of no width (a second byte order mark, say) around it."""
    return name.strip(_AROUND_NAMES)


def _names_rows(cells: Sequence[str]) -> bool:
    """Whether the first cells number the rows (from 0 or 1 on), or are texts that all differ."""
    numbers = [int(cell) for cell in cells if cell.isdecimal() and cell.isascii() and len(cell) < 10]
    if len(numbers) == len(cells):
        return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return not numbers and len(set(cells)) == len(cells)


def _all_differ(column: Column) -> bool:
    return column.kind in (Kind.TEXT, Kind.WHOLE) and len(set(column.cells.tolist())) == len(column.cells)


def is_frame(line: str) -> bool:
    """Whether a line only stands around a table.

    Example:
        >>> is_frame("-----+------"), is_frame("(4 rows)"), is_frame("cook")
        (True, True, False)
    """
    return _FRAME.fullmatch(line) is not None


def without_frame(rows: Block, left_out: list[str]) -> Block:
    """Return the rows of a table of several columns without such lines, which are added to `left_out`."""
    alone = [row for row in np.flatnonzero(rows.counts == 1).tolist() if is_frame(rows.row(row)[0])]
    left_out += [rows.row(row)[0] for row in alone]
    kept = np.ones(len(rows.counts), bool)
    kept[alone] = False
    cells = np.repeat(kept, rows.counts)
    return replace(
        rows,
        starts=rows.starts[cells],
        ends=rows.ends[cells],
        counts=rows.counts[kept],
        lines=rows.lines[kept],
    )
