"""Items that are no photos, as a table: what they are, what they are labelled, and what was predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gatera.core.checks import require
from gatera.core.errors import shorten

if TYPE_CHECKING:
    import pandas as pd

    from gatera.data.loading.dataset import Dataset

#: Longer texts are cut in a table (characters).
CELL_CHARACTERS = 300


def show_items(dataset: Dataset, index: Sequence[int], answers: Sequence[Any] | None = None) -> pd.DataFrame:
    """Return a table of some items, one row each.

    Args:
        dataset: where they are.
        index: their positions in it.
        answers: what was predicted for each, as people read it; it stands behind the label.
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
