"""Change the labels of single items by what is known of each now, and commit them: for code that labels beside other people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gatera.store.datasets import committing
from gatera.store.datasets.labels.rows import COLUMNS, Row, taken_over
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.work.workspace import Workspace, changes

#: Says what to change in the row of an item, also in columns beyond ours; None to leave it.
DecideRow = Callable[[Row], Mapping[str, str] | None]


class LabelledEach(NamedTuple):
    """What became of the labels.

    Attributes:
        changed: how many items changed.
        commit: the commit; None if there is none.
        sentence: its changes in words.
        waiting: whether it was left out, because there were other changes that are not committed.
    """

    changed: int
    commit: str | None
    sentence: str
    waiting: bool


def label_each(work: Workspace, names: Sequence[str], decide: DecideRow, message: str) -> LabelledEach:
    """Change rows, and commit them in a commit of their own. The lock must be held.

    Args:
        work: the repository.
        names: the items; those that are not there are passed over.
        decide: is given the row of each as it is now.
        message: of the commit.
    """
    base = work.head()
    version = work.now(base)
    own = set(names)
    waiting = any(change.after is None or change.file not in own for change in changes(base, version))
    sheet = version.whole()
    found: dict[str, Mapping[str, str]] = {}
    for name in names:
        row = sheet.row(name)
        cells = None if row is None else decide(row)
        if cells is not None:
            found[name] = cells
    if found:
        _put(sheet, found)
        work.write_whole(sheet)
    if waiting:
        return LabelledEach(len(found), None, "", True)
    made = committing.commit(work, message)
    if made is None:
        return LabelledEach(len(found), None, "", False)
    return LabelledEach(len(found), made[0], made[1].sentence(), False)


def _put(sheet: Sheet, found: Mapping[str, Mapping[str, str]]) -> None:
    """Change cells in a sheet; columns that it lacks are made, where something stands in them."""
    filled = (name for cells in found.values() for name, cell in cells.items() if cell)
    sheet.widen([*dict.fromkeys(name for name in filled if name not in COLUMNS)])
    rows = []
    for name, cells in found.items():
        row = sheet.row(name)
        assert row is not None
        more = dict(zip(sheet.extra, row.more)) | {
            key: cell for key, cell in cells.items() if key in sheet.extra
        }
        ours = {key: cell for key, cell in cells.items() if key in COLUMNS}
        rows.append(taken_over(row, row._replace(**ours, more=tuple(more.values()))))
    sheet.put(rows)
