"""Gradient-boosted trees as a module: computed by torch in a learner, and as one ONNX node in a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class TreeArrays:
    """Trees of one ensemble as arrays; T trees of at most M nodes, filled up with unused ones.

    A row goes left where `inputs[feature] <= threshold`; inputs are the row's F values, then one value for each set of
    categories: 0 for the categories that go left, 1 for the others. Node 0 is the root of its tree.

    Attributes:
        feature: which input a node looks at, int64 [T,M].
        threshold: float32 [T,M]; infinity at leaves.
        left, right: the next node, int64 [T,M]; a leaf has itself.
        value: what a leaf adds, float32 [T,M].
        depth: the longest way from a root to a leaf.
        start: what the sum begins with, float32 [K]; trees 0, K, 2K and so on add to the first output.
        sets: category column -> float32 [codes,S]: for each code whether it goes right, in each of the S sets on that column.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    depth: int
    start: np.ndarray
    sets: Mapping[int, np.ndarray]


class BoostedTrees(nn.Module):
    """Sum what the leaves of many trees say of a row.

    Args:
        arrays: the trees.

    Attributes:
        arrays: the same trees, for the exporter.
    """

    feature: Tensor
    threshold: Tensor
    left: Tensor
    right: Tensor
    value: Tensor
    start: Tensor

    def __init__(self, arrays: TreeArrays) -> None:
        super().__init__()
        self.arrays = arrays
        n_trees, n_nodes = arrays.feature.shape
        first = np.arange(n_trees)[:, None] * n_nodes  # nodes are numbered through all trees
        for name, array in (
            ("feature", arrays.feature), ("threshold", arrays.threshold), ("left", arrays.left + first),
            ("right", arrays.right + first), ("value", arrays.value), ("roots", first.T),
        ):  # fmt: skip
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(array).ravel()))
        self.register_buffer("start", torch.from_numpy(arrays.start.astype(np.float32)))
        for column, table in arrays.sets.items():
            self.register_buffer(f"set_{column}", torch.from_numpy(table.astype(np.float32)))

    def forward(self, x: tuple[Tensor, Tensor]) -> Tensor:
        """Return the sums, float32 [N,K].

        Args:
            x: codes of categories, int64 [N,C], and numbers, float32 [N,F-C].
        """
        codes, numbers = x
        sets = [getattr(self, f"set_{column}")[codes[:, column]] for column in self.arrays.sets]
        inputs = torch.cat([codes.float(), numbers.float(), *sets], dim=1)  # [N,F+S]
        node = self.roots.expand(len(inputs), -1)  # type: ignore[operator]  # [N,T]
        for _ in range(self.arrays.depth):
            seen = inputs.gather(1, self.feature[node])
            node = torch.where(seen <= self.threshold[node], self.left[node], self.right[node])
        n_outputs = len(self.start)
        leaves = self.value[node].reshape(len(inputs), -1, n_outputs)  # [N,T] -> [N,T/K,K]
        return leaves.sum(1) + self.start

    def extra_repr(self) -> str:
        """Show how many trees there are."""
        return f"trees={self.arrays.feature.shape[0]}, depth={self.arrays.depth}, outputs={len(self.start)}"


class TableMixture(nn.Module):
    """Answer by boosted trees, alone or together with a network: the mean of both probabilities, or of both numbers.

    Args:
        trees: give one sum for two classes or a number, else one for each class.
        network: takes the same rows; None for trees alone.
        share: what the trees count, 0..1.
        classes: whether outputs are logits of classes.
    """

    def __init__(self, trees: BoostedTrees, network: nn.Module | None, share: float, classes: bool) -> None:
        super().__init__()
        self.trees, self.network, self.share, self.classes = trees, network, share, classes

    def forward(self, x: tuple[Tensor, Tensor]) -> Tensor:
        """Return logits or numbers, float32 [N,K]."""
        said = self.trees(x)
        if self.classes and said.shape[1] == 1:  # two classes: the logit of the second
            said = torch.cat([torch.zeros_like(said), said], dim=1)
        if self.network is None:
            return said
        other = self.network(x)
        if not self.classes:
            return said * self.share + other * (1 - self.share)
        return torch.log(said.softmax(1) * self.share + other.softmax(1) * (1 - self.share) + TINY)

    def extra_repr(self) -> str:
        """Show what the trees count."""
        return f"share={self.share:g}, classes={self.classes}"


#: Added to probabilities before their logarithm is taken. Source: the smallest normal float32.
TINY = 1.2e-38


def trees_of(estimator: Any, sizes: Sequence[int]) -> TreeArrays:
    """Return the trees of a fitted HistGradientBoosting estimator of scikit-learn.

    Args:
        estimator: fitted to rows whose first columns are category codes; those named in its `categorical_features`, a mask,
            are split by sets.
        sizes: number of codes of each category column.
    """
    order = _column_order(estimator)
    known = _known_codes(estimator)
    sets: dict[int, list[np.ndarray]] = {}
    trees = [tree for stage in estimator._predictors for tree in stage]
    nodes = max(len(tree.nodes) for tree in trees)
    shape = (len(trees), nodes)
    feature, left, right = (np.zeros(shape, np.int64) for _ in range(3))
    threshold, value = np.full(shape, np.inf, np.float32), np.zeros(shape, np.float32)
    pending: list[tuple[int, int, int, int]] = []  # tree, node, column, number of the set on that column
    for t, tree in enumerate(trees):
        at, leaf = slice(0, len(tree.nodes)), tree.nodes["is_leaf"].astype(bool)
        own = np.arange(len(tree.nodes))
        left[t, at] = np.where(leaf, own, tree.nodes["left"])
        right[t, at] = np.where(leaf, own, tree.nodes["right"])
        value[t, at] = np.where(leaf, tree.nodes["value"], 0)
        feature[t, at] = np.where(leaf, 0, order[np.where(leaf, 0, tree.nodes["feature_idx"])])
        threshold[t, at] = np.where(leaf, np.inf, _float32_below(tree.nodes["num_threshold"]))
        for node in np.flatnonzero(~leaf & tree.nodes["is_categorical"].astype(bool)):
            column = int(feature[t, node])
            bits = tree.raw_left_cat_bitsets[tree.nodes["bitset_idx"][node]]
            goes_right = _goes_right(bits, known[column], sizes[column], bool(tree.nodes["missing_go_to_left"][node]))
            pending.append((t, int(node), column, len(sets.setdefault(column, []))))
            sets[column].append(goes_right)
    n_columns, first = len(order), {}
    for column in sorted(sets):
        first[column] = n_columns
        n_columns += len(sets[column])
    for t, node, column, number in pending:
        feature[t, node], threshold[t, node] = first[column] + number, 0.5
    tables = {column: np.stack(sets[column], axis=1) for column in sorted(sets)}
    start = np.asarray(estimator._baseline_prediction, np.float32).ravel()
    depth = max(int(tree.nodes["depth"].max()) for tree in trees)
    return TreeArrays(feature, threshold, left, right, value, depth, start, tables)
