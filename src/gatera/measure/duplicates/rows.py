"""Find rows of a table that are equal, but for columns that name the rows, and tell copies from coincidences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from gatera.measure.duplicates.pairs import Pair

#: Equal rows are copies if there are this many times as many as rows of independent columns would have.
TIMES_EXPECTED = 20.0

#: Rows with fewer columns are often equal without being copies.
FEWEST_COLUMNS = 3


@dataclass(frozen=True)
class EqualRows:
    """Rows that are equal across two sides of a split.

    Attributes:
        pairs: each row of the first side that has equals, with the first of them.
        expected: how many such rows chance would give if columns were independent of each other.
        columns: number of columns compared.
    """

    pairs: Sequence[Pair]
    expected: float
    columns: int

    @property
    def are_copies(self) -> bool:
        """Whether chance is not the likely reason."""
        return self.columns >= FEWEST_COLUMNS and len(self.pairs) > TIMES_EXPECTED * self.expected


def equal_rows(some: Sequence[Sequence[Any]], others: Sequence[Sequence[Any]] | None = None) -> EqualRows:
    """Return which rows are equal.

    Args:
        some: the columns of the rows, each of length N, without those that name the rows.
        others: the same columns of other rows, each of length M; None to compare `some` with each other.

    Example:
        >>> equal_rows([[1, 2, 3], ["a", "b", "c"]], [[3, 9], ["c", "z"]]).pairs
        [Pair(first=2, second=0, likeness=1.0)]
    """
    within = others is None
    left = _keys(some)
    right = left if others is None else _keys(others)
    first: dict[Any, int] = {}
    pairs = []
    for place, key in enumerate(right):
        if within and key in first:
            pairs.append(Pair(first[key], place, 1.0))
        first.setdefault(key, place)
    if not within:
        pairs = [Pair(place, first[key], 1.0) for place, key in enumerate(left) if key in first]
    beside = some if others is None else others
    meets = prod(_meeting(one, other, within) for one, other in zip(some, beside, strict=True))
    n = len(left) * (len(left) - 1) / 2 if within else len(left) * len(right)
    return EqualRows(pairs, n * meets, len(some))


def _keys(columns: Sequence[Sequence[Any]]) -> list[Any]:
    return list(zip(*(map(_cell, column) for column in columns), strict=True))


def _cell(cell: Any) -> Any:
    """Return a cell such that equal ones are equal: all missing numbers are one."""
    return None if isinstance(cell, float) and cell != cell else cell


def _meeting(some: Sequence[Any], others: Sequence[Any], within: bool) -> float:
    """Return the probability that a cell of one column and a cell of another row are equal.

    Where many rows are copies, they are the reason that cells of two sides are equal: those of one side alone tell then.
    """
    here, there = Counter(map(str, some)), Counter(map(str, others))
    n, m = len(some), len(others)
    among = sum(count * (count - 1) for count in there.values())
    if within:
        return among / max(1, m * (m - 1))
    across = sum(count * there[cell] for cell, count in here.items()) / max(1, n * m)
    return min(
        across, (among + 4) / max(1, m * (m - 1))
    )  # two equal pairs more than seen: that there are none proves little
