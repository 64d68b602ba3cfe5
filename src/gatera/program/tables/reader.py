"""The one reader of tables: training and programs read the same file as the same cells.

`open_table` decides how a file is written; `TableFile.rows` yields its rows as texts for a program, `TableFile.read` its
columns as values for training. Every decision that is not the usual one is a `Note`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from gatera.core.checks import check_choice, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.program.tables.blocks import Block, split_blocks
from gatera.program.tables.builder import ColumnBuilder
from gatera.program.tables.columns import Column, may_be_grouped
from gatera.program.tables.dialect import (
    BLANKS,
    COLONS,
    MOST_ABOVE,
    SAMPLE_ROWS,
    UNIT,
    WIDE,
    check_delimiter,
    check_quotes,
    check_quotes_end,
    delimiter_of,
    first_lines,
    narrow,
)
from gatera.program.tables.encoding import find_encoding, looks_cyrillic, utf8_chunks
from gatera.program.tables.layout import Layout, find_layout, is_frame, without_frame
from gatera.program.tables.notes import Note, note_of_empty_rows, notes_of
from gatera.program.tables.packed import Contents, find_contents, readable
from gatera.program.tables.typed import without_plain_point


@dataclass(frozen=True)
class Table:
    """A table that was read.

    Attributes:
        path: the file.
        columns: name -> column, in the order of the file, without a column that only names the rows.
        lines: the line of the file in which each row begins, int64 [n].
        first_line: the line in which rows begin where there are no blank ones: 2 below a header, else 1.
        notes: what was decided.
    """

    path: Path
    columns: dict[str, Column]
    lines: np.ndarray
    first_line: int
    notes: list[Note] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return list(self.columns)


@dataclass(frozen=True)
class TableFile:
    """A table's file, and how it is written.

    Attributes:
        path: the file.
        encoding: its encoding.
        delimiter: what separates its columns.
        layout: which cells of a row belong to which column.
        notes: what was decided.
        decimal: the decimal sign of its numbers; None to find it column by column.
        strip: remove blanks around cells that are not quoted.
        contents: what the file is packed in.
    """

    path: Path
    encoding: str
    delimiter: str
    layout: Layout
    notes: list[Note]
    decimal: str | None = None
    strip: bool = True
    contents: Contents = field(default_factory=Contents)

    def blocks(self, left_out: list[str] | None = None) -> Iterator[Block]:
        """Yield the rows below the header, thousands at a time; every row has as many cells as the layout says.

        Args:
            left_out: gets the lines that only stand around a table, as databases print it: `(4 rows)`.

        Raises:
            DataError: if a row has not, or repeats the header; its line is named.
        """
        skip = self.layout.skip
        with readable(self.path):
            for block in self._split():
                rows = block.rows(slice(min(skip, len(block.counts)), None))
                skip -= min(skip, len(block.counts))
                if self.layout.width > 1 and (rows.counts == 1).any():
                    rows = without_frame(rows, [] if left_out is None else left_out)
                if len(rows.counts):
                    self._check(rows)
                    yield rows

    def _split(self) -> Iterator[Block]:
        """Yield all rows of the file."""
        chunks = utf8_chunks(self.path, self.encoding, self.contents)
        if self.delimiter in WIDE:
            return split_blocks(narrow(chunks, self.delimiter), UNIT, self.strip)
        return split_blocks(chunks, self.delimiter, self.strip)

    def sample(self) -> list[list[str]]:
        """Return the first rows, those above the header among them."""
        rows: list[list[str]] = []
        for block in self._split():
            rows += block.first_rows(SAMPLE_ROWS - len(rows))
            if len(rows) >= SAMPLE_ROWS:
                break
        return rows if self.contents.kind == "text" else [[*map(without_plain_point, row)] for row in rows]

    @property
    def names(self) -> list[str]:
        """The columns that have a name."""
        return self.layout.names

    def rows(self, on_note: Callable[[Note], None] | None = None) -> Iterator[dict[str, str]]:
        """Yield the rows as column -> text; a column without a name is called "Unnamed: 0", as pandas calls it.

        Args:
            on_note: see `numbered_rows`.

        Raises:
            DataError: see `blocks`.
        """
        return (row for _, row in self.numbered_rows(on_note))

    def numbered_rows(
        self, on_note: Callable[[Note], None] | None = None
    ) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the line of the file in which each row begins, and the row; see `rows`.

        Args:
            on_note: is told in the end of rows that were left out between others, as all their cells are empty.
        """
        names, width = self.layout.all_names, self.layout.width
        empty, last = list[int](), 0
        for block in self.blocks():
            empty += block.empty.tolist()
            last = int(block.lines[-1])
            texts = block.texts(block.starts, block.ends)
            if self.contents.kind != "text":
                texts = [*map(without_plain_point, texts)]
            for place, line in enumerate(block.lines.tolist()):
                cells = zip(names, texts[place * width : (place + 1) * width], strict=True)
                yield line, {name: text for name, text in cells if name is not None}
        if on_note is not None and (between := [line for line in empty if line < last]):
            on_note(note_of_empty_rows(between))

    def read(self, as_text: Sequence[str] = ()) -> Table:
        """Read all rows and decide what each column holds.

        Args:
            as_text: columns whose cells stay as they are written, also where they are numbers.

        Raises:
            DataError: see `blocks`.
        """
        layout = self.layout
        places = {name: place for place, name in enumerate(layout.all_names) if name is not None}
        texts = {*as_text, *self.contents.texts}
        typed = self.contents.kind != "text"
        builders = {name: ColumnBuilder(name, name in texts, self.decimal, typed) for name in places}
        left_out: list[str] = []
        lines = self._fill(builders, places, left_out)
        columns = {name: builder.column(self.delimiter == ";") for name, builder in builders.items()}
        if self.decimal is None and any(column.format.decimal == "," for column in columns.values()):
            again = {
                name: ColumnBuilder(name, decimal=",", typed=typed)
                for name, column in columns.items()
                if may_be_grouped(column)
            }
            if again:  # "1.234" among columns with decimal commas
                self._fill(again, {name: places[name] for name in again})
                found = {name: builder.column(True) for name, builder in again.items()}
                columns |= {name: column for name, column in found.items() if column.format.thousands == "."}
        around = f"Lines around the table are left out: {listed(dict.fromkeys(left_out), 3)}"
        framed = [Note(around)] if left_out else []
        notes = [*self.notes, *framed, *layout.drop_index(columns), *notes_of(columns.values(), lines)]
        return Table(self.path, columns, lines, layout.skip + 1, notes)

    def _fill(
        self, builders: dict[str, ColumnBuilder], places: dict[str, int], left_out: list[str] | None = None
    ) -> np.ndarray:
        """Let builders collect the cells of their columns; return the line in which each row begins, int64 [n]."""
        lines, waiting, width = [np.zeros(0, np.int64)], dict(places), self.layout.width
        while (
            waiting
        ):  # a second time only for columns whose first thousands of cells were numbers, and others not
            for block in self.blocks(left_out):
                starts, ends = block.starts.reshape(-1, width), block.ends.reshape(-1, width)
                if len(waiting) == len(places):
                    lines.append(block.lines)
                for name, place in waiting.items():
                    builders[name].add(block, starts[:, place], ends[:, place])
            waiting = {name: place for name, place in waiting.items() if builders[name].restart()}
            if waiting and len(waiting) == len(places):
                lines = [np.zeros(0, np.int64)]
        return np.concatenate(lines)

    def _check(self, rows: Block) -> None:
        width = self.layout.width
        wrong = np.flatnonzero(rows.counts != width)
        if not len(wrong):
            again = rows.find(self.layout.header) if width > 1 else None
            if width > 1 and self.contents.kind == "text":
                check_quotes_end(self.path, rows, width, self.delimiter)
            if again is not None:  # files were put together
                raise DataError(
                    f"Line {rows.lines[again]} of {self.path} repeats the header",
                    got=rows.row(again),
                    remedy="Remove the line.",
                )
            return
        row = int(wrong[0])
        count = int(rows.counts[row])
        quote = f"Put cells that hold {_NAMES.get(self.delimiter, repr(self.delimiter))} in quotes."
        below = rows.counts[row + 1 :]
        if rows.lines[row] <= MOST_ABOVE and len(below) > 2 and np.isin(below, (count, count + 1)).all():
            quote = "Complete the header; or, if this line names the columns, remove the lines above it."
        raise DataError(
            f"Line {rows.lines[row]} of {self.path} has {count} {'cell' if count == 1 else 'cells'}", got=rows.row(row),
            expected=f"{width}, as {self.layout.source}",
            remedy=quote if count > width else "Add the missing cells, or remove the line.",
        )  # fmt: skip


#: What an encoding that was found may be instead.
_OTHERWISE = {"latin-1": "shift-jis"}

_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "'|'", COLONS: "'::'", BLANKS: BLANKS}


def open_table(
    path: str | Path,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: str | int | None = "auto",
    decimal: str | None = None,
    strip: bool = True,
    known: Sequence[str] = (),
    sheet: str | None = None,
) -> TableFile:
    """Decide how a file of a table is written, from its first rows.

    Args:
        path: CSV or a relative of it, also packed by gzip, bzip2, xz or zip; a workbook of Excel, Parquet, or JSON.
        delimiter: what separates the columns: one ASCII character, "::", or "blanks" for runs of blanks and tabs; None to
            find it: comma, semicolon, tab, "|", or one of these two.
        encoding: any that Python knows; None to find it: UTF-8, UTF-16, else Windows' Latin-1.
        header: "auto" to see whether the first row names the columns; the number of the row that does, from 0 on; None
            where the columns have no names (they are called column_1 and so on).
        decimal: the decimal sign of numbers, "." or ","; None to find it column by column.
        strip: remove blanks around cells that are not quoted.
        known: columns that are needed; a first row that holds all of them names the columns, with accents as they are here.
        sheet: the sheet of a workbook; None for the first that holds a table.

    Raises:
        DataError: if the file is missing, empty or not a table, or names two columns alike.
        ArgumentError: if `delimiter` is not one character, `decimal` or `header` is something else, or `sheet`, `delimiter` or
            `encoding` is given for a file that has none.
    """
    path = Path(path)
    if decimal is not None:
        check_choice("decimal", decimal, (".", ","))
    if header not in ("auto", None) and (type(header) is not int or header < 0):
        raise ArgumentError(
            "header must be the number of a row",
            got=header,
            expected='"auto", None, or a whole number from 0 on',
        )
    if asked := delimiter is not None:
        check_delimiter(delimiter)
    with readable(path):
        contents = find_contents(path, sheet)
        if sheet is not None and contents.kind != "workbook":
            raise ArgumentError(
                f"sheet= names a sheet of a workbook, and {path.name} is not a workbook",
                remedy="Omit sheet=.",
            )
        if contents.kind == "text":
            encoding, delimiter, notes = _how_written(path, contents, encoding, delimiter)
        else:
            _check_no_text(path, delimiter=delimiter, encoding=encoding)
            encoding, delimiter, notes = "utf-8", ",", []
            header = 0 if header == "auto" and contents.kind != "workbook" else header
        notes = [*contents.notes, *notes]
        file = TableFile(path, encoding, delimiter, Layout((), 0), notes, decimal, strip, contents)
        sample = file.sample()
    if not sample:
        raise DataError(f"{path} is empty: it has no header line with the names of its columns")
    layout = find_layout(sample, header, path, known).called_as(known)
    if contents.kind == "text":
        check_quotes(path, sample, whole_lines=layout.width == 1 and not asked)
    return replace(file, layout=layout, notes=[*notes, *layout.notes])


def _how_written(
    path: Path, contents: Contents, encoding: str | None, delimiter: str | None
) -> tuple[str, str, list[Note]]:
    """Return encoding and delimiter of a text file, found where they are None, and what was decided."""
    notes = []
    found = encoding or find_encoding(path, contents)
    head = next(utf8_chunks(path, found, contents), b"")
    if encoding is None and not found.startswith("utf-8"):
        notes.append(
            Note(
                f"{path.name} is not in UTF-8 and is read as {found}",
                "encoding",
                "cp1251"
                if looks_cyrillic(head.decode("utf-8", "ignore"))
                else _OTHERWISE.get(found, "latin-1"),
            )
        )
    lines = first_lines(head)
    lines = [line for line in lines if not is_frame(line.strip())] or lines
    separator = delimiter or delimiter_of(Path(contents.member or path), lines)
    if delimiter is None and separator != ",":
        notes.append(Note(f"Columns are separated by {_NAMES[separator]}", "delimiter", ","))
    return found, separator, notes


def _check_no_text(path: Path, **given: str | None) -> None:
    for name, value in given.items():
        if value is not None:
            raise ArgumentError(
                f"{name}= says how a text file is written, and {path.name} is not a text file",
                remedy=f"Omit {name}=.",
            )


def read_table(
    path: str | Path,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: str | int | None = "auto",
    decimal: str | None = None,
    strip: bool = True,
    as_text: Sequence[str] = (),
    sheet: str | None = None,
) -> Table:
    """Read a file of a table: `open_table(...).read(as_text)`.

    Raises:
        DataError: if the file is missing, empty or not text, names two columns alike, or has a row of another length.
    """
    return open_table(path, delimiter, encoding, header, decimal, strip, sheet=sheet).read(as_text)
