"""Votes packed for fast sums: items with the same votes counted once, several functions looked up at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gatera.core.random import rng

#: Largest table that stands for several functions at once: it should stay in the processor's cache.
LARGEST_TABLE = 4096

#: Rows that are looked at to see whether most differ.
LOOKED_AT = 20_000


@dataclass(frozen=True)
class Alphabet:
    """What one function said anywhere.

    Attributes:
        numbers: the numbers of its votes, without abstention, int64 [A-1].
        allowed: which classes each leaves possible, bool [A-1,K].
    """

    numbers: np.ndarray
    allowed: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers) + 1


@dataclass(frozen=True)
class Packed:
    """Votes of m functions in P different patterns.

    Attributes:
        alphabets: what each function said [m]; in codes 0 is abstention, then its votes in order.
        groups: which functions each table stands for.
        codes: for each group the row of its joint table, int64 [P] each.
        counts: how many items have the pattern, float64 [P].
    """

    alphabets: tuple[Alphabet, ...]
    groups: tuple[tuple[int, ...], ...]
    codes: tuple[np.ndarray, ...]
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def alone(self) -> np.ndarray:
        """Which patterns hold the vote of one function only, bool [P]."""
        spoke = [np.r_[0.0, np.ones(len(alphabet) - 1)][:, None] for alphabet in self.alphabets]
        n_votes = np.zeros(len(self))
        for group, codes in zip(self.groups, self.codes):
            n_votes += _outer_sum([spoke[j] for j in group])[:, 0].take(codes)
        return n_votes == 1

    @cached_property
    def lone(self) -> Packed:
        """The patterns that are `alone`."""
        return self.chosen(self.alone)

    @property
    def n_classes(self) -> int:
        """Number of classes K."""
        return self.alphabets[0].allowed.shape[1]

    def scores(self, tables: Sequence[np.ndarray]) -> np.ndarray:
        """Return the sum over functions of a number that depends on vote and class, float64 [K,P].

        Args:
            tables: for each function one number per vote and class, [A,K].
        """
        total = np.zeros((self.n_classes, len(self)))
        for group, codes in zip(self.groups, self.codes):
            joint = _outer_sum([tables[j] for j in group])
            for k in range(self.n_classes):
                total[k] += joint[:, k].take(codes)
        return total

    def sums(self, weights: np.ndarray) -> list[np.ndarray]:
        """Return for each function the weights of the items by vote and class, [A,K] each.

        Args:
            weights: one number per class and pattern, [K,P].
        """
        found: list[np.ndarray] = [np.empty(0)] * len(self.alphabets)
        for group, codes in zip(self.groups, self.codes):
            sizes = [len(self.alphabets[j]) for j in group]
            rows = int(np.prod(sizes))
            joint = np.stack([np.bincount(codes, each, rows) for each in weights], axis=-1).reshape(
                *sizes, -1
            )
            for place, j in enumerate(group):
                found[j] = joint.sum(axis=tuple(axis for axis in range(len(sizes)) if axis != place))
        return found

    def column(self, function: int) -> np.ndarray:
        """Return the votes of one function by pattern, int64 [P]: 0 for abstention."""
        group, codes = next((g, c) for g, c in zip(self.groups, self.codes) if function in g)
        below = [len(self.alphabets[j]) for j in group[group.index(function) + 1 :]]
        return codes // int(np.prod(below)) % len(self.alphabets[function])

    def chosen(self, rows: np.ndarray, counts: np.ndarray | None = None) -> Packed:
        """Return some of the patterns, or all with other counts."""
        return replace(
            self,
            codes=tuple(codes[rows] for codes in self.codes),
            counts=(self.counts if counts is None else counts)[rows],
        )


def alphabets_of(matrix: np.ndarray, allowed: np.ndarray) -> tuple[Alphabet, ...]:
    """Return what each function said anywhere."""
    found = []
    for column in matrix.T:
        used = np.flatnonzero(np.bincount(column + 1, minlength=len(allowed) + 1)[1:])
        found.append(Alphabet(used, allowed[used]))
    return tuple(found)


def pack(matrix: np.ndarray, alphabets: Sequence[Alphabet], n_numbers: int) -> Packed:
    """Pack votes, one pattern per row.

    Args:
        matrix: votes, int32 [n,m]; -1 for an abstention.
        alphabets: what each function may say.
        n_numbers: how many numbers votes can have.
    """
    groups = _groups([len(alphabet) for alphabet in alphabets])
    codes = []
    for group in groups:
        joint = np.zeros(len(matrix), dtype=np.int64)
        for j in group:
            local = np.zeros(n_numbers + 1, dtype=np.int64)
            local[alphabets[j].numbers + 1] = np.arange(1, len(alphabets[j]))
            joint = joint * len(alphabets[j]) + local[matrix[:, j] + 1]
        codes.append(joint)
    return Packed(tuple(alphabets), groups, tuple(codes), np.ones(len(matrix)))


def distinct(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (first, inverse, counts) of the different rows of a matrix of votes.

    Rows are compared by a hash of 64 bits; that it tells them all apart is checked.
    """
    factors = np.asarray(
        rng(0, matrix.shape[1]).integers(1, 2**63, matrix.shape[1], dtype=np.uint64) | np.uint64(1)
    )
    with np.errstate(over="ignore"):
        keys = np.zeros(len(matrix), dtype=np.uint64)
        for column, factor in zip(matrix.T, factors):
            keys += (column + 2).astype(np.uint64) * factor
    _, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    if all(np.array_equal(column[first][inverse], column) for column in matrix.T):
        return first, inverse, counts.astype(np.float64)
    everything = np.arange(len(matrix))
    return everything, everything, np.ones(len(matrix))


def seem_different(matrix: np.ndarray) -> bool:
    """Whether most rows of a long matrix of votes differ, told by a sample: then counting equal ones is not worth it."""
    if len(matrix) < 4 * LOOKED_AT:
        return False
    some = matrix[rng(0, len(matrix)).integers(0, len(matrix), LOOKED_AT)]
    return len(distinct(some)[0]) > LOOKED_AT / 2


def _groups(sizes: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    groups: list[list[int]] = [[]]
    rows = 1
    for j, size in enumerate(sizes):
        if groups[-1] and rows * size > LARGEST_TABLE:
            groups.append([])
            rows = 1
        groups[-1].append(j)
        rows *= size
    return tuple(map(tuple, groups))


def _outer_sum(tables: Sequence[np.ndarray]) -> np.ndarray:
    total = tables[0]
    for table in tables[1:]:
        total = (total[:, None] + table[None]).reshape(-1, table.shape[1])
    return total
