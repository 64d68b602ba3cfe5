"""Tensors of the Open Inference Protocol: in JSON, or as bytes behind it."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gatera.core.checks import whole_number
from gatera.serve.answers import as_bytes
from gatera.web.errors import Refused
from gatera.web.json_body import read_json

#: Types of tensors, and what they are in numpy; BYTES are texts and files.
TYPES = {
    "BOOL": np.bool_, "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
    "FP16": np.float16, "FP32": np.float32, "FP64": np.float64,
}  # fmt: skip

#: The header that says how many bytes of a body are JSON; the rest are tensors.
LENGTH = "inference-header-content-length"


class Tensor(NamedTuple):
    """A tensor.

    Attributes:
        name: its name.
        datatype: "BYTES" or one of `TYPES`.
        shape: its shape.
        values: its elements in a row: bytes or str for BYTES, else an array.
    """

    name: str
    datatype: str
    shape: list[int]
    values: Any


def split_body(body: bytes, length: str | None) -> tuple[dict[str, Any], memoryview]:
    """Return the JSON object of a request, and the bytes behind it.

    Raises:
        Refused: 400, if it is not such a request.
    """
    size = len(body)
    if length is not None:
        given = whole_number(length)
        if given is None or given > size:
            raise Refused(400, f"{LENGTH} does not fit the body", got=length, expected=f"0 to {size}")
        size = given
    value = read_json(body[:size], "the request")
    if not isinstance(value, dict) or not isinstance(value.get("inputs"), list) or not value["inputs"]:
        raise Refused(400, 'the request has no "inputs"', expected="a request of the Open Inference Protocol")
    return value, memoryview(body)[size:]


def read_tensors(inputs: Sequence[Any], binary: memoryview) -> dict[str, Tensor]:
    """Return the tensors of a request by name.

    Raises:
        Refused: 400, if one is not what it says.
    """
    found: dict[str, Tensor] = {}
    place = 0
    for each in inputs:
        name, datatype, shape = _about(each)
        size = _parameter(each, "binary_data_size")
        if size is not None:
            if type(size) is not int or not 0 <= size <= len(binary) - place:
                raise Refused(400, f"binary_data_size of {name!r} does not fit the body", got=size)
            values = _from_bytes(name, datatype, binary[place : place + size])
            place += size
        else:
            values = _from_json(name, datatype, each.get("data"))
        if len(values) != _count(shape):
            raise Refused(
                400, f"the tensor {name!r} has {len(values)} elements, which its shape does not", got=shape
            )
        if name in found:
            raise Refused(400, f"two tensors are called {name!r}")
        found[name] = Tensor(name, datatype, shape, values)
    if place != len(binary):
        raise Refused(400, f"{len(binary) - place} bytes behind the request belong to no tensor")
    return found


def _about(each: Any) -> tuple[str, str, list[int]]:
    name = each.get("name") if isinstance(each, dict) else None
    if not isinstance(name, str):
        raise Refused(400, "an input has no name", got=each)
    datatype, shape = each.get("datatype"), each.get("shape")
    if datatype != "BYTES" and datatype not in TYPES:
        raise Refused(
            400, f"the datatype of {name!r} is unknown", got=datatype, expected=f"BYTES, {', '.join(TYPES)}"
        )
    sound = isinstance(shape, list) and shape and all(type(n) is int and 0 <= n < 1 << 31 for n in shape)
    if not sound:
        raise Refused(400, f"the shape of {name!r} is not a list of sizes", got=shape)
    return name, datatype, shape


def _count(shape: Sequence[int]) -> int:
    count = 1
    for n in shape:
        count *= n
    return count


def _parameter(each: Mapping[str, Any], name: str) -> Any:
    parameters = each.get("parameters")
    return parameters.get(name) if isinstance(parameters, dict) else None


def _from_bytes(name: str, datatype: str, data: memoryview) -> Any:
    if datatype != "BYTES":
        kind = np.dtype(TYPES[datatype]).newbyteorder("<")
        if len(data) % kind.itemsize:
            raise Refused(400, f"the bytes of {name!r} are not whole elements of {datatype}", got=len(data))
        return np.frombuffer(data, kind)
    values, place = [], 0
    while place < len(data):
        if place + 4 > len(data):
            raise Refused(400, f"the bytes of {name!r} end within a length")
        (size,) = struct.unpack_from("<I", data, place)
        place += 4
        if place + size > len(data):
            raise Refused(400, f"the bytes of {name!r} end within an element")
        values.append(bytes(data[place : place + size]))
        place += size
    return values


def _from_json(name: str, datatype: str, data: Any) -> Any:
    flat = list(_flat(data)) if isinstance(data, list) else None
    if flat is None:
        raise Refused(400, f"the tensor {name!r} has no data", got=data, expected='a list in "data"')
    if datatype == "BYTES":
        if not all(isinstance(each, str) for each in flat):
            raise Refused(400, f"the data of {name!r} are not texts", expected="texts; files in base64")
        return flat
    if (wrong := next((each for each in flat if not _suits(each, datatype)), flat)) is not flat:
        # numpy would take 41.5 for 41, true for 1 and "no" for true
        raise Refused(400, f"the data of {name!r} are not {datatype}", got=wrong)
    try:
        return np.array(flat, TYPES[datatype])
    except (ValueError, TypeError, OverflowError) as err:
        raise Refused(400, f"the data of {name!r} are not {datatype}") from err


def _suits(value: Any, datatype: str) -> bool:
    """Whether a value of JSON is one of a type: null is a gap among numbers with a fraction, and 41.0 a whole number."""
    if datatype == "BOOL" or isinstance(value, bool):
        return datatype == "BOOL" and isinstance(value, bool)
    if datatype.startswith("FP"):
        return value is None or isinstance(value, int | float)
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _flat(values: list[Any]) -> Any:
    stack = [iter(values)]  # a stack of our own: data may be nested as deep as JSON allows
    while stack:
        for each in stack[-1]:
            if isinstance(each, list):
                stack.append(iter(each))
                break
            yield each
        else:
            stack.pop()


def written(
    tensors: Sequence[Tensor], head: dict[str, Any], binary: frozenset[str] | None
) -> tuple[bytes, int | None]:
    """Return the body of an answer, and how many of its bytes are JSON; None if all are.

    Args:
        tensors: what is answered.
        head: further fields.
        binary: names of tensors that are sent as bytes; None for all.
    """
    outputs, tails = [], []
    for each in tensors:
        about: dict[str, Any] = {"name": each.name, "datatype": each.datatype, "shape": each.shape}
        if binary is None or each.name in binary:
            tail = _to_bytes(each)
            tails.append(tail)
            about["parameters"] = {"binary_data_size": len(tail)}
        else:
            about["data"] = (
                each.values if each.datatype == "BYTES" else np.asarray(each.values).ravel().tolist()
            )
        outputs.append(about)
    text = as_bytes({**head, "outputs": outputs})
    return text + b"".join(tails), len(text) if tails else None


def _to_bytes(tensor: Tensor) -> bytes:
    if tensor.datatype != "BYTES":
        kind = np.dtype(TYPES[tensor.datatype]).newbyteorder("<")
        return np.ascontiguousarray(tensor.values, kind).tobytes()
    encoded = [each.encode("utf-8", "backslashreplace") for each in tensor.values]
    return b"".join(struct.pack("<I", len(each)) + each for each in encoded)
