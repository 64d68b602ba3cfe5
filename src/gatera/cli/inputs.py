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
from gatera.program.operations import OPERATIONS, PHOTOS, Accepts
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


def _accepted(first: Mapping[str, Any]) -> Accepts:
    operation = first.get("op")
    return (OPERATIONS[operation].accepts if operation in OPERATIONS else None) or PHOTOS


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
    accepts = _accepted(first)
    asked = [name for name, value in reading.items() if value != AS_FOUND[name]]
    columns = columns_of(first)
    if asked and not columns:
        raise ArgumentError(
            f"{asked[0]}= says how to read a table, and the program takes {accepts.things}",
            remedy=f"Omit {asked[0]}=.",
        )
    if accepts.given_as in ("rows", "texts"):
        given = list(given)
        rows = _rows if len(given) == 1 else _rows_or_error
        tables_alone = accepts.given_as == "rows"
        return [
            each for word in given
            for each in (
                rows(word, columns, reading, on_note)
                if tables_alone or (columns and (_stdin_is_table(first, reading) if word == "-" else _is_table(word)))
                else _texts(word, columns, on_note)
            )
        ], accepts.things  # fmt: skip
    return list(_files(given, accepts.suffixes, accepts.things, on_note)), accepts.things


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
    if names is not None:
        found, things = find_inputs(given, first, reading, on_note)
        n = len(given)
        for some in stdin_names(names == "null"):
            listed = (each for name in some for each in _found_or_error(name, first, reading, on_note))
            yield Group([*found, *listed], things, n + len(some))
            found, n = [], 0
    elif "-" in given and _accepted(first).given_as == "texts" and not _stdin_is_table(first, reading):
        place, columns = given.index("-"), columns_of(first)
        found, things = find_inputs(given[:place], first, reading, on_note)
        for lines in stdin_lines():
            yield Group([*found, *(_line(line, columns) for line in lines)], things)
            found = []
        rest = find_inputs(given[place + 1 :], first, reading, on_note)[0]
        yield Group([*found, *rest], things, len(given))
    else:
        yield Group(*find_inputs(given, first, reading, on_note), len(given))


def _found_or_error(
    name: str, first: Mapping[str, Any], reading: Mapping[str, Any], on_note: Callable[[Note], None] | None
) -> list[Input]:
    """Return the inputs that a name on standard input stands for; where there are none, one with the error: others are read."""
    try:
        # a file that is called "-" is not standard input, where the other names are
        return find_inputs([f".{os.sep}-" if name == "-" else name], first, reading, on_note)[0]
    except DataError as err:
        failed = Input({} if _accepted(first).given_as == "rows" else b"", {"file": name}, err)
        return [failed._replace(error=failed.named(err))]


def _files(
    given: Iterable[str], suffixes: Collection[str], things: str, on_note: Callable[[Note], None] | None
) -> Iterator[Input]:
    """Yield the files that words stand for: standard input for "-", addresses fetched, else those on this disk."""
    for word in given:
        if word == "-":
            yield Input(stdin_bytes(), {"file": "-"})
        elif scheme_of(word) is not None and not os.path.lexists(word):
            yield fetched(word)
        else:
            yield from map(_file, find_photos([word], suffixes, things, on_note))


def fetched(url: str) -> Input:
    """Return what is at an address; where it cannot be had, the input holds the error instead."""
    try:
        return Input(fetch_bytes(url), {"file": url})
    except DataError as err:
        return Input(b"", {"file": url}, err)


def _file(path: Path) -> Input:
    return Input(path, {"file": str(path)})


def _stdin_is_table(first: Mapping[str, Any], reading: Mapping[str, Any]) -> bool:
    """Whether the first line of standard input names the column of texts that a program reads, as that of a CSV file does."""
    columns = columns_of(first)
    if not columns or reading != AS_FOUND:
        return bool(columns)
    line = stdin_begins()
    return any(
        set(columns) <= {cell.strip() for cell in cells}
        for delimiter in ",;\t|"
        for cells in csv.reader([line], delimiter=delimiter)
    )


def _texts(word: str, columns: Collection[str], on_note: Callable[[Note], None] | None) -> Iterator[Input]:
    """Yield the texts that a word stands for: lines of stdin for "-", files, or itself."""
    if word == "-":
        yield from (_line(line, columns) for lines in stdin_lines() for line in lines)
    elif scheme_of(word) in SCHEMES:
        yield fetched(word)
    elif os.path.exists(word) or _looks_like_file(word):  # noqa: PTH110  # answers for words that no file can have
        yield from map(_file, find_photos([word], TEXT_SUFFIXES, "texts"))
    else:
        if on_note is not None and is_table_name(Path(word)):  # with a blank: "my reviews.csv"
            on_note(Note(f"There is no file {word!r}, so this is read as a text"))
        yield _text(word, columns)


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


def _rows(
    word: str, columns: Sequence[str], reading: Mapping[str, Any], on_note: Callable[[Note], None] | None
) -> Iterator[Input]:
    """Yield the rows that a word stands for: those of a CSV file, one as a JSON object, or a list of such."""
    if _JSON_ROWS.match(word):
        yield from _json_rows(word)
        return
    if word == "-":
        with tempfile.TemporaryDirectory() as folder:
            content = stdin_bytes()
            ending = ".jsonl" if _JSON_ROWS.match(content[:99].decode("utf-8-sig", "ignore")) else ""
            table = Path(folder) / f"standard input{ending}"  # so it is called in notes, too
            table.write_bytes(content)
            try:
                rows = list(_rows(str(table), columns, reading, on_note))
            except DataError as err:
                said = err.problem.replace(str(table), table.name).replace(table.name, "standard input")
                raise data_error(err, problem=said) from None
        for each in rows:
            yield Input(each.raw, {"file": "-", "row": each.where["row"]}, line=each.line)
        return
    if not word:
        raise DataError("the name of an input is empty", expected="a table, or a row as a JSON object")
    found = opened(tables.open_table(word, known=columns, **reading), on_note)
    _check_columns(found, columns)
    for number, (line, row) in enumerate(found.numbered_rows(on_note or warned), start=1):
        yield Input(row, {"file": word, "row": number}, line=line)


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


def _rows_or_error(
    word: str, columns: Sequence[str], reading: Mapping[str, Any], on_note: Callable[[Note], None] | None
) -> list[Input]:
    """Return the rows that a word stands for; where it cannot be read, one input that holds the error instead: others are read."""
    try:
        return list(_rows(word, columns, reading, on_note))
    except DataError as err:
        failed = Input({}, {"text" if _JSON_ROWS.match(word) else "file": word}, err)
        return [failed._replace(error=failed.named(err))]


def _check_columns(table: TableFile, columns: Sequence[str]) -> None:
    """Raise DataError, once for the whole table, if it lacks columns that the program needs."""
    names = [name for name in table.layout.all_names if name is not None]
    if missing := [column for column in columns if column not in names]:
        raise missing_columns(missing, names, table.path.name)
