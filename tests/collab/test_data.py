from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from gatera.collab.data import CollabDataLoaders
from gatera.core.errors import ArgumentError, DataError
from gatera.data.splits.by_position import RandomSplitter


def loaders(df, **changes):
    return CollabDataLoaders.from_df(df, **{"seed": 0, "bs": 16, **changes})


def test_the_first_three_columns_are_user_item_and_rating(df):
    before = df.copy()
    dls = loaders(df)
    assert list(dls.classes) == ["userId", "film"]
    assert dls.classes["userId"][:3] == ["#na#", 100, 101]
    assert dls.classes["film"].o2i["Film 0"] == 1
    pd.testing.assert_frame_equal(df, before)


def test_other_columns_may_be_named(df):
    dls = loaders(
        df[["rating", "film", "userId"]], user_name="userId", item_name="film", rating_name="rating"
    )
    assert (list(dls.classes), dls.y_names) == (["userId", "film"], ["rating"])


def test_the_split_is_that_of_the_random_splitter(df):
    dls = loaders(df, seed=7)
    assert dls.valid_ds.inputs.table.index.tolist() == RandomSplitter(seed=7)(df).valid.tolist()


def test_a_batch_is_pairs_of_codes_and_ratings(df):
    dls = loaders(df)
    batch = dls.one_batch()
    pairs, ratings = batch
    rows = dls.train_ds.inputs.table.iloc[batch.index.numpy()]
    assert (pairs.dtype, pairs.shape, ratings.shape) == (torch.int64, (16, 2), (16, 1))
    assert [dls.classes["film"][code] for code in pairs[:, 1]] == rows["film"].tolist()
    assert np.allclose(ratings[:, 0], rows["rating"])


def test_a_batch_is_shown_with_users_and_items_as_they_are(df):
    shown = loaders(df).show_batch(max_n=4)
    assert list(shown) == ["userId", "film", "rating"] and len(shown) == 4
    assert shown["userId"].min() >= 100


def test_csv_files_are_read(df, tmp_path):
    path = tmp_path / "ratings.csv"
    df.to_csv(path, index=False)
    dls = CollabDataLoaders.from_csv(path, seed=0, bs=16)
    assert np.array_equal(dls.train_ds.arrays, loaders(df).train_ds.arrays)
    df.to_csv(path, index=False, sep="\t")
    assert CollabDataLoaders.from_csv(path, delimiter="\t", bs=16).train.n == dls.train.n


@pytest.mark.parametrize("ratings", [True, False])
@pytest.mark.filterwarnings("ignore:Column '.*' is read as numbers")
def test_users_and_items_of_a_file_are_known_as_it_writes_them(df, tmp_path, ratings):
    """A program reads no number formats in names: its own file was unknown to it."""
    ids = {name: df[name].rank(method="dense").astype(int).map("{:,}".format) for name in ("userId", "film")}
    ids = {name: ("1," + cells.str.zfill(3)) for name, cells in ids.items()}
    columns = {**ids, "rating": df["rating"]} if ratings else ids
    pd.DataFrame(columns).to_csv(tmp_path / "r.csv", index=False)
    dls = CollabDataLoaders.from_csv(tmp_path / "r.csv", seed=0, bs=16, header="infer")
    assert set(dls.classes["userId"][1:]) == set(ids["userId"])
    assert set(dls.classes["film"][1:]) <= set(ids["film"])


def test_users_of_the_validation_split_only_are_unknown_and_said(df):
    df.loc[len(df)] = [999, "Film 0", 4.0, 0]
    seed = next(s for s in range(100) if len(df) - 1 in RandomSplitter(seed=s)(df).valid)
    with pytest.warns(UserWarning) as said:
        arrays = loaders(df, seed=seed).valid_ds.arrays
    assert [str(one.message) for one in said] == [
        "In the rows: unseen category 999 in column 'userId'; treated as unknown (#na#)."
    ]
    assert (arrays[:, 0] == 0).sum() == 1


def complaint(error, df, **changes) -> str:
    with pytest.raises(error) as err:
        loaders(df, **changes)
    return str(err.value)


def test_columns_that_are_not_there_or_there_twice_are_refused(df):
    assert complaint(DataError, df, user_name="userID") == (
        "user_name: no column 'userID' in the table. Available: userId, film, rating, timestamp. "
        "Did you mean 'userId'?"
    )
    assert complaint(ArgumentError, df, item_name="rating") == (
        "user_name, item_name and rating_name are not three columns. Got: ['userId', 'rating', 'rating']. Name all "
        "three: those not named are found by their names."
    )
    assert complaint(DataError, df[["userId"]]) == (
        "The table has 1 columns. Got: ['userId']. Expected: one of users, one of items, one of ratings."
    )


def test_ratings_that_are_none_name_their_row(df):
    df.loc[5, "rating"] = np.nan
    assert complaint(DataError, df) == (
        "Column 'rating' (y_names) is empty in row 5 of the table. Remove such rows: df.dropna(subset=['rating'])."
    )
    text = df.astype({"rating": object})
    text.loc[5, "rating"] = "good"
    with pytest.warns(UserWarning, match="mix numbers and texts"):
        assert complaint(DataError, text).endswith(" (row 5). Got: 'good'.")


def test_users_that_are_all_missing_are_refused(df):
    assert complaint(DataError, df.assign(userId=None)) == (
        "Column 'userId' is empty in every row of the training set. Remove it from the inputs."
    )


def test_a_batch_size_that_is_not_given_is_chosen_and_said(df, capsys):
    dls = loaders(df, bs=None)
    line = f"Batch size {dls.bs}: an epoch of {dls.train.n} items has {len(dls.train)} updates; pass bs= to change it.\n"
    assert dls.bs < 64 and capsys.readouterr().err == line
    loaders(df, bs=16)
    assert capsys.readouterr().err == ""
