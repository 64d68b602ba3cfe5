"""What questions about a data set need of it: the names of its items, and which columns of its rows are learned from."""

from __future__ import annotations

from typing import Any

from gatera.data.loading.dataset import Dataset, Rows
from gatera.evaluate.items import item_name


def name_in(dataset: Dataset, index: int) -> str:
    """Return how messages call an item of a data set."""
    return item_name(dataset.inputs[index], int(dataset.positions[index]))


def input_table(dataset: Dataset) -> Any:
    """Return a table's rows without the columns of the label, a pandas DataFrame."""
    assert isinstance(dataset.inputs, Rows)
    table = dataset.inputs.table
    labels = (
        {dataset.fields.y_name, *dataset.fields.y_name.split(", ")}
        if dataset.raw_labels is not None
        else set()
    )
    return table.loc[:, [str(name) not in labels for name in table.columns]]
