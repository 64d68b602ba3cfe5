"""Where the labels of a folder are kept: in its `labels.csv`, or in the data repository that it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from gatera.core.checks import counted
from gatera.core.errors import DataError
from gatera.core.progress import note
from gatera.labeling.labels.table import NAME, LabelRow, read_labels_file, write_labels_file
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.making import is_repository
from gatera.store.datasets.repository import DataRepository

#: What a label consists of: the cells that labelling changes.
CELLS = ("label", "source", "by", "at", "note")


def labels_of(folder: Path, items: Collection[str] = ()) -> dict[str, LabelRow]:
    """Return the labels of a folder by file; `items` are its files, which labels.csv may name otherwise.

    Raises:
        DataError: if it is a folder inside a data repository.
    """
    if not is_repository(folder):
        root = next((each for each in folder.absolute().parents if is_repository(each)), None)
        if root is not None:
            raise DataError(
                f"{folder} is inside a data repository, whose labels are in its root",
                remedy=f"Label all of it: {root}.",
            )
        return read_labels_file(folder / NAME, items)
    repository = DataRepository(folder)
    try:
        return {row.file: _label_row(row) for row in repository.rows()}
    finally:
        repository.close()


def keep_labels(
    folder: Path,
    before: Mapping[str, LabelRow],
    rows: Sequence[LabelRow],
    message: str = "Labels by functions",
    on_line: Callable[[str], None] = note,
) -> Path:
    """Write the labels of a folder, and commit them where it is a data repository; nothing is done where none changed.

    Args:
        folder: the folder.
        before: the labels there were.
        rows: all labels now.
        message: of the commit.
        on_line: takes a line where changes of others keep this from being a commit of its own.

    Returns:
        The file, or the repository.
    """
    changed = [row for row in rows if before.get(row.file) != row]
    if not is_repository(folder):
        path = folder / NAME
        if changed or not path.exists():
            write_labels_file(path, rows)
        return path
    repository = DataRepository(folder, on_line)
    try:
        waiting = next(repository.diff(), None) is not None
        left: dict[str, list[str]] = {"absent": [], "changed": []}
        written = repository.put_rows(_still(repository, before, changed, left))
        if left["absent"]:
            on_line(
                f"{counted(len(left['absent']), 'file')} without a row in the repository got no label; run gatera data add first."
            )
        if left["changed"]:
            on_line(
                f"{counted(len(left['changed']), 'item')} got another label in the meantime, which stays, e.g. {left['changed'][0]}."
            )
        if waiting:
            on_line(
                "There were changes that are not committed, so the new labels are not committed either; run gatera data commit."
            )
        elif written:
            repository.commit(message)
    finally:
        repository.close()
    return folder


def _still(
    repository: DataRepository,
    before: Mapping[str, LabelRow],
    changed: Sequence[LabelRow],
    left: Mapping[str, list[str]],
) -> Iterator[Row]:
    """Yield the rows to write; the repository takes them while nobody else changes it. What is left out goes into `left`."""
    known = {row.file: row for row in repository.rows()}
    for row in changed:
        if row.file not in known:
            left["absent"].append(row.file)
        elif _label_row(known[row.file]) != before.get(row.file):
            left["changed"].append(row.file)
        else:
            yield known[row.file]._replace(**{name: getattr(row, name) for name in CELLS})


def _label_row(row: Row) -> LabelRow:
    return LabelRow(
        row.file, row.sha256, row.label, row.split, row.group, row.source, row.by, row.at, row.note
    )
