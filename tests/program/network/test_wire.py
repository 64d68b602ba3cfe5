from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from gatera.program.network.wire import has_external_data


def external() -> TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def of(graph: onnx.GraphProto, **more: object) -> bytes:
    return helper.make_model(graph, **more).SerializeToString()


def graph_of(*nodes: onnx.NodeProto, initializer: tuple[TensorProto, ...] = ()) -> onnx.GraphProto:
    return helper.make_graph(list(nodes), "g", [], [], list(initializer))


def node_with(attribute: AttributeProto) -> onnx.NodeProto:
    node = helper.make_node("Constant", [], ["c"])
    node.attribute.append(attribute)
    return node


SPARSE = onnx.SparseTensorProto(values=external(), dims=[1])
INSIDE = graph_of(initializer=(external(),))
HIDING_PLACES = {
    "an initializer": of(INSIDE),
    "a sparse initializer": of(onnx.GraphProto(name="g", sparse_initializer=[SPARSE])),
    "a constant": of(graph_of(node_with(helper.make_attribute("value", external())))),
    "a list of tensors": of(graph_of(node_with(helper.make_attribute("value", [external()])))),
    "a sparse constant": of(graph_of(node_with(helper.make_attribute("value", SPARSE)))),
    "a list of sparse tensors": of(graph_of(node_with(helper.make_attribute("value", [SPARSE])))),
    "a branch": of(graph_of(node_with(helper.make_attribute("body", INSIDE)))),
    "a list of graphs": of(graph_of(node_with(helper.make_attribute("body", [INSIDE])))),
    "a function": of(
        graph_of(),
        functions=[
            helper.make_function(
                "f",
                "f",
                [],
                [],
                [node_with(helper.make_attribute("value", external()))],
                [helper.make_opsetid("", 18)],
            )
        ],
    ),
    "the training part": onnx.ModelProto(
        training_info=[onnx.TrainingInfoProto(algorithm=INSIDE)]
    ).SerializeToString(),
}


@pytest.mark.parametrize("place", HIDING_PLACES)
def test_external_data_is_found_wherever_it_hides(place):
    assert has_external_data(HIDING_PLACES[place])


def test_the_mark_alone_is_enough():
    tensor = TensorProto(name="w", data_location=TensorProto.EXTERNAL)
    assert has_external_data(of(graph_of(initializer=(tensor,))))


def test_numbers_written_the_long_way_do_not_hide_it():
    model = onnx.ModelProto(graph=INSIDE).SerializeToString()
    short = external().SerializeToString()
    assert short in model
    field = b"\x6a" + bytes([len(short.split(b"\x6a", 1)[1]) - 1])
    assert field in model
    # 0x6a is the tag of field 13; a varint may be padded with idle continuation bytes.
    padded = short.replace(field, b"\x6a" + bytes([field[1] | 0x80, 0x00]))
    graph = b"\x2a" + bytes([len(padded)]) + padded
    long_way = b"\x3a" + bytes([len(graph) | 0x80, 0x00]) + graph
    assert onnx.ModelProto.FromString(long_way).graph.initializer[0].external_data[0].value == "/etc/passwd"
    assert has_external_data(long_way)


def test_ordinary_models_have_none(model_bytes):
    weights = numpy_helper.from_array(np.zeros(70_000, np.float32), "location")
    inside = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], float_data=[1.0], data_location=0)
    node = helper.make_node("Relu", ["location"], ["external_data"], name="/location", doc_string="location")
    assert not has_external_data(model_bytes)
    assert not has_external_data(of(graph_of(node, initializer=(weights, inside))))
    assert not has_external_data(b"")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x3b", "unknown wire type 3"),
        (b"\x3a\x05abc", "a field is longer than its message"),
        (b"\x39abc", "a field is longer than its message"),
        (b"\x3d" + b"abc", "a field is longer than its message"),
        (b"\x3a", "not a protobuf message"),
        (b"\x80" * 11, "a number is too long"),
    ],
)
def test_what_is_no_protobuf_is_refused(data, words):
    with pytest.raises(ValueError) as err:  # the whole message is compared
        has_external_data(data)
    assert str(err.value) == words


def test_a_model_nested_without_end_is_refused():
    data = b""
    for _ in range(1000):
        for tag in (b"\x32", b"\x2a", b"\x0a"):  # the graph of an attribute of a node of a graph
            data = tag + varint(len(data)) + data
    with pytest.raises(ValueError) as err:
        has_external_data(b"\x3a" + varint(len(data)) + data)
    assert str(err.value) == "not a protobuf message"


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])
