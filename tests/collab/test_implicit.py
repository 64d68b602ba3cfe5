"""Ratings without a rating: who took what."""

from __future__ import annotations

import pandas as pd
import pytest

from gatera.collab.implicit import IMPLICIT, is_implicit, with_negatives


@pytest.mark.parametrize(
    ("columns", "implicit"),
    [
        (["who", "what"], True),
        (["userId", "movieId", "timestamp"], True),
        (["userId", "movieId", "Date", "year"], True),
        (["userId", "movieId", "rating"], False),
        (["userId", "movieId", "rating", "timestamp"], False),
        (["userId", "movieId", "genre"], False),
        (["who", "what", "timestamp"], False),  # nothing says that these are users and items
    ],
)
def test_two_columns_or_users_and_items_with_nothing_but_dates(columns, implicit):
    assert is_implicit(pd.DataFrame([range(len(columns))] * 3, columns=columns)) == implicit


N = 40


@pytest.mark.parametrize(
    ("name", "cells", "implicit"),
    [
        ("order_id", [10_000 + k // 2 for k in range(N)], True),
        ("InvoiceNo", [f"A{k // 2}" for k in range(N)], True),
        ("sessionid", [7_000 + k // 2 for k in range(N)], True),
        ("transactionid", [None] * N, True),
        ("review", [f"a text {k}" for k in range(N)], True),
        ("plays", [k * k for k in range(N)], False),
        ("event", ["view", "buy"] * (N // 2), False),  # these may mean more than that somebody took it
        ("liked", [True, False] * (N // 2), False),
    ],
)
def test_orders_sessions_and_texts_are_no_ratings(name, cells, implicit):
    users, items = [k % 7 for k in range(N)], [k % 9 for k in range(N)]
    assert is_implicit(pd.DataFrame({"user": users, "item": items, name: cells})) == implicit


def test_what_a_user_took_is_never_drawn_as_not_taken():
    taken = [(f"user{user}", f"item{item}") for user in range(30) for item in range(12) if (user + item) % 3]
    found = with_negatives(pd.DataFrame(taken, columns=["user", "item"]), seed=0)
    counts = found[IMPLICIT].eq(1.0)
    assert list(found[counts][["user", "item"]].itertuples(index=False, name=None)) == taken
    drawn = set(found[~counts][["user", "item"]].itertuples(index=False, name=None))
    assert drawn and not drawn & set(taken)
