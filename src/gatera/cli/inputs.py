"""What `gatera predict` is given, as what a program takes: photos, recordings, texts, rows of tables."""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from gatera.cli.given.files import find_photos
from gatera.cli.given.program import program_path
from gatera.cli.given.stdin import stdin_begins, stdin_bytes, stdin_lines, stdin_names
from gatera.cli.given.web import SCHEMES, fetch_bytes, scheme_of
from gatera.core.checks import unique_names
from gatera.core.errors import ArgumentError, DataError, ProgramFileError, data_error, shorten
from gatera.program import tables
from gatera.program.archive import PROGRAM, Archive
from gatera.program.operations import OPERATIONS, PHOTOS
from gatera.program.raw.cells import missing_columns
from gatera.program.raw.read_csv import opened, warned
from gatera.program.raw.text import TEXT_SUFFIXES
from gatera.program.tables.notes import Note
from gatera.program.tables.packed import is_table_name

if TYPE_CHECKING:
    from gatera.program.tables.reader import TableFile

#: How names on standard input end.
Names = Literal["lines", "null"]

#: Characters of a text by which an answer is known.
NAME_CHARACTERS = 60

#: What begins as JSON of rows does: an object, or a list of them.
_JSON_ROWS = re.compile(r"\s*(?:\[\s*)?\{")


class Input(NamedTuple):
    """One input.

    Attributes:
        raw: what the program gets.
        where: what JSON says of it: {"file": ...}, {"text": ...}, or {"file": ..., "row": ...}.
        error: why it could not be fetched; None for all others.
        line: of a row, the line of the file in which it begins: cells in quotes may hold line breaks.
    """

    raw: Any
    where: dict[str, Any]
    error: DataError | None = None
    line: int | None = None

    @property
    def place(self) -> str:
        """How an error calls it: of a row, the line of the file in which it begins."""
        named = str(self.where.get("file"))
        return (
            str(self)
            if self.line is None
            else f"Line {self.line} of {'standard input' if named == '-' else named}"
        )

    @property
    def is_table(self) -> bool:
        """Whether it stands for a whole table (or row) that cannot be read."""
        return self.error is not None and self.raw == {}

    def named(self, error: DataError) -> DataError:
        """Return an error with the input's name before it, unless it says the name itself."""
        if str(self) in error.problem or "text" in self.where:
            return error
        return data_error(error, problem=f"{self.place}: {error.problem}")

    def __str__(self) -> str:
        named = self.where.get("file") or shorten(
            " ".join(self.where.get("text", "").split()), NAME_CHARACTERS
        )
        return f"{named}:{self.where['row']}" if "row" in self.where else named


class Group(NamedTuple):
    """Inputs that are there together.

    Attributes:
        inputs: them.
        things: what messages call them.
        given: how many words they were given as.
    """

    inputs: list[Input]
    things: str
    given: int = 0


#: How tables are read where no option says otherwise.
AS_FOUND: Mapping[str, Any] = {"delimiter": None, "encoding": None, "header": "auto", "sheet": None}


def first_operation(program: str) -> Mapping[str, Any]:
    """Return what a program does first; empty where the file does not say, which opening it will tell of.

    Raises:
        ProgramFileError: if it is missing or no program at all.
    """
    try:
        first = json.loads(Archive(Path(program_path(program))).read(PROGRAM))["preprocess"][0]
        return {**first, "op": str(first["op"])}
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as err:
        if isinstance(err, ProgramFileError):
            raise
        return {}


def find_inputs(
    given: Iterable[str],
    first: Mapping[str, Any],
    reading: Mapping[str, Any] = AS_FOUND,
    on_note: Callable[[Note], None] | None = None,
) -> tuple[list[Input], str]:
    """Return the inputs of a program, and what messages call them.

    Args:
        given: the words of the command line.
        first: what the program does first.
        reading: how tables are read: what `open_table` takes.
        on_note: is called with each decision about a table; None to warn.

    Raises:
        DataError: if a folder or pattern holds nothing for it, or the only table cannot be read; of several, it is an input with the
            error.
        ArgumentError: if `reading` says how to read a table, and the program takes none.
    """
    finder = _Finder(first, reading, on_note)
    return finder.inputs(list(given)), finder.accepts.things


def arriving_inputs(
    given: Sequence[str],
    names: Names | None,
    first: Mapping[str, Any],
    reading: Mapping[str, Any] = AS_FOUND,
    on_note: Callable[[Note], None] | None = None,
) -> Iterator[Group]:
    """Yield the inputs of a program in groups, one at least: names and lines of text on standard input are taken as they arrive.

    Args:
        given: the words of the command line.
        names: how names on standard input end; None where there are none.
        first: what the program does first.
        reading: how tables are read.
        on_note: is called with each decision about a table; None to warn.

    Raises:
        DataError: see `find_inputs`; if there are no names.
        ArgumentError: see `find_inputs`.
    """
    finder = _Finder(first, reading, on_note)
    things = finder.accepts.things
    if names is not None:
        found, n = finder.inputs(given), len(given)
        for some in stdin_names(names == "null"):
            yield Group(
                [*found, *(each for name in some for each in finder.named(name))], things, n + len(some)
            )
            found, n = [], 0
    elif "-" in given and finder.accepts.given_as == "texts" and not finder.stdin_is_table():
        place = given.index("-")
        found = finder.inputs(given[:place])
        for lines in stdin_lines():
            yield Group([*found, *(_line(line, finder.columns) for line in lines)], things)
            found = []
        yield Group([*found, *finder.inputs(given[place + 1 :])], things, len(given))
    else:
        yield Group(finder.inputs(given), things, len(given))


class _Finder:
    """Finds what words of the command line stand for, as inputs of one program; the arguments are those of `find_inputs`."""

    def __init__(
        self, first: Mapping[str, Any], reading: Mapping[str, Any], on_note: Callable[[Note], None] | None
    ) -> None:
        operation = first.get("op")
        self.accepts = (OPERATIONS[operation].accepts if operation in OPERATIONS else None) or PHOTOS
        self.columns, self.reading, self.on_note = columns_of(first), reading, on_note
        asked = [name for name, value in reading.items() if value != AS_FOUND[name]]
        if asked and not self.columns:
            raise ArgumentError(
                f"{asked[0]}= says how to read a table, and the program takes {self.accepts.things}",
                remedy=f"Omit {asked[0]}=.",
            )

    def inputs(self, given: Sequence[str]) -> list[Input]:
        """Return the inputs that words stand for, in their order."""
        if self.accepts.given_as not in ("rows", "texts"):
            return [each for word in given for each in self._files(word)]
        rows = self._rows if len(given) == 1 else self._rows_or_error
        return [
            each for word in given for each in (rows(word) if self._is_table(word) else self._texts(word))
        ]

    def named(self, name: str) -> list[Input]:
        """Return the inputs that a name on standard input stands for; where there are none, one with the error: others are read."""
        try:
            # a file that is called "-" is not standard input, where the other names are
            return self.inputs([f".{os.sep}-" if name == "-" else name])
        except DataError as err:
            return _failed({} if self.accepts.given_as == "rows" else b"", {"file": name}, err)

    def stdin_is_table(self) -> bool:
        """Whether the first line of standard input names the column of texts that a program reads, as that of a CSV file does."""
        if not self.columns or self.reading != AS_FOUND:
            return bool(self.columns)
        line = stdin_begins()
        return any(
            set(self.columns) <= {cell.strip() for cell in cells}
            for delimiter in ",;\t|"
            for cells in csv.reader([line], delimiter=delimiter)
        )

    def _is_table(self, word: str) -> bool:
        if self.accepts.given_as == "rows":
            return True
        return bool(self.columns) and (self.stdin_is_table() if word == "-" else _is_table(word))

    def _files(self, word: str) -> Iterator[Input]:
        """Yield the files that a word stands for: standard input for "-", an address fetched, else those on this disk."""
        if word == "-":
            yield Input(stdin_bytes(), {"file": "-"})
        elif scheme_of(word) is not None and not os.path.lexists(word):
            yield fetched(word)
        else:
            yield from map(
                _file, find_photos([word], self.accepts.suffixes, self.accepts.things, self.on_note)
            )

    def _texts(self, word: str) -> Iterator[Input]:
        """Yield the texts that a word stands for: lines of stdin for "-", files, or itself."""
        if word == "-":
            yield from (_line(line, self.columns) for lines in stdin_lines() for line in lines)
        elif scheme_of(word) in SCHEMES:
            yield fetched(word)
        elif os.path.exists(word) or _looks_like_file(word):  # noqa: PTH110  # answers for words that no file can have
            yield from map(_file, find_photos([word], TEXT_SUFFIXES, "texts"))
        else:
            if self.on_note is not None and is_table_name(Path(word)):  # with a blank: "my reviews.csv"
                self.on_note(Note(f"There is no file {word!r}, so this is read as a text"))
            yield _text(word, self.columns)

    def _rows(self, word: str) -> Iterator[Input]:
        """Yield the rows that a word stands for: those of a CSV file, one as a JSON object, or a list of such."""
        if _JSON_ROWS.match(word):
            yield from _json_rows(word)
        elif word == "-":
            yield from self._rows_of_stdin()
        elif not word:
            raise DataError("the name of an input is empty", expected="a table, or a row as a JSON object")
        else:
            found = opened(tables.open_table(word, known=self.columns, **self.reading), self.on_note)
            _check_columns(found, self.columns)
            for number, (line, row) in enumerate(found.numbered_rows(self.on_note or warned), start=1):
                yield Input(row, {"file": word, "row": number}, line=line)

    def _rows_of_stdin(self) -> Iterator[Input]:
        with tempfile.TemporaryDirectory() as folder:
            content = stdin_bytes()
            ending = (
                ".jsonl"
                if _JSON_ROWS.match(content[:99].decode(json.detect_encoding(content[:4]), "ignore"))
                else ""
            )
            table = Path(folder) / f"standard input{ending}"  # so it is called in notes, too
            table.write_bytes(content)
            try:
                rows = list(self._rows(str(table)))
            except DataError as err:
                said = err.problem.replace(str(table), table.name).replace(table.name, "standard input")
                raise data_error(err, problem=said) from None
        for each in rows:
            yield Input(each.raw, {"file": "-", "row": each.where["row"]}, line=each.line)

    def _rows_or_error(self, word: str) -> list[Input]:
        """Return the rows that a word stands for; where it cannot be read, one input that holds the error instead: others are read."""
        try:
            return list(self._rows(word))
        except DataError as err:
            return _failed({}, {"text" if _JSON_ROWS.match(word) else "file": word}, err)


def _failed(raw: Any, where: dict[str, Any], err: DataError) -> list[Input]:
    """Return an input that holds why there is none, with its name."""
    failed = Input(raw, where, err)
    return [failed._replace(error=failed.named(err))]


def _json_rows(word: str) -> Iterator[Input]:
    try:
        rows = json.loads(word, object_pairs_hook=unique_names)
    except json.JSONDecodeError as err:
        raise DataError(f"a row is not JSON ({err})", got=word) from err
    except ValueError as err:
        raise DataError(f"a row {err}", got=word, remedy="Each value needs a name of its own.") from err
    if not isinstance(rows, list):
        yield Input(rows, {"text": word})
        return
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise DataError(f"row {number} is not a JSON object", got=row)
        yield Input(row, {"text": word, "row": number})


def fetched(url: str) -> Input:
    """Return what is at an address; where it cannot be had, the input holds the error instead."""
    try:
        return Input(fetch_bytes(url), {"file": url})
    except DataError as err:
        return Input(b"", {"file": url}, err)


def _file(path: Path) -> Input:
    return Input(path, {"file": str(path)})


def _text(text: str, columns: Collection[str]) -> Input:
    """Return a text; of a program that reads it from a column, a JSON object that has the column is a row."""
    try:
        row = (
            json.loads(text, object_pairs_hook=unique_names)
            if columns and text.lstrip().startswith("{")
            else {}
        )
    except (ValueError, RecursionError):
        row = {}
    return Input(row if row and set(columns) <= set(row) else text, {"text": text})


def _line(content: bytes, columns: Collection[str]) -> Input:
    """Return a line of standard input; what is not UTF-8 stays bytes, which reading it will tell of."""
    try:
        text = content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return Input(content, {"text": content.decode("utf-8", "replace").rstrip("\r\n")})
    return _text(text, columns)


def _looks_like_file(word: str) -> bool:
    # A misspelt name of a file or folder must not be taken for a text, nor a pattern.
    named = is_table_name(Path(word)) or word.endswith(("/", os.sep)) or {"/", "*"} <= set(word)
    return named and not any(map(str.isspace, word))


def _is_table(word: str) -> bool:
    return is_table_name(Path(word)) and (
        os.path.lexists(word) or (_looks_like_file(word) and Path(word).suffix.lower() not in TEXT_SUFFIXES)
    )


def columns_of(first: Mapping[str, Any]) -> list[str]:
    """Return the columns that a program needs.

    Args:
        first: what the program does first, not checked yet: the file may come from a stranger.

    Example:
        >>> columns_of({"op": "read_row", "categories": [{"name": "job"}], "numbers": [{"name": "age"}]})
        ['job', 'age']
        >>> columns_of({"op": "read_row", "numbers": [{"name": "soldYear", "date": "sold", "part": "Year"}]})
        ['sold']
        >>> columns_of({"op": "read_pair", "columns": ["user", "film"]})
        ['user', 'film']
        >>> columns_of({"op": "read_text", "column": "review"}), columns_of({"op": "read_text"})
        (['review'], [])
    """
    lists = [
        value
        for value in (first.get(name) for name in ("categories", "numbers", "columns"))
        if isinstance(value, list)
    ]
    entries = [entry for entries in lists for entry in entries]
    names = [
        entry.get("date", entry.get("name")) if "missing_in" not in entry else None
        for entry in entries
        if isinstance(entry, dict)
    ]
    return list(
        dict.fromkeys(name for name in [*names, *entries, first.get("column")] if isinstance(name, str))
    )


def _check_columns(table: TableFile, columns: Sequence[str]) -> None:
    """Raise DataError, once for the whole table, if it lacks columns that the program needs."""
    names = [name for name in table.layout.all_names if name is not None]
    if missing := [column for column in columns if column not in names]:
        raise missing_columns(missing, names, table.path.name)
