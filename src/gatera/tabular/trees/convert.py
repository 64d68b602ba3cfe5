"""Turn scikit-learn's fitted HistGradientBoosting into a module that computes the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatera.models.trees import TreeArrays


class _Sets:
    """The sets of categories that nodes ask for, by column."""

    def __init__(self) -> None:
        self.tables: dict[int, list[np.ndarray]] = {}
        self.asked: list[
            tuple[int, int, int, int]
        ] = []  # tree, node, column, number of the set on that column

    def add(self, tree: int, node: int, column: int, goes_right: np.ndarray) -> None:
        """Remember that a node asks for a set, given as 0 or 1 for each code of the column."""
        sets = self.tables.setdefault(column, [])
        self.asked.append((tree, node, column, len(sets)))
        sets.append(goes_right)

    def places(self, n_columns: int) -> list[tuple[int, int, int]]:
        """Return (tree, node, input) of every node that asks for a set; sets come after the `n_columns` of a row."""
        first = {}
        for column in sorted(self.tables):
            first[column] = n_columns
            n_columns += len(self.tables[column])
        return [(tree, node, first[column] + number) for tree, node, column, number in self.asked]


def trees_of(estimators: Sequence[Any], sizes: Sequence[int]) -> TreeArrays:
    """Return the trees of fitted estimators, whose sum is the mean of what the estimators say.

    Args:
        estimators: HistGradientBoostingClassifier or HistGradientBoostingRegressor, fitted to the same rows, whose first
            columns are codes of categories; their `categorical_features` is a mask of the columns that are split by sets.
        sizes: number of codes of each category column.
    """
    columns, known = _columns(estimators[0])
    trees = [tree for each in estimators for stage in each._predictors for tree in stage]
    shape = (len(trees), max(len(tree.nodes) for tree in trees))
    feature, left, right = (np.zeros(shape, np.int64) for _ in range(3))
    threshold, value = np.full(shape, np.inf, np.float32), np.zeros(shape, np.float32)
    sets = _Sets()
    for number, tree in enumerate(trees):
        nodes, own = tree.nodes, np.arange(len(tree.nodes))
        leaf, at = nodes["is_leaf"].astype(bool), (number, slice(0, len(nodes)))
        left[at], right[at] = (np.where(leaf, own, nodes[side]) for side in ("left", "right"))
        value[at] = np.where(leaf, nodes["value"] / len(estimators), 0)
        feature[at] = np.where(leaf, 0, columns[np.where(leaf, 0, nodes["feature_idx"])])
        threshold[at] = np.where(leaf, np.inf, float32_below(nodes["num_threshold"]))
        for node in np.flatnonzero(~leaf & nodes["is_categorical"].astype(bool)):
            column, bits = int(feature[number, node]), tree.raw_left_cat_bitsets[nodes["bitset_idx"][node]]
            unknown_left = bool(nodes["missing_go_to_left"][node])
            sets.add(number, int(node), column, _goes_right(bits, known[column], sizes[column], unknown_left))
    for of_tree, of_node, place in sets.places(len(columns)):
        feature[of_tree, of_node], threshold[of_tree, of_node] = place, 0.5
    return TreeArrays(
        feature, threshold, left, right, value, max(int(tree.nodes["depth"].max()) for tree in trees),
        np.mean([np.ravel(each._baseline_prediction) for each in estimators], axis=0).astype(np.float32),
        {column: np.stack(sets.tables[column], axis=1) for column in sorted(sets.tables)},
    )  # fmt: skip


def float32_below(thresholds: np.ndarray) -> np.ndarray:
    """Return the largest float32 that is not above each threshold: the same float32 values stay below it.

    Example:
        >>> below = float32_below(np.array([0.1, 0.5]))
        >>> below <= np.array([0.1, 0.5]), np.float32(0.1) <= below
        (array([ True,  True]), array([False,  True]))
    """
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def _columns(estimator: Any) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Return the row's column of each of the trees' features, and the codes of each column that is split by sets.

    scikit-learn puts category columns first, and numbers the codes that training has from 0 on.
    """
    is_set = estimator.is_categorical_
    if is_set is None:
        return np.arange(estimator.n_features_in_), {}
    sets, others = np.flatnonzero(is_set), np.flatnonzero(~np.asarray(is_set))
    codes = estimator._preprocessor.named_transformers_["encoder"].categories_
    known = {int(column): np.asarray(own, np.int64) for column, own in zip(sets, codes, strict=True)}
    return np.concatenate([sets, others]), known


def _goes_right(bits: np.ndarray, known: np.ndarray, n_codes: int, unknown_left: bool) -> np.ndarray:
    """Return 1 for each code that goes right, 0 for the others, float32 [n_codes].

    Args:
        bits: uint32 [8]; bit i is set where the i-th known code goes left.
        known: the codes of the training set.
        n_codes: number of codes.
        unknown_left: whether codes that training does not have go left.
    """
    found = np.full(n_codes, 0.0 if unknown_left else 1.0, np.float32)
    ordinals = np.arange(len(known))
    goes_left = (bits[ordinals // 32] >> (ordinals % 32).astype(np.uint32)) & 1
    found[known] = 1.0 - goes_left
    return found
