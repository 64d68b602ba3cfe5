"""How messages name an item, and which columns of a row are what is learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatera.data.loading.dataset import Dataset, Rows

#: Folders and name of a file that tell it from others: side, class, name.
PARTS = 3


def item_name(raw: Any, position: int, source: Path | None = None) -> str:
    """Return how messages call an item: "train/cat/3.jpg", or "row 7" for what has no file.

    Args:
        raw: the item.
        position: its place in the whole table, from 0.
        source: the folder that holds the files; None for the last three parts of a path.

    Example:
        >>> item_name(Path("/data/pets/train/cat/3.jpg"), 5), item_name("a good film", 6)
        ('train/cat/3.jpg', 'row 7')
    """
    if not isinstance(raw, Path):
        return f"row {position + 1}"
    if source is not None:
        return raw.relative_to(source).as_posix() if raw.is_relative_to(source) else raw.name
    return "/".join(raw.parts[-PARTS:])


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
