"""Preprocessing as data: a list of JSON objects that turns raw input into the array a model takes.

    [{"op": "read_photo", "mode": "RGB", "at_least": [224, 224]}, {"op": "resize", "size": [224, 224], "method": "crop"}]

The list travels inside the program file. Reading it runs nothing but the operations of the table below.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ProgramFileError
from gatera.program.archive import TOKENIZER
from gatera.program.raw.photo import MODES, photo_array, read_photo
from gatera.program.raw.resize import METHODS, PAD_MODES, RESAMPLES, center_crop, resize_photo, resize_shorter
from gatera.program.raw.row import PairReader, RowReader
from gatera.program.raw.row_fields import category_config, label_config, name_config, number_config
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
from gatera.program.raw.text import FORMS, mark_words, read_text
from gatera.program.raw.tokens import MOST_TOKENS, TokenReader

__all__ = [
    "OPERATIONS",
    "Preprocessing",
    "center_crop",
    "photo_array",
    "read_photo",
    "resize_photo",
    "resize_shorter",
    "stack_arrays",
]

#: A photo is never made larger than this (pixels a side): a hostile program must not fill the memory.
LARGEST_SIDE = 16_384


class Field(NamedTuple):
    """One field of an operation: which JSON values it takes, in code and in words, and its default.

    `convert` turns the JSON value into the argument, or raises ValueError where it is not allowed. The value of an `entry`
    names an entry of the program file; the operation gets its bytes.
    """

    convert: Callable[[Any], Any]
    allowed: str
    default: Any = None
    required: bool = False
    entry: bool = False


class Operation(NamedTuple):
    """One kind of step. `function(value, **fields)` turns what it `takes` into what it `gives`; `words` tell people so.

    The kind "raw" (whatever the user passes) is one end; the others are "array" (what the model takes), "tokens" (the same,
    of any length: the operation's field "pad" fills up shorter ones), "photo" (a Pillow image) and "text" (a str). A new
    kind of input is a row of OPERATIONS that takes "raw". Where a step is `prepared`, `function(**fields)` makes it, once
    for all values.
    """

    function: Callable[..., Any]
    takes: str
    gives: str
    words: str
    fields: Mapping[str, Field] = MappingProxyType({})
    prepared: bool = False


def _side(value: Any) -> int:
    if not (type(value) is int and 1 <= value <= LARGEST_SIDE):
        raise ValueError(value)
    return value


def _size(value: Any) -> tuple[int, int]:
    if not (isinstance(value, list | tuple) and len(value) == 2):
        raise ValueError(value)
    return (_side(value[0]), _side(value[1]))


def _size_or_none(value: Any) -> tuple[int, int] | None:
    return None if value is None else _size(value)


def _choice(value: Any, *, options: Sequence[str]) -> str:
    if value not in options:
        raise ValueError(value)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
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
_PIXELS = f"[height, width], each {_SIDE}"
_SIZE = Field(_size, _PIXELS, required=True)
_RESAMPLE = _one_of(tuple(RESAMPLES), "bilinear")

#: Every operation a program may name.
OPERATIONS: dict[str, Operation] = {
    "read_photo": Operation(read_photo, "raw", "photo", "read the photo as {mode}, upright", {
        "mode": _one_of(MODES, "RGB"), "at_least": Field(_size_or_none, f"null, or {_PIXELS}"),
    }),
    "resize": Operation(resize_photo, "photo", "photo", "resize it to {size[0]} x {size[1]} ({method}, {resample})", {
        "size": _SIZE, "method": _one_of(METHODS, "crop"),
        "pad_mode": _one_of(tuple(PAD_MODES), "reflection"), "resample": _RESAMPLE,
    }),
    "resize_shorter": Operation(resize_shorter, "photo", "photo", "resize its shorter side to {size} ({resample})", {
        "size": Field(_side, _SIDE, required=True), "resample": _RESAMPLE,
    }),
    "center_crop": Operation(center_crop, "photo", "photo", "keep {size[0]} x {size[1]} of its middle", {
        "size": _SIZE, "pad_mode": _one_of(tuple(PAD_MODES), "zeros"),
    }),
    "read_sound": Operation(
        SoundReader, "raw", "photo",
        "read {seconds:.3g} s of sound, resampled to {rate} samples a second, as a picture of {size[0]} x {size[1]}", {
        "rate": Field(rate_config, RATES, required=True), "seconds": Field(seconds_config, SECONDS, required=True),
        "size": Field(picture_config, PICTURES, required=True),
        "window_seconds": Field(window_config, WINDOWS, required=True),
    }, prepared=True),
    "read_text": Operation(read_text, "raw", "text", "read a text, clean it and collapse its blanks", {
        "html": Field(_flag, "true or false", True), "form": _one_of(FORMS, "NFC"),
    }),
    "mark_words": Operation(mark_words, "text", "text", "write it in lower case, capitals and repetitions as words"),
    "tokenize": Operation(
        TokenReader, "text", "tokens", "split it into tokens, and keep the first {first} and the last {last}", {
        "tokenizer": Field(partial(_choice, options=(TOKENIZER,)), TOKENIZER, TOKENIZER, entry=True),
        "first": _tokens(1), "last": _tokens(0, default=0), "pad": _tokens(0, 10_000_000),
    }, prepared=True),
    "read_row": Operation(RowReader, "raw", "array", "read a row: a code for each category, then the numbers", {
        "categories": Field(category_config, "a list of columns with their labels", required=True),
        "numbers": Field(number_config, "a list of columns with fill, mean and std", required=True),
    }, prepared=True),
    "read_pair": Operation(PairReader, "raw", "array", "look up {columns[0]} and {columns[1]}", {
        "columns": Field(name_config, "two names", required=True),
        "users": Field(label_config, "a list of labels, each once", required=True),
        "items": Field(label_config, "a list of labels, each once", required=True),
    }, prepared=True),
}  # fmt: skip

#: How each kind of last value becomes the model's array.
_ENDS: dict[str, Callable[[Any], np.ndarray]] = {
    "photo": photo_array,
    "array": np.asarray,
    "tokens": np.asarray,
}


class Preprocessing:
    """What a program does to raw input, made from JSON data and checked when made.

    Args:
        ops: the steps, each a mapping with "op" and that operation's fields. Fields left out take their defaults.
        entries: entries of the program file that steps may name, such as "tokenizer.json".

    Raises:
        ProgramFileError: if a step is not such a mapping, names an unknown operation or field, lacks a field, holds a
            value that is not allowed, needs an entry that is missing, or cannot follow the step before it; or if the last
            step does not give what a model takes.

    Example:
        >>> prepare = Preprocessing([{"op": "read_photo"}, {"op": "resize", "size": [4, 6]}])
        >>> prepare(np.zeros((10, 10, 3), np.uint8)).shape
        (4, 6, 3)
        >>> prepare.config[1]["method"]
        'crop'
    """

    def __init__(self, ops: Sequence[Mapping[str, Any]], entries: Mapping[str, bytes] | None = None) -> None:
        self._entries = entries or {}
        if not isinstance(ops, list | tuple) or not ops:
            raise ProgramFileError("the preprocessing is not a list of steps", got=ops)
        self._config: list[dict[str, Any]] = []
        self._steps: list[Callable[[Any], Any]] = []
        kind = "raw"
        for number, op in enumerate(ops, start=1):
            operation = _operation(op, number)
            if operation.takes != kind:
                raise ProgramFileError(
                    f"preprocessing step {number} ({op['op']}) takes a {operation.takes} and gets a {kind}",
                    remedy="The first step reads the input, the others change what was read.",
                )
            self._append(op, number, operation)
            kind = operation.gives
        if kind not in _ENDS:
            raise ProgramFileError(
                f"the preprocessing ends with a {kind}, which no model takes", got=self._config[-1]["op"]
            )
        self._steps.append(_ENDS[kind])
        #: What fills up arrays that are shorter than others of their batch; None where all have one shape.
        self.pad: int | None = self._config[-1]["pad"] if kind == "tokens" else None

    @property
    def config(self) -> list[dict[str, Any]]:
        """The steps as JSON data, every field written out."""
        return copy.deepcopy(self._config)

    @property
    def words(self) -> list[str]:
        """The steps for people to read; sizes are height x width."""
        return [OPERATIONS[op["op"]].words.format(**op) for op in self._config]

    def __call__(self, raw: Any) -> np.ndarray:
        """Return the model's input for one raw input: for photos uint8 [H,W,C].

        Raises:
            PhotoError: if a photo cannot be read.
        """
        value = raw
        for step in self._steps:
            value = step(value)
        return value

    def __repr__(self) -> str:
        return f"Preprocessing({self._config})"

    def _append(self, op: Mapping[str, Any], number: int, operation: Operation) -> None:
        settings = {}
        for name, about in operation.fields.items():
            if name not in op and about.required:
                raise ProgramFileError(f"preprocessing step {number} ({op['op']}) lacks the field {name!r}")
            value = op.get(name, about.default)
            try:
                settings[name] = about.convert(value)
            except ValueError as err:
                raise ProgramFileError(
                    f"{name!r} of preprocessing step {number} ({op['op']}) is not usable",
                    got=value,
                    expected=about.allowed,
                ) from err
            if about.entry and value not in self._entries:
                raise ProgramFileError(f"preprocessing step {number} ({op['op']}) needs the entry {value}")
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
        self._config.append({"op": op["op"], **plain})
        settings |= {
            name: self._entries[settings[name]] for name, about in operation.fields.items() if about.entry
        }
        made = (
            operation.function(**settings) if operation.prepared else partial(operation.function, **settings)
        )
        self._steps.append(made)


def stack_arrays(arrays: Sequence[np.ndarray], pad: int | None = None) -> np.ndarray:
    """Return arrays stacked along a new first axis.

    Args:
        arrays: N arrays of one dtype, of one shape unless `pad` is given.
        pad: fills up the ends of those that are shorter than the longest along their first axis.

    Example:
        >>> stack_arrays([np.array([5, 6, 7]), np.array([8])], pad=0).tolist()
        [[5, 6, 7], [8, 0, 0]]
    """
    if pad is None:
        return np.stack(arrays)
    first, longest = arrays[0], max(len(array) for array in arrays)
    stacked = np.full((len(arrays), longest, *first.shape[1:]), pad, first.dtype)
    for row, array in zip(stacked, arrays):
        row[: len(array)] = array
    return stacked


def _operation(op: Any, number: int) -> Operation:
    """Look up the operation of one step; complain of unknown names."""
    if not isinstance(op, Mapping) or not isinstance(op.get("op"), str):
        raise ProgramFileError(f'preprocessing step {number} is not an object with "op"', got=op)
    name = op["op"]
    if name not in OPERATIONS:
        raise ProgramFileError(
            f"preprocessing step {number} is unknown", got=name, expected=listed(OPERATIONS),
            remedy=did_you_mean(name, OPERATIONS, "A newer Gatera may know it: pip install -U gatera."),
        )  # fmt: skip
    operation = OPERATIONS[name]
    for key in op:
        if key != "op" and key not in operation.fields:
            raise ProgramFileError(
                f"preprocessing step {number} ({name}) has an unknown field", got=key, expected=listed(operation.fields),
                remedy=did_you_mean(key, operation.fields, "A newer Gatera may know it: pip install -U gatera."),
            )  # fmt: skip
    return operation
