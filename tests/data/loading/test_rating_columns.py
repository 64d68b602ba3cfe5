"""Which columns are users, items and ratings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatera.collab.data import CollabDataLoaders
from gatera.core.errors import DataError
from gatera.data.loading.rating_columns import column_names

N = 200
RANDOM = np.random.default_rng(0)
USERS, ITEMS, GRADES = RANDOM.integers(1, 40, N), RANDOM.integers(1, 30, N), RANDOM.integers(1, 6, N)
TIMES = 923282255 + np.arange(N) * 7


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns)


NAMED = [
    (table(rating=GRADES, user=USERS, movie=ITEMS), ["user", "movie", "rating"]),
    (table(**{"User-ID": USERS, "ISBN": ITEMS, "Book-Rating": GRADES}), ["User-ID", "ISBN", "Book-Rating"]),
    (
        table(overall=GRADES, reviewerID=USERS, asin=ITEMS, unixReviewTime=TIMES),
        ["reviewerID", "asin", "overall"],
    ),
    (
        table(timestamp=TIMES, stars=GRADES, business_id=ITEMS, user_id=USERS),
        ["user_id", "business_id", "stars"],
    ),
    (table(title=ITEMS, movieId=ITEMS, rating=GRADES, userId=USERS), ["userId", "movieId", "rating"]),
    (
        table(**{"movie title": ITEMS, "User name": USERS, "stars": GRADES}),
        ["User name", "movie title", "stars"],
    ),
    (table(score=GRADES, anime_id=ITEMS, username=USERS), ["username", "anime_id", "score"]),
    (table(index=np.arange(N), uid=USERS, iid=ITEMS, r_ui=GRADES, rating=GRADES), ["uid", "iid", "rating"]),
]


@pytest.mark.parametrize(("ratings", "names"), NAMED)
def test_usual_names_tell_the_columns_in_any_order(ratings, names):
    assert column_names(ratings, (None, None, None)) == (names, None)


GUESSED = [
    (table(rating=GRADES, user=USERS, spot=ITEMS), ["user", "spot", "rating"]),
    (table(timestamp=TIMES, spot=ITEMS, rating=GRADES, user=USERS), ["user", "spot", "rating"]),
    (table(user=USERS, movie=ITEMS, liking=GRADES), ["user", "movie", "liking"]),
    (table(liking=GRADES, who=USERS, movie=ITEMS), ["who", "movie", "liking"]),
    (table(column_1=GRADES, column_2=USERS, column_3=ITEMS), ["column_2", "column_3", "column_1"]),
    (
        table(column_1=USERS, column_2=ITEMS, column_3=GRADES, column_4=TIMES),
        ["column_1", "column_2", "column_3"],
    ),
    (table(order_id=TIMES, user=USERS, plays=USERS * ITEMS, movie=ITEMS), ["user", "movie", "plays"]),
    (table(user=USERS, plays=USERS * ITEMS, movie=ITEMS, order_id=TIMES), ["user", "movie", "plays"]),
    (table(column_1=USERS % 3, column_2=ITEMS, column_3=GRADES / 2), ["column_1", "column_2", "column_3"]),
    (table(a=USERS.astype(str), b=ITEMS.astype(str), c=GRADES), ["a", "b", "c"]),
]


@pytest.mark.parametrize(("ratings", "names"), GUESSED)
def test_what_names_do_not_tell_is_decided_and_said(ratings, names):
    found, note = column_names(ratings, (None, None, None))
    assert found == names
    assert (
        note is not None
        and note.value == names[("user", "item", "rating").index(note.option)]
        and (note.option == "user") == (not {"user"} & set(names))
        and f"users in {names[0]!r}, items in {names[1]!r}" in note.text
    )


def test_several_columns_that_could_be_the_items_are_asked_about():
    ratings = table(rating=GRADES, user=USERS, spot=ITEMS, town=ITEMS)
    with pytest.raises(
        DataError, match=r"^Several columns could hold the items\. Available: spot, town\. Name all three"
    ):
        column_names(ratings, (None, None, None))
    assert column_names(ratings, (None, "spot", None)) == (["user", "spot", "rating"], None)


def test_loaders_say_what_they_decided():
    with pytest.warns(
        UserWarning, match=r"^Names do not tell which columns are which: users in 'user', items in 'spot'"
    ):
        dls = CollabDataLoaders.from_df(table(rating=GRADES, user=USERS, spot=ITEMS), seed=0)
    assert list(dls.classes) == ["user", "spot"] and dls.y_names == ["rating"]


def test_ratings_with_decimal_commas_are_numbers():
    ratings = table(user=USERS, item=ITEMS.astype(str), rating=[f"{g},5" for g in GRADES])
    with pytest.warns(UserWarning, match=r"read as numbers: rating\.$"):
        dls = CollabDataLoaders.from_df(ratings, seed=0)
    assert float(dls.train_ds.targets.max()) == 5.5
