"""Preprocessing as data: a list of JSON objects that turns raw input into the model's input.

    [{"op": "read_photo", "mode": "RGB", "at_least": [224, 224]}, {"op": "resize", "size": [224, 224], "method": "crop"}]

The list is part of the program file. Reading it runs nothing but the operations of `gatera.program.operations`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ProgramFileError
from gatera.program.operations import OPERATIONS, Accepts, Operation
from gatera.program.raw.photo import photo_array
from gatera.program.raw.tokens import TokenReader

#: How the last value becomes the model's array, by its kind.
_ENDS: dict[str, Callable[[Any], np.ndarray]] = {
    "photo": photo_array,
    "array": np.asarray,
    "tokens": np.asarray,
}


class Preprocessing:
    """Turns raw input into the model's input. Made from JSON data, which is checked.

    Args:
        ops: the steps, each a mapping with "op" and that operation's fields. Absent fields take their defaults.
        entries: entries of the program file that steps may name, such as "tokenizer.json".

    Raises:
        ProgramFileError: if a step is not such a mapping, names an unknown operation or field, lacks a field, has a value
            that is not allowed, needs an entry that is missing, or cannot follow the step before it; or if the last step
            does not give what a model takes.

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
                    f"preprocessing step {number} ({op['op']}) takes a {operation.takes}, not a {kind}",
                    remedy="The first step reads the input, and each other step changes the result of the one before.",
                )
            self._append(op, number, operation)
            kind = operation.gives
        if kind not in _ENDS:
            raise ProgramFileError(
                f"the preprocessing ends with a {kind}, which a model cannot take", got=self._config[-1]["op"]
            )
        self._steps.append(_ENDS[kind])
        #: Fills up arrays that are shorter than others of their batch; None if all have the same shape.
        self.pad: int | None = self._config[-1]["pad"] if kind == "tokens" else None

    @property
    def config(self) -> list[dict[str, Any]]:
        """The steps as JSON data with all fields."""
        return copy.deepcopy(self._config)

    @property
    def reader(self) -> Any:
        """What does the first step."""
        return self._steps[0]

    @property
    def tokens(self) -> TokenReader | None:
        """What splits texts into tokens; None where no step does."""
        return next((step for step in self._steps if isinstance(step, TokenReader)), None)

    @property
    def reads_files(self) -> bool:
        """Whether an input is a file of its own: a photo or a recording, and not a text or a row of a table."""
        return self.accepts is not None and self.accepts.given_as == "files"

    @property
    def accepts(self) -> Accepts | None:
        """What people give a program that begins like this; None if its first operation does not say."""
        return OPERATIONS[self._config[0]["op"]].accepts

    @property
    def words(self) -> list[str]:
        """The steps in words; sizes are height x width."""
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
                raise ProgramFileError(f"preprocessing step {number} ({op['op']}) needs the field {name!r}")
            value = op.get(name, about.default)
            try:
                settings[name] = about.convert(value)
            except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as err:
                raise ProgramFileError(
                    f"{name!r} of preprocessing step {number} ({op['op']}) is not valid",
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
        pad: fills up the ends of arrays that are shorter than the longest along their first axis.

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
    """Return the operation of one step.

    Raises:
        ProgramFileError: if it or one of its fields is unknown.
    """
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
