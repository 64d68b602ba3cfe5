"""`TabularDataLoaders`: build loaders of a table's rows from a DataFrame or a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.arguments import (
    LOADER_DEFAULTS,
    READ_DEFAULTS,
    LoaderArguments,
    ReadArguments,
    read_arguments,
)
from gatera.data.blocks.base import Block
from gatera.data.sources.tables import read_table
from gatera.data.splits.by_position import IndexSplitter, RandomSplitter
from gatera.tabular.loaders import TableLoaders
from gatera.tabular.table import Names, TabularPandas

if TYPE_CHECKING:
    import pandas as pd


class TabularArguments(LoaderArguments, total=False):
    """What constructors of `TabularDataLoaders` take beside `LoaderArguments`.

    Attributes:
        valid_pct: share of the rows for validation where they are chosen at random, 0..1.
        seed: keys the random split and shuffling; None draws both from torch's global generator.
    """

    valid_pct: float
    seed: int | None


TABULAR_DEFAULTS = TabularArguments(valid_pct=0.2, seed=None, **LOADER_DEFAULTS)


class TabularCsvArguments(TabularArguments, ReadArguments, total=False):
    """What `TabularDataLoaders.from_csv` takes as well.

    Attributes:
        y_block: how labels are read; see `TabularPandas`.
        valid_idx: positions of the validation rows; None for a share at random.
        skipinitialspace: remove blanks around cells that are not quoted.
        delimiter: what separates the columns; None to find it.
    """

    y_block: Block | type[Block] | None
    valid_idx: Sequence[int] | None
    skipinitialspace: bool
    delimiter: str | None


TABULAR_CSV_DEFAULTS = TabularCsvArguments(
    y_block=None, valid_idx=None, skipinitialspace=True, delimiter=None, **READ_DEFAULTS, **TABULAR_DEFAULTS
)


class TabularDataLoaders:
    """Make loaders of a table's rows, from a DataFrame or a CSV file: `TableLoaders`."""

    @staticmethod
    @spelled_out(TabularArguments, TABULAR_DEFAULTS)
    def from_df(
        df: pd.DataFrame, path: str | Path = ".", procs: Any = None, cat_names: Names = None,
        cont_names: Names = None, y_names: Names = None, y_block: Block | type[Block] | None = None,
        valid_idx: Sequence[int] | None = None, **options: Unpack[TabularArguments],
    ) -> TableLoaders:  # fmt: skip
        """Load the rows of a DataFrame, which is not changed.

        Args:
            df: the table.
            path: folder where the job's files go.
            procs: as in `TabularPandas`, as are the next four.
            cat_names: category columns.
            cont_names: number columns.
            y_names: the label's column, or columns.
            y_block: how labels are read.
            valid_idx: positions of the validation rows; None for a share at random.
            **options: see `TabularArguments` and `LoaderArguments`.

        Raises:
            ArgumentError: as `TabularPandas`, or if there is no label or an argument is not known.
            DataError: as `TabularPandas`.
        """
        check_arguments(TabularDataLoaders.from_df, options)
        given: TabularArguments = {**TABULAR_DEFAULTS, **options}
        by_share = RandomSplitter(given["valid_pct"], given["seed"])
        splitter = by_share if valid_idx is None else IndexSplitter(valid_idx)
        table = TabularPandas(df, procs, cat_names, cont_names, y_names, y_block, splitter)
        return table.dataloaders(
            given["bs"], given["val_bs"], path, given["seed"], given["device"], given["shuffle"]
        )

    @staticmethod
    @spelled_out(TabularCsvArguments, TABULAR_CSV_DEFAULTS)
    def from_csv(
        csv: str | Path, path: str | Path = ".", procs: Any = None, cat_names: Names = None,
        cont_names: Names = None, y_names: Names = None, **options: Unpack[TabularCsvArguments],
    ) -> TableLoaders:  # fmt: skip
        """Load the rows of a CSV file; see `from_df` for the other arguments.

        Args:
            csv: the file.
            **options: see `TabularCsvArguments`, `ReadArguments`, `TabularArguments` and `LoaderArguments`.

        Raises:
            DataError: if the file is missing, not a table, or has two columns of one name; and as `from_df`.
        """
        check_arguments(TabularDataLoaders.from_csv, options)
        given: TabularCsvArguments = {**TABULAR_CSV_DEFAULTS, **options}
        rest = {name: value for name, value in options.items() if name in TABULAR_DEFAULTS}
        return TabularDataLoaders.from_df(
            read_table(csv, given["delimiter"], given["skipinitialspace"], **read_arguments(options)),
            path, procs, cat_names, cont_names, y_names, given["y_block"], given["valid_idx"],
            **cast(TabularArguments, rest),
        )  # fmt: skip
