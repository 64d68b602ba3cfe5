"""Ratings without a rating: who took what."""

from __future__ import annotations

import pandas as pd
import pytest

from gatera.collab.implicit import is_implicit


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
    assert is_implicit(pd.DataFrame(columns=columns)) == implicit
