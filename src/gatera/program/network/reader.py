"""Read an ONNX model, without the package onnx, into the parts that decide what an engine will do with it.

It is stricter than protobuf: a field that is not listed here, one in another wire type, and a single field that comes twice
are refused, because an engine might read them otherwise than this reader.

Source: the field numbers of onnx.proto, and its rules for TensorProto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gatera.program.network.wire import Fields, fields_of, signed, varint

#: Data types of tensors that are read, by their number in onnx.proto.
DTYPES: dict[int, np.dtype[Any]] = {
    number: np.dtype(name)
    for number, name in {
        1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool",
        10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
    }.items()
}  # fmt: skip

#: Values of larger tensors are not looked at: those that say how large others become are short.
MOST_VALUES_READ = 4096
MOST_DIMENSIONS = 10
MOST_NAME_BYTES = 4096

_INT, _FIXED32, _BYTES = 0, 5, 2


class Tensor(NamedTuple):
    """A tensor that the model holds: its shape, its type, and its values if they are few."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    values: np.ndarray | None


class Node(NamedTuple):
    """One operation: `outputs = operator(inputs, attributes)`. A missing optional input is ""."""

    operator: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


class Network(NamedTuple):
    """An ONNX model.

    Attributes:
        opsets: domain -> version.
        nodes: in the order in which they are computed.
        tensors: the tensors that it holds, by name.
        inputs: name -> dtype and shape; None for a size that varies.
        outputs: their names.
    """

    opsets: Mapping[str, int]
    nodes: tuple[Node, ...]
    tensors: Mapping[str, Tensor]
    inputs: Mapping[str, tuple[np.dtype[Any], tuple[int | None, ...]]]
    outputs: tuple[str, ...]


class _Message:
    """The fields of one message: single ones by number, and repeated ones as lists."""

    __slots__ = ("many", "one")

    def __init__(self) -> None:
        self.one: dict[int, Any] = {}
        self.many: dict[int, list[Any]] = {}

    def text(self, number: int) -> str:
        return str(self.one.get(number, ""))

    def each(self, number: int) -> list[Any]:
        return self.many.get(number, [])


#: What each message may hold: field number -> kind. "text", "int", "float", "bytes", "skip" (bytes that no engine computes with)
#: or "part" (a message, as bytes to be read) come once; those with a "*" are repeated. All others are refused.
_MODEL = {
    1: "int", 2: "skip", 3: "skip", 4: "skip", 5: "int", 6: "skip", 7: "part", 8: "part*", 14: "skip*",
}  # fmt: skip
_OPSET = {1: "text", 2: "int"}
_GRAPH = {
    1: "part*", 2: "skip", 5: "part*", 10: "skip", 11: "part*", 12: "part*", 13: "skip*", 16: "skip*",
}  # fmt: skip
_NODE = {1: "text*", 2: "text*", 3: "text", 4: "text", 5: "part*", 6: "skip", 7: "text", 9: "skip*"}
_ATTRIBUTE = {
    1: "text", 2: "float", 3: "int", 4: "bytes", 5: "part", 7: "float*", 8: "int*", 9: "bytes*", 13: "skip", 20: "int",
}  # fmt: skip
_TENSOR = {
    1: "int*", 2: "int", 4: "bytes*", 5: "bytes*", 7: "bytes*", 8: "text", 9: "bytes", 10: "bytes*", 11: "bytes*",
    12: "skip", 14: "int", 16: "skip*",
}  # fmt: skip
_VALUE, _TYPE, _TENSOR_TYPE = (
    {1: "text", 2: "part", 3: "skip", 4: "skip*"},
    {1: "part", 6: "skip"},
    {1: "int", 2: "part"},
)
_SHAPE, _DIMENSION = {1: "part*"}, {1: "int", 2: "text", 3: "skip"}

#: AttributeProto.type -> the field that holds the value. Source: AttributeProto.AttributeType.
_ATTRIBUTE_FIELDS = {1: 2, 2: 3, 3: 4, 4: 5, 6: 7, 7: 8, 8: 9}
_REPEATED = frozenset((7, 8, 9))

#: Fields that would make a model do more than its list of nodes says, by message.
_REASONS = {
    ("model", 20): "it has a training part", ("model", 25): "it has functions of its own",
    ("graph", 15): "it has sparse tensors", ("graph", 14): "it has quantization annotations",
    ("attribute", 6): "it has a graph inside a graph", ("attribute", 11): "it has a graph inside a graph",
    ("attribute", 22): "it has sparse tensors", ("attribute", 23): "it has sparse tensors",
    ("tensor", 13): "it keeps weights in other files", ("tensor", 6): "it has a tensor of texts",
}  # fmt: skip


def read_network(data: bytes | memoryview) -> Network:
    """Return an ONNX model.

    Raises:
        ValueError: if the bytes are not one, or one with parts that are not read; it says why.
    """
    fields = Fields()
    try:
        model = _read(data, (0, len(data)), _MODEL, "model", fields)
        opsets = [_read(data, part, _OPSET, "opset", fields) for part in model.each(8)]
        if 7 not in model.one:
            raise ValueError("it has no graph")
        graph = _read(data, model.one[7], _GRAPH, "graph", fields)
        return Network(
            {opset.text(1): opset.one.get(2, 0) for opset in opsets},
            tuple(_node(data, part, fields) for part in graph.each(1)),
            dict(_named(_tensor(data, part, fields) for part in graph.each(5))),
            dict(_named(_input(data, part, fields) for part in graph.each(11))),
            tuple(_read(data, part, _VALUE, "output", fields).text(1) for part in graph.each(12)),
        )  # fmt: skip
    except (IndexError, UnicodeDecodeError, struct.error, OverflowError) as err:
        raise ValueError("not a protobuf message") from err


def _named(pairs: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, Any]]:
    seen: set[str] = set()
    for name, value in pairs:
        if name in seen:
            raise ValueError(f"two tensors are called {name}")
        seen.add(name)
        yield name, value


def _read(
    data: Any, part: tuple[int, int], kinds: Mapping[int, str], message: str, fields: Fields
) -> _Message:
    """Return the fields of the message in data[part[0]:part[1]]."""
    found = _Message()
    for number, wire, start, stop in fields_of(data, *part, fields):
        kind = kinds.get(number)
        if kind is None:
            raise ValueError(_REASONS.get((message, number), f"its {message} has the unknown field {number}"))
        if kind.endswith("*"):
            found.many.setdefault(number, []).extend(_values(data, kind[:-1], wire, start, stop, fields))
        elif number in found.one:
            raise ValueError(f"its {message} has the field {number} twice")
        else:
            (found.one[number],) = _values(data, kind, wire, start, stop, fields, packed=False)
    return found


def _values(
    data: Any, kind: str, wire: int, start: int, stop: int, fields: Fields, packed: bool = True
) -> list[Any]:
    """Return the value of one field, or the several of a packed one."""
    if kind == "int" and wire == _INT:
        return [signed(varint(data, start)[0])]
    if kind == "float" and wire == _FIXED32:
        return [struct.unpack("<f", data[start:stop])[0]]
    if wire == _BYTES and kind == "text":
        if stop - start > MOST_NAME_BYTES:
            raise ValueError("a name is too long")
        return [bytes(data[start:stop]).decode()]
    if wire == _BYTES and kind in ("bytes", "part", "skip"):
        return [(start, stop)]
    if wire == _BYTES and packed and kind == "int":
        return _packed_ints(data, start, stop, fields)
    if wire == _BYTES and packed and kind == "float":
        return list(struct.unpack(f"<{(stop - start) // 4}f", data[start:stop]))
    raise ValueError("a field has another wire type than onnx.proto gives it")


def _packed_ints(data: Any, start: int, stop: int, fields: Fields) -> list[int]:
    found = []
    while start < stop:
        value, start = varint(data, start)
        fields.count()
        found.append(signed(value))
    if start != stop:
        raise ValueError("a field is longer than its message")
    return found


def _node(data: Any, part: tuple[int, int], fields: Fields) -> Node:
    read = _read(data, part, _NODE, "node", fields)
    attributes = dict(_named(_attribute(data, each, fields) for each in read.each(5)))
    return Node(
        read.text(4), "" if read.text(7) == "ai.onnx" else read.text(7), read.text(3), tuple(read.each(1)),
        tuple(read.each(2)), attributes,
    )  # fmt: skip


def _attribute(data: Any, part: tuple[int, int], fields: Fields) -> tuple[str, Any]:
    read = _read(data, part, _ATTRIBUTE, "attribute", fields)
    number = _ATTRIBUTE_FIELDS.get(read.one.get(20, 0))
    if number is None:
        raise ValueError(f"the attribute {read.text(1)} has an unknown type")
    if number in _REPEATED:
        value: Any = read.each(number)
        return read.text(1), [bytes(data[slice(*each)]) for each in value] if number == 9 else value
    if number not in read.one:
        # a number that is 0, or an empty text, may be left out
        return read.text(1), {2: 0.0, 3: 0, 4: b""}.get(number)
    value = read.one[number]
    if number == 5:
        return read.text(1), _tensor(data, value, fields)[1]
    return read.text(1), bytes(data[slice(*value)]) if number == 4 else value


def _tensor(data: Any, part: tuple[int, int], fields: Fields) -> tuple[str, Tensor]:
    read = _read(data, part, _TENSOR, "tensor", fields)
    name, dims = read.text(8), tuple(read.each(1))
    dtype = DTYPES.get(read.one.get(2, 0))
    if read.one.get(14, 0) != 0:
        raise ValueError("it keeps weights in other files")
    if dtype is None:
        raise ValueError(f"the tensor {name} has an unknown type")
    if len(dims) > MOST_DIMENSIONS or any(size < 0 for size in dims):
        raise ValueError(f"the tensor {name} has the shape {list(dims)}")
    count = 1
    for size in dims:
        count *= size
    return name, Tensor(dims, dtype, _content(data, read, count, dtype, name, fields))


def _content(
    data: Any, read: _Message, count: int, dtype: np.dtype[Any], name: str, fields: Fields
) -> np.ndarray | None:
    """Check that a tensor holds as many values as its shape says; return them (flat) if they are few, else None."""
    typed = [(number, part) for number in (4, 5, 7, 10, 11) for part in read.each(number)]
    if 9 in read.one:
        start, stop = read.one[9]
        if typed or stop - start != count * dtype.itemsize:
            raise ValueError(f"the tensor {name} claims {count} values and holds {stop - start} bytes")
        few = count <= MOST_VALUES_READ
        return np.frombuffer(bytes(data[start:stop]), dtype) if few else None
    if not typed:
        if count:
            raise ValueError(f"the tensor {name} claims {count} values and holds none")
        return np.zeros(0, dtype)
    if len(typed) > 1:
        raise ValueError(f"the tensor {name} holds its values in several pieces")
    (number, (start, stop)), width = typed[0], {4: 4, 10: 8}.get(typed[0][0])
    # whole numbers take one to ten bytes each
    if (stop - start != count * width) if width else not count <= stop - start <= 10 * count:
        raise ValueError(f"the tensor {name} claims {count} values and holds {stop - start} bytes")
    if count > MOST_VALUES_READ:
        return None
    if width:
        return np.frombuffer(bytes(data[start:stop]), np.float32 if number == 4 else np.float64).astype(dtype)
    values = _packed_ints(data, start, stop, fields)
    if len(values) != count:
        raise ValueError(f"the tensor {name} claims {count} values and holds {len(values)}")
    return np.array(values, np.int64).astype(dtype) if dtype.kind in "iub" else None


def _input(data: Any, part: tuple[int, int], fields: Fields) -> tuple[str, Any]:
    value = _read(data, part, _VALUE, "input", fields)
    if 2 not in value.one:
        raise ValueError("its input has no type")
    kind = _read(data, value.one[2], _TYPE, "type", fields)
    if 1 not in kind.one:
        raise ValueError("its input is not a tensor")
    tensor = _read(data, kind.one[1], _TENSOR_TYPE, "tensor type", fields)
    dtype = DTYPES.get(tensor.one.get(1, 0))
    if dtype is None or 2 not in tensor.one:
        raise ValueError("its input has no shape or an unknown type")
    dims = _read(data, tensor.one[2], _SHAPE, "shape", fields).each(1)
    sizes = [_read(data, dim, _DIMENSION, "dimension", fields).one.get(1) for dim in dims]
    if any(size is not None and size < 1 for size in sizes):
        raise ValueError(f"its input has the shape {sizes}")
    return value.text(1), (dtype, tuple(sizes))
