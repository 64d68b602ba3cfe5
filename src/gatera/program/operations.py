"""The operations of preprocessing: a table with one row for each step that a program may contain.

A new operation is a function and a row of `OPERATIONS`. The row holds everything that the rest of the library asks: what
the function takes and gives, its fields, where it puts a photo, whether all its results have one size, what people give it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from gatera.core.checks import listed
from gatera.program.archive import TOKENIZER
from gatera.program.raw.photo import MODES, PHOTO_SUFFIXES, read_photo
from gatera.program.raw.placement import Placement, Size, middle, shorter_side
from gatera.program.raw.resize import (
    METHODS,
    PAD_MODES,
    RESAMPLES,
    center_crop,
    resize_photo,
    resize_shorter,
    resize_steps,
)
from gatera.program.raw.row import PairReader, RowReader
from gatera.program.raw.row_fields import (
    category_config,
    label_config,
    name_config,
    number_config,
    rated_config,
)
from gatera.program.raw.sound import SOUND_SUFFIXES
from gatera.program.raw.sound_fields import (
    PICTURES,
    RATES,
    SECONDS,
    WINDOWS,
    picture_config,
    rate_config,
    seconds_config,
    window_config,
)
from gatera.program.raw.spectrogram import SoundReader
from gatera.program.raw.text import FORMS, TEXT_SUFFIXES, mark_words, read_text
from gatera.program.raw.tokens import MOST_TOKENS, TokenReader

#: The longest side of a resized photo, and how many pixels it may have: a hostile program must not fill the memory.
LARGEST_SIDE, MOST_PIXELS = 8_192, 1 << 24

#: The longest name of a column (characters).
LONGEST_NAME = 10_000

#: Where an operation puts a photo of a given size: one placement for each step of it.
Places = Callable[[Size, Mapping[str, Any]], list[Placement]]


class Field(NamedTuple):
    """One field of an operation: the JSON values it takes, in code and in words, and its default.

    `convert` turns the JSON value into the argument, or raises ValueError if the value is not allowed. The value of an
    `entry` names an entry of the program file; the operation gets that entry's bytes.
    """

    convert: Callable[[Any], Any]
    allowed: str
    default: Any = None
    required: bool = False
    entry: bool = False


class Accepts(NamedTuple):
    """What people give an operation that reads raw input.

    Attributes:
        things: the word for them in messages, e.g. "photos".
        given_as: "files" (found in folders), "texts" (given directly, or in files) or "rows" (of CSV files, or JSON).
        suffixes: the endings of the files that are picked from a folder.
    """

    things: str
    given_as: Literal["files", "texts", "rows"]
    suffixes: Collection[str] = ()


class Operation(NamedTuple):
    """One kind of step: `function(value, **fields)` turns what it `takes` into what it `gives`.

    The kinds are "raw" (what the user passes), "photo" (a Pillow image), "text" (a str), "array" (what the model takes)
    and "tokens" (the same, of any length: the operation's field "pad" fills up shorter ones). An operation that takes "raw"
    can be the first step only.

    Attributes:
        function: does it. If `prepared`, `function(**fields)` is called once and returns what does it.
        takes: the kind it takes.
        gives: the kind it gives.
        words: describes it to people; a format string of the fields.
        fields: its fields by name.
        prepared: see `function`.
        accepts: what people give it, if it takes "raw".
        places: where it puts a photo, so that spatial answers find the way back; None if it takes no photo.
        sized: whether every result has the size that its field "size" names.
    """

    function: Callable[..., Any]
    takes: str
    gives: str
    words: str
    fields: Mapping[str, Field] = MappingProxyType({})
    prepared: bool = False
    accepts: Accepts | None = None
    places: Places | None = None
    sized: bool = False


def _side(value: Any) -> int:
    if not (type(value) is int and 1 <= value <= LARGEST_SIDE):
        raise ValueError(value)
    return value


def _size(value: Any) -> tuple[int, int]:
    if not (isinstance(value, list | tuple) and len(value) == 2):
        raise ValueError(value)
    if _side(value[0]) * _side(value[1]) > MOST_PIXELS:
        raise ValueError(value)
    return (value[0], value[1])


def _choice(value: Any, *, options: Sequence[str]) -> str:
    if value not in options:
        raise ValueError(value)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _name_or_none(value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and 0 < len(value) <= LONGEST_NAME):
        raise ValueError(value)
    return value


def _whole(value: Any, *, low: int, high: int) -> int:
    if not (type(value) is int and low <= value <= high):
        raise ValueError(value)
    return value


def _tokens(low: int, high: int = MOST_TOKENS, default: int | None = None) -> Field:
    allowed = f"a whole number from {low} to {high}"
    return Field(partial(_whole, low=low, high=high), allowed, default, required=default is None)


def _one_of(options: Sequence[str], default: str) -> Field:
    return Field(partial(_choice, options=options), f"one of {listed(options)}", default)


_SIDE = f"a whole number from 1 to {LARGEST_SIDE}"
_PIXELS = f"[height, width], each {_SIDE}, together at most {MOST_PIXELS:,} pixels"
_SIZE = Field(_size, _PIXELS, required=True)
_RESAMPLE = _one_of(tuple(RESAMPLES), "bilinear")
_ROWS = Accepts("rows", "rows")
PHOTOS = Accepts("photos", "files", PHOTO_SUFFIXES)

#: Every operation a program may name.
OPERATIONS: dict[str, Operation] = {
    "read_photo": Operation(read_photo, "raw", "photo", "read the photo as {mode}, upright", {
        "mode": _one_of(MODES, "RGB"), "at_least": Field(lambda value: None if value is None else _size(value), f"null, or {_PIXELS}"),
    }, accepts=PHOTOS),
    "resize": Operation(resize_photo, "photo", "photo", "resize it to {size[0]} x {size[1]} ({method}, {resample})", {
        "size": _SIZE, "method": _one_of(METHODS, "crop"),
        "pad_mode": _one_of(tuple(PAD_MODES), "reflection"), "resample": _RESAMPLE,
    }, places=lambda size, op: resize_steps(
        size, tuple(op["size"]), op.get("method", "crop"), op.get("pad_mode", "reflection")
    ), sized=True),
    "resize_shorter": Operation(resize_shorter, "photo", "photo", "resize its shorter side to {size} ({resample})", {
        "size": Field(_side, _SIDE, required=True), "resample": _RESAMPLE,
    }, places=lambda size, op: [shorter_side(size, op["size"])]),
    "center_crop": Operation(center_crop, "photo", "photo", "keep {size[0]} x {size[1]} of its middle", {
        "size": _SIZE, "pad_mode": _one_of(tuple(PAD_MODES), "zeros"),
    }, places=lambda size, op: [middle(size, tuple(op["size"]), op.get("pad_mode", "zeros"))], sized=True),
    "read_sound": Operation(
        SoundReader, "raw", "photo",
        "read {seconds:.3g} s of sound, resampled to {rate} samples a second, as a picture of {size[0]} x {size[1]}", {
        "rate": Field(rate_config, RATES, required=True), "seconds": Field(seconds_config, SECONDS, required=True),
        "size": Field(picture_config, PICTURES, required=True),
        "window_seconds": Field(window_config, WINDOWS, required=True),
    }, prepared=True, accepts=Accepts("recordings", "files", SOUND_SUFFIXES), sized=True),
    "read_text": Operation(read_text, "raw", "text", "read a text, clean it and collapse its blanks", {
        "html": Field(_flag, "true or false", True), "form": _one_of(FORMS, "NFC"),
        "column": Field(_name_or_none, f"null, or a name of at most {LONGEST_NAME} characters"),
    }, accepts=Accepts("texts", "texts", TEXT_SUFFIXES)),
    "mark_words": Operation(mark_words, "text", "text", "write it in lower case, capitals and repetitions as words"),
    "tokenize": Operation(
        TokenReader, "text", "tokens", "split it into tokens, and keep the first {first} and the last {last}", {
        "tokenizer": Field(partial(_choice, options=(TOKENIZER,)), TOKENIZER, TOKENIZER, entry=True),
        "first": _tokens(1), "last": _tokens(0, default=0), "pad": _tokens(0, 10_000_000),
    }, prepared=True),
    "read_row": Operation(RowReader, "raw", "array", "read a row: a code for each category, then the numbers", {
        "categories": Field(category_config, "a list of columns with their labels", required=True),
        "numbers": Field(number_config, "a list of columns with fill, mean and std", required=True),
    }, prepared=True, accepts=_ROWS),
    "read_pair": Operation(PairReader, "raw", "array", "look up {columns[0]} and {columns[1]}", {
        "columns": Field(name_config, "two names", required=True),
        "users": Field(label_config, "a list of labels, each once", required=True),
        "items": Field(label_config, "a list of labels, each once", required=True),
        "rated": Field(rated_config, "null, or a list of codes of items for each user"),
    }, prepared=True, accepts=_ROWS),
}  # fmt: skip
