"""A program as a tool: its name, what it says of itself, what it takes, and what it answers. Nothing here knows the protocol."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from gatera.core.checks import listed, unique_names
from gatera.core.errors import ArgumentError, GateraError
from gatera.program.program import Program
from gatera.program.raw.formats.encoded import from_base64
from gatera.program.tables.numbers import is_time
from gatera.program.tasks import TASKS

#: Labels that a description names.
MOST_LABELS = 30

_STRING = {"type": "string"}
_CELL = ["string", "number", "boolean", "null"]


class Tool(NamedTuple):
    """One tool.

    Attributes:
        name: letters, digits, "_" and "-".
        description: what it does, for the assistant.
        schema: JSON Schema of its arguments.
        call: takes them, and returns plain values for JSON. Raises GateraError for bad input.
    """

    name: str
    description: str
    schema: dict[str, Any]
    call: Callable[[Mapping[str, Any]], dict[str, Any]]


def tools_of(name: str, program: Program, folders: Sequence[Path] = ()) -> list[Tool]:
    """Return the tools of a program.

    Args:
        name: what the program is called.
        program: the program.
        folders: files are read below these only; none: wherever the user may read.
    """
    word = tool_word(name)
    first = program.preprocess.config[0]
    takes, read = _input_of(program, first["op"], [folder.resolve() for folder in folders])
    properties = {**takes}
    if program.certainty.labels is not None or program.certainty.numbers is not None:
        properties["sure"] = {
            "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1,
            "description": "Answer only where the program is sure at this level, e.g. 0.95; elsewhere label is null, and reason says why.",
        }  # fmt: skip

    def predict(given: Mapping[str, Any]) -> dict[str, Any]:
        _check_known(given, properties)
        raw, sure = read(given), _level(given.get("sure"))
        notes = (
            list(examine(raw)[1].values())
            if (examine := getattr(program.preprocess.reader, "examine", None))
            else []
        )
        return {**program.predict(raw, sure=sure).to_dict(), **({"notes": notes} if notes else {})}

    required = [next(iter(takes))] if len(takes) == 1 else []
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    found = [Tool(f"predict_{word}", _description(name, program), schema, predict)]
    if first["op"] == "read_pair":
        found.append(_recommend(name, word, program))
    return found


def unpacked(given: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a tool; some assistants write an object or a number as a text of JSON.

    Example:
        >>> unpacked({"row": '{"age": 41}', "path": "41"}, {"properties": {"row": {"type": "object"}, "path": {"type": "string"}}})
        {'row': {'age': 41}, 'path': '41'}
    """
    found = dict(given)
    for name, about in schema["properties"].items():
        if about["type"] in ("object", "number", "integer") and isinstance(text := found.get(name), str):
            with suppress(ValueError, RecursionError):
                found[name] = json.loads(text, object_pairs_hook=unique_names)
    return found


def tool_word(name: str) -> str:
    """Return a name in the characters that tools may have.

    Example:
        >>> tool_word("my cats@production")
        'my_cats_production'
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:48] or "program"


def _description(name: str, program: Program) -> str:
    labels = listed(program.vocab, MOST_LABELS)
    sentence = TASKS[program.task].card_sentence.format(n=len(program.vocab), labels=labels)
    accepts = program.preprocess.accepts
    things = accepts.things if accepts is not None else "inputs"
    return f"The trained program {name!r} for {things}. {sentence} It runs on this machine."


def _input_of(
    program: Program, op: str, folders: Sequence[Path]
) -> tuple[dict[str, Any], Callable[[Mapping[str, Any]], Any]]:
    """Return the properties of the input, and what takes it out of the arguments."""
    if op in ("read_row", "read_pair"):
        columns = list(program.preprocess.reader.columns)
        cells = {column: {"type": _CELL, **_about(program, column)} for column in columns}
        row = {
            "type": "object",
            "properties": cells,
            "required": columns,
            "description": "One row: a cell for each column.",
        }
        return {"row": row}, lambda given: _row_of(given, program)
    if op == "read_text":
        return {
            "text": {**_STRING, "description": "The text itself: a name or path is not opened."}
        }, lambda given: _of_type(given, "text", str, "a text")
    properties = {
        "path": {**_STRING, "description": "The path of a file on this machine."},
        "data": {**_STRING, "description": "Instead of a path: the bytes of the file, in base64."},
    }
    return properties, lambda given: _file_of(given, folders)


def _about(program: Program, column: str) -> dict[str, str]:
    """Say which values a column takes: where they are few, have a unit, or are dates whose hour counts."""
    config = program.preprocess.config[0]
    labels = {each["name"]: each["labels"] for each in config.get("categories", ()) if "labels" in each}
    labels |= dict(zip(config.get("columns", ()), (config.get("users", ()), config.get("items", ()))))
    if column in labels:
        return {"description": f"One of: {listed(labels[column], MOST_LABELS)}."}
    for each in config.get("numbers", ()):
        if each.get("date") == column and each.get("zoned"):
            return {"description": "A date and time of day with its time zone, as ISO 8601 writes them."}
        if each.get("date") == column and each.get("part") == "Hour":
            return {"description": "A date and time of day, as ISO 8601 writes them."}
        if each["name"] == column and (unit := each.get("unit")):
            words = f"A time, as {unit}, or in hours." if is_time(unit) else f"A number in {unit}."
            return {"description": words}
    return {}


def _row_of(given: Mapping[str, Any], program: Program) -> Any:
    row = _of_type(given, "row", dict, "an object with a cell for each column")
    if program.preprocess.config[0]["op"] == "read_row":
        program.preprocess.reader.check_json(row)
    return row


def _file_of(given: Mapping[str, Any], folders: Sequence[Path]) -> Any:
    path, data = given.get("path"), given.get("data")
    if (path is None) == (data is None):
        raise ArgumentError("either path or data must be given", got=sorted(given))
    if data is not None:
        try:
            return from_base64(_of_type(given, "data", str, "base64"))
        except GateraError:
            raise
        except ValueError as err:
            raise ArgumentError(f"data is not base64 ({err})") from err
    file = _path_of(_of_type(given, "path", str, "a path"))
    if folders and not any(file.resolve().is_relative_to(folder) for folder in folders):
        raise ArgumentError(
            f"{file} may not be read", expected=f"a file in {listed(folders)}",
            remedy="The user can allow its folder: gatera mcp --files FOLDER",
        )  # fmt: skip
    return file


def _path_of(text: str) -> Path:
    """Return the path in an argument; assistants also write addresses such as file:///home/me/cat.jpg, with "#", "%" and blanks as
    they are in the name of the file, too.
    """
    if text[:5].lower() == "file:":
        parts = urlsplit(text)
        if parts.netloc not in ("", "localhost"):
            raise ArgumentError("the path is on another machine", got=text, expected="a file on this one")
        plain = text[5:].removeprefix("//").removeprefix(parts.netloc)
        forms = [url2pathname(parts.path), url2pathname(plain), plain]
        text = next((form for form in forms if os.path.exists(form)), forms[0])  # noqa: PTH110 - Path's raises for long names
    try:
        return Path(text).expanduser()
    except RuntimeError as err:
        raise ArgumentError("the path begins with a user who is not known here", got=text) from err


def _recommend(name: str, word: str, program: Program) -> Tool:
    user, item = program.preprocess.reader.columns
    schema = {
        "type": "object", "required": ["user"], "additionalProperties": False,
        "properties": {
            "user": {"type": _CELL, "description": f"The {user}."},
            "n": {"type": "integer", "minimum": 1, "maximum": 1000, "description": "How many; 10 by default."},
        },
    }  # fmt: skip

    def recommend(given: Mapping[str, Any]) -> dict[str, Any]:
        _check_known(given, schema["properties"])
        if "user" not in given:
            raise ArgumentError("user is missing")
        n = given.get("n", 10)
        if type(n) is not int or not 1 <= n <= 1000:
            raise ArgumentError("n must be a whole number from 1 to 1000", got=n)
        best = program.recommend(given["user"], n)
        return {"recommendations": [{item: each.item, "rating": float(each.rating)} for each in best]}

    about = f"The items ({item}) that a user ({user}) would rate highest, by the trained program {name!r}; without those rated already."
    return Tool(f"recommend_{word}", about, schema, recommend)


def _check_known(given: Mapping[str, Any], known: Any) -> None:
    for name in given:
        if name not in known:
            raise ArgumentError(f"there is no argument {name!r}", available=listed(known))


def _of_type(given: Mapping[str, Any], name: str, kind: type, words: str) -> Any:
    value = given.get(name)
    if not isinstance(value, kind):
        raise ArgumentError(f"{name} is missing or of another type", got=value, expected=words)
    return value


def _level(value: Any) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ArgumentError("sure must be a number in (0, 1)", got=value)
    return None if value is None else float(value)
