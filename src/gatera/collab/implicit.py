"""Implicit ratings: tables that only say who took what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from gatera.core.checks import require
from gatera.core.errors import ArgumentError
from gatera.core.random import rng
from gatera.data.loading.rating_columns import ROLES, may_be_ratings, usual_columns
from gatera.data.loading.row_tables import check_columns

#: The name of the column of 1 and 0 that is made of pairs; as `rating_name` it says that the pairs alone count.
IMPLICIT = "taken"

#: How many items drawn at random count as 0 for each pair. Source: the usual value (He et al. 2017, arXiv 1708.05031).
NEGATIVES = 4

#: Columns that say when, by their names.
_WHEN = re.compile("time|date|year|month|day")


def is_implicit(ratings: Any) -> bool:
    """Whether a table only says who took what: two columns, or users and items by name and besides them nothing that may be ratings.

    Dates are none, nor are orders and sessions, free texts, and columns that are empty; see `may_be_ratings`.
    """
    names = list(ratings.columns)
    user, item, rating = usual_columns(names)
    if len(names) == 2 or user is None or item is None or rating is not None:
        return len(names) == 2
    others = [name for name in names if name not in (user, item) and not _WHEN.search(name.lower())]
    return not any(may_be_ratings(ratings[name]) for name in others)


def pair_names(ratings: Any, given: Sequence[str | None]) -> list[str]:
    """Return the columns of users and items: those given, else by their usual names, else the first two.

    Args:
        ratings: a pandas DataFrame of two columns or more.
        given: two names, None for those to find.

    Raises:
        ArgumentError: if both are one column.
        DataError: if one is not there.
    """
    names = list(ratings.columns)
    usual = [name or found for name, found in zip(given, usual_columns(names), strict=False)]
    left = [name for name in names if name not in usual]
    chosen = (
        [str(name or left.pop(0)) for name in usual] if None in usual and left else [str(n) for n in usual]
    )
    for role, name in zip(ROLES, chosen, strict=False):
        check_columns(ratings, role, [name])
    if chosen[0] == chosen[1]:
        raise ArgumentError("user_name and item_name are one column", got=chosen, remedy="Name both.")
    return chosen


def with_negatives(pairs: Any, seed: int) -> Any:
    """Return pairs that count as 1, and for each of them items drawn at random, not taken by its user, that count as 0.

    Args:
        pairs: a pandas DataFrame of users and items.
        seed: keys the draw.
    """
    pandas = require("pandas", "train", "for tables")
    user, item = pairs.columns
    pairs = pairs.dropna().drop_duplicates()
    users, user_labels = pandas.factorize(pairs[user])
    items, item_labels = pandas.factorize(pairs[item])
    n_items = len(item_labels)
    asked = np.repeat(users, NEGATIVES)
    drawn = rng(seed, len(pairs)).integers(0, n_items, len(asked))
    free = ~np.isin(asked.astype(np.int64) * n_items + drawn, users.astype(np.int64) * n_items + items)
    columns = {user: user_labels[asked[free]], item: item_labels[drawn[free]], IMPLICIT: 0.0}
    negative = pandas.DataFrame(columns).drop_duplicates()
    return pandas.concat([pairs.assign(**{IMPLICIT: 1.0}), negative], ignore_index=True)
