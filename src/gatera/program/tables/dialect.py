"""Find out how a table is written from its first rows: what separates columns (one character, "::", runs of blanks), and whether they have names."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.program.tables.blocks import MARK, Block, swallowed_rows
from gatera.program.tables.known_texts import is_missing_word
from gatera.program.tables.numbers import plain_number

#: What may separate columns, in the order in which ties are broken.
DELIMITERS = (",", ";", "\t", "|")

#: Two colons, and any run of blanks and tabs.
COLONS, BLANKS = "::", "blanks"

WIDE = (COLONS, BLANKS)

#: What stands for a wide delimiter in the bytes that are split: ASCII's unit separator.
UNIT = "\x1f"

_LINE_ENDS, _RUNS = re.compile(rb"[ \t]*\n[ \t]*"), re.compile(rb"[ \t]+")

#: Rows that decisions are made on.
SAMPLE_ROWS = 500

#: A delimiter that divides this share of the rows as it does the header is better than one that leaves the header out.
NEARLY_ALL = 0.9

#: Rows above the table that are looked for.
MOST_ABOVE = 20

#: So many numbers that name columns are a scale where they are as far from each other; so many, where they only rise or fall.
SHORT_SCALE, LONG_SCALE = 4, 8

#: How Excel says what separates the columns; as a cell, once the line has been divided there.
_SEPARATOR, _SEPARATOR_CELL = (
    re.compile(r"sep=([,;|\t])", re.IGNORECASE),
    re.compile(r"sep=[,;|\t]?", re.IGNORECASE),
)

#: What to do about a quote that is not closed.
CLOSE_QUOTES = 'Close it; or put the cell in quotes and write its own quotes twice, as in "6"" pipe".'

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([ T].*)?")


def first_lines(head: bytes) -> list[str]:
    """Return the first lines of a text, without one that a chunk's end may have cut."""
    lines = head.decode("utf-8", "ignore").split("\n")[
        : SAMPLE_ROWS + 1
    ]  # not splitlines: U+2028 ends no row
    return (
        lines[:SAMPLE_ROWS]
        if len(lines) > SAMPLE_ROWS or (not head.endswith(b"\n") and len(lines) > 2)
        else lines
    )


def find_delimiter(lines: Sequence[str]) -> str:
    """Return what separates the columns: what divides every line into the same number of cells, at least two.

    Args:
        lines: the first lines of the file.

    Example:
        >>> find_delimiter(["age;income", "30;1,5"]), find_delimiter(["name", "Ann"])
        (';', ',')
    """
    if stated := _SEPARATOR.fullmatch(lines[0].strip()) if lines else None:
        return stated[1]
    if divided_by_colons(lines):
        return COLONS
    best, most = ",", (0, -SAMPLE_ROWS, 0)
    for delimiter in DELIMITERS:
        try:
            rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
        except csv.Error:
            continue
        rows = [row for row in rows if row]
        above = rows_above(rows)
        rows = rows[above:]
        counts = Counter(map(len, rows))
        header = len(rows[0]) if rows else 0
        usual, often = counts.most_common(1)[0] if counts else (0, 0)
        if header < 2 or usual < 2:
            continue
        # How regular it is, then how few rows it leaves out at the top (decimal commas may divide all rows but the header
        # alike), then how many columns it makes.
        rank = (_regularity(usual, header, often / counts.total(), above), -above, header)
        if rank > most:
            best, most = delimiter, rank
    return best if most[0] > 1 else find_wide(lines) or best


def _regularity(usual: int, header: int, share: float, above: int) -> int:
    """Return how well the rows fit the header: 4 for all of them, 0 for none.

    Args:
        usual: the most frequent number of cells.
        header: cells of the header.
        share: how many rows have the usual number, 0..1.
        above: rows that stand above the header.
    """
    if usual == header and share == 1:
        return 2 if above else 4
    if usual == header and share >= NEARLY_ALL and not above:
        return 3
    return 1 if usual in (header, header + 1) else 0


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


def rows_above(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows stand above the table: a title, comments, or Excel's "sep=;".

    They are of another length than the rows below, which all have at least two cells; or only one of their cells is filled,
    where the rows below have three cells or more.

    Example:
        >>> rows_above([["Sales of 2024"], ["shop", "sold"], ["A", "3"], ["B", "4"]])
        1
        >>> rows_above([["shop", "sold"], ["A", "3"]]), rows_above([["sold"], ["A", "3"], ["B", "4"]])
        (0, 0)
    """
    if (
        rows
        and _SEPARATOR_CELL.fullmatch(rows[0][0].strip())
        and not any(cell.strip() for cell in rows[0][1:])
    ):
        return 1 + rows_above(rows[1:])
    usual = max(Counter(map(len, rows)).items(), key=lambda found: found[::-1], default=(0, 0))[0]
    while rows and len(rows[-1]) < usual:  # notes below the table
        rows = rows[:-1]
    above = 0
    while above < min(len(rows) - 2, MOST_ABOVE) and _stands_above(rows[above], rows[above + 1 :]):
        above += 1
    table = rows[above:]
    even = len({len(row) for row in table}) == 1 and len(table[0]) > 1 if table else False
    if not above or not even:
        return 0
    filled = max((sum(bool(cell.strip()) for cell in row) for row in rows[:above]), default=0)
    if filled > 1 and not has_header(table[0], table[1:]):
        return 0  # they are the header, and maybe rows, of a table whose rows have another length
    # Of the same length, or one cell shorter, it may also be a header, above columns without names or names of the rows.
    doubtful = (above == 1 and len(table[0]) == len(rows[0]) + 1) or len(table[0]) == len(rows[0])
    return 0 if doubtful and not _names_numbers(table) else above


def _stands_above(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    width = len(below[-1])
    if len(row) != width:
        return True
    return width > 2 and sum(bool(cell.strip()) for cell in row) == 1


def _names_numbers(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row has text above a column of numbers, of which less than half are missing."""
    for name, *cells in zip(*rows, strict=True):
        filled = [cell for cell in cells if cell.strip()]
        numbers = all(plain_number(cell) is not None for cell in filled)
        if name.strip() and plain_number(name) is None and numbers and 2 * len(filled) > len(cells):
            return True
    return False


def check_delimiter(delimiter: str) -> None:
    """Check a delimiter that a user names.

    Raises:
        ArgumentError: if it is neither one ASCII character nor one of `WIDE`.
    """
    one = len(delimiter) == 1 and delimiter.isascii() and delimiter not in '\r\n"'
    if not one and delimiter not in WIDE:
        raise ArgumentError(
            "delimiter must be one ASCII character",
            got=delimiter,
            expected=listed(map(repr, (*DELIMITERS, *WIDE))),
        )


def delimiter_of(path: Path, lines: Sequence[str]) -> str:
    """Return what separates the columns of a file; a name that ends in .tsv says so where it divides the first line."""
    names_tabs = ".tsv" in (suffix.lower() for suffix in path.suffixes[-2:])  # also people.tsv.gz
    return "\t" if names_tabs and lines and "\t" in lines[0] else find_delimiter(lines)


def has_header(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns rather than being one of the rows.

    It is a row of data if something of it continues in the rows below (a number above numbers, a value that occurs
    again, the same file ending) and nothing speaks against that: text above numbers, or no text at a column's top.

    Args:
        first: the cells of the first row.
        others: the rows below, at least one; rows of another length are not looked at.

    Example:
        >>> has_header(["user", "film"], [["1", "7"], ["2", "7"]]), has_header(["1", "7"], [["2", "7"], ["3", "8"]])
        (True, False)
    """
    rows = [row for row in others if len(row) == len(first)]
    if not rows or any(not cell.strip() for cell in first) or len(set(first)) < len(first):
        # Names are there and differ from each other; data may be empty or repeat itself.
        return not rows or _looks_named(first)
    columns = list(zip(*rows, strict=True))
    below = [row for row in rows if "\0".join(row).lstrip(MARK) != "\0".join(first).lstrip(MARK)]
    if below and len(below) < len(rows) and _names_numbers([first, *below]):
        return True  # it comes again: files that were put together
    differ = not any(name in cells for name, cells in zip(first, columns, strict=True))
    if differ and (_counts_up(first) or (_is_scale(first) and not any(map(_is_scale, rows)))):
        return True
    continues = False
    for name, cells in zip(first, columns, strict=True):
        filled = [cell for cell in cells if not is_missing_word(cell)]
        if not filled:
            continue
        numeric = all(plain_number(cell) is not None for cell in filled)
        if numeric and plain_number(name) is None:
            return True
        if numeric or name in filled or _same_form(name, filled):
            continues = True
        elif plain_number(name) is not None:
            return True
    return not continues


def _looks_named(first: Sequence[str]) -> bool:
    return all(plain_number(cell) is None for cell in first if cell.strip())


def _counts_up(cells: Sequence[str]) -> bool:
    """Whether all cells, or all but the first, are consecutive whole numbers, as years at the head of columns are."""
    for part in (cells, cells[1:]):
        if len(part) >= 3 and all(cell.isdecimal() for cell in part):
            numbers = [int(cell) for cell in part]
            if numbers[0] not in (0, 1) and numbers[0] < 1000:
                continue
            if all(b - a == 1 for a, b in pairwise(numbers)):
                return True
    return False


def _is_scale(cells: Sequence[str]) -> bool:
    """Whether most cells are numbers that only rise or only fall, as wavelengths at the head of a spectrum's columns do.

    Fewer than `LONG_SCALE` of them must be as far from each other, and not small whole numbers, which may be data.
    """
    steps: list[float] = []
    numbers = [number for cell in cells if (number := plain_number(cell)) is not None]
    if len(numbers) < SHORT_SCALE or 2 * len(numbers) < len(cells):
        return False
    for a, b in pairwise(numbers):
        steps.append(b - a)
        if steps[-1] * steps[0] <= 0:
            return False
    if len(numbers) >= LONG_SCALE:
        return True
    small = all(number.is_integer() and abs(number) < 100 for number in numbers)
    return not small and max(map(abs, steps)) <= 1.1 * min(map(abs, steps))


def _same_form(name: str, cells: Sequence[str]) -> bool:
    """Whether a cell is a file name or a date as all cells below it are."""
    suffix = _SUFFIX.search(name)
    if suffix is not None and not suffix[0][1:].isdecimal():
        return all(cell.endswith(suffix[0]) for cell in cells)
    return bool(_DATE.fullmatch(name)) and all(_DATE.fullmatch(cell) for cell in cells)


def check_quotes(path: Path, sample: Sequence[Sequence[str]], whole_lines: bool) -> None:
    """Raise DataError if rows are quoted in a way that cuts or joins their cells.

    Args:
        path: the table, for messages.
        sample: its first rows.
        whole_lines: look for lines that are one cell in quotes, too.
    """
    _check_no_single_quotes(path, sample)
    if whole_lines:
        _check_no_quoted_lines(path, sample)


def _check_no_single_quotes(path: Path, sample: Sequence[Sequence[str]]) -> None:
    """Raise DataError if most rows have a cell that a single quote opens and a later one closes: their cells are cut in two."""
    cut = [cells for row in sample[1:] if (cells := _cut_by_single_quotes(row))]
    if len(cut) < 2 or 2 * len(cut) < len(sample) - 1:
        return
    raise DataError(
        f"{path} has cells in single quotes that hold the delimiter, so that they are cut in two", got=cut[0],
        expected="double quotes", remedy="Write the table with double quotes.",
    )  # fmt: skip


def _cut_by_single_quotes(row: Sequence[str]) -> list[str]:
    """Return the cells of a row from one that only begins with a single quote to one that only ends with it; [] without them."""
    bare = [cell.strip() for cell in row]
    opens = (place for place, cell in enumerate(bare) if cell[:1] == "'" and (cell == "'" or cell[-1] != "'"))
    begin = next(opens, len(bare))
    closes = (
        place
        for place, cell in enumerate(bare)
        if place > begin and cell[-1:] == "'" and (cell == "'" or cell[0] != "'")
    )
    end = next(closes, None)
    return [] if end is None else list(row[begin : end + 1])


def _check_no_quoted_lines(path: Path, sample: Sequence[Sequence[str]]) -> None:
    """Raise DataError if every line is one cell in quotes that holds a row, as Excel writes a table that was opened wrongly."""
    lines = [row[0] for row in sample]
    inside = find_delimiter(lines)
    counts = {1}
    if inside in DELIMITERS and len(lines) > 1:
        with suppress(csv.Error):  # a line break, or more than a cell may hold: texts
            counts = {len(row) for row in csv.reader(lines, delimiter=inside)}
    if len(counts) == 1 and counts != {1}:
        raise DataError(
            f"{path} has a whole row in quotes on every line, which makes it one column", got=lines[0],
            remedy="Remove the quotes around the lines, or export the table again.",
        )  # fmt: skip


def check_quotes_end(path: Path, rows: Block, width: int, delimiter: str) -> None:
    """Raise DataError if a quote that is not closed makes one row of several.

    Args:
        path: the table, for messages.
        rows: rows of `width` cells.
        width: how many columns there are.
        delimiter: what separates them.
    """
    if delimiter in WIDE or (found := swallowed_rows(rows, width, delimiter)) is None:
        return
    row, count = found
    begins = int(rows.lines[row])
    raise DataError(
        f"A quote in line {begins} of {path} is closed only in line {begins + count - 1}, which makes one row of {count} lines",
        remedy=CLOSE_QUOTES,
    )  # fmt: skip
