"""`CollabDataLoaders`: build loaders of ratings from a DataFrame or a CSV file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from gatera.collab.block import PairBlock
from gatera.collab.implicit import IMPLICIT, is_implicit, pair_names, with_negatives
from gatera.core.random import fresh_seed
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.arguments import (
    LOADER_DEFAULTS,
    READ_DEFAULTS,
    LoaderArguments,
    ReadArguments,
    loader_arguments,
    read_arguments,
)
from gatera.data.blocks.batch_size import PAIRS, RATINGS, BatchRule, choose_batch_size
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.loading.dataset import FittedFields, Rows
from gatera.data.loading.loaders import DataLoader, LoaderOptions
from gatera.data.loading.pipeline import Pipeline
from gatera.data.loading.rating_columns import ROLES, column_names
from gatera.data.loading.row_loaders import RowLoaders, rows_dataset
from gatera.data.loading.row_tables import check_filled, check_frame
from gatera.data.sources.tables import as_written, read_table, with_numbers
from gatera.data.splits.by_position import RandomSplitter
from gatera.data.splits.split import Splits

if TYPE_CHECKING:
    import pandas as pd

#: With more ratings than this, a program does not remember who rated what: it would grow by megabytes.
MOST_REMEMBERED = 1_000_000


class CollabCsvArguments(LoaderArguments, ReadArguments, total=False):
    """What `CollabDataLoaders.from_csv` takes."""


class CollabDataLoaders:
    """Make loaders of ratings, from a DataFrame or a CSV file: `RowLoaders`."""

    @staticmethod
    @spelled_out(LoaderArguments, LOADER_DEFAULTS)
    def from_df(
        ratings: pd.DataFrame, valid_pct: float = 0.2, user_name: str | None = None,
        item_name: str | None = None, rating_name: str | None = None, seed: int | None = None,
        path: str | Path = ".", **options: Unpack[LoaderArguments],
    ) -> RowLoaders:  # fmt: skip
        """Load the ratings in a DataFrame, which is not changed.

        A table without ratings, that only says who took what, is implicit: each of its pairs counts as 1, and four items drawn
        at random for each of them as 0.

        Args:
            ratings: the table: who rates what, and how.
            valid_pct: share of the ratings for validation, 0..1.
            user_name: the column of the users; by default the one named so ("user", "userId", ...); see `column_names`.
            item_name: the column of the items; by default the one named so ("item", "movie", ...).
            rating_name: the column of the ratings; by default the one named so ("rating", ...); "taken"
                where the pairs alone count, as in a table of two columns.
            seed: keys the random split and shuffling; None draws both from torch's global generator.
            path: folder where the job's files go.
            **options: see `LoaderArguments`.

        Raises:
            ArgumentError: if a column has two roles, or an argument is not known.
            DataError: if a column is missing, or a rating is missing or not a finite number; the row is named.
        """
        check_arguments(CollabDataLoaders.from_df, options)
        given: LoaderArguments = {**LOADER_DEFAULTS, **options}
        check_frame(ratings)
        key = fresh_seed() if seed is None else seed
        if _pairs_count(ratings, rating_name):
            user_name, item_name = pair_names(ratings, (user_name, item_name))
            ratings, rating_name = with_negatives(ratings[[user_name, item_name]], key), IMPLICIT
        (user, item, rating), note = column_names(ratings, (user_name, item_name, rating_name))
        if note is not None:
            warnings.warn(
                f"{note.text}. To change that: {', '.join(f'{role}=' for role in ROLES)}.", stacklevel=3
            )
        names = (user, item, rating)
        return rating_loaders(ratings, names, RandomSplitter(valid_pct, seed)(ratings), key, given, path)

    @staticmethod
    @spelled_out(CollabCsvArguments, {**READ_DEFAULTS, **LOADER_DEFAULTS})
    def from_csv(
        csv: str | Path, valid_pct: float = 0.2, user_name: str | None = None,
        item_name: str | None = None, rating_name: str | None = None, seed: int | None = None,
        path: str | Path = ".", *, delimiter: str | None = None, **options: Unpack[CollabCsvArguments],
    ) -> RowLoaders:  # fmt: skip
        """Load the ratings in a CSV file; see `from_df` for the other arguments.

        Args:
            csv: the file.
            delimiter: what separates the columns; None to find it.

        Raises:
            DataError: if the file is missing, not a table, or has two columns of one name; and as `from_df`.
        """
        check_arguments(CollabDataLoaders.from_csv, options)
        reading: dict[str, Any] = {"delimiter": delimiter, **read_arguments(options)}
        ratings = read_table(csv, **reading)
        names = _user_and_item(ratings, (user_name, item_name, rating_name))
        ratings = as_written(ratings, names, csv, reading)
        loading = loader_arguments(options)
        return CollabDataLoaders.from_df(
            ratings, valid_pct, user_name, item_name, rating_name, seed, path, **loading
        )


def rating_loaders(
    ratings: Any, names: tuple[str, str, str], splits: Splits, seed: int, given: LoaderArguments, path: str | Path
) -> RowLoaders:  # fmt: skip
    """Make loaders of ratings that are split.

    Args:
        ratings: a pandas DataFrame, which is not changed.
        names: its columns of users, items and ratings.
        splits: the positions of the training and the validation set.
        seed: keys the shuffling.
        given: how batches are made.
        path: folder where the job's files go.

    Raises:
        DataError: if a rating is missing or not a finite number; the row is named.
    """
    user, item, rating = names
    frame = with_numbers(ratings[[user, item, rating]].copy(), [user, item], role=None)
    check_filled(frame, [rating])
    block = PairBlock(user, item).fit(Rows(frame.iloc[splits.train]))
    taken = frame[frame[rating] > 0] if rating == IMPLICIT else frame
    if len(taken) <= MOST_REMEMBERED:
        with warnings.catch_warnings():  # the loaders say it of the rows of the validation set
            warnings.simplefilter("ignore")
            block = block.knowing(block.encode_all(Rows(taken), str))
    fields = FittedFields(block, RegressionBlock(n_out=1), None, None, Pipeline(block), y_name=rating)
    loading = LoaderOptions(seed, 0, given["device"], cache=False)

    def dataset(side: np.ndarray) -> Any:
        return rows_dataset(frame.iloc[side], fields, [rating], side.tolist())

    bs = choose_batch_size(batch_rule(rating), given["bs"], len(splits.train))
    train = DataLoader(
        dataset(splits.train),
        bs,
        shuffle=given["shuffle"],
        drop_last=True,
        training=True,
        options=loading,
    )
    valid = DataLoader(dataset(splits.valid), given["val_bs"] or bs, options=loading)
    return RowLoaders(train, valid, block.classes, [rating], path)


def batch_rule(rating: str) -> BatchRule:
    """Return how the batch size is chosen, given the column of the ratings: pairs without ratings have a rule of their own."""
    return PAIRS if rating == IMPLICIT else RATINGS


def _pairs_count(ratings: Any, rating_name: str | None) -> bool:
    """Whether the pairs of a table alone count: it has no ratings."""
    if rating_name is None:
        return is_implicit(ratings)
    return rating_name == IMPLICIT and IMPLICIT not in ratings.columns


def _user_and_item(ratings: Any, given: tuple[str | None, str | None, str | None]) -> list[str]:
    """Return the columns of the users and the items; see `CollabDataLoaders.from_df`."""
    if _pairs_count(ratings, given[2]):
        return pair_names(ratings, given[:2])
    return column_names(ratings, given)[0][:2]
