"""The items that a program of ratings would recommend to a user."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np

from gatera.core.checks import check_count, did_you_mean
from gatera.core.errors import ArgumentError, DataError
from gatera.program.raw.row import PairReader

#: Items rated at once.
BATCH = 4096


class Recommendation(NamedTuple):
    """An item, and the rating that a user is expected to give; for implicit ratings, how likely the user takes it, 0..1."""

    item: Any
    rating: float


def best_items(
    reader: Any,
    rate: Callable[[np.ndarray], np.ndarray],
    user: Any,
    n: int,
    exclude: Collection[Any],
    rated: bool,
) -> list[Recommendation]:
    """Return the items with the highest expected ratings, best first.

    Args:
        reader: the program's first step.
        rate: expected ratings of pairs of codes, int64 [N,2].
        user: as in the table of ratings; text and number are the same.
        n: how many items.
        exclude: items to leave out.
        rated: whether items that the user has rated may be among them.

    Raises:
        ArgumentError: if the program does not rate items.
        DataError: if the user is not known.
    """
    check_count("n", n, 1)
    if not isinstance(reader, PairReader):
        raise ArgumentError(
            "the program does not rate items for users", remedy="Make one with gatera train ratings.csv --task recommend."
        )  # fmt: skip
    code = reader.user_code(user)
    if code is None:
        known = [str(label) for label in reader.users]
        raise DataError(
            f"the program knows no such value of {reader.columns[0]}", got=user,
            expected=f"one of the {len(known):,} that it was trained on", remedy=did_you_mean(str(user), known),
        )  # fmt: skip
    left_out = set() if rated else set(reader.rated_by(code))
    left_out |= {found for item in exclude if (found := reader.item_code(item)) is not None}
    items = np.array([item for item in range(1, len(reader.items) + 1) if item not in left_out], np.int64)
    pairs = np.stack([np.full_like(items, code), items], axis=1)  # [n,2]
    parts = [rate(pairs[start : start + BATCH]) for start in range(0, len(pairs), BATCH)]
    ratings = np.concatenate([np.asarray(part).reshape(-1) for part in parts]) if parts else np.zeros(0)
    best = np.argsort(-ratings, kind="stable")[:n]
    return [Recommendation(reader.items[items[place] - 1], float(ratings[place])) for place in best]
