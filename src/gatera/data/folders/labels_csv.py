"""`labels.csv` beside the files: which file has which label, and optionally on which side it is."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import DataError
from gatera.data.folders.sides import SIDE_OF
from gatera.program.tables.notes import Note
from gatera.program.tables.reader import open_table

TABLE = "labels.csv"

#: Names of the two columns, in order of preference; without any of them the first two columns are taken.
FILE_COLUMNS = ("file", "filename", "file_name", "fname", "name", "image", "photo", "path")
LABEL_COLUMNS = ("label", "labels", "class", "category", "breed", "target")


class LabelledFile(NamedTuple):
    """A file in the table; `side` is "" where the table does not say."""

    path: Path
    label: str
    side: str


def read_labels(
    folder: Path, files: Sequence[Path], on_note: Callable[[Note], None] | None = None, **reading: Any
) -> list[LabelledFile]:
    """Read the labels of files from `labels.csv` in their folder.

    Args:
        folder: where the table is.
        files: the files below it. The table may leave the ending of a name out.
        on_note: is called with each decision about the table; None to warn.
        **reading: how the table is read; see `open_table`.

    Returns:
        The files in the table, sorted.

    Raises:
        DataError: if a file is missing, a label is empty, two rows contradict each other, or a side is unknown.
    """
    table = folder / TABLE
    file = open_table(table, **reading)
    for note in file.notes:
        if on_note is None:
            warnings.warn(f"{TABLE}: {note}", stacklevel=3)
        else:
            on_note(note)
    columns, rows = file.names, list(file.numbered_rows())
    if len(columns) < 2:
        raise DataError(f"{table} needs at least two columns", got=columns, expected="file,label")
    file_column, label_column = _column(columns, FILE_COLUMNS, 0), _column(columns, LABEL_COLUMNS, 1)
    by_name = _locate(folder, table, [row[file_column] for _, row in rows], files)
    found: dict[Path, LabelledFile] = {}
    for line, row in rows:
        name, label = row[file_column], row[label_column].strip()
        if not label:
            raise DataError(f"{table} has no label in line {line}, column {label_column}", got=name)
        new = LabelledFile(by_name[name], label, _side(table, line, row))
        earlier = found.setdefault(new.path, new)
        if earlier.label != label:
            raise DataError(
                f"{table} gives {name} two labels, {earlier.label!r} and {label!r} (line {line})",
                remedy="Delete one of the two lines.",
            )
    return [found[path] for path in sorted(found)]


def _column(columns: Sequence[str], wanted: Sequence[str], otherwise: int) -> str:
    by_lower = {column.strip().lower(): column for column in columns}
    return next((by_lower[name] for name in wanted if name in by_lower), columns[otherwise])


def _locate(folder: Path, table: Path, names: Sequence[str], files: Sequence[Path]) -> dict[str, Path]:
    """Find each file named in the table, also where the table leaves the ending out."""
    by_stem = {path.stem: path for path in files}
    found = {name: folder / name if (folder / name).is_file() else by_stem.get(name) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise DataError(
            f"{table} lists files that are not in {folder}: {listed(missing, 3)}",
            remedy=did_you_mean(
                missing[0], [path.name for path in by_stem.values()], "Correct the table, or add the files."
            ),
        )
    return {name: path for name, path in found.items() if path is not None}


def _side(table: Path, line: int, row: dict[str, str]) -> str:
    by_lower = {
        (column or "").strip().lower(): (value or "").strip().lower() for column, value in row.items()
    }
    if "split" in by_lower:
        if by_lower["split"] not in SIDE_OF:
            raise DataError(
                f"{table} has an unknown split in line {line}",
                got=by_lower["split"], expected=f"one of {listed(SIDE_OF)}",
            )  # fmt: skip
        return SIDE_OF[by_lower["split"]]
    if "is_valid" in by_lower:
        return "valid" if by_lower["is_valid"] in ("true", "1", "yes") else "train"
    return ""
