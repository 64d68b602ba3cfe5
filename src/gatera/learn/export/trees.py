"""Write boosted trees as ONNX: one node that holds all of them, beside the network if there is one."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatera.core.checks import require
from gatera.data.blocks.base import InputBlock
from gatera.learn.certainty.fit import TENSOR
from gatera.learn.certainty.projection import Projection
from gatera.learn.certainty.rows import RowProjection
from gatera.learn.export.onnx import OPSET, ArrayGraph, to_onnx
from gatera.models.trees import TINY, BoostedTrees, TableMixture

#: Domain and version of the operator that computes trees.
TREE_DOMAIN, TREE_OPSET = "ai.onnx.ml", 3

#: Version of the file format.
IR_VERSION = 10


def mixture_to_onnx(
    model: TableMixture,
    block: InputBlock,
    batch: np.ndarray,
    projection: Projection | RowProjection | None = None,
) -> bytes:
    """Write boosted trees, alone or with a network, as ONNX with a variable batch size.

    Args:
        model: in evaluation mode, on the CPU.
        block: splits rows for the network.
        batch: at least two encoded rows, float32 [N,F].
        projection: also compute short features of the rows, as the tensor `TENSOR`.

    Raises:
        ExportError: if the network cannot be translated.
    """
    onnx = require("onnx", "train", "to export a program")
    make = onnx.helper
    if model.network is None:
        width = batch.shape[1]
        graph = make.make_graph(
            [], "main_graph",
            [make.make_tensor_value_info("input", onnx.TensorProto.FLOAT, ["N", width])],
            [make.make_tensor_value_info("output", onnx.TensorProto.FLOAT, ["N", None])],
        )  # fmt: skip
        whole = make.make_model(graph, opset_imports=[make.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    else:
        whole = onnx.load_from_string(to_onnx(ArrayGraph(model.network, block).eval(), batch))
        _rename_output(whole.graph)
    whole.opset_import.append(make.make_opsetid(TREE_DOMAIN, TREE_OPSET))
    _Builder(onnx, whole.graph).mixture(model)
    if projection is not None:
        _add_features(whole.graph, onnx.load_from_string(to_onnx(projection.module(), batch)).graph)
    onnx.checker.check_model(whole)
    return bytes(whole.SerializeToString())


def _add_features(graph: Any, features: Any) -> None:
    """Add the nodes of a graph that computes features of the same input."""

    def renamed(name: str) -> str:
        return name if name in ("", "input") else TENSOR if name == "output" else f"{TENSOR}/{name}"

    for node in features.node:
        node.name = renamed(node.name)
        for names in (node.input, node.output):
            names[:] = [renamed(name) for name in names]
    for tensor in features.initializer:
        tensor.name = renamed(tensor.name)
    graph.node.extend(features.node)
    graph.initializer.extend(features.initializer)


def _rename_output(graph: Any) -> None:
    """Call what the network gives "network": the graph gets another output."""
    for node in graph.node:
        for names in (node.input, node.output):
            for place, found in enumerate(names):
                if found == "output":
                    names[place] = "network"


class _Builder:
    """Adds nodes and constants to a graph."""

    def __init__(self, onnx: Any, graph: Any) -> None:
        self.onnx, self.graph = onnx, graph

    def constant(self, name: str, value: Any, dtype: Any) -> str:
        """Add a constant; return its name."""
        self.graph.initializer.append(self.onnx.numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add a node; return its output."""
        self.graph.node.append(self.onnx.helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def mixture(self, model: TableMixture) -> None:
        """Add what `TableMixture.forward` does."""
        said = self.trees(model.trees)
        if model.classes and len(model.trees.start) == 1:
            said = self.node("Concat", [self.node("Sub", [said, said], "zeros"), said], "two_classes", axis=1)
        if model.network is None:
            self.node("Identity", [said], "output")
            return
        other = "network"
        if model.classes:
            said = self.node("Softmax", [said], "trees_probability", axis=1)
            other = self.node("Softmax", [other], "network_probability", axis=1)
        parts = [
            self.node("Mul", [said, self.constant("trees_share", model.share, np.float32)], "trees_part"),
            self.node("Mul", [other, self.constant("network_share", 1 - model.share, np.float32)], "network_part"),
        ]  # fmt: skip
        if not model.classes:
            self.node("Add", parts, "output")
            return
        together = self.node("Add", parts, "together")
        tiny = self.constant("tiny", TINY, np.float32)
        self.node("Log", [self.node("Add", [together, tiny], "above_zero")], "output")

    def trees(self, trees: BoostedTrees) -> str:
        """Add the sets of categories and the trees; return the name of the sums, [N,K]."""
        inputs = ["input"]
        for column, table in trees.arrays.sets.items():
            code = self.node(
                "Gather", ["input", self.constant(f"column_{column}", column, np.int64)], f"code_{column}", axis=1
            )  # fmt: skip
            whole = self.node("Cast", [code], f"index_{column}", to=self.onnx.TensorProto.INT64)
            sets = self.constant(f"set_{column}", table, np.float32)
            inputs.append(self.node("Gather", [sets, whole], f"in_sets_{column}", axis=0))
        rows = self.node("Concat", inputs, "tree_inputs", axis=1) if len(inputs) > 1 else "input"
        return self.node(
            "TreeEnsembleRegressor", [rows], "tree_sums", domain=TREE_DOMAIN, **tree_attributes(trees)
        )


def tree_attributes(trees: BoostedTrees) -> dict[str, Any]:
    """Return the attributes of a TreeEnsembleRegressor."""
    arrays = trees.arrays
    own = np.arange(arrays.feature.shape[1])
    leaf = arrays.left == own  # unused nodes too: they point to the root
    used = np.zeros_like(leaf)
    used[:, 0] = True
    numbers = np.arange(len(arrays.feature))[:, None]
    for side in (arrays.left, arrays.right):
        used[np.broadcast_to(numbers, side.shape), side] = True
    tree, node = np.nonzero(used)
    is_leaf = leaf[tree, node]
    leaf_tree, leaf_node = tree[is_leaf], node[is_leaf]
    n_outputs = len(arrays.start)
    return {
        "nodes_treeids": tree.tolist(),
        "nodes_nodeids": node.tolist(),
        "nodes_featureids": arrays.feature[tree, node].tolist(),
        "nodes_modes": np.where(is_leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_values": np.where(is_leaf, 0, arrays.threshold[tree, node]).astype(np.float32).tolist(),
        "nodes_truenodeids": np.where(is_leaf, 0, arrays.left[tree, node]).tolist(),
        "nodes_falsenodeids": np.where(is_leaf, 0, arrays.right[tree, node]).tolist(),
        "target_treeids": leaf_tree.tolist(),
        "target_nodeids": leaf_node.tolist(),
        "target_ids": (leaf_tree % n_outputs).tolist(),
        "target_weights": arrays.value[leaf_tree, leaf_node].tolist(),
        "base_values": arrays.start.astype(np.float32).tolist(),
        "n_targets": n_outputs,
        "aggregate_function": "SUM",
        "post_transform": "NONE",
    }  # fmt: skip
