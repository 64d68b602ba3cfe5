"""`TabularDataLoaders`: loaders of a table, from a DataFrame or a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from gatera.data.blocks.base import Block
from gatera.data.sources.tables import read_table
from gatera.data.splits.by_position import IndexSplitter, RandomSplitter
from gatera.tabular.loaders import TableLoaders
from gatera.tabular.table import Names, TabularPandas

if TYPE_CHECKING:
    import pandas as pd


class TabularDataLoaders:
    """Loaders of a table's rows, from a DataFrame or a CSV file. Both constructors return a `TableLoaders`."""

    @staticmethod
    def from_df(
        df: pd.DataFrame, path: str | Path = ".", procs: Any = None, cat_names: Names = None,
        cont_names: Names = None, y_names: Names = None, y_block: Block | type[Block] | None = None,
        valid_idx: Sequence[int] | None = None, *, valid_pct: float = 0.2, seed: int | None = None, bs: int = 64,
        val_bs: int | None = None, device: str | torch.device | None = None, shuffle: bool = True,
    ) -> TableLoaders:  # fmt: skip
        """Rows of a DataFrame, which stays as it is.

        Args:
            df: the table.
            path: folder where the job's files go.
            procs: as in `TabularPandas`, as are the next four.
            cat_names: category columns.
            cont_names: number columns.
            y_names: the label's column, or columns.
            y_block: how labels are read.
            valid_idx: positions of the validation rows; None for a share at random.
            valid_pct: that share, 0..1.
            seed: keys the random split and shuffling; None draws both from torch's global generator.
            bs: rows per training batch.
            val_bs: rows per validation batch; None for the same.
            device: where batches are put; None for the best at hand.
            shuffle: bring training rows in another order in every epoch.

        Raises:
            ArgumentError: as `TabularPandas`, or if there is no label.
            DataError: as `TabularPandas`.
        """
        splitter = RandomSplitter(valid_pct, seed) if valid_idx is None else IndexSplitter(valid_idx)
        table = TabularPandas(df, procs, cat_names, cont_names, y_names, y_block, splitter)
        return table.dataloaders(bs, val_bs, path, seed, device, shuffle)

    @staticmethod
    def from_csv(
        csv: str | Path, path: str | Path = ".", procs: Any = None, cat_names: Names = None,
        cont_names: Names = None, y_names: Names = None, y_block: Block | type[Block] | None = None,
        valid_idx: Sequence[int] | None = None, *, skipinitialspace: bool = True, delimiter: str = ",",
        valid_pct: float = 0.2, seed: int | None = None, bs: int = 64, val_bs: int | None = None,
        device: str | torch.device | None = None, shuffle: bool = True,
    ) -> TableLoaders:  # fmt: skip
        """Rows of a CSV file; see `from_df` for the other arguments.

        Args:
            csv: the file.
            skipinitialspace: leave out blanks after a delimiter.
            delimiter: what separates the columns.

        Raises:
            DataError: if the file is missing, no table, or names two columns alike; and as `from_df`.
        """
        df = read_table(csv, delimiter, skipinitialspace)
        return TabularDataLoaders.from_df(
            df, path, procs, cat_names, cont_names, y_names, y_block, valid_idx, valid_pct=valid_pct, seed=seed, bs=bs,
            val_bs=val_bs, device=device, shuffle=shuffle,
        )  # fmt: skip
