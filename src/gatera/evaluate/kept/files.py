"""The labelled files of a data repository, or of a folder whose labels.csv our own tools wrote."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.data.folders.labelled import Kind, LabelledFiles
from gatera.data.folders.labels_csv import TABLE, sides_beside_table, split_by_folders
from gatera.data.sources.who_labelled import LabelSources, label_sources
from gatera.data.splits.split import SIDES
from gatera.program.tables.notes import Note
from gatera.store.datasets.labels.edited_file import read_any
from gatera.store.datasets.labels.rows import Row, header_of
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.making import is_repository
from gatera.store.datasets.repository import DataRepository

#: How a file of labels of our own tools begins; a spreadsheet may write semicolons, tabs and quotes.
_OURS = header_of(()).encode()


class KeptLabels(NamedTuple):
    """The labels of a data repository, or of a folder that our own tools labelled.

    Attributes:
        files: the files with a label.
        sources: where the labels came from.
        groups: the group of each file, "" for none.
    """

    files: LabelledFiles
    sources: LabelSources
    groups: list[str]


def holds_kept_labels(folder: Path) -> bool:
    """Whether a folder is a data repository, or has a labels.csv in its form."""
    if is_repository(folder):
        return True
    if not (folder / TABLE).is_file():
        return False
    with (folder / TABLE).open("rb") as file:
        head = file.readline().removeprefix(BOM_UTF8).replace(b'"', b"")
    return re.sub(rb"[;\t]", b",", head)[: len(_OURS)] == _OURS


def kept_labels(folder: Path, kind: Kind, on_note: Callable[[Note], None]) -> KeptLabels | None:
    """Return the labels of a data repository, or of a labels.csv in its form; None where there is neither.

    Args:
        folder: the folder.
        kind: which files.
        on_note: is called with what is not used.

    Raises:
        DataError: if none of the files has a label, or a side of the split is unknown.
    """
    rows = _kept_rows(folder, on_note)
    if rows is None:
        return None
    there = {
        path.relative_to(folder).as_posix(): path
        for path in kind.find(folder, on_left_out=lambda path, reason: None)
    }
    items = [row for row in rows if row.file in there]
    labelled = [row for row in items if row.label]
    if not labelled:
        raise DataError(
            f"none of the {kind.count(len(items))} in the labels of {folder} has a label",
            remedy="Add some: gatera data label LABEL PATH",
        )
    for note in _not_used(folder, kind, rows, there):
        on_note(note)
    sides = sorted({row.split for row in labelled} - {"train", "valid", "test", ""})
    if sides:
        raise DataError(f"{TABLE} has an unknown split", got=sides[0], expected=listed(SIDES))
    files = [(there[row.file], row.label) for row in labelled]
    split = sides_beside_table(folder, files, [row.split for row in labelled], on_note)
    if "valid" in split:
        split = [side or "train" for side in split]  # items that were added later, say
    groups = [row.group for row in labelled]
    found = LabelledFiles(
        [path for path, _ in files],
        [label for _, label in files],
        split,
        f"labels from {TABLE}",
        kind,
        TABLE,
        groups=[f"group {row.group}" if row.group else f"item {row.file}" for row in labelled]
        if any(groups)
        else [],
        split_by=split_by_folders(folder, files, split),
    )
    return KeptLabels(found, label_sources([row.origin for row in labelled]), groups)


def _kept_rows(folder: Path, on_note: Callable[[Note], None]) -> list[Row] | None:
    if not folder.is_dir():
        return None
    if is_repository(folder):
        return sorted(DataRepository(folder).rows())
    table = folder / TABLE
    if not holds_kept_labels(folder):
        return None
    found, notes = read_any(table, table.read_bytes(), Sheet())
    for note in notes:
        on_note(Note(note))
    return list(found.rows())


def _not_used(folder: Path, kind: Kind, rows: Sequence[Row], there: Mapping[str, Path]) -> Iterator[Note]:
    """Yield what is said of files without a label, without a row, and of rows without a file."""

    def are(count: int) -> str:
        return "is" if count == 1 else "are"

    items = {row.file for row in rows if row.file in there}
    if unlabelled := sum(row.file in there and not row.label for row in rows):
        yield Note(f"{kind.count(unlabelled)} without a label in {TABLE} {are(unlabelled)} not used")
    if outside := len(there) - len(items):
        yield Note(f"{kind.count(outside)} {are(outside)} not in {TABLE} and not used (gatera data add)")
    gone = [
        row.file for row in rows if row.label and row.file not in there and not (folder / row.file).exists()
    ]
    if gone:
        yield Note(
            f"{counted(len(gone), 'file')} with a label in {TABLE} {are(len(gone))} missing, e.g. {gone[0]}"
        )
