"""Gradient-boosted trees as a module: computed by torch in a learner, and as one ONNX node in a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

#: Added to probabilities before their logarithm is taken. Source: the smallest normal float32.
TINY = 1.2e-38


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
    roots: Tensor
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
        node = self.roots.expand(len(inputs), -1)  # [N,T]
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

    @property
    def name(self) -> str:
        """What it consists of, in words."""
        if self.network is None:
            return "gradient-boosted trees"
        return f"gradient-boosted trees ({100 * self.share:.0f} %) and {type(self.network).__name__} ({100 * (1 - self.share):.0f} %)"

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
