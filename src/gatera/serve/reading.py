"""From the body of a request to inputs: the file itself, a form with several, JSON, CSV, or a line of JSON for each."""

from __future__ import annotations

import asyncio
import codecs
import re
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from gatera.core.checks import listed
from gatera.core.errors import DataError, GateraError, as_value, data_error
from gatera.program.raw.formats.encoded import from_base64
from gatera.program.raw.read_csv import csv_rows
from gatera.program.raw.text import is_called_table
from gatera.serve.loaded import PHOTOS, RATINGS, ROWS, SOUNDS, TEXTS, Loaded
from gatera.serve.queue import RequestQueue
from gatera.web.errors import Refused
from gatera.web.guard import Receive
from gatera.web.json_body import read_json

JSON, NDJSON, CSV, FORM, URLENCODED = (
    "application/json", "application/x-ndjson", "text/csv", "multipart/form-data", "application/x-www-form-urlencoded",
)  # fmt: skip

#: JSON of more bytes is read in a thread.
LARGE_JSON = 1_000_000

#: The most inputs of one request; more come as NDJSON.
MOST_INPUTS = 10_000

#: The key of several inputs in JSON; "instances" is what TensorFlow Serving calls them.
SEVERAL = ("inputs", "instances")

#: What to send, by what the program takes.
EXPECTED = {
    PHOTOS: "a photo's file as the body, or multipart/form-data with several",
    SOUNDS: "a recording's file as the body, or multipart/form-data with several",
    TEXTS: 'text/plain, or JSON: a string, a list of strings, or {"inputs": [...]}',
    ROWS: 'JSON: an object with a value for each column, a list of those, or {"inputs": [...]}; or text/csv',
    RATINGS: 'JSON: an object with user and item, a list of those, or {"inputs": [...]}; or text/csv',
}

#: How forms, JSON and what is meant to be JSON begin, and no photo or recording: clients give a file the type of one or the other.
_NOT_FILE = re.compile(rb"--|[\"{\[\s\xef]|[\s!-~]+\Z")

#: A file's name after RFC 5987, in bytes of UTF-8, the only charset that clients still use: charset, name.
_FILE_NAME = re.compile(rb"filename\*\s*=\s*\"?(utf-8)'[^']*'([^;\"\s]*)\"?", re.IGNORECASE)

#: Encodings of text that are read; Python knows others, some of which take very long.
_CHARSETS = re.compile(r"ascii|utf|iso8859|cp12|cp8|cp9|koi8|gb|big5|euc|shift_jis|mac|tis")


@dataclass
class Given:
    """The inputs of a request.

    Attributes:
        inputs: what the program takes.
        names: what the client calls each; empty where they have no names.
        single: whether one answer is expected, and not a list of them.
        notes: what was decided about them.
    """

    inputs: list[Any]
    names: list[str] = field(default_factory=list)
    single: bool = False
    notes: list[str] = field(default_factory=list)


def content_type(headers: Mapping[str, str]) -> str:
    """Return the type of a body, without its parameters.

    Example:
        >>> content_type({"content-type": "Text/CSV; charset=utf-8"})
        'text/csv'
    """
    return headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(receive: Receive, queue: RequestQueue, held: list[int]) -> bytes:
    """Return the whole body.

    Args:
        receive: gives its parts.
        queue: counts the bytes of all bodies.
        held: gets the number of bytes that were counted, also where this raises; the caller gives them back.
    """
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    body: bytes = message.get("body", b"")
    held.append(len(body))
    queue.hold(len(body))
    if not message.get("more_body", False):
        return body
    parts = [body]
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        held.append(len(parts[-1]))
        queue.hold(len(parts[-1]))
    return b"".join(parts)


async def inputs_in(body: bytes, kind: str, headers: Headers, loaded: Loaded) -> Given:
    """Return the inputs in a body.

    Args:
        body: all of it.
        kind: its type, see `content_type`.
        headers: of the request.
        loaded: the program that they are for.

    Raises:
        Refused: 400 or 415, if it cannot be read.
        DataError: if an input in it is not what the program takes.
    """
    json = kind == JSON or kind.endswith("+json")
    if loaded.files and body and not ((json or kind == FORM) and _NOT_FILE.match(body, 0, 64)):
        return Given([body], single=True)
    if kind == FORM:
        return await _form(body, headers, loaded)
    if json:
        value = await asyncio.to_thread(read_json, body) if len(body) > LARGE_JSON else read_json(body)
        return in_json(value, loaded)
    if loaded.files:
        raise Refused(400, "the body is empty", expected=EXPECTED[loaded.things])
    if kind == CSV and loaded.things != TEXTS:
        return await asyncio.to_thread(_csv, _in_utf8(body, headers), loaded)
    if loaded.things == TEXTS and kind in ("text/plain", "text/html", ""):
        return Given([_in_utf8(body, headers)], single=True)
    if kind == URLENCODED and body:
        return _fields(_pairs(body, headers), loaded)
    raise Refused(
        415, f"the program takes {loaded.things}, and this body has the type {kind or 'of nothing in particular'}",
        expected=EXPECTED[loaded.things],
    )  # fmt: skip


def in_json(value: Any, loaded: Loaded) -> Given:
    """Return the inputs in a JSON value.

    Raises:
        Refused: 400, if there are none, or too many.
        DataError: if one is not what the program takes.
    """
    key = next((key for key in SEVERAL if isinstance(value, dict) and isinstance(value.get(key), list)), None)
    if key is not None and key not in _columns(loaded):
        value = value[key]
    if isinstance(value, list) and not (loaded.things in (ROWS, RATINGS) and _is_row_of_cells(value)):
        if not 1 <= len(value) <= MOST_INPUTS:
            raise Refused(
                400, f"the list has {len(value):,} inputs", expected=f"1 to {MOST_INPUTS:,}",
                remedy=f"Send more as {NDJSON}: one on each line." if value else None,
            )  # fmt: skip
        return Given([_or_error(each, loaded, place) for place, each in enumerate(value)])
    return Given([one_in_json(value, loaded)], single=True)


def _or_error(value: Any, loaded: Loaded, place: int) -> Any:
    """Return one input of several, or the error that is answered in its place: the others are answered all the same."""
    try:
        return one_in_json(value, loaded, place)
    except GateraError as err:
        return as_value(data_error(err))


def one_in_json(value: Any, loaded: Loaded, place: int | None = None) -> Any:
    """Return one input as JSON has it: base64 for files, a string for texts, an object for rows."""
    where = "" if place is None else f" {place}"
    if loaded.files:
        text = value.get("b64") if isinstance(value, dict) else value
        if isinstance(text, str):
            try:
                return from_base64(text)
            except ValueError:
                pass
        raise Refused(
            400, f"input{where} is not a file in base64", got=value, expected='"...", or {"b64": "..."}'
        )
    if loaded.things == TEXTS:
        text = value
        if isinstance(value, dict):
            column = loaded.program.preprocess.config[0].get("column")
            text = value.get(column) if column in value else value.get("text")
        if isinstance(text, str):
            return text
        raise DataError(f"input{where} is not a text", got=value, expected='a string, or {"text": "..."}')
    if isinstance(value, dict | list):
        if loaded.things == ROWS:
            loaded.program.preprocess.reader.check_json(value)
        return value
    raise DataError(
        f"input{where} is not a row", got=value, expected=f"an object with {listed(_columns(loaded), 20)}"
    )


async def lines_of(receive: Receive, longest: int) -> AsyncIterator[list[tuple[int, bytes]]]:
    """Yield the lines of a body while it comes, those that came together as a list of (number, line), numbered from 1; blank ones are passed over.

    Raises:
        Refused: 413, if a line is longer than `longest` bytes.
    """
    rest, number, more = b"", 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        *lines, rest = (rest + message.get("body", b"")).split(b"\n")
        if not more:
            lines.append(rest)
        whole: list[tuple[int, bytes]] = []
        for line in lines:
            number += 1
            if len(line) > longest:
                if whole:
                    yield whole
                raise _long_line(number, longest)
            if line.strip():
                whole.append((number, line))
        if whole:
            yield whole
        if more and len(rest) > longest:
            raise _long_line(number + 1, longest)


def _long_line(number: int, longest: int) -> Refused:
    return Refused(413, f"line {number} is too long", expected=f"at most {longest:,} bytes")


def parsed_line(line: bytes) -> Any:
    """Return the JSON value on a line.

    Raises:
        Refused: 400, if it is not JSON.
    """
    return read_json(line)


async def _form(body: bytes, headers: Headers, loaded: Loaded) -> Given:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    boundary = parse_options_header(headers["content-type"])[1].get(b"boundary")
    if boundary and b"--" + boundary + b"--" not in body:
        raise Refused(400, "the form is cut off: its last boundary is missing", remedy="Send it again.")
    parser = _FormParser(
        headers, stream(), max_files=MOST_INPUTS, max_fields=MOST_INPUTS, max_part_size=len(body) + 1
    )
    parser.spool_max_size = len(body) + 1  # never on disk: what is sent is not kept
    try:
        form = await parser.parse()  # closes its files where it raises
    except (MultiPartException, KeyError, ValueError, UnicodeError) as err:
        said = (getattr(err, "message", None) or "it is damaged").rstrip(".")
        remedy = None if boundary else "Let the client make the header Content-Type: it names the boundary."
        raise Refused(400, f"the form cannot be read ({said})", remedy=remedy) from err
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    if not files:
        return _fields(fields, loaded)
    if fields:  # "sure" would have been asked for in vain
        await form.close()
        raise Refused(
            400, f"the form has the field {fields[0][0]!r} beside its files, which nothing reads",
            remedy="Put parameters in the URL: ?sure=0.95" if fields[0][0] == "sure" else "Leave it out.",
        )  # fmt: skip
    contents = [file.file.read() for file in files]
    await form.close()
    names = [file.filename or "" for file in files]
    if loaded.things == TEXTS and any(is_called_table(Path(name)) for name in names):
        raise Refused(415, "a file is a table, and the program takes texts", expected="a JSON list of texts")
    if loaded.files or loaded.things == TEXTS:
        return Given(contents, names)
    given = [await asyncio.to_thread(_csv, content, loaded) for content in contents]
    return Given(
        [each for one in given for each in one.inputs], notes=[note for one in given for note in one.notes]
    )


class _FormParser(MultiPartParser):
    """Also knows names of files as some clients write them: with %22 for a quote, and filename*=UTF-8''%C3%A9.jpg (RFC 5987, section 3.2)."""

    def on_header_end(self) -> None:
        value = self._current_partial_header_value
        if (
            b'filename="' in value
        ):  # browsers write quotes so. Source: WHATWG HTML, multipart/form-data encoding
            self._current_partial_header_value = value.replace(b"%22", b'\\"')
        elif (found := _FILE_NAME.search(value)) is not None:
            name = unquote_to_bytes(found[2]).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            value = value[: found.start()] + b'filename="' + name + b'"' + value[found.end() :]
            self._current_partial_header_value = value
        super().on_header_end()


def _charset(headers: Mapping[str, str]) -> tuple[str, str]:
    """Return how a body is encoded: as Python calls it, and as the header Content-Type does.

    Raises:
        Refused: 415, if that is not read.
    """
    given = headers.get("content-type", "")
    if "charset" not in given.lower():
        return "utf-8", "UTF-8"
    said = parse_options_header(given)[1].get(b"charset", b"utf-8").decode("latin-1")
    try:
        name = codecs.lookup(said).name
    except LookupError:
        name = ""
    if name != "utf-8" and not _CHARSETS.match(name):
        raise Refused(415, f"the body is in {said!r}, which is not read", expected="charset=utf-8")
    return name, said


def _in_utf8(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a body in UTF-8 where the header Content-Type says that it is in something else."""
    name, said = _charset(headers)
    if name == "utf-8":
        return body
    try:
        return body.decode(name).encode("utf-8")
    except UnicodeError as err:
        raise DataError(f"the body is not in {said}, as its header Content-Type says") from err


def _pairs(body: bytes, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the names and values of a form; Java's clients write ISO-8859-1 unless they are told."""
    name, said = _charset(headers)
    try:
        return parse_qsl(body.decode(name), keep_blank_values=True, encoding=name, errors="strict")
    except UnicodeError as err:
        raise DataError(
            f"the form is not in {said}", remedy="Name its encoding in the header Content-Type: charset=..."
        ) from err


def _fields(fields: Sequence[tuple[str, str]], loaded: Loaded) -> Given:
    # whatever `curl -d` sends is called a form
    json = bool(fields) and fields[0][0].lstrip()[:1] in ("{", "[") and fields[0][0] not in _columns(loaded)
    if loaded.things in (ROWS, RATINGS) and fields and not json:
        row = dict(fields)
        if len(row) < len(fields):
            twice = next(name for name in row if sum(name == other for other, _ in fields) > 1)
            raise Refused(
                400, f"the form has {twice!r} twice", expected="one row; several as JSON or text/csv"
            )
        return Given([row], single=True)
    texts = [value for name, value in fields if name == "text"]
    if loaded.things == TEXTS and texts:
        return Given(list(texts), single=len(texts) == 1)
    raise Refused(
        400, "the form has no input in it", expected=EXPECTED[loaded.things],
        remedy=f"With curl -d, name the type: -H 'Content-Type: {'application/json' if json else 'text/plain'}'."
        if json or loaded.things == TEXTS else None,
    )  # fmt: skip


def _csv(body: bytes, loaded: Loaded) -> Given:
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="gatera-") as folder:
        path = Path(folder, "rows.csv")
        path.write_bytes(body)
        try:
            rows: list[Any] = list(
                csv_rows(path, known=_columns(loaded), on_note=lambda note: notes.append(note.without_options()))
            )  # fmt: skip
        except DataError as err:
            problem = err.problem.replace(str(path), "the table")
            raise data_error(err, problem=problem, remedy=None) from err
    if len(rows) > MOST_INPUTS:
        raise Refused(
            400, f"the table has {len(rows):,} rows", expected=f"at most {MOST_INPUTS:,}",
            remedy=f"Send more as {NDJSON}.",
        )  # fmt: skip
    if not rows:
        raise DataError("the table has no rows")
    return Given(rows, notes=[note.replace(str(path), "the table") for note in notes])


def _columns(loaded: Loaded) -> tuple[str, ...]:
    return tuple(getattr(loaded.program.preprocess.reader, "columns", ()))


def _is_row_of_cells(value: list[Any]) -> bool:
    """Whether a list is one row, and not a list of rows."""
    return bool(value) and not any(isinstance(each, dict | list) for each in value)
