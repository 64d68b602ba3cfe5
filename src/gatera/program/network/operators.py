"""The operators that a program's model may have, and what each makes of the sizes of its inputs.

They are what our own exports use, and what networks of other people mostly do: everything whose results are no larger than
its inputs, and those operators that make tensors larger by sizes that can be read before computing. Not here are loops and
branches, random numbers, texts, and operators outside the standard.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from gatera.program.network import elementwise, shapes, windows
from gatera.program.network.products import gemm, matmul, recurrent
from gatera.program.network.reader import Network
from gatera.program.network.trees import trees
from gatera.program.network.value import Call, Value

#: Gives the results of a node, and how many operations it takes.
Rule = Callable[[Call], tuple[list[Value], int]]

#: The lowest and highest versions of the operator sets whose rules these are.
VERSIONS = {"": (13, 26), "ai.onnx.ml": (1, 5)}

#: Longer chains keep engines busy for minutes before the first input. Our largest exports have some 2,000 nodes.
MOST_NODES = 10_000

#: What an operator that only passes over its values takes, in multiplications for each value read or written.
PER_VALUE = 16


class NotAllowed(ValueError):
    """A model that is not allowed; the message is a clause about it."""


def _passing(rule: Callable[[Call], list[Value]]) -> Rule:
    """A rule for an operator that passes over its inputs and results once."""

    def passing(call: Call) -> tuple[list[Value], int]:
        results = rule(call)
        read = sum(value.count for value in call.inputs if value is not None)
        return results, PER_VALUE * (read + sum(result.count for result in results))

    return passing


def _table(rules: dict[Callable[[Call], list[Value]], str]) -> dict[str, Rule]:
    return {name: _passing(rule) for rule, names in rules.items() for name in names.split()}


_STANDARD: dict[str, Rule] = {
    **_table({
        elementwise.same: (
            "Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Clip Cos Cosh CumSum Elu Erf Exp EyeLike Floor Gelu "
            "Hardmax HardSigmoid HardSwish LRN LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg Not "
            "Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh "
            "ThresholdedRelu Trilu"
        ),
        elementwise.unchanged: "Dropout Identity",
        elementwise.normalized: (
            "BatchNormalization GroupNormalization InstanceNormalization LayerNormalization RMSNormalization"
        ),
        elementwise.together: "BitwiseAnd BitwiseOr BitwiseXor Mean PRelu Pow Sum",
        elementwise.compared: "And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Or Xor",
        elementwise.chosen: "Where",
        elementwise.cast: "Cast",
        elementwise.reduced: (
            "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare"
        ),
        elementwise.arg_reduced: "ArgMax ArgMin",
        elementwise.quantized: "QuantizeLinear",
        elementwise.dequantized: "DequantizeLinear",
        elementwise.largest: "TopK",
        elementwise.found_places: "NonZero",
        elementwise.arithmetic(operator.add): "Add",
        elementwise.arithmetic(operator.sub): "Sub",
        elementwise.arithmetic(operator.mul): "Mul",
        elementwise.extreme(np.maximum): "Max",
        elementwise.extreme(np.minimum): "Min",
        elementwise.divided(np.floor_divide): "Div",
        elementwise.divided(np.mod): "Mod",
        shapes.constant: "Constant",
        shapes.shape_of: "Shape",
        shapes.size_of: "Size",
        shapes.reshape: "Reshape",
        shapes.flatten: "Flatten",
        shapes.transpose: "Transpose",
        shapes.squeeze: "Squeeze",
        shapes.unsqueeze: "Unsqueeze",
        shapes.concat: "Concat",
        shapes.split: "Split",
        shapes.cut: "Slice",
        shapes.gather: "Gather",
        shapes.gather_elements: "GatherElements",
        shapes.gather_nd: "GatherND",
        shapes.expand: "Expand",
        shapes.tile: "Tile",
        shapes.pad: "Pad",
        shapes.counted: "Range",
        shapes.filled: "ConstantOfShape",
        shapes.one_hot: "OneHot",
        shapes.scattered: "ScatterElements ScatterND",
        shapes.to_space: "DepthToSpace SpaceToDepth",
        shapes.resize: "Resize",
        windows.global_pooling: "GlobalAveragePool GlobalMaxPool",
        windows.sampled: "GridSample",
    }),
    "Conv": windows.convolution,
    "ConvTranspose": windows.transposed_convolution,
    "MaxPool": windows.pooling, "AveragePool": windows.pooling, "LpPool": windows.pooling,
    "MatMul": matmul, "Gemm": gemm,
    "LSTM": recurrent, "GRU": recurrent, "RNN": recurrent,
}  # fmt: skip

#: Every operator that is allowed, by its domain ("" is the standard one) and name.
OPERATORS: dict[tuple[str, str], Rule] = {
    **{("", name): rule for name, rule in _STANDARD.items()},
    ("ai.onnx.ml", "TreeEnsembleRegressor"): trees,
    ("ai.onnx.ml", "TreeEnsembleClassifier"): trees,
}


def check_structure(network: Network) -> None:
    """Check what does not depend on the input: operators, their versions, the number of nodes, and how they are linked.

    Raises:
        NotAllowed: if something is not allowed.
    """
    if len(network.nodes) > MOST_NODES:
        raise NotAllowed(f"it has {len(network.nodes):,} nodes, more than {MOST_NODES:,}")
    for node in network.nodes:
        if (node.domain, node.operator) not in OPERATORS:
            name = f"{node.domain}.{node.operator}" if node.domain else node.operator
            raise NotAllowed(
                f"it has the operator {name}, which is not on the list of those that are allowed"
            )
    for domain in {node.domain for node in network.nodes}:
        low, high = VERSIONS[domain]
        version = network.opsets.get(domain, network.opsets.get("ai.onnx", 0) if not domain else 0)
        if not low <= version <= high:
            raise NotAllowed(
                f"it uses version {version} of the operators {domain or 'ai.onnx'}, not {low} to {high}"
            )
    inputs = [name for name in network.inputs if name not in network.tensors]
    if len(inputs) != 1 or not network.outputs:
        raise NotAllowed(f"it has {len(inputs)} inputs and {len(network.outputs)} outputs, not one of each")
