"""Show items of a batch: photos in a grid, other inputs in a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from gatera.core.checks import require
from gatera.core.errors import ArgumentError, shorten
from gatera.data.blocks.image import ImageInput
from gatera.data.loading.batch import Batch, as_pair
from gatera.data.loading.dataset import Dataset
from gatera.data.show.photos import show_photos

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: Longer texts are cut in a table (characters).
CELL_CHARACTERS = 300


def show_items(dataset: Dataset, index: Sequence[int], answers: Sequence[Any] | None = None) -> pd.DataFrame:
    """Return a table of some items, one row each.

    Args:
        dataset: the data set.
        index: positions of the items in it.
        answers: the decoded prediction for each item, shown after its label.
    """
    pandas, fields = require("pandas", "train", "to show a table"), dataset.fields
    rows = []
    for place, position in enumerate(index):
        cells = dataset.cells(int(position))
        if answers is not None and fields.y is not None:
            cells[f"{fields.y_name}_pred"] = fields.y.show(answers[place])
        rows.append(
            {
                name: shorten(cell, CELL_CHARACTERS) if isinstance(cell, str) else cell
                for name, cell in cells.items()
            }
        )
    return pandas.DataFrame(rows)


def show_views(
    dataset: Dataset,
    batches: Sequence[Batch],
    photos: Sequence[np.ndarray],
    nrows: int | None = None,
    ncols: int | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Draw photos with their labels in a grid.

    Args:
        dataset: where they come from; its inputs are images.
        batches: one batch of several items, or several views of one item, a batch each.
        photos: the photos of all batches, uint8 [H,W,C].
        nrows: rows of the grid.
        ncols: columns of the grid.
        figsize: width and height in inches.

    Raises:
        ArgumentError: if several views were asked for and targets are ragged.
    """
    index = [int(i) for batch in batches for i in batch.index]
    raw, title = dataset.inputs[index[0]], f"{len(index)} of {len(dataset)} items"
    if len(batches) > 1:
        title = f"{Path(raw).name if isinstance(raw, str | Path) else 'one item'}, seen {len(batches)} times"
    spatial, targets = dataset.fields.spatial, [as_pair(batch)[1] for batch in batches]
    if spatial is not None and targets[0] is not None:
        if len(targets) > 1 and spatial.ragged:
            raise ArgumentError(f"unique=True cannot show the ragged targets of {type(spatial).__name__}")
        shown = targets[0] if len(targets) == 1 else torch.cat(targets)
        return spatial.show_on(photos, shown, None, nrows, ncols, figsize, title)
    titles, draw = [dataset.title(i) for i in index], cast(ImageInput, dataset.fields.x).draw
    return show_photos(photos, titles, None, nrows, ncols, figsize, suptitle=title, draw=draw)
