"""The items of a data repository that are rows, as a table to train on."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gatera.core.files import atomic_write
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.repository import DataRepository

#: The column of the label in the table.
TARGET = "label"

#: Columns of labels.csv that say something of a row to a training, if anybody filled them in, and what they are called there.
_SAID = {"split": "split", "group": "group", "source": "label_source"}


class RowTable(NamedTuple):
    """A table that was written, its column of labels, its column of groups, if it has them, and how many rows without a label are not in it."""

    path: Path
    target: str | None
    group_by: str | None
    left_out: int


def as_table(data: DataRepository, rows: Sequence[Row], commit: str | None) -> RowTable | None:
    """Write the items of a repository that are rows into a table in its cache; None if any item is a file, or there are none.

    The table has the columns of the rows, "label", and "split", "group" and "label_source" where they are used. Rows without a label
    are not in it; if none has one, all are, without that column: another column may be the target, and pairs of users and items need none.

    Args:
        data: the repository.
        rows: all its items at `commit`.
        commit: the full name of a commit; None for the folder as it is.
    """
    if not rows or any(row.sha256 for row in rows):
        return None
    columns = data.columns(commit)
    if not columns:
        return None
    labelled = [row for row in rows if row.label]
    left_out = len(rows) - len(labelled) if labelled else 0
    target, rows = (TARGET, labelled) if labelled else (None, rows)
    said = [name for name in _SAID if any(getattr(row, name) for row in rows)]
    if "split" in said and "group" in said:
        said.remove("group")  # the split is decided already
    folder = data.root / ".gatera" / "rows"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{data.root.name}-{(commit or 'now')[:12]}.csv"
    with atomic_write(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*columns, *([target] if target else ()), *(_SAID[name] for name in said)])
        table.writerows(_cells(row, said, target) for row in rows)
    return RowTable(path, target, "group" if "group" in said else None, left_out)


def _cells(row: Row, said: list[str], target: str | None) -> list[str]:
    # a row that is in no group is one by itself
    known = {"split": row.split, "group": row.group or f"row {row.file}", "source": row.source}
    return [*row.more, *([row.label] if target else ()), *(known[name] for name in said)]
