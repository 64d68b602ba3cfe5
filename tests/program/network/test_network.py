"""What a stranger's model may have and need, before an engine sees it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from gatera.core.errors import ProgramFileError
from gatera.program.network.bounded import BoundedEngine, check_model
from gatera.program.network.operators import MOST_NODES, OPERATORS
from gatera.program.network.reader import read_network
from gatera.program.network.sizes import needs
from gatera.program.network.wire import Fields, fields_of

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def model(
    nodes: list[Any], shape: tuple[Any, ...] = ("N", 4), values: dict[str, Any] | None = None, dtype: int = FLOAT,
    **more: Any,
) -> onnx.ModelProto:  # fmt: skip
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("input", dtype, shape)],
        [helper.make_tensor_value_info("output", FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (values or {}).items()],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, **more)


def node(operator: str, *inputs: str, output: str = "output", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operator, list(inputs), [output], name=f"the {operator}", **attributes)


def refusal(made: onnx.ModelProto) -> str:
    with pytest.raises(ProgramFileError) as err:
        check_model(made.SerializeToString(), "a.gatera")
    assert err.value.problem.startswith("a.gatera is refused: in its model.onnx, ")
    assert err.value.remedy == "If you trust its author, pass trusted=True."
    return err.value.problem


BODY = helper.make_graph([], "body", [], [])
BIG = np.array([100_000, 100_000])

REFUSED = {
    "Loop": (model([node("Loop", "input", body=BODY)]), "a graph inside a graph"),
    "Scan": (model([node("Scan", "input", num_scan_inputs=1)]), "the operator Scan, which is not on the list"),
    "Einsum": (model([node("Einsum", "input", "input", equation="ab,cd->abcd")]), "the operator Einsum"),
    "another domain": (model([node("Gelu", "input", domain="com.microsoft")]), "the operator com.microsoft.Gelu"),
    "Expand": (model([node("Expand", "input", "big")], values={"big": [100_000, 100_000, 4]}), "the Expand (Expand) gives a tensor of"),
    "Tile": (model([node("Tile", "input", "big")], values={"big": BIG}), "the Tile (Tile) gives a tensor of"),
    "Pad": (model([node("Pad", "input", "big")], values={"big": [0, 0, 0, 2**35]}), "the Pad (Pad) gives a tensor of"),
    "Range": (model([node("Range", "zero", "end", "one")], values={"zero": 0, "end": 2**36, "one": 1}), "the Range (Range) gives"),
    "ConstantOfShape": (model([node("ConstantOfShape", "big")], values={"big": BIG}), "gives a tensor of 100000 x 100000"),
    "Resize": (
        model([node("Resize", "input", "", "", "big")], ("N", 3, 8, 8), {"big": [1, 3, 100_000, 100_000]}), "the Resize (Resize) gives",
    ),
    "an outer product": (
        model([node("Mul", "left", "right")], values={"left": np.zeros((60_000, 1), "f"), "right": np.zeros((1, 60_000), "f")}),
        "gives a tensor of 60000 x 60000",
    ),
    "sizes from the input": (model([node("Cast", "input", output="i", to=INT64), node("ConstantOfShape", "i")]), "depend on the input"),
    "a doubling chain": (
        model([node("Concat", "input", "input", output="0", axis=1)] + [
            node("Concat", str(i), str(i), output=str(i + 1) if i < 39 else "output", axis=1) for i in range(40)
        ]), "gives a tensor of",
    ),
    "a long chain": (
        model([node("Relu", "input", output="0")] + [node("Relu", str(i), output=str(i + 1)) for i in range(MOST_NODES)]), "more than",
    ),
    "many operations": (
        model([node("MatMul", "big", "big", output=f"{i}") for i in range(30)], values={"big": np.zeros((3000, 3000), "f")}),
        "operations for one input",
    ),
    "a division by 0": (
        model([node("Div", "input", "zero")], values={"zero": np.array([0])}, dtype=INT64), "divides whole numbers by what may be 0",
    ),
    "a circle": (model([node("Add", "input", "output")]), "takes output, which nothing has computed before"),
    "two of a name": (model([node("Relu", "input"), node("Relu", "input")]), "two of its tensors are called output"),
    "a function": (
        model([node("Relu", "input")], functions=[helper.make_function("f", "f", [], [], [], [helper.make_opsetid("", 18)])]),
        "functions of its own",
    ),
    "a window that is too large": (
        model([node("MaxPool", "input", kernel_shape=[9, 9])], ("N", 3, 8, 8)), "a window that is larger",
    ),
    "a version of long ago": (
        helper.make_model(model([node("Relu", "input")]).graph, opset_imports=[helper.make_opsetid("", 7)]), "version 7",
    ),
    "two inputs": (
        helper.make_model(helper.make_graph([], "g", [helper.make_tensor_value_info(n, FLOAT, [1]) for n in "ab"], [])), "2 inputs",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_could_fill_the_memory_or_never_end_is_refused_by_name(what):
    made, text = REFUSED[what]
    began = time.monotonic()
    assert text in refusal(made)
    assert time.monotonic() - began < 5


def tensor(**changes: Any) -> onnx.ModelProto:
    made = model([node("Add", "input", "w")], values={"w": np.zeros(4, np.float32)})
    for name, value in changes.items():
        if isinstance(value, list):
            getattr(made.graph.initializer[0], name)[:] = value
        else:
            setattr(made.graph.initializer[0], name, value)
    return made


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (tensor(dims=[2**40]), "the tensor w claims 1099511627776 values and holds 16 bytes"),
        (tensor(dims=[5]), "the tensor w claims 5 values and holds 16 bytes"),
        (tensor(dims=[-4]), "the tensor w has the shape [-4]"),
        (tensor(dims=[1] * 11), "the tensor w has the shape"),
        (tensor(data_type=8), "the tensor w has an unknown type"),
        (tensor(data_location=1), "weights in other files"),
        (tensor(float_data=[1.0]), "the tensor w claims 4 values and holds 16 bytes"),
    ],
)
def test_a_tensor_holds_what_it_claims(made, text):
    assert text in refusal(made)


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("dtype", ["FLOAT", "DOUBLE", "INT64", "INT32", "UINT8", "INT8", "BOOL"])
def test_values_are_read_however_they_are_stored(dtype, raw):
    kind = getattr(TensorProto, dtype)
    numbers = np.array([1, 0, 1], helper.tensor_dtype_to_np_dtype(kind))
    stored = helper.make_tensor("w", kind, [3], numbers.tobytes() if raw else numbers.tolist(), raw=raw)
    made = model([node("Relu", "input")])
    made.graph.initializer.append(stored)
    found = read_network(made.SerializeToString()).tensors["w"]
    assert (found.shape, found.dtype) == ((3,), numbers.dtype)
    np.testing.assert_array_equal(found.values, numbers)


def test_attributes_are_read_however_they_are_stored():
    attributes = {
        "axis": -2,
        "ints": [1, -1],
        "alpha": 0.5,
        "floats": [0.5, 2.0],
        "mode": "cubic",
        "strings": ["a", "b"],
    }
    made = model([helper.make_node("Relu", ["input"], ["output"], **attributes)])
    packed = made.graph.node[0].attribute.add(name="packed", type=onnx.AttributeProto.INTS)
    content = packed.SerializeToString() + b"\x42\x03\x01\x96\x01"  # field 8, packed: 1, 150
    made.graph.node[0].attribute.remove(packed)
    made.graph.node[0].attribute.append(onnx.AttributeProto.FromString(content))
    (only,) = read_network(made.SerializeToString()).nodes
    texts = {"mode": b"cubic", "strings": [b"a", b"b"]}
    assert only.attributes == {**attributes, **texts, "packed": [1, 150]}


def test_a_field_that_comes_twice_is_refused():
    content = model([node("Relu", "input")]).SerializeToString()
    with pytest.raises(ValueError, match="its model has the field 1 twice"):
        read_network(content + content)


def test_a_large_model_of_zeros_is_refused_at_once():
    zeros, began = bytes(50_000_000), time.monotonic()
    with pytest.raises(ProgramFileError, match="the number 0"):
        check_model(zeros, "a.gatera")
    assert time.monotonic() - began < 0.5


def test_many_small_fields_end():
    with pytest.raises(ValueError, match="too many fields"):
        list(fields_of(b"\x08\x01" * 1000, 0, 2000, Fields(most=100)))


def leaf_tree(**changes: Any) -> onnx.ModelProto:
    attributes = {
        "nodes_treeids": [0, 0, 0], "nodes_nodeids": [0, 1, 2], "nodes_featureids": [0, 0, 0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"], "nodes_values": [0.5, 0.0, 0.0], "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0], "target_treeids": [0, 0], "target_nodeids": [1, 2], "target_ids": [0, 0],
        "target_weights": [1.0, 2.0], "n_targets": 1, **changes,
    }  # fmt: skip
    return model([node("TreeEnsembleRegressor", "input", domain="ai.onnx.ml", **attributes)])


def test_trees_are_allowed_and_a_circle_in_one_is_not():
    check_model(leaf_tree().SerializeToString(), "a.gatera")
    assert "does not lead downwards" in refusal(leaf_tree(nodes_truenodeids=[0, 0, 0]))
    assert "no sound nodes_values" in refusal(leaf_tree(nodes_values=[0.5]))
    assert "a weight on a node that does not exist" in refusal(leaf_tree(target_nodeids=[1, 7]))
    assert "100001 outputs" in refusal(leaf_tree(n_targets=100_001))


def sizes_of(made: onnx.ModelProto, shape: tuple[int, ...]) -> dict[str, list[int]]:
    inferred = onnx.shape_inference.infer_shapes(made, strict_mode=True, data_prop=True).graph
    return {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (*inferred.value_info, *inferred.output)
    }


#: Operators with sizes of their own; the rest keep or join the sizes of their inputs.
SHAPED = {
    "Conv": ([1, 4, 9, 9], {"w": (6, 2, 3, 3)}, {"pads": [1, 1, 1, 1], "strides": [2, 2], "group": 2}),
    "ConvTranspose": ([1, 4, 9, 9], {"w": (4, 5, 3, 3)}, {"strides": [2, 2], "output_padding": [1, 1]}),
    "MaxPool": ([1, 4, 9, 9], {}, {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    "AveragePool": ([1, 4, 10, 9], {}, {"kernel_shape": [2, 3], "auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "GlobalAveragePool": ([2, 4, 9, 9], {}, {}),
    "MatMul": ([2, 3, 4], {"w": (4, 5)}, {}),
    "Gemm": ([2, 4], {"w": (5, 4)}, {"transB": 1}),
    "Transpose": ([2, 3, 4], {}, {"perm": [2, 0, 1]}),
    "Flatten": ([2, 3, 4], {}, {"axis": 2}),
    "Concat": ([2, 3], {"w": (2, 4)}, {"axis": -1}),
    "Add": ([2, 1, 3], {"w": (4, 1)}, {}),
    "DepthToSpace": ([1, 8, 3, 3], {}, {"blocksize": 2}),
    "SpaceToDepth": ([1, 2, 4, 6], {}, {"blocksize": 2}),
    "ArgMax": ([2, 3, 4], {}, {"axis": 1, "keepdims": 0}),
    "ReduceMean": ([2, 3, 4], {}, {"keepdims": 0}),
}  # fmt: skip
NUMBERS = {
    "Reshape": ([2, 3, 4], [[0, -1]], {}), "Unsqueeze": ([2, 3], [[0, -1]], {}), "Squeeze": ([2, 1, 3], [[1]], {}),
    "Expand": ([2, 1, 3], [[4, 1, 5, 1]], {}), "Tile": ([2, 3], [[2, 3]], {}), "Pad": ([2, 3], [[1, 0, 2, 3]], {}),
    "Slice": ([4, 9], [[1, 8], [2**62, 0], [0, 1], [2, -3]], {}), "ReduceSum": ([2, 3, 4], [[0, 2]], {"keepdims": 0}),
    "TopK": ([2, 9], [[3]], {}), "Gather": ([4, 5, 6], [[[1, 2], [0, 0]]], {"axis": 1}),
}  # fmt: skip


@pytest.mark.parametrize("operator", [*SHAPED, *NUMBERS])
def test_sizes_are_those_of_the_standard(operator):
    if operator in SHAPED:
        shape, weights, attributes = SHAPED[operator]
        values = {name: np.zeros(size, np.float32) for name, size in weights.items()}
    else:
        shape, numbers, attributes = NUMBERS[operator]
        values = {f"n{place}": np.array(each, np.int64) for place, each in enumerate(numbers)}
    made = model([node(operator, "input", *values, **attributes)], tuple(shape), values)
    if operator == "ArgMax":
        made.graph.output[0].type.tensor_type.elem_type = INT64
    if operator == "TopK":
        made.graph.node[0].output.append("places")
    assert found_sizes(made, tuple(shape))["output"] == sizes_of(made, tuple(shape))["output"]


def found_sizes(made: onnx.ModelProto, shape: tuple[int, ...]) -> dict[str, list[int]]:
    """Return the size of every tensor that a node gives, as the check of models finds it."""
    seen = dict[str, Any]()
    kept = {("", each.op_type): OPERATORS["", each.op_type] for each in made.graph.node}

    def noting(rule):
        def noted(call):
            results, work = rule(call)
            seen.update(zip(call.node.outputs, results))
            return results, work

        return noted

    OPERATORS.update({name: noting(rule) for name, rule in kept.items()})
    try:
        needs(read_network(made.SerializeToString()), shape)
    finally:
        OPERATORS.update(kept)
    return {name: list(value.shape) for name, value in seen.items()}


#: Chains in which sizes are computed: nodes, and the tensors that they need beside the input, [2,3,4].
CHAINS = {
    "constants": (
        [
            node("Constant", output="one", value_int=2), node("Constant", output="two", value_ints=[3, -1]),
            node("Unsqueeze", "one", "zero", output="first"), node("Concat", "first", "two", output="all", axis=0),
            node("Reshape", "input", "all"),
        ],
        {"zero": [0]},
    ),
    "factors": (
        [node("Constant", output="by", value_floats=[1.0, 2.0, 1.5]), node("Resize", "input", "", "by")], {},
    ),
    "one factor": (
        [
            node("Constant", output="by", value_float=2.5), node("Unsqueeze", "by", "zero", output="all"),
            node("Resize", "input", "", "all", axes=[2]),
        ],
        {"zero": [0]},
    ),
    "as large as the input": (
        [
            node("Size", "input", output="count"), node("Unsqueeze", "count", "zero", output="all"),
            node("Reshape", "input", "all"),
        ],
        {"zero": [0]},
    ),
    "filled with sizes": (
        [
            node("ConstantOfShape", "two", output="sizes", value=numpy_helper.from_array(np.array([6]))),
            helper.make_node("ConstantOfShape", ["sizes"], ["output"]),
        ],
        {"two": [2]},
    ),
    "classes": (
        [
            node("ArgMax", "input", output="best", axis=2, keepdims=0),
            node("OneHot", "best", "seven", "values", axis=1),
        ],
        {"seven": [7], "values": np.array([0, 1], np.float32)},
    ),
    "parts": ([helper.make_node("Split", ["input", "parts"], ["output", "rest"], axis=-1)], {"parts": [1, 3]}),
    "even parts": ([helper.make_node("Split", ["input"], ["output", "rest"], axis=2, num_outputs=2)], {}),
    "a grid": (
        [node("Unsqueeze", "input", "zero", output="photo"), node("GridSample", "photo", "places")],
        {"zero": [0], "places": np.zeros((1, 5, 6, 2), np.float32)},
    ),
    "blocks": ([node("GatherND", "input", "places")], {"places": [[0, 1], [1, 2]]}),
    "elements": ([node("GatherElements", "input", "places", axis=1)], {"places": np.zeros((2, 1, 4), np.int64)}),
    "scattered": (
        [node("ScatterND", "input", "places", "new")],
        {"places": [[0, 1]], "new": np.zeros((1, 4), np.float32)},
    ),
    "as integers": ([node("QuantizeLinear", "input", "scale", output="q"), node("DequantizeLinear", "q", "scale")],
                    {"scale": np.float32(0.5)}),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_sizes_that_a_model_computes_are_those_that_an_engine_gives(name):
    nodes, values = CHAINS[name]
    made = model(nodes, (2, 3, 4), values)
    found = found_sizes(made, (2, 3, 4))
    if "rest" in found:
        made.graph.output.append(helper.make_tensor_value_info("rest", FLOAT, None))
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    computed = session.run(None, {"input": np.zeros((2, 3, 4), np.float32)})
    assert [found[each.name] for each in made.graph.output] == [list(each.shape) for each in computed]


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (model([helper.make_node("Split", ["input", "parts"], ["output", "rest"])], values={"parts": [1, 2, 3]}), "has the parts"),
        (model([node("Resize", "input", "", "by")], values={"by": np.array([1, np.inf], np.float32)}), "factors that are not finite"),
        (model([node("Resize", "input", "", "by")], values={"by": np.array([1, 0.1], np.float32)}), "has the sizes"),
        (model([node("Resize", "input", "", "input")]), "sizes that depend on the input's values"),
        (model([node("OneHot", "input", "no", "two")], values={"no": [-1], "two": np.zeros(2, np.float32)}), "number of classes"),
        (model([node("Constant", value_string="a")]), "holds no tensor"),
        (model([node("GatherND", "input", "places")], values={"places": [[0, 0, 0]]}), "places that do not fit"),
    ],
)  # fmt: skip
def test_sizes_that_cannot_be_are_refused(made, text):
    assert text in refusal(made)


class Counting:
    name = "counting"

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def run(self, batch: np.ndarray) -> np.ndarray:
        self.sizes.append(len(batch))
        return batch[:, :1]


def test_a_batch_that_takes_too_much_memory_is_computed_in_parts():
    made = model([node("Relu", "input")], ("N", 30_000_000))
    engine = Counting()
    batch = np.broadcast_to(np.float32(1), (7, 30_000_000))
    found = BoundedEngine(engine, read_network(made.SerializeToString()), "a.gatera").run(batch)
    assert found.shape == (7, 1) and engine.sizes == [3, 3, 1]


def test_an_input_that_takes_too_much_is_refused_before_it_is_computed():
    made = model(
        [node("Transpose", "input", output="t", perm=[0, 2, 1]), node("MatMul", "input", "t")], ("N", "T", 1)
    )
    network = check_model(made.SerializeToString(), "a.gatera")
    engine = Counting()
    with pytest.raises(ProgramFileError, match=r"MatMul\) gives a tensor of 1 x 20000 x 20000"):
        BoundedEngine(engine, network, "a.gatera").run(np.zeros((1, 20_000, 1), np.float32))
    assert not engine.sizes


def test_an_output_that_is_no_row_of_numbers_for_each_input_is_an_error():
    class Scalar(Counting):
        def run(self, batch: np.ndarray) -> np.ndarray:
            return np.float32(1) * np.ones(())

    network = read_network(model([node("Relu", "input")]).SerializeToString())
    with pytest.raises(ProgramFileError, match="does not give numbers for each input"):
        BoundedEngine(Scalar(), network, "a.gatera").run(np.zeros((2, 4), np.float32))


@pytest.mark.parametrize("operator", ["Min", "Max"])
def test_the_smaller_of_two_sizes_is_followed(operator):
    nodes = [
        node("Shape", "input", output="sizes"), node(operator, "sizes", "most", output="size"),
        node("Range", "zero", "size", "one", output="places"), node("Cast", "places", to=FLOAT),
    ]  # fmt: skip
    nodes[0].attribute.append(helper.make_attribute("start", 0))
    nodes[0].attribute.append(helper.make_attribute("end", 1))
    nodes.insert(2, node("Squeeze", "size", "axis", output="length"))
    nodes[3].input[1] = "length"
    made = model(nodes, values={"most": [6], "zero": 0, "one": 1, "axis": [0]})
    check_model(made.SerializeToString(), "a.gatera")


def test_the_smallest_of_one_or_three_is_not_followed():
    made = model([node("Min", "input", output="a"), node("Min", "a", "input", "a")])
    check_model(made.SerializeToString(), "a.gatera")
