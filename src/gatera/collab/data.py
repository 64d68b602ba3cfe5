"""`CollabDataLoaders`: build loaders of ratings from a DataFrame or a CSV file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from gatera.collab.block import PairBlock
from gatera.core.errors import ArgumentError, DataError
from gatera.core.random import fresh_seed
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.arguments import (
    LOADER_DEFAULTS_64,
    READ_DEFAULTS,
    LoaderArguments,
    ReadArguments,
    loader_arguments,
    read_arguments,
)
from gatera.data.blocks.base import choose_batch_size
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.loading.dataset import FittedFields, Rows
from gatera.data.loading.loaders import DataLoader, LoaderOptions
from gatera.data.loading.pipeline import Pipeline
from gatera.data.loading.row_loaders import RowLoaders, rows_dataset
from gatera.data.loading.row_tables import check_columns, check_filled, check_frame
from gatera.data.sources.tables import read_table
from gatera.data.splits.by_position import RandomSplitter

if TYPE_CHECKING:
    import pandas as pd

#: What the three columns of a table of ratings hold, in the order in which they are expected.
ROLES = ("user_name", "item_name", "rating_name")

#: What the columns of these roles are usually called, in lower case, without "id" and "s" at their end.
USUAL_NAMES = (
    frozenset(("user", "customer", "reader", "member", "reviewer", "person", "client", "visitor")),
    frozenset(
        (
            "item",
            "movie",
            "film",
            "book",
            "product",
            "song",
            "track",
            "artist",
            "game",
            "title",
            "anime",
            "isbn",
        )
    ),
    frozenset(("rating", "score", "star", "vote", "bookrating", "userrating")),
)


class CollabCsvArguments(LoaderArguments, ReadArguments, total=False):
    """What `CollabDataLoaders.from_csv` takes."""


class CollabDataLoaders:
    """Make loaders of ratings, from a DataFrame or a CSV file: `RowLoaders`."""

    @staticmethod
    @spelled_out(LoaderArguments, LOADER_DEFAULTS_64)
    def from_df(
        ratings: pd.DataFrame, valid_pct: float = 0.2, user_name: str | None = None,
        item_name: str | None = None, rating_name: str | None = None, seed: int | None = None,
        path: str | Path = ".", **options: Unpack[LoaderArguments],
    ) -> RowLoaders:  # fmt: skip
        """Load the ratings in a DataFrame, which is not changed.

        Args:
            ratings: the table: who rates what, and how.
            valid_pct: share of the ratings for validation, 0..1.
            user_name: the column of the users; by default the one named so ("user", "userId", ...), else the first.
            item_name: the column of the items; by default the one named so ("item", "movie", ...), else the second.
            rating_name: the column of the ratings; by default the one named so ("rating", ...), else the third.
            seed: keys the random split and shuffling; None draws both from torch's global generator.
            path: folder where the job's files go.
            **options: see `LoaderArguments`.

        Raises:
            ArgumentError: if a column has two roles, or an argument is not known.
            DataError: if a column is missing, or a rating is missing or not a finite number; the row is named.
        """
        check_arguments(CollabDataLoaders.from_df, options)
        given: LoaderArguments = {**LOADER_DEFAULTS_64, **options}
        check_frame(ratings)
        user, item, rating = column_names(ratings, (user_name, item_name, rating_name))
        frame = ratings[[user, item, rating]].copy()
        check_filled(frame, [rating], "the table")
        splits = RandomSplitter(valid_pct, seed)(frame)
        block = PairBlock(user, item).fit(Rows(frame.iloc[splits.train]))
        fields = FittedFields(block, RegressionBlock(n_out=1), None, None, Pipeline(block), y_name=rating)
        loading = LoaderOptions(fresh_seed() if seed is None else seed, 0, given["device"], cache=False)

        def dataset(side: np.ndarray) -> Any:
            return rows_dataset(frame.iloc[side], fields, [rating], side.tolist())

        bs = choose_batch_size(block, given["bs"], len(splits.train))
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

    @staticmethod
    @spelled_out(CollabCsvArguments, {**READ_DEFAULTS, **LOADER_DEFAULTS_64})
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
        ratings = read_table(csv, delimiter, **read_arguments(options))
        loading = loader_arguments(options)
        return CollabDataLoaders.from_df(
            ratings, valid_pct, user_name, item_name, rating_name, seed, path, **loading
        )


def column_names(ratings: Any, given: Sequence[str | None]) -> list[str]:
    """Return the columns of users, items and ratings.

    Those not given are found by their names where all of them have a usual one; otherwise they are the first, the second
    and the third column.

    Args:
        ratings: a pandas DataFrame.
        given: three names, None for those to find.

    Raises:
        ArgumentError: if a column has two roles.
        DataError: if there are too few columns, or one is not there.
    """
    names = list(ratings.columns)
    if len(names) < len(ROLES):
        raise DataError(
            f"The table has {len(names)} columns",
            got=names,
            expected="one of users, one of items, one of ratings",
        )
    usual = [name or _usual(names, words) for name, words in zip(given, USUAL_NAMES, strict=True)]
    known = [name for name in usual if name is not None]
    by_name = len(set(known)) == len(ROLES)
    chosen = known if by_name else [name or names[place] for place, name in enumerate(given)]
    for role, name in zip(ROLES, chosen, strict=True):
        check_columns(ratings, role, [name])
    if len(set(chosen)) < len(chosen):
        raise ArgumentError(
            "user_name, item_name and rating_name are not three columns", got=chosen,
            remedy="Name all three: those not named are the first, second and third column.",
        )  # fmt: skip
    return chosen


def _usual(names: Sequence[str], words: frozenset[str]) -> str | None:
    """Return the one column whose name, without "id" at its end, is among `words`; None if there is none, or several."""
    found = [name for name in names if re.sub(r"[\W_]|s?(id)?$", "", name.strip().lower()) in words]
    return found[0] if len(found) == 1 else None
