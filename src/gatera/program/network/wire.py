"""Find out whether an ONNX model refers to external data, before an engine loads it.

An ONNX tensor may name another file that holds its values, and an engine would read that file. The onnx package takes a second
to import and is not installed where programs run; searching the bytes for a word would also match names of tensors. This
parser reads the few nested messages that can contain a tensor and skips everything else: 1 ms for EfficientNet-Lite0, for
any size of its weights.

Source: protobuf's wire format (protobuf.dev/programming-guides/encoding) and the field numbers of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator

#: Message -> its fields that can contain a tensor at any depth: number -> message.
_NESTED: dict[str, dict[int, str]] = {
    "Model": {7: "Graph", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Function": {7: "Node", 11: "Attribute"},
    "Node": {5: "Attribute"},
    "Attribute": {
        5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "SparseTensor", 23: "SparseTensor",
    },
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
}  # fmt: skip

_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # of a Tensor
_VARINT, _EIGHT_BYTES, _LENGTH_GIVEN, _FOUR_BYTES = 0, 1, 2, 5

#: More fields than this are not a model: boosted trees of 200,000 nodes have two million. Reading a million takes a second.
MOST_FIELDS = 4_000_000


class Fields:
    """Counts the fields of a message and of all messages in it, so that reading ends.

    Args:
        most: how many there may be.
    """

    def __init__(self, most: int = MOST_FIELDS) -> None:
        self.left = most

    def count(self) -> None:
        """Count one field; raise ValueError if there are too many."""
        self.left -= 1
        if self.left < 0:
            raise ValueError("it has too many fields")


def has_external_data(model: bytes | memoryview) -> bool:
    """Return whether a tensor of an ONNX model keeps its values outside the model.

    Raises:
        ValueError: if the bytes are not a well-formed protobuf message.
    """
    try:
        return _in_message(model, 0, len(model), "Model", Fields())
    except (IndexError, RecursionError) as err:
        raise ValueError("not a protobuf message") from err


def with_output(model: bytes, name: str) -> bytes:
    """Return an ONNX model with one of its inner float32 tensors as a further output.

    Two protobuf messages one after the other are the message with the repeated fields of both, so nothing is parsed.

    Source: protobuf.dev/programming-guides/encoding, on merging.
    """
    float32 = _field(1, _field(1, b"\x01", _VARINT))  # TypeProto.tensor_type.elem_type
    output = _field(1, name.encode()) + _field(2, float32)  # ValueInfoProto
    return model + _field(7, _field(12, output))  # ModelProto.graph.output


def _field(number: int, content: bytes, wire: int = _LENGTH_GIVEN) -> bytes:
    size = _as_varint(len(content)) if wire == _LENGTH_GIVEN else b""
    return _as_varint(number << 3 | wire) + size + content


def _as_varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + _as_varint(rest) if rest else bytes([low])


def _in_message(data: bytes | memoryview, at: int, end: int, kind: str, fields: Fields) -> bool:
    nested = _NESTED.get(kind, {})
    for number, _, start, stop in fields_of(data, at, end, fields):
        if number in nested:
            if _in_message(data, start, stop, nested[number], fields):
                return True
        elif kind == "Tensor" and (
            number == _EXTERNAL_DATA or (number == _DATA_LOCATION and varint(data, start)[0] != 0)
        ):
            return True
    return False


def fields_of(
    data: bytes | memoryview, at: int, end: int, fields: Fields
) -> Iterator[tuple[int, int, int, int]]:
    """Yield (field number, wire type, start, stop) of each field of the message in data[at:end].

    Raises:
        ValueError: if it is not a message, or has too many fields.
        IndexError: if it ends in the middle of a number.
    """
    while at < end:
        fields.count()
        tag, at = varint(data, at)
        wire, start = tag & 7, at
        if tag < 8:  # fields count from 1: zeros are not a message
            raise ValueError("a field has the number 0")
        if wire == _LENGTH_GIVEN:
            length, start = varint(data, at)
            at = start + length
        elif wire == _VARINT:
            _, at = varint(data, at)
        elif wire == _FOUR_BYTES:
            at += 4
        elif wire == _EIGHT_BYTES:
            at += 8
        else:
            raise ValueError(f"unknown wire type {wire}")
        if at > end:
            raise ValueError("a field is longer than its message")
        yield tag >> 3, wire, start, at


def varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    """Return the number that starts at `at`, and where it ends. Seven bits per byte, the lowest first."""
    byte = data[at]
    if byte < 128:
        return byte, at + 1
    value, shift = byte & 127, 7
    while True:
        at += 1
        byte = data[at]
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at + 1
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")


def signed(value: int) -> int:
    """Return the int64 that an unsigned varint stands for."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value
