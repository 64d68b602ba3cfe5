"""A row of labels.csv: what is known of one item. One item is one line, whatever its name holds."""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.errors import DataError
from gatera.core.escape import is_utf8

#: The columns that every file of labels has, in this order. More may follow.
COLUMNS = ("file", "sha256", "label", "split", "group", "source", "by", "at", "note")

#: What `source` says where a person gave the label. Empty means the same.
PERSON = "person"

#: Characters that cannot stand in a line, and how they are written.
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\0": "\\0", "\v": "\\v", "\f": "\\f", "\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}  # fmt: skip
_MEANT = {written: character for character, written in _ESCAPES.items()} | {"\\\\": "\\"}

#: What has to be escaped: those, half of a character (a name that is not UTF-8), and a backslash that would look like an escape, also
#: before what is written as one.
_SPECIAL = re.compile(
    r"[\n\r\0\v\f\x85\u2028\u2029\ud800-\udfff]"
    r"|\\(?=[nr0vf\\\n\r\0\v\f\x85\u2028\u2029\ud800-\udfff]|u0085|u202[89]|ud[89a-f][0-9a-f]{2})"
)
_ESCAPED = re.compile(r"\\(?:[nr0vf\\]|u0085|u202[89]|ud[89a-f][0-9a-f]{2})")

#: What no cell of most rows holds, so that they are written without a look at each cell.
_RARE = re.compile(r'["\\\n\r\0\v\f\x85\u2028\u2029\ud800-\udfff]')

#: What functions write into the note of what they label.
_ODDS = re.compile(r"p=[01]\.\d{3}(;|$)")

#: How a row has its time.
_AT = "%Y-%m-%dT%H:%M:%SZ"

#: A label of the same giver that is so many seconds ahead was given just before; a clock that is wrong is further off. Chosen here.
_JUST_BEFORE = 60


class Row(NamedTuple):
    """What is known of an item.

    Attributes:
        file: its name: the path from the root of the repository, with slashes; for rows of a table, its key.
        sha256: the hash of the file, 64 hexadecimal digits; "" for an item that is not a file.
        label: its label; "" without one. Several are separated by semicolons.
        split: "train", "valid" or "test"; "" where that is not decided.
        group: items of one group stay on one side of a split; "" for none.
        source: who labelled: "person" or "" (a person), "function:NAME@HASH8", "program:NAME@HASH8".
        by: the name of the person who gave the label, or who ran what gave it.
        at: when, UTC, "2026-11-28T18:00:00Z".
        note: anything.
        more: the cells of further columns.
    """

    file: str
    sha256: str = ""
    label: str = ""
    split: str = ""
    group: str = ""
    source: str = ""
    by: str = ""
    at: str = ""
    note: str = ""
    more: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """What gave the label, as the column `source` has it; "person" where that is empty."""
        return self.source or PERSON

    @property
    def by_person(self) -> bool:
        """Whether a person gave the label."""
        return self.origin == PERSON

    @property
    def of_function(self) -> bool:
        """Whether a labelling function gave the label."""
        return self.source.startswith("function:")

    @property
    def giver(self) -> str:
        """Who or what gave the label: the name of a person, or a function or program with its version."""
        return self.by if self.by_person else self.source.partition(":")[2] or self.source


def taken_over(before: Row, after: Row) -> Row:
    """Return a row after a change; where somebody else gives the label of a function, the function's odds ("p=0.997") do not stay in the note.

    Another label has another time, see `later_than`.

    Example:
        >>> taken_over(Row("1", label="cat", source="function:f@1", note="p=0.997"), Row("1", label="dog", note="p=0.997")).note
        ''
    """
    after = later_than(before, after)
    odds = before.of_function and before.source != after.source and after.note == before.note
    return after._replace(note="") if odds and is_odds(after.note) else after


def is_odds(note: str) -> bool:
    """Whether a note is what a labelling function writes: "p=0.997; also praises@1a2b3c4d"."""
    return _ODDS.match(note) is not None


def later_than(before: Row, after: Row) -> Row:
    """Return a row whose label changed with a later time than it had, also where both were given within a second.

    By its time a commit tells a label that was given from one that was edited in the table: an editor leaves it as it was.

    Example:
        >>> later_than(Row("1", label="cat", at="2026-01-01T00:00:00Z"), Row("1", label="dog", at="2026-01-01T00:00:00Z")).at
        '2026-01-01T00:00:01Z'
    """
    same = after.label == before.label or (after.source, after.by) != (before.source, before.by)
    if same or not before.at >= after.at > "":
        return after
    try:
        was, is_now = (datetime.datetime.strptime(each, _AT) for each in (before.at, after.at))
    except ValueError:  # written by hand
        return after
    if was - is_now > datetime.timedelta(seconds=_JUST_BEFORE):
        return after
    return after._replace(at=(was + datetime.timedelta(seconds=1)).strftime(_AT))


def in_order(label: str) -> str:
    """Return a label; several with semicolons between them in one order, as their order means nothing.

    Example:
        >>> in_order("red; blue"), in_order("red")
        ('blue;red', 'red')
    """
    return ";".join(sorted(each.strip() for each in label.split(";"))) if ";" in label else label


def escape(cell: str) -> str:
    r"""Return a cell without line breaks.

    Example:
        >>> escape("two\nlines"), escape("C:\\dir"), escape("C:\\new")
        ('two\\nlines', 'C:\\dir', 'C:\\\\new')
    """
    return _SPECIAL.sub(_escaped, cell)


def unescape(cell: str) -> str:
    """Return what a cell means; the reverse of `escape`."""
    return _ESCAPED.sub(_unescaped, cell) if "\\" in cell else cell


def written(cell: str) -> str:
    """Return a cell without line breaks, as `escape` does; names of files that are not UTF-8 stay."""
    return escape(cell) if is_utf8(cell) else cell


def written_by_us(columns: Sequence[str]) -> bool:
    r"""Whether a file with these columns is written by us: it has ours first, and "\n" in a cell is a line break."""
    return tuple(columns[: len(COLUMNS)]) == COLUMNS


def is_labels(path: Path) -> bool:
    """Whether a file begins as ours do: services that synchronise folders keep copies that conflict, people spare ones."""
    beginning = ",".join(COLUMNS).encode()
    with suppress(OSError), path.open("rb") as file:
        return file.read(len(beginning)) == beginning
    return False


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character == "\\":
        return "\\\\"
    return _ESCAPES.get(character) or f"\\u{ord(character):04x}"


def _unescaped(found: re.Match[str]) -> str:
    return _MEANT.get(found[0]) or chr(int(found[0][2:], 16))


def line_of(row: Row) -> str:
    """Return the line of a row, without its end."""
    cells = (*row[:9], *row.more)
    text = ",".join(cells)
    if text.count(",") == len(cells) - 1 and not _RARE.search(text):
        return text
    return ",".join(map(_cell, cells))


def _cell(cell: str) -> str:
    cell = escape(cell)
    return '"' + cell.replace('"', '""') + '"' if "," in cell or '"' in cell else cell


def cells_of(line: str) -> list[str]:
    """Return the cells of a line as they are written, without quotes.

    Example:
        >>> cells_of('"a,b.jpg",,cat')
        ['a,b.jpg', '', 'cat']
    """
    if '"' not in line:
        return line.split(",")
    return next(csv.reader([line]))


def name_of_line(line: str) -> str:
    """Return the name of the item of a line."""
    if line[:1] != '"':
        cell = line[: line.find(",")]
    else:
        cell = cells_of(line)[0]
    return unescape(cell) if "\\" in cell else cell


def row_of(line: str, extra: int = 0) -> Row:
    """Return the row of a line in our columns.

    Args:
        line: the line, without its end.
        extra: how many columns there are beyond ours.
    """
    cells: list[Any] = cells_of(line)
    if "\\" in line:
        cells = [unescape(cell) for cell in cells]
    return Row._make((*cells[:9], tuple(cells[9 : 9 + extra]))) if extra else Row(*cells[:9])


def header_of(extra: Sequence[str]) -> str:
    """Return the first line of a file with these columns beyond ours."""
    if not extra:
        return ",".join(COLUMNS)
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([*COLUMNS, *map(escape, extra)])
    return text.getvalue()


def parsed(text: str, path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return the columns of a file of labels, and its lines: (number, cells by column).

    Raises:
        DataError: if a line has another number of cells than the first one, or a quote is never closed, behind which lines would be lost.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    names: list[str] = []
    found: list[tuple[int, dict[str, str]]] = []
    try:
        names = list(reader.fieldnames or ())
        for cells in reader:
            if None in cells or None in cells.values():
                raise DataError(
                    f"Line {reader.line_num} of {path} has another number of cells than the first line",
                    remedy="Correct that line.",
                )
            found.append((reader.line_num, cells))
    except csv.Error as err:
        begins = found[-1][0] + 1 if found else 1 + bool(names)
        raise DataError(
            f"the quotes in line {begins} of {path} are not closed ({err})", remedy="Correct that line."
        ) from err
    return names, found
