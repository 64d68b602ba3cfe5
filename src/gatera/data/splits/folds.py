"""Deal groups out to folds, so that items of one group are held out together."""

from __future__ import annotations

import numpy as np

from gatera.core.random import rng


def folds_of_groups(kinds: np.ndarray, groups: np.ndarray, count: int, *key: int) -> np.ndarray:
    """Return the fold of each item, int64 [n]: the largest groups first, each where items of its usual class are fewest.

    Args:
        kinds: the class of each item, int64 [n]; zeros where there are none.
        groups: the number of each item's group, from 0 on, int64 [n].
        count: how many folds; with fewer groups some stay empty.
        *key: keys what is drawn, as in `core.random.rng`.

    Example:
        >>> folds = folds_of_groups(np.zeros(6, np.int64), np.array([0, 0, 1, 1, 2, 2]), 3, 0)
        >>> sorted(folds.tolist()), bool(folds[0] == folds[1])
        ([0, 0, 1, 1, 2, 2], True)
    """
    of_group = np.zeros((int(groups.max()) + 1, int(kinds.max()) + 1), np.int64)
    np.add.at(of_group, (groups, kinds), 1)
    drawn = rng(*key).permutation(len(of_group))
    held, chosen = np.zeros((count, of_group.shape[1]), np.int64), np.empty(len(of_group), np.int64)
    for group in drawn[np.argsort(-of_group[drawn].sum(axis=1), kind="stable")]:
        usual = of_group[group].argmax()
        fold = np.lexsort((held.sum(axis=1), held[:, usual]))[0]
        chosen[group] = fold
        held[fold] += of_group[group]
    return chosen[groups]
