"""`TabularPandas`: a table with the roles of its columns and what was learned from them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gatera.core.checks import check_count, counted, require
from gatera.core.errors import ArgumentError, DataError
from gatera.core.random import fresh_seed
from gatera.data.blocks.base import Block, TargetBlock, as_target
from gatera.data.blocks.batch_size import choose_batch_size
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.blocks.soft import SoftCategoryBlock
from gatera.data.blocks.vocab import Vocab
from gatera.data.loading.dataset import Dataset, FittedFields
from gatera.data.loading.loaders import DataLoader, LoaderOptions
from gatera.data.loading.pipeline import Pipeline
from gatera.data.loading.row_loaders import rows_dataset
from gatera.data.loading.row_tables import check_columns, check_filled, check_frame
from gatera.data.loading.show_batch import show_items
from gatera.data.sources.tables import with_numbers
from gatera.data.sources.who_labelled import facts_of_labels
from gatera.data.splits.by_position import Splits, as_splits
from gatera.program.tables.columns import number_cells
from gatera.tabular.block import RowBlock
from gatera.tabular.checks import check_roles, numeric
from gatera.tabular.frames import as_names
from gatera.tabular.loaders import TableLoaders
from gatera.tabular.procs import as_procs
from gatera.tabular.roles import find_roles, is_class, not_used, with_reasons

if TYPE_CHECKING:
    import pandas as pd

Names = str | Sequence[str] | None


class TableRows:
    """Some rows of a table: raw, as a model gets them, and as people read them.

    Args:
        frame: the rows, a pandas DataFrame of this object's own.
        fields: how they are read.
        y_names: the columns of the label.
        positions: place of each row in the whole table.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        fields: FittedFields,
        y_names: Sequence[str],
        positions: Sequence[int] | None = None,
    ) -> None:
        self.frame, self.fields, self.y_names = frame, fields, list(y_names)
        self._positions = positions

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__} of {counted(len(self), 'row')}: "
            f"{counted(len(self.cat_names), 'category', 'categories')}, {counted(len(self.cont_names), 'number')}"
        )

    @property
    def block(self) -> RowBlock:
        """How rows are read: what was learned of the columns."""
        assert isinstance(self.fields.x, RowBlock)  # for the type checker
        return self.fields.x

    @property
    def classes(self) -> dict[str, Vocab]:
        """Category column -> its labels, "#na#" first, for what training did not know."""
        return self.block.classes

    @property
    def cat_names(self) -> list[str]:
        """The category columns, with those that tell where a number was missing."""
        return list(self.classes)

    @property
    def cont_names(self) -> list[str]:
        """The number columns; of dates their parts."""
        return self.block.number_names

    @cached_property
    def dataset(self) -> Dataset:
        """The rows as a data set; labels are encoded where the table has them."""
        there = self.y_names if all(name in self.frame.columns for name in self.y_names) else ()
        return rows_dataset(self.frame, self.fields, there, self._positions)

    @property
    def cats(self) -> pd.DataFrame:
        """The codes of the categories, int32."""
        return self.xs[self.cat_names]

    @property
    def conts(self) -> pd.DataFrame:
        """The numbers, gaps filled, normalised if asked for, float32."""
        return self.xs[self.cont_names]

    @cached_property
    def xs(self) -> pd.DataFrame:
        """What a model gets of each row: codes, int32, then numbers, float32."""
        arrays = np.asarray(self.dataset.arrays)  # [n,F]
        names = [*self.cat_names, *self.cont_names]
        columns = {
            name: arrays[:, place].astype(np.int32) if place < len(self.cat_names) else arrays[:, place]
            for place, name in enumerate(names)
        }
        return require("pandas", "train", "for tables").DataFrame(columns, index=self.frame.index)

    @cached_property
    def ys(self) -> pd.DataFrame:
        """The encoded labels: codes of categories, int64, or numbers, float32.

        Raises:
            DataError: if these rows have no labels.
        """
        targets = self.dataset.targets
        if targets is None:
            raise DataError(
                "These rows have no labels",
                expected=f"a table with {' and '.join(map(repr, self.y_names)) or 'a label'}",
            )
        values = targets.numpy().reshape(len(self), -1)  # [n] or [n,K] -> [n,K]
        names = self.y_names if values.shape[1] == len(self.y_names) else list(self.fields.y.vocab or [])  # type: ignore[union-attr]
        return require("pandas", "train", "for tables").DataFrame(
            values, columns=names, index=self.frame.index
        )

    @property
    def y(self) -> pd.Series:
        """The first column of `ys`."""
        return self.ys.iloc[:, 0]

    @property
    def items(self) -> pd.DataFrame:
        """The whole table with inputs and labels as a model gets them; columns that it does not use are as they were."""
        encoded = dict(self.xs.items())
        if self.dataset.targets is not None:
            encoded |= dict(self.ys.items())
        return self.frame.assign(**encoded)

    def show(self, max_n: int = 10) -> pd.DataFrame:
        """Return the first rows for people to read: "#na#" for unknown categories, gaps filled, labels in words."""
        check_count("max_n", max_n, 1)
        return show_items(self.dataset, range(min(max_n, len(self))))

    def new(self, df: pd.DataFrame) -> TableRows:
        """Return other rows, with or without labels, read as these are. The table itself is not changed.

        Raises:
            DataError: if a column is missing.
        """
        check_frame(df)
        check_columns(df, "The table it was learned from", self.block.read_columns)
        return TableRows(df.copy(), self.fields, self.y_names)


class TabularPandas(TableRows):
    """A table made ready for a model. The caller's DataFrame is never changed.

    Args:
        df: the table.
        procs: `Categorify`, `FillMissing`, `Normalize` (classes or instances, in any order); None for all three.
        cat_names: category columns; with `cont_names` None too, columns are sorted by their values, and those that
            tell nothing (empty, constant, row numbers, identifiers) are left out and named.
        cont_names: number columns, and columns of dates, which become year, month, day of the week and so on; None for every
            column that has no other role.
        y_names: the label's column, or columns.
        y_block: how labels are read; by default `CategoryBlock` for text, truth values and at most 20 different whole numbers,
            `RegressionBlock` for all other numbers.
        splits: a `Splits` or a pair of index lists, e.g. `RandomSplitter(seed=42)(df)`, or a splitter; None trains on all
            rows.

    Attributes:
        train, valid: the rows of the two splits; `valid` is empty where `splits` is None.

    Raises:
        ArgumentError: if a column has two roles, or procs and columns do not fit together.
        DataError: if a column is missing, there twice or empty, a label is missing, or there is one label only.

    Example:
        >>> import pandas
        >>> df = pandas.DataFrame({"job": ["cook", "nurse", "cook"], "age": [30, 40, 50], "rich": ["no", "yes", "no"]})
        >>> to = TabularPandas(df, cat_names="job", cont_names="age", y_names="rich")
        >>> to.xs["job"].tolist(), to.y.tolist(), to.classes["job"]
        ([1, 2, 1], [0, 1, 0], Items of 3: ['#na#', 'cook', 'nurse'])
    """

    def __init__(
        self,
        df: pd.DataFrame,
        procs: Any = None,
        cat_names: Names = None,
        cont_names: Names = None,
        y_names: Names = None,
        y_block: Block | type[Block] | None = None,
        splits: Any = None,
    ) -> None:
        check_frame(df)
        labels = as_names(y_names)
        check_columns(df, "y_names", labels)
        df = with_numbers(df, [*as_names(cat_names), *_labels_as_given(labels, y_block)])
        numbers, categories = _inputs(df, cat_names, cont_names, labels)
        given = (
            None
            if splits is None
            else as_splits(splits(df) if callable(splits) else splits, len(df), "splits")
        )
        train = np.arange(len(df)) if given is None else given.train
        valid = np.zeros(0, np.int64) if given is None else given.valid
        order = np.concatenate([train, valid])
        frame = df.iloc[order]  # a copy
        check_filled(frame, labels)
        frame = _with_whole_labels(frame, labels)
        self.splits: Splits | None = given
        self._n_train = len(train)
        fields = _fields(
            frame.iloc[: len(train)], RowBlock(categories, numbers, as_procs(procs)), labels, y_block
        )
        super().__init__(frame, fields, labels, order.tolist())

    @cached_property
    def train(self) -> TableRows:
        """The rows to learn from."""
        return self._part(slice(None, self._n_train))

    @cached_property
    def valid(self) -> TableRows:
        """The rows to measure with."""
        return self._part(slice(self._n_train, None))

    def _part(self, rows: slice) -> TableRows:
        positions = None if self._positions is None else self._positions[rows]
        return TableRows(self.frame.iloc[rows], self.fields, self.y_names, positions)

    def dataloaders(
        self,
        bs: int | None = None,
        val_bs: int | None = None,
        path: str | Path = ".",
        seed: int | None = None,
        device: str | torch.device | None = None,
        shuffle: bool = True,
    ) -> TableLoaders:
        """Return the loaders of both splits.

        Args:
            bs: rows per training batch; None for a number that suits the table, see `LoaderArguments`.
            val_bs: rows per validation batch; None for the same.
            path: folder where the job's files go.
            seed: keys shuffling; None draws one from torch's global generator.
            device: where batches are put; None for the best at hand.
            shuffle: bring training rows in another order in every epoch.

        Raises:
            ArgumentError: if the table has no label.
        """
        if not self.y_names:
            raise ArgumentError("the table has no label to learn", remedy="Name its column: y_names=.")
        options = LoaderOptions(fresh_seed() if seed is None else seed, 0, device, cache=False)
        bs = choose_batch_size(self.block.batch_rule, bs, len(self.train))
        train = DataLoader(
            self.train.dataset, bs, shuffle=shuffle, drop_last=True, training=True, options=options
        )
        valid = DataLoader(self.valid.dataset, val_bs or bs, options=options) if len(self.valid) else None
        return TableLoaders(train, valid, self.classes, self.y_names, path)


def _with_whole_labels(frame: Any, labels: Sequence[str]) -> Any:
    """Return the table with integers in place of whole numbers that came as floats: classes 1.0 and 0.0 are 1 and 0."""
    floats = [name for name in labels if frame[name].dtype.kind == "f"]
    return frame.assign(**{name: number_cells(frame[name].to_numpy(np.float64))[0] for name in floats})


def _inputs(
    df: Any, cat_names: Names, cont_names: Names, labels: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return the number columns and the category columns."""
    if cat_names is None and cont_names is None:
        return _found_inputs(df, labels)
    categories = as_names(cat_names)
    check_columns(df, "cat_names", categories)
    others = [name for name in df.columns if name not in categories and name not in labels]
    numbers = others if cont_names is None else as_names(cont_names)
    check_columns(df, "cont_names", numbers)
    check_roles(categories, numbers, labels)
    wrong = [name for name in numbers if not numeric(df, name)] if cont_names is None else []
    if wrong:
        raise DataError(
            "Columns without a role hold no numbers", got=wrong,
            remedy="Name them in cat_names, or name the number columns in cont_names.",
        )  # fmt: skip
    return numbers, categories


def _guessed_target(train: Any, labels: Sequence[str]) -> TargetBlock:
    """Return how labels are read that the user does not say: by their values, as `gatera.train` reads them."""
    if len(labels) > 1:
        numbers = all(numeric(train, name) for name in labels)
        return RegressionBlock(n_out=len(labels)) if numbers else CategoryBlock()
    target = train[labels[0]]
    if not is_class(target):
        return RegressionBlock(n_out=1)
    if numeric(train, labels[0]):
        warnings.warn(
            f"Column {labels[0]!r} has {target.nunique()} different whole numbers, which are classes. To predict a number, pass "
            "y_block=RegressionBlock(); CategoryBlock() says the same as this.",
            stacklevel=5,
        )
    return CategoryBlock()


def _labels_as_given(labels: Sequence[str], y_block: Block | type[Block] | None) -> Sequence[str]:
    """Return the labels whose texts are not read as numbers, because the user says what they are."""
    return () if y_block is None or isinstance(as_target(y_block), RegressionBlock) else labels


def _found_inputs(df: Any, labels: Sequence[str]) -> tuple[list[str], list[str]]:
    # not known of new rows, as in `gatera.train`
    facts = [name for name in facts_of_labels(df) if name not in labels]
    roles = find_roles(df.drop(columns=facts), labels)
    skipped = {**roles.skipped, **dict.fromkeys(facts, "says who labelled the row")}
    numbers = [*roles.numbers, *roles.dates]  # numbers are taken from dates, as in `gatera.train`
    if not numbers and not roles.categories:
        raise DataError(
            "No column of the table can be an input", got=with_reasons(skipped) or "no other column",
            expected="columns of numbers, of dates, or of categories that occur more than once",
        )  # fmt: skip
    if skipped:
        warnings.warn(not_used(skipped, "cat_names= or cont_names="), stacklevel=4)
    return numbers, roles.categories


def _fields(
    train: Any, block: RowBlock, labels: list[str], y_block: Block | type[Block] | None
) -> FittedFields:
    """Let the blocks learn from the rows of the training set."""
    fitted = block.fit_table(train)
    y: TargetBlock | None = None
    if labels:
        y = _guessed_target(train, labels) if y_block is None else as_target(y_block)
        values = train[labels[0]] if len(labels) == 1 else train[labels].to_numpy().tolist()
        of_labels = isinstance(y, CategoryBlock) and not isinstance(y, SoftCategoryBlock) and y.vocab is None
        if len(labels) == 1 and of_labels and values.nunique() < 2:  # mappings are not counted
            raise DataError(
                f"Column {labels[0]!r} (y_names) has a single value in the training set; a model needs at least two classes",
                got=values.tolist()[0], remedy="Check the split, and whether this is the right column.",
            )  # fmt: skip
        y = y.fit(values)
    return FittedFields(fitted, y, None, None, Pipeline(fitted), y_name=", ".join(labels))
