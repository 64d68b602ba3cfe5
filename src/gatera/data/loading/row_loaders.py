"""`RowLoaders`: loaders of a table's rows, which read other tables in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatera.core.errors import DataError
from gatera.data.blocks.vocab import Vocab
from gatera.data.loading.dataset import Dataset, FittedFields, Rows
from gatera.data.loading.loaders import DataLoader, DataLoaders
from gatera.data.loading.row_tables import check_filled, check_frame, table_of
from gatera.data.sources.items import is_table


def rows_dataset(
    frame: Any, fields: FittedFields, y_names: Sequence[str] = (), positions: Sequence[int] | None = None
) -> Dataset:
    """Return the data set of a table's rows.

    Args:
        frame: a pandas DataFrame.
        fields: how rows are read.
        y_names: the columns of the label; none for rows without.
        positions: place of each row in the whole table, for messages.
    """
    rows, labels = Rows(frame), None
    if y_names:
        labels = frame[y_names[0]].tolist() if len(y_names) == 1 else frame[list(y_names)].to_numpy().tolist()
    return Dataset(fields, rows, rows, labels, positions)


class RowLoaders(DataLoaders):
    """The loaders of one table.

    Args:
        train: training rows.
        valid: validation rows, or None.
        classes: category column -> its labels, "#na#" first, for what training did not know.
        y_names: the columns of the label.
        path: folder where the job's files go.
    """

    def __init__(
        self,
        train: DataLoader,
        valid: DataLoader | None,
        classes: dict[str, Vocab],
        y_names: Sequence[str],
        path: str | Path = ".",
    ) -> None:
        super().__init__(train, valid, path=path)
        self.classes, self.y_names = classes, list(y_names)

    @property
    def cat_names(self) -> list[str]:
        """The category columns, with those that tell where a number was missing."""
        return list(self.classes)

    def test_dl(self, items: Any, with_labels: bool | None = None, bs: int | None = None) -> DataLoader:
        """Return a loader of other rows, read as the training rows were.

        Args:
            items: a DataFrame, or a list of rows (mappings or Series).
            with_labels: read labels too; None reads them where the table has their column.
            bs: rows per batch; None for the training loader's.

        Raises:
            DataError: if there are no rows, a column is missing, or a label is not known.
        """
        frame = items if is_table(items) else table_of(list(items))
        check_frame(frame)
        there = all(name in frame.columns for name in self.y_names)
        if with_labels and not there:
            raise DataError(
                "The table has no labels", expected=f"a column {' and '.join(map(repr, self.y_names))}"
            )
        labelled = there if with_labels is None else with_labels
        if labelled:
            check_filled(frame, self.y_names)
        dataset = rows_dataset(frame, self.train_ds.fields, self.y_names if labelled else ())
        options = replace(self.train.options, device=self.device)
        return DataLoader(dataset, bs or self.train.bs, options=options)
