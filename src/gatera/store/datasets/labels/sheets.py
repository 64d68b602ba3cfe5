"""A file of labels in memory: its lines by the names of their items. Rows are parsed only where they are looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, pairwise
from operator import ne
from pathlib import Path
from typing import NamedTuple

from gatera.core.errors import DataError
from gatera.store.datasets.labels.rows import (
    COLUMNS,
    Row,
    cells_of,
    header_of,
    line_of,
    name_of_line,
    row_of,
    unescape,
)

#: The file of all labels, and the folder of its parts where there are many.
TABLE, FOLDER = "labels.csv", "labels"

#: Those parts, as git finds them: the folder may hold other files, such as the boxes of photos.
PARTS = f":(glob){FOLDER}/[0-9a-f][0-9a-f].csv"

#: Above this number of items the labels are in parts, so that a commit writes only what changed. Chosen here.
MOST_IN_ONE = 100_000


class Problem(NamedTuple):
    """What is not as we write it in a file of labels, so that it has to be read another way.

    Attributes:
        line: the number of the first such line, from 1.
        what: what is wrong with it.
    """

    line: int
    what: str


class Sheet:
    """The lines of a file of labels by the names of their items, sorted.

    Args:
        lines: name -> line, without its end.
        extra: the columns beyond ours.
    """

    def __init__(self, lines: dict[str, str] | None = None, extra: Sequence[str] = ()) -> None:
        self.lines = {} if lines is None else lines
        self.extra = tuple(extra)

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, name: str) -> bool:
        return name in self.lines

    def row(self, name: str) -> Row | None:
        """Return the row of an item; None if it is not in the sheet."""
        line = self.lines.get(name)
        return None if line is None else row_of(line, len(self.extra))

    def rows(self) -> Iterator[Row]:
        """Yield every row, sorted by name."""
        extra = len(self.extra)
        for line in self.lines.values():
            yield row_of(line, extra)

    def put(self, rows: Iterable[Row]) -> None:
        """Add rows, or replace those of the same name."""
        width = len(self.extra)
        for row in rows:
            if len(row.more) < width:
                row = row._replace(more=row.more + ("",) * (width - len(row.more)))
            self.lines[row.file] = line_of(row)

    def widen(self, extra: Sequence[str]) -> None:
        """Add columns after those that are there; their cells are empty."""
        new = [name for name in extra if name not in self.extra]
        if new:
            self.extra = (*self.extra, *new)
            self.lines = {name: line + "," * len(new) for name, line in self.lines.items()}

    def narrow(self, extra: Sequence[str]) -> None:
        """Leave out those of some columns whose cells are all empty."""
        left = {
            place for row in (self.rows() if extra else ()) for place, cell in enumerate(row.more) if cell
        }
        stay = [place for place, name in enumerate(self.extra) if place in left or name not in extra]
        if len(stay) < len(self.extra):
            rows = [row._replace(more=tuple(row.more[place] for place in stay)) for row in self.rows()]
            self.extra = tuple(self.extra[place] for place in stay)
            self.put(rows)

    def to_bytes(self) -> bytes:
        """Return the file: a header, then a line for each item, sorted by name."""
        names = list(self.lines)
        ordered = sorted(names)
        lines = list(self.lines.values()) if names == ordered else [self.lines[name] for name in ordered]
        return "\n".join([header_of(self.extra), *lines, ""]).encode("utf-8")

    @classmethod
    def from_bytes(cls, data: bytes, where: str = TABLE, like: Sheet | None = None) -> Sheet:
        """Read a file as `to_bytes` writes it.

        Args:
            data: the file.
            where: its name, for messages.
            like: another version of it; see `read`.

        Raises:
            DataError: if it is not exactly so.
        """
        found = cls.read(data, like)
        if isinstance(found, Problem):
            raise DataError(
                f"{where}, line {found.line}: {found.what}", expected="the file as gatera data writes it"
            )
        return found

    @classmethod
    def read(cls, data: bytes, like: Sheet | None = None) -> Sheet | Problem:
        """Read a file as `to_bytes` writes it; return what is not so in any other.

        Args:
            data: the file.
            like: another version of it, which may save most of the work: only lines that differ are looked at.
        """
        if not data:
            return cls()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as err:
            return Problem(data.count(b"\n", 0, err.start) + 1, "it is not UTF-8")
        if "\r" in text or not text.endswith("\n"):
            return Problem(1, "its lines do not end with LF")
        head, *lines = text[:-1].split("\n")
        columns = cells_of(head)
        if tuple(columns[:9]) != COLUMNS or len(set(columns)) < len(columns):
            return Problem(1, "its columns are not ours")
        extra = [unescape(name) for name in columns[9:]]
        if like is not None and like.extra == tuple(extra) and (found := like._with_lines(lines)) is not None:
            return found
        return cls._from_lines(lines, extra, plain='"' not in text and "\\" not in text)

    def _with_lines(self, lines: list[str]) -> Sheet | None:
        """Return a copy with other lines for some of the same items; None where it is not so simple."""
        names = list(self.lines)
        if len(lines) != len(names) or names != sorted(names):
            return None
        differ = list(compress(range(len(lines)), map(ne, self.lines.values(), lines)))
        if len(differ) > len(lines) // 10:
            return None
        new, width = dict(self.lines), len(COLUMNS) + len(self.extra)
        for place in differ:
            line = lines[place]
            if not _well_written(line, width) or name_of_line(line) != names[place]:
                return None
            new[names[place]] = line
        return Sheet(new, self.extra)

    @classmethod
    def _from_lines(cls, lines: list[str], extra: list[str], plain: bool) -> Sheet | Problem:
        width = len(COLUMNS) + len(extra)
        if plain:  # all at once: a million lines are read this way
            names = [line[: line.find(",")] for line in lines]
            counts = [line.count(",") for line in lines]
            if counts.count(width - 1) < len(counts):
                return Problem(
                    2 + next(i for i, n in enumerate(counts) if n != width - 1),
                    f"it does not have {width} cells",
                )
        else:
            for number, line in enumerate(lines, 2):
                if (line.count(",") != width - 1 or '"' in line or "\\" in line) and not _well_written(
                    line, width
                ):
                    return Problem(number, "its cells are not as we write them")
            names = [name_of_line(line) for line in lines]
        found = dict(zip(names, lines, strict=True))
        if names != sorted(names) or len(found) < len(names) or "" in found:
            return Problem(_first_wrong(names), "its item is missing, repeated, or not in order")
        return cls(found, extra)


def _first_wrong(names: list[str]) -> int:
    return next((number for number, (a, b) in enumerate(pairwise(["", *names]), 2) if a >= b), 2)


def _well_written(line: str, width: int) -> bool:
    """Whether a line is written exactly as we write its cells: the same row is always the same bytes."""
    cells = cells_of(line)
    return len(cells) == width and line_of(row_of(line, width - 9)) == line


def restoring(path: Path) -> str:
    """Return the command that brings a file of labels back as committed, also where git was told that it changed or is gone."""
    return f"git checkout HEAD -- {TABLE if path.name == TABLE else f'{FOLDER}/{path.name}'}"


def part_of(name: str) -> str:
    """Return which part an item is in: the first two digits of the hash of its name, so that parts are alike in size.

    Example:
        >>> part_of("photos/cat/1.jpg")
        '4c'
    """
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:2]


def split_up(sheet: Sheet) -> dict[str, Sheet]:
    """Return a sheet in parts, by their names, "00" to "ff"; those without items too."""
    parts = {f"{number:02x}": Sheet({}, sheet.extra) for number in range(256)}
    for name, line in sheet.lines.items():
        parts[part_of(name)].lines[name] = line
    return parts
