"""A table beside the files (`labels.csv` and its relatives): which file has which label, and maybe on which side it is."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.checks import counted
from gatera.core.errors import DataError
from gatera.data.folders.label_columns import FILE_COLUMNS, LABEL_COLUMNS, find_label_columns, sides_of
from gatera.data.folders.named_files import NamedFiles
from gatera.data.folders.sides import SIDE_OF
from gatera.program.tables.notes import Note
from gatera.program.tables.packed import is_table_name
from gatera.program.tables.reader import open_table

__all__ = ["FILE_COLUMNS", "LABEL_COLUMNS", "TABLE", "LabelledFile", "find_labels", "read_labels"]

TABLE = "labels.csv"

#: What a table of labels is called where it is not `labels.csv`: by Hugging Face's image folders (there in the folder of a
#: side, too), and by data sets on Kaggle. It must name the files beside it.
OTHER_TABLES = ("labels.csv.gz", "labels.tsv", "labels.xlsx", "metadata.csv", "metadata.jsonl", "train.csv", "train_labels.csv")  # fmt: skip

#: Names of files that show whether a table of another name is about them.
_TRIED = 20


class LabelledFile(NamedTuple):
    """A file in the table; `side` is "" where the table does not say."""

    path: Path
    label: str
    side: str


def find_labels(folder: Path, files: Sequence[Path]) -> list[Path]:
    """Return the tables of labels of a folder: `labels.csv`, else another that names files, also in folders of sides.

    Args:
        folder: where to look.
        files: the files below it.
    """
    if (folder / TABLE).is_file():
        return [folder / TABLE]
    for name in OTHER_TABLES:
        if _names_files(folder / name, folder, files):
            return [folder / name]
    sides = sorted({folder / path.relative_to(folder).parts[0] for path in files if path.parent != folder})
    inside = [
        side / name for side in sides if side.name.lower() in SIDE_OF for name in (TABLE, *OTHER_TABLES)
    ]
    found = [table for table in inside if _names_files(table, table.parent, files)]
    return found or _only_table(folder, files)


def _only_table(folder: Path, files: Sequence[Path]) -> list[Path]:
    """Return the one table of any name about files that are all in one folder, and so have no class of their own."""
    if len({path.parent for path in files}) != 1:
        return []
    tables = sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and is_table_name(path) and not path.name.startswith(".")
    )
    named = [table for table in tables if _names_files(table, folder, files)]
    return named if len(named) == 1 else []


def _names_files(table: Path, folder: Path, files: Sequence[Path]) -> bool:
    if not table.is_file():
        return False
    named = NamedFiles(folder, [path for path in files if path.is_relative_to(folder)])
    try:
        rows = [row for row, _ in zip(open_table(table).rows(), range(_TRIED), strict=False)]
    except DataError:
        return False  # a table about something else
    columns = list(rows[0]) if rows else []
    return len(columns) > 1 and any(all(named.find(row[name]) for row in rows) for name in columns)


def read_labels(
    folder: Path,
    files: Sequence[Path],
    on_note: Callable[[Note], None] | None = None,
    target: str | None = None,
    tables: Sequence[Path] | None = None,
    **reading: Any,
) -> list[LabelledFile]:
    """Read the labels of files from the table in their folder.

    Args:
        folder: where the table is.
        files: the files below it. The table may leave the ending of a name out, or its folder.
        on_note: is called with each decision about the table; None to warn.
        target: the column of the labels; None to find it.
        tables: the tables, as `find_labels` gives them; None for `labels.csv`.
        **reading: how a table is read; see `open_table`.

    Returns:
        The files in the table, sorted.

    Raises:
        DataError: if a file is missing or a name fits several, a label is empty, several columns could be the label, two
            rows contradict each other, or a side is unknown.
    """
    found: dict[Path, LabelledFile] = {}
    for table in [folder / TABLE] if tables is None else tables:

        def say(note: Note, name: str = table.name) -> None:
            if on_note is None:
                warnings.warn(f"{name}: {note}", stacklevel=4)
            else:
                on_note(note)

        below = [path for path in files if path.is_relative_to(table.parent)]
        found |= _read_one(table, below, say, target, reading)
    return [found[path] for path in sorted(found)]


def _read_one(
    table: Path,
    files: Sequence[Path],
    say: Callable[[Note], None],
    target: str | None,
    reading: dict[str, Any],
) -> dict[Path, LabelledFile]:
    file = open_table(table, **reading)
    for note in file.notes:
        say(note)
    rows, named = list(file.numbered_rows()), NamedFiles(table.parent, files)
    columns = find_label_columns(table, file.names, [row for _, row in rows], named, target)
    if columns.note is not None:
        say(columns.note)
    by_name = named.locate(table, [row[columns.file] for _, row in rows])
    of_folder = SIDE_OF.get(table.parent.name.lower(), "") if table.name != TABLE else ""
    found: dict[Path, LabelledFile] = {}
    labels = _as_whole([columns.label(table, line, row) for line, row in rows])
    for (line, row), label, side in zip(rows, labels, sides_of(table, rows), strict=True):
        name = row[columns.file]
        new = LabelledFile(by_name[name], label, side or of_folder)
        earlier = found.setdefault(new.path, new)
        for what, was, now in (("labels", earlier.label, label), ("sides", earlier.side, new.side)):
            if was != now:
                raise DataError(
                    f"{table} gives {name} two {what}, {was!r} and {now!r} (line {line})",
                    remedy="Delete one of the two lines.",
                )
    if others := len(files) - len(found):
        are = "is" if others == 1 else "are"
        say(Note(f"{counted(others, 'file')} {are} not in {table.name} and {are} not used"))
    return found


def _as_whole(labels: list[str]) -> list[str]:
    """Return whole numbers that were written with a fraction without it: "1.0", as pandas writes a column with a gap, is "1"."""
    whole = [re.fullmatch(r"(-?[0-9]+)\.0+", label) for label in labels]
    return [match[1] for match in whole if match] if all(whole) else labels
