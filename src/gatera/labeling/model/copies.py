"""Functions that say the same as another of every item: they are fitted once, and share what it counts."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from gatera.labeling.model.dependence import Dependence
from gatera.labeling.model.generative import Generative
from gatera.labeling.model.starting import FEWEST_COMMON

#: Functions that must be left for copies to be left out: the agreements of two tell no skill.
FEWEST_LEFT = 3


def first_of_copies(matrix: np.ndarray) -> np.ndarray:
    """Return for each function the number of the first one that has the same votes, int64 [m]; few votes tell no copy.

    Args:
        matrix: votes, int32 [n,m]; -1 for an abstention.
    """
    own = np.arange(matrix.shape[1])
    seen: dict[bytes, int] = {}
    found = own.copy()
    for j, column in enumerate(matrix.T):
        if (column >= 0).sum() >= FEWEST_COMMON:
            found[j] = seen.setdefault(hashlib.sha256(column.tobytes()).digest(), j)
    return found if len(set(found.tolist())) >= FEWEST_LEFT else own


def spread(model: Generative, of: np.ndarray) -> Generative:
    """Return a model of all functions from one of those that are no copies: of c copies each counts a c-th.

    Args:
        model: of the functions that are the first of their copies, in order.
        of: for each function the first of its copies, [m].
    """
    _, place, times = np.unique(of, return_inverse=True, return_counts=True)
    return replace(
        model,
        emissions=tuple(model.emissions[each] for each in place),
        accuracies=model.accuracies[place],
        weights=(model.weights / times)[place],
    )


def of_all(dependent: list[Dependence], of: np.ndarray) -> list[Dependence]:
    """Return the pairs that depend on each other by the numbers of all functions, with each copy and its first, strongest first."""
    firsts = np.unique(of)
    copies = [Dependence(int(first), j, 1.0) for j, first in enumerate(of) if first != j]
    pairs = [Dependence(int(firsts[a]), int(firsts[b]), strength) for a, b, strength in dependent]
    return [*copies, *sorted(pairs, key=lambda pair: -pair.strength)]
