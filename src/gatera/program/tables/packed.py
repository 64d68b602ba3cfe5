"""Open a file of a table as text, whatever it is packed in: gzip, bzip2, xz, zip, a workbook of Excel, Parquet, JSON.

Workbooks, Parquet and JSON become CSV on the fly, so that the rest of the reader knows text only.
"""

from __future__ import annotations

import bz2
import csv
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from gatera.core.checks import counted, did_you_mean, did_you_mean_file, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import check_regular, where_to_look
from gatera.program.tables import typed
from gatera.program.tables.dialect import CLOSE_QUOTES
from gatera.program.tables.notes import Note

#: What names of tables end in, besides the endings of text files; see `is_table_name`.
PACKED_SUFFIXES = frozenset((".gz", ".bz2", ".xz", ".zip"))
TYPED_SUFFIXES = frozenset((".xlsx", ".xlsm", ".parquet", ".pq", ".jsonl", ".ndjson", ".json"))

#: What text files of tables are called.
TEXT_SUFFIXES = frozenset((".csv", ".tsv", ".tab", ".txt", ".dat", ".data"))

#: Bytes that show what a file is; bytes that the comments above a table may take.
_SHOWN, _COMMENTS = 512, 65536

#: What archives of `tar` are called, packed or not.
_TAPE = re.compile(r"\.(?:tar(?:\.\w+)?|tgz|tbz2?|txz)$", re.IGNORECASE)

#: The first line of an ARFF file.
_ARFF = re.compile(rb"\s*@relation\s", re.IGNORECASE)

#: Two lines of LibSVM's format: a label, then pairs of a column's number and its value.
_SPARSE = re.compile(rb"(?:[-+\d.,e]+(?: qid:\d+)?(?:[ \t]+\d+:[-+\d.eE]+)+[ \t]*(?:#.*)?\r?\n){2}")

_ARCHIVE, _OLD_OFFICE, _PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
#: An archive of one table may hold so many other files: a licence, a description. With more it is a packed folder.
_MOST_BESIDE = 8
_WORKBOOK = "xl/workbook.xml"
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")

#: Files that are not tables, known by how they begin (in lower case), and what to do.
_NO_TABLES = (
    ((b"<!doctype html", b"<html"), "it is a web page", "Download the file itself: on GitHub, that behind 'Raw'."),
    ((b"version https://git-lfs",), "it is a pointer of Git LFS, not the file", "Fetch the file: git lfs pull"),
    ((b"%pdf-",), "it is a PDF", "Save the table as CSV."),
    ((b"{\\rtf",), "it is a document of a word processor", "Save the table as CSV."),
    ((b"\xff\xd8\xff", b"\x89png", b"gif8"), "it is a picture", "Pass the folder of the pictures."),
    ((b"rar!\x1a\x07", b"7z\xbc\xaf"), "it is an archive", "Unpack it, and pass the table or the folder."),
)  # fmt: skip

#: What makes formulas have values.
_SAVE_AGAIN = "open the workbook in Excel or LibreOffice, and save it"


class Contents(NamedTuple):
    """What a file holds.

    Attributes:
        kind: "text", "workbook", "parquet" or "json".
        member: the file inside a zip archive; None where it is not an archive.
        sheet: the sheet of a workbook.
        texts: columns that are text by their type, also where they hold digits.
        notes: what was decided.
        merged: cells of the sheet that are merged over several rows.
    """

    kind: str = "text"
    member: str | None = None
    sheet: str | None = None
    texts: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    merged: tuple[typed.Merged, ...] = ()


def find_contents(path: Path, sheet: str | None = None) -> Contents:
    """Return what a file holds, by its first bytes.

    Args:
        path: the file.
        sheet: the sheet of a workbook; None for the first one that holds a table.

    Raises:
        DataError: if it is known not to be a table, a zip archive does not hold exactly one, or there is no such sheet.
        OSError: if it cannot be opened.
        MissingExtraError: if the package that reads it is not installed.
    """
    check_regular(path)  # a table is read more than once
    with path.open("rb") as file:
        head = file.read(_SHOWN)
    if head.startswith(_OLD_OFFICE):
        raise DataError(f"{path} is a workbook in Excel's old format", remedy="Save it as .xlsx or CSV.")
    for marks, what, remedy in _NO_TABLES:
        if head.lower().startswith(marks):
            raise DataError(f"{path} cannot be read as a table: {what}", remedy=remedy)
    if _ARFF.match(head) or (head.startswith(b"%") and _is_arff(path)):
        raise DataError(
            f"{path} is an ARFF file, as Weka writes them",
            remedy="Save it as CSV: pandas.DataFrame(scipy.io.arff.loadarff(FILE)[0]).to_csv(...), or Weka's own export.",
        )
    if _SPARSE.match(head):
        raise DataError(
            f"{path} is in LibSVM's sparse format",
            remedy="Save it as CSV: sklearn.datasets.load_svmlight_file(FILE) reads it.",
        )
    if head.startswith(_ARCHIVE):
        return _in_archive(path, sheet)
    if _TAPE.search(path.name) and tarfile.is_tarfile(path):
        raise DataError(
            f"{path} cannot be read as a table: it is an archive",
            remedy=f"Unpack it, and pass the table or the folder: tar xf {path.name}",
        )
    if head.startswith(_PARQUET):
        texts = typed.parquet_texts(path)
        units = typed.parquet_durations(path)
        said = f"Durations are read as numbers in their unit: {listed([f'{name} in {unit}' for name, unit in units.items()], 5)}"
        return Contents("parquet", texts=texts, notes=(Note(said),) if units else ())
    if Path(path.name.removesuffix(".gz")).suffix.lower() in _JSON_SUFFIXES:
        return Contents("json")
    return Contents()


def _is_arff(path: Path) -> bool:
    """Whether a file that begins with comments is an ARFF file."""
    with path.open("rb") as file:
        lines = file.readlines(_COMMENTS)
    return any(_ARFF.match(line) for line in lines if not line.startswith(b"%"))


def _in_archive(path: Path, sheet: str | None) -> Contents:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    if _WORKBOOK in names:
        return _in_workbook(path, sheet)
    tables = [name for name in names if is_table_name(Path(name)) and not _is_litter(name)]
    plain = [name for name in names if not Path(name).suffix and not _is_litter(name)]
    if not tables and len(plain) == 1:
        tables = plain  # pandas calls the table in "people.zip" "people"
    others = [name for name in names if name not in tables and not _is_litter(name)]
    if len(tables) == 1 and len(others) > _MOST_BESIDE:
        raise DataError(
            f"{path} is an archive with a table, {tables[0]}, and {len(others):,} other files, such as {others[0]}",
            remedy="Unpack it, and pass the folder, or the table if that is what is meant.",
        )
    if len(tables) != 1:
        raise DataError(
            f"{path} is an archive with {'no table' if not tables else f'{len(tables)} tables'}",
            available=listed(tables or names) or None, expected="an archive of one table",
            remedy="Unpack it, and pass the table or the folder.",
        )  # fmt: skip
    if Path(tables[0]).suffix.lower() in TYPED_SUFFIXES | PACKED_SUFFIXES:
        raise DataError(f"{path} holds {tables[0]}, which is packed itself", remedy="Unpack the archive.")
    return Contents(member=tables[0], notes=(Note(f"The table is {tables[0]} in {path.name}"),))


def _is_litter(name: str) -> bool:
    """Whether a file in an archive was put there by a system: "__MACOSX/._people.csv"."""
    return name.startswith("__MACOSX/") or Path(name).name.startswith(".")


def _in_workbook(path: Path, sheet: str | None) -> Contents:
    filled, names = typed.sheets(path)
    if sheet is not None and sheet not in names:
        raise DataError(
            f"{path} has no sheet {sheet!r}", available=listed(names), remedy=did_you_mean(sheet, names)
        )
    if sheet is None and not filled:
        raise DataError(f"{path} is empty: no sheet of it holds a table", available=listed(names))
    chosen = sheet or filled[0]
    others = [name for name in filled if name != chosen]
    note = Note(
        f"Sheet {chosen!r} is read, not {listed(map(repr, others), 3)}",
        "sheet",
        others[0] if others else None,
    )
    facts = typed.facts_of_sheet(path, chosen)
    notes = ([note] if others and sheet is None else []) + _notes_on(facts)
    return Contents("workbook", sheet=chosen, notes=tuple(notes), merged=facts.merged)


def _notes_on(facts: typed.SheetFacts) -> list[Note]:
    """Say what the values of a sheet alone do not show."""
    notes = []
    if facts.merged:
        named = listed([each.name for each in facts.merged], 3)
        notes.append(Note(f"Merged cells have their value in each of their rows ({named})"))
    if empty := facts.without_value:
        many = f"{counted(len(empty), 'formula')} ({listed(empty, 3)}) {'has' if len(empty) == 1 else 'have'} no value"
        count = "counts" if len(empty) == 1 else "count"
        notes.append(Note(f"{many} and {count} as missing: {_SAVE_AGAIN}"))
    for column, n in facts.zeros.items():
        said = f"All {n} formulas of the sheet's column {column} have the value 0"
        notes.append(Note(f"{said}, as programs write them that do not compute: {_SAVE_AGAIN}"))
    if hidden := facts.hidden:
        are, them = ("is", "it") if len(hidden) == 1 else ("are", "them")
        rows = f"{counted(len(hidden), 'hidden row')} ({listed(hidden, 3)}) {are} read, too"
        notes.append(Note(f"{rows}: copy the visible ones to another sheet to leave {them} out"))
    return notes


def open_table_bytes(path: Path, contents: Contents) -> IO[bytes]:
    """Open a table for reading as text.

    Raises:
        OSError: if it cannot be opened.
    """
    if contents.kind == "workbook":
        return _stream(typed.workbook_csv(path, cast(str, contents.sheet), contents.merged))
    if contents.kind == "parquet":
        return _stream(typed.parquet_csv(path))
    if contents.kind == "json":
        return _stream(typed.json_csv(path, lambda: open_bytes(path)))
    if contents.member is not None:
        return zipfile.ZipFile(path).open(contents.member)
    return open_bytes(path)


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading, unpacked where it is compressed with gzip, bzip2 or xz, whatever its name says.

    Raises:
        OSError: if it cannot be opened.
    """
    file = path.open("rb")
    head = file.peek(6)[:6]
    if not head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")):
        return file
    file.close()
    import gzip

    openers: dict[bytes, Callable[..., Any]] = {b"\x1f": gzip.open, b"B": bz2.open, b"\xfd": lzma.open}
    return cast(IO[bytes], openers[head[:1]](path, "rb"))


class _Chunks(io.RawIOBase):
    """A stream of bytes that are made while they are read."""

    def __init__(self, chunks: Generator[bytes, None, None]) -> None:
        self._chunks, self._rest = chunks, b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._chunks.close()  # what they are made of
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader passes a memoryview
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _stream(chunks: Generator[bytes, None, None]) -> IO[bytes]:
    return io.BufferedReader(_Chunks(chunks), 1 << 16)


def is_table_name(file: Path) -> bool:
    """Whether a file is called as tables are, e.g. people.csv, people.tsv.gz or people.xlsx."""
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes and suffixes[-1] in PACKED_SUFFIXES:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in TEXT_SUFFIXES | TYPED_SUFFIXES


class readable:
    """Turn errors of reading a file into those of a table."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, err: BaseException | None, trace: object) -> None:
        path = self.path
        if isinstance(err, FileNotFoundError):
            there = [file.name for file in path.parent.glob("*") if is_table_name(file)]
            raise DataError(
                f"There is no table {path}",
                available=listed(sorted(there)) or None,
                remedy=did_you_mean_file(path.name, there, where_to_look(path, "Check its name.")),
            ) from err
        if isinstance(err, IsADirectoryError):
            raise DataError(f"{path} is a folder", expected="the file of a table, such as CSV") from err
        if isinstance(err, LookupError) and "encoding" in str(err):
            raise ArgumentError(
                f"encoding is not one that Python knows ({str(err).rpartition(' ')[2]})",
                remedy="Omit encoding= to find it.",
            ) from err
        if isinstance(err, UnicodeDecodeError):
            raise DataError(
                f"{path} is not in {err.encoding} ({err.reason}: byte {err.object[err.start]:#04x})",
                remedy="Pass encoding= with its own, such as cp1251 or shift-jis, or omit it to find it.",
            ) from err
        if isinstance(err, OSError) and err.errno is not None:  # a damaged archive has none
            raise DataError(
                f"{path} cannot be read as a table ({err.strerror})",
                remedy="Check its permissions and its disk.",
            ) from err
        if isinstance(
            err,
            OSError
            | EOFError
            | zlib.error
            | lzma.LZMAError
            | zipfile.BadZipFile
            | csv.Error
            | UnicodeError
            | ValueError,
        ) and not isinstance(err, DataError | ArgumentError):
            raise DataError(
                f"{path} cannot be read as a table ({err})",
                remedy=CLOSE_QUOTES
                if isinstance(err, csv.Error)
                else "Check that it is a text file of rows, such as CSV, and its encoding.",
            ) from err
