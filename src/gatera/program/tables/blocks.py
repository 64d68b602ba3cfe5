"""Split a table's bytes into cells: where each begins and ends, for thousands of rows at once."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, islice

import numpy as np

from gatera.program.tables.numbers import plain_number

#: Where quotes are used in unusual ways, Python's csv module splits the rows, this many at once.
CSV_ROWS = 5000

#: A quoted cell longer than this (bytes) is a quote that is never closed.
LONGEST_CELL = 1 << 26

_QUOTE, _NEWLINE, _BLANK, _TAB = 34, 10, 32, 9

#: What separates cells and rows that the csv module has split: ASCII's unit and record separators.
_UNIT, _RECORD = 31, 30

#: A last line for the csv module: where it becomes part of a cell, a quote was never closed.
_END = "\x1c the table ends here \x1c"

#: Keeps the first 0 to 8 bytes of a little-endian number.
_FIRST_BYTES = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)

#: A column of at most this many different values, each twice on average, shows whether a cell may be one of its own.
MOST_VALUES = 50

#: So many cells must be like those of their columns before lines of a quoted cell are taken for rows.
FEWEST_ALIKE = 3

#: A byte order mark; one in the middle of a file was at the beginning of another.
MARK = "\ufeff"


@dataclass(frozen=True)
class Block:
    """Some rows of a table.

    Attributes:
        data: UTF-8.
        starts: where each cell begins in `data`, int64 [cells].
        ends: the first byte after it, int64 [cells].
        counts: cells of each row, int64 [rows].
        lines: the line of the file in which each row begins, from 1 on, int64 [rows].
        escaped: whether cells may hold doubled quotes.
        empty: the lines of rows that were left out, as their cells, at least two, are all empty, int64 [n].
    """

    data: bytes
    starts: np.ndarray
    ends: np.ndarray
    counts: np.ndarray
    lines: np.ndarray
    escaped: bool
    empty: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @cached_property
    def codes(self) -> np.ndarray:
        """The bytes of `data`, uint8 [bytes]."""
        return np.frombuffer(self.data, np.uint8)

    @cached_property
    def words(self) -> np.ndarray:
        """The eight bytes that begin at each byte of `data` as a number, uint64 [bytes + 1]; zeros beyond the end."""
        padded = self.data + bytes(8)
        return np.ndarray(len(self.data) + 1, "<u8", padded, strides=(1,))

    def eights(self, starts: np.ndarray, widths: np.ndarray, most: int) -> Iterator[np.ndarray]:
        """Yield the bytes of cells, eight at a time as numbers, uint64 [n]; zeros beyond a cell's end.

        Args:
            starts: where each cell begins.
            widths: how long it is.
            most: bytes of a cell that are looked at.
        """
        for offset in range(0, min(int(widths.max(initial=0)), most), 8):
            places = np.minimum(starts + offset, len(self.data))
            yield self.words[places] & _FIRST_BYTES[np.clip(widths - offset, 0, 8)]

    def bytes_from_right(self, ends: np.ndarray, widths: np.ndarray, most: int) -> np.ndarray:
        """Return the bytes of cells one above the other by their last one, uint8 [k, n]; zeros before a cell's first.

        Args:
            ends: the first byte after each cell.
            widths: how long it is.
            most: bytes of a cell that are looked at, a multiple of four.

        Returns:
            The last byte of each cell is in the last row. There are at most `most` rows, and a multiple of four.
        """
        shortest, longest = int(widths.min(initial=most)), min(int(widths.max(initial=0)), most)
        found = np.zeros((-(-longest // 4) * 4, len(ends)), np.uint8)
        places = ends - 1
        for count, row in zip(range(longest), found[::-1], strict=False):
            np.take(self.codes, places, out=row, mode="clip")
            if count >= shortest:
                row *= widths > count
            places -= 1
        return found

    def rows(self, keep: slice) -> Block:
        """Return some of the rows."""
        first, last, _ = keep.indices(len(self.counts))
        if (first, last) == (0, len(self.counts)):
            return self
        edges = np.concatenate([[0], np.cumsum(self.counts)])
        cells = slice(edges[first], edges[max(first, last)])
        return replace(
            self, starts=self.starts[cells], ends=self.ends[cells], counts=self.counts[keep], lines=self.lines[keep]
        )  # fmt: skip

    def text(self, start: int, end: int) -> str:
        """Return one cell as text."""
        text = self.data[start:end].decode()
        return text.replace('""', '"') if self.escaped else text

    def texts(self, starts: np.ndarray, ends: np.ndarray) -> list[str]:
        """Return cells as texts."""
        data = self.data
        found = [data[a:b].decode() for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        return [text.replace('""', '"') for text in found] if self.escaped else found

    def first_rows(self, most: int) -> list[list[str]]:
        """Return the cells of the first rows, at most so many."""
        some = self.rows(slice(0, most))
        texts = iter(some.texts(some.starts, some.ends))
        return [list(islice(texts, count)) for count in some.counts.tolist()]

    def row(self, number: int) -> list[str]:
        """Return the cells of one row."""
        one = self.rows(slice(number, number + 1))
        return one.texts(one.starts, one.ends)

    def find(self, cells: Sequence[str]) -> int | None:
        """Return the first row of these cells, None if there is none; a byte order mark before the first one does not count.

        Args:
            cells: as many as every row has.
        """
        width = len(cells)
        if not len(self.counts) or width != self.counts[0]:
            return None
        starts, ends = self.starts[width - 1 :: width], self.ends[width - 1 :: width]
        begins = int.from_bytes(cells[-1].encode()[:8], "little")
        for alike in self.eights(starts, ends - starts, 8):
            for row in np.flatnonzero(alike == begins).tolist():
                first, *others = self.row(row)
                if others == list(cells[1:]) and first.lstrip(MARK) == cells[0].lstrip(MARK):
                    return int(row)
        return None


class _Irregular(ValueError):
    """Quotes stand where only the csv module knows what they mean."""


def split_blocks(chunks: Iterable[bytes], delimiter: str, strip: bool = True) -> Iterator[Block]:
    r"""Yield the rows of a table, without blank ones.

    Args:
        chunks: the file in UTF-8 with "\n" at line ends.
        delimiter: what separates cells, one ASCII character.
        strip: remove blanks around cells that are not quoted.

    Raises:
        csv.Error: if a quote is never closed.
    """
    feed, rest, line = iter(chunks), b"", 1
    for chunk in feed:
        rest += chunk
        try:
            block, used, next_line = _split(rest, ord(delimiter), _NEWLINE, line, strip)
        except _Irregular:
            yield from _split_by_csv(rest, feed, delimiter, line, strip)
            return
        if block is not None:
            yield block
            rest, line = rest[used:], next_line
    if rest:
        try:
            block, _, _ = _split(rest + b"\n", ord(delimiter), _NEWLINE, line, strip)
        except _Irregular:
            block = None
        if block is None:  # a quote is never closed, or stands where it has no meaning
            yield from _split_by_csv(rest, feed, delimiter, line, strip)
        else:
            yield block


def _split(
    data: bytes, delimiter: int, newline: int, line: int, strip: bool
) -> tuple[Block | None, int, int]:
    """Return the complete rows at the beginning of `data`, None if there is none; how many bytes they take, and the next line."""
    codes = np.frombuffer(data, np.uint8)
    special = (codes == delimiter) | (codes == newline)
    has_quotes = newline == _NEWLINE and _QUOTE in data
    if has_quotes:
        is_quote = codes == _QUOTE
        _check_quotes(codes, np.flatnonzero(is_quote), delimiter)
        special &= (np.cumsum(is_quote, dtype=np.uint8) & 1) == 0
    ends = np.flatnonzero(special)
    last_cells = np.flatnonzero(codes[ends] == newline)
    if not len(last_cells):
        if len(data) > LONGEST_CELL:
            raise _Irregular
        return None, 0, line
    ends = ends[: last_cells[-1] + 1]
    starts = np.concatenate([[0], ends[:-1] + 1])
    counts = np.diff(last_cells, prepend=-1)
    used = int(ends[-1]) + 1
    if has_quotes:  # cells may hold ends of lines
        newlines = np.flatnonzero(codes[:used] == newline)
        lines, next_line = (
            line + np.searchsorted(newlines, starts[last_cells - counts + 1]),
            line + len(newlines),
        )
    else:
        next_line = line + len(counts)
        lines = np.arange(line, next_line)
    quoted = codes[starts] == _QUOTE if has_quotes else None
    blanks = [blank for blank in (_BLANK, _TAB) if blank in data and blank != delimiter]
    if strip and blanks and _touch(special, codes, blanks):
        starts, ends = _stripped(codes, starts, ends, quoted, blanks)
    if quoted is not None:
        starts, ends = starts + quoted, ends - quoted
    escaped = has_quotes and b'""' in data
    return _without_blank_rows(Block(data, starts, ends, counts, lines, escaped)), used, next_line


def _check_quotes(codes: np.ndarray, places: np.ndarray, delimiter: int) -> None:
    """Raise unless every quote begins a cell, ends one, or is one of two that stand for one."""

    def is_edge(neighbours: np.ndarray) -> np.ndarray:
        return (neighbours == delimiter) | (neighbours == _NEWLINE) | (neighbours == _QUOTE)

    opening, closing = places[0::2], places[1::2]
    before = codes[opening[opening > 0] - 1]
    after = codes[closing[closing < len(codes) - 1] + 1]
    if not (is_edge(before).all() and is_edge(after).all()):
        raise _Irregular
    # A quote right after a closing one reopens the cell; anywhere else, two openings in a row have no meaning.
    reopened = opening[opening > 0][before == _QUOTE]
    if not np.isin(reopened - 1, closing).all():
        raise _Irregular


def _touch(special: np.ndarray, codes: np.ndarray, blanks: list[int]) -> bool:
    """Whether a blank stands at the beginning or the end of a cell."""
    blank = np.isin(codes, blanks) if len(blanks) > 1 else codes == blanks[0]
    return bool(blank[0] or (special[:-1] & blank[1:]).any() or (special[1:] & blank[:-1]).any())


def _stripped(
    codes: np.ndarray, starts: np.ndarray, ends: np.ndarray, quoted: np.ndarray | None, blanks: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells without blanks around them; quoted ones are not changed."""

    def blank_at(places: np.ndarray) -> np.ndarray:
        found, there = np.zeros(len(places), bool), codes[places]
        for blank in blanks:
            found |= there == blank
        if not found.any():
            return found
        found &= starts < ends
        return found if quoted is None else found & ~quoted

    while (found := blank_at(starts)).any():
        starts = starts + found
    while (found := blank_at(ends - 1)).any():
        ends = ends - found
    return starts, ends


def _without_blank_rows(block: Block) -> Block:
    """Return the block without rows whose cells are all empty."""
    first = np.cumsum(block.counts) - block.counts
    if (block.ends[first] > block.starts[first]).all():
        return block
    filled = np.logical_or.reduceat(block.ends > block.starts, first)
    if filled.all():
        return block
    cells = np.repeat(filled, block.counts)
    return Block(
        block.data, block.starts[cells], block.ends[cells], block.counts[filled], block.lines[filled], block.escaped,
        empty=block.lines[~filled & (block.counts > 1)],
    )  # fmt: skip


def _split_by_csv(
    rest: bytes, feed: Iterator[bytes], delimiter: str, line: int, strip: bool
) -> Iterator[Block]:
    """Yield the rows of the rest of a table, split by Python's csv module."""
    reader = csv.reader(chain(_lines(rest, feed), [_END]), delimiter=delimiter, skipinitialspace=strip)
    while True:
        rows, lines, begins = [], [], reader.line_num
        for cells in islice(reader, CSV_ROWS):
            if cells and cells[-1].endswith(_END):
                if cells == [_END]:
                    break
                raise csv.Error(f"a quote in the row that begins in line {line + begins} is never closed")
            rows.append(cells)
            lines.append(line + begins)
            begins = reader.line_num
        if not rows:
            return
        joined = "".join(chr(_UNIT).join(map(_without_separators, cells)) + chr(_RECORD) for cells in rows)
        block, _, _ = _split(joined.encode(), _UNIT, _RECORD, 0, strip)
        assert block is not None  # every row ends with a record separator
        known = np.asarray(lines)  # a block's line is the number of the record: the csv module knows the line
        yield replace(block, lines=known[block.lines], escaped=False, empty=known[block.empty])


def _lines(rest: bytes, feed: Iterator[bytes]) -> Iterator[str]:
    for chunk in feed:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (f"{line.decode()}\n" for line in whole)
    *whole, rest = rest.split(b"\n")
    yield from (f"{line.decode()}\n" for line in whole)
    if rest:
        yield f"{rest.decode()}\n"


def _without_separators(cell: str) -> str:
    return cell.replace(chr(_UNIT), " ").replace(chr(_RECORD), " ")


def swallowed_rows(block: Block, width: int, delimiter: str) -> tuple[int, int] | None:
    """Return the first row in which a quote that was not closed made one cell of several rows, and how many lines it takes.

    The next quote of the file ends such a cell, in a later row: no cells are missing. Its lines divide as rows do, and all
    their cells are like others of their column; a text of several lines is not like that.

    Args:
        block: rows of `width` cells.
        width: how many columns there are.
        delimiter: what separates them.
    """
    gaps = (
        np.diff(block.lines, append=block.lines[-1:] + 2) > 1
    )  # lines end in such a row, or blank ones follow
    starts, ends = block.starts.reshape(-1, width), block.ends.reshape(-1, width)
    alone = np.flatnonzero(~gaps)
    values: list[set[str] | None] = []
    first_of_all, pooled = None, []  # rows of few lines show little each, and much together
    for row in np.flatnonzero(gaps).tolist():
        for place, text in enumerate(block.texts(starts[row], ends[row])):
            within = text.count("\n")
            if not within or text.count(delimiter) != within * (width - 1):
                continue
            first, *middle, last = [line.split(delimiter) for line in text.split("\n")]
            if len(first) != width - place or any(len(cells) != width for cells in middle):
                continue
            values = values or [_values(block.texts(starts[alone, i], ends[alone, i])) for i in range(width)]
            whole = [*enumerate(first[1:], place + 1), *enumerate(last[:-1]), *chain(*map(enumerate, middle))]
            told = [
                cell.strip() in known if known else plain_number(cell) is not None
                for at, cell in whole
                if cell.strip() and (known := values[at]) is not None
            ]
            if _alike(told):
                return row, within + 1
            pooled += told
            if first_of_all is None and told and all(told):
                first_of_all = row, within + 1
    return first_of_all if _alike(pooled) else None


def _alike(told: Sequence[bool]) -> bool:
    return len(told) >= FEWEST_ALIKE and 10 * told.count(False) <= len(told)


def _values(cells: Sequence[str]) -> set[str] | None:
    """Return the values of a column of few different ones; an empty set for numbers, None for anything else."""
    different = set(cells) - {""}
    if different and len(different) <= MOST_VALUES and 2 * len(different) <= len(cells):
        return different
    return set() if different and all(plain_number(cell) is not None for cell in different) else None
