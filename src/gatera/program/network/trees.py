"""Boosted trees and forests: the operators TreeEnsembleRegressor and TreeEnsembleClassifier of ai.onnx.ml.

An engine follows a tree from its root, so the links must lead downwards: a circle would never end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gatera.program.network.value import Call, Refused, Value

#: No branch is longer. Source: boosted trees have 3 to 60 levels; engines build them by recursion.
DEEPEST = 1000
MOST_OUTPUTS = 100_000


def trees(call: Call) -> tuple[list[Value], int]:
    """[N,F] -> [N,targets]; a classifier gives labels [N] before the scores [N,classes]."""
    value, attributes = call[0], call.node.attributes
    if len(value.shape) != 2:
        raise Refused("takes a table")
    classifier = call.node.operator == "TreeEnsembleClassifier"
    levels = _levels(attributes)
    _check_leaves(attributes, "class" if classifier else "target")
    if classifier:
        ints = call.ints("classlabels_int64s") or []
        width = len(ints)
        if not width or "classlabels_strings" in attributes:
            raise Refused("has classes that are not whole numbers")
    else:
        width = call.whole("n_targets", 1)
    if not 1 <= width <= MOST_OUTPUTS:
        raise Refused(f"has {width} outputs")
    scores = Value((value.shape[0], width), np.dtype(np.float32), exact=value.exact)
    labels = [Value((value.shape[0],), np.dtype(np.int64), exact=value.exact)] if classifier else []
    return [*labels, scores], 50 * value.shape[0] * levels


def _list(attributes: Any, name: str, length: int | None = None) -> list[Any]:
    found = attributes.get(name)
    if not isinstance(found, list) or (length is not None and len(found) != length):
        raise Refused(f"has no sound {name}")
    return found


def _levels(attributes: Any) -> int:
    """Check the nodes; return the depths of all trees added up."""
    trees = _list(attributes, "nodes_treeids")
    count = len(trees)
    numbers, modes = _list(attributes, "nodes_nodeids", count), _list(attributes, "nodes_modes", count)
    below = [_list(attributes, f"nodes_{side}nodeids", count) for side in ("true", "false")]
    for name in ("nodes_featureids", "nodes_values"):
        _list(attributes, name, count)
    places = {key: place for place, key in enumerate(zip(trees, numbers))}
    if len(places) < count:
        raise Refused("has a node twice")
    depth = [1] * count
    for place, (tree, mode) in enumerate(zip(trees, modes)):
        if mode == b"LEAF":
            continue
        for side in below:
            # a link that leads to a later node can make no circle
            next_place = places.get((tree, side[place]), -1)
            if next_place <= place:
                raise Refused("has a link between nodes that does not lead downwards")
            depth[next_place] = max(depth[next_place], depth[place] + 1)
    if max(depth, default=0) > DEEPEST:
        raise Refused(f"has a branch of more than {DEEPEST} nodes")
    deepest: dict[int, int] = {}
    for tree, level in zip(trees, depth):
        deepest[tree] = max(deepest.get(tree, 0), level)
    return sum(deepest.values())


def _check_leaves(attributes: Any, word: str) -> None:
    trees = _list(attributes, f"{word}_treeids")
    for name in ("nodeids", "ids", "weights"):
        _list(attributes, f"{word}_{name}", len(trees))
    known = set(zip(attributes["nodes_treeids"], attributes["nodes_nodeids"]))
    if any(key not in known for key in zip(trees, attributes[f"{word}_nodeids"])):
        raise Refused("has a weight on a node that does not exist")
