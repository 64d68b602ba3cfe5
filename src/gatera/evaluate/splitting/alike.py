"""Are items of a group more alike than items of different groups?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import pairwise

import numpy as np

from gatera.core.random import rng
from gatera.data.sources.looks import Look
from gatera.evaluate.leaking.contents import thumbnails
from gatera.measure.duplicates.pictures import descriptors

#: Pairs that are compared of each kind, and the fewest that tell something.
MOST_PAIRS, FEWEST_PAIRS = 400, 20


def vectors(looks: Sequence[Look]) -> np.ndarray:
    """Return a unit vector for each thumbnail, float32 [N,F]: the product of two says how alike they are."""
    return descriptors(thumbnails(looks).grey)


def more_alike(vectors: np.ndarray, groups: Sequence[Hashable], labels: Sequence[Hashable]) -> float | None:
    """Return the probability that a pair within a group is more alike than a pair of two groups, both of one class, 0..1.

    Args:
        vectors: unit vectors, float32 [N,F].
        groups: the group of each item.
        labels: its class.

    Returns:
        0.5 where groups say nothing; None if there are too few pairs.
    """
    members: dict[tuple[Hashable, Hashable], list[int]] = defaultdict(list)
    for place, key in enumerate(zip(labels, groups, strict=True)):
        members[key].append(place)
    draw = rng(0, len(vectors))
    within = [pair for places in members.values() for pair in pairwise(places) if len(places) > 1]
    within = [within[i] for i in draw.permutation(len(within))[:MOST_PAIRS]]
    by_class: dict[Hashable, list[int]] = defaultdict(list)
    for place, label in enumerate(labels):
        by_class[label].append(place)
    between = []
    for one, _ in within:
        others = by_class[labels[one]]
        other = others[int(draw.integers(len(others)))]
        if groups[other] != groups[one]:
            between.append((one, other))
    if min(len(within), len(between)) < FEWEST_PAIRS:
        return None
    return _exceeds(_products(vectors, within), _products(vectors, between))


def _products(vectors: np.ndarray, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    first, second = np.array(pairs).T
    return np.asarray((vectors[first] * vectors[second]).sum(axis=1))


def _exceeds(some: np.ndarray, others: np.ndarray) -> float:
    """Return the probability that a value of `some` is above one of `others`."""
    return float((some[:, None] > others[None]).mean() + 0.5 * (some[:, None] == others[None]).mean())
