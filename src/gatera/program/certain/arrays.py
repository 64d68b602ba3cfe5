"""Arrays in JSON: little-endian numbers in base64."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gatera.core.errors import ProgramFileError

#: Types of numbers, by their names in program.json.
DTYPES: dict[str, np.dtype[Any]] = {"float16": np.dtype("<f2"), "float32": np.dtype("<f4")}

#: An array may hold this many values.
MOST_VALUES = 2_000_000


def pack(array: np.ndarray, dtype: str = "float32") -> dict[str, Any]:
    """Return an array as JSON data.

    Example:
        >>> pack(np.array([0.5, 1.0]), "float16")
        {'dtype': 'float16', 'shape': [2], 'data': 'ADgAPA=='}
    """
    stored = np.ascontiguousarray(array, DTYPES[dtype])
    return {
        "dtype": dtype,
        "shape": list(stored.shape),
        "data": base64.b64encode(stored.tobytes()).decode(),
    }


def unpack(value: Any, name: str, ndim: int = 1) -> np.ndarray:
    """Return the array that `pack` wrote, float32 with `ndim` axes.

    Raises:
        ProgramFileError: if it is not one, or a value is not finite.
    """
    if not isinstance(value, Mapping) or value.get("dtype") not in DTYPES:
        raise ProgramFileError(f"{name!r} is not an array", got=value, expected="dtype, shape and data")
    shape, dtype = value.get("shape"), DTYPES[value["dtype"]]
    sizes = isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape)
    if not sizes or not isinstance(shape, list) or len(shape) != ndim or math.prod(shape) > MOST_VALUES:
        raise ProgramFileError(
            f"{name!r} has a shape that is not allowed", got=shape,
            expected=f"{ndim} sizes, at most {MOST_VALUES:,} values",
        )  # fmt: skip
    try:
        data = base64.b64decode(str(value.get("data")), validate=True)
    except (binascii.Error, ValueError) as err:
        raise ProgramFileError(f"the data of {name!r} is not base64 ({err})") from err
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise ProgramFileError(
            f"{name!r} claims {math.prod(shape)} values and holds {len(data)} bytes, which does not fit"
        )
    array = np.frombuffer(data, dtype).reshape(shape).astype(np.float32)
    if not np.isfinite(array).all():
        raise ProgramFileError(f"{name!r} has values that are not finite")
    return array


def unpack_sorted(value: Any, name: str) -> np.ndarray:
    """Return an array of numbers in ascending order, float32 [n].

    Raises:
        ProgramFileError: if they are not in order, or it is not an array.
    """
    array = unpack(value, name)
    if (np.diff(array) < 0).any():
        raise ProgramFileError(f"the values of {name!r} are not in ascending order")
    return array
