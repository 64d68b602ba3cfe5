"""A table beside the files (`labels.csv` and its relatives): which file has which label, and maybe on which side it is."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.data.folders.class_folders import sides_by_folders
from gatera.data.folders.label_columns import (
    FILE_COLUMNS,
    LABEL_COLUMNS,
    find_label_columns,
    side_columns,
    sides_of,
)
from gatera.data.folders.label_tables import TABLE, files_below_each, find_labels, place_of, sides_of_tables
from gatera.data.folders.named_files import NamedFiles
from gatera.program.raw.cells import is_empty
from gatera.program.tables.notes import Note
from gatera.program.tables.reader import open_table

__all__ = ["FILE_COLUMNS", "LABEL_COLUMNS", "TABLE", "LabelledFile", "find_labels", "read_labels"]


#: How files are split whose folders say so.
BY_FOLDERS = "by the folders train and valid"


class LabelledFile(NamedTuple):
    """A file in the table; `side` is "" where the table does not say, `cells` are those of its other columns."""

    path: Path
    label: str
    side: str
    cells: Mapping[str, str]


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
    tables = [folder / TABLE] if tables is None else tables
    places = {table: place_of(table, files) for table in tables}
    below, sides = files_below_each(set(places.values()), files), sides_of_tables(folder, tables)
    said: set[str] = set()
    for table in tables:

        def say(note: Note, name: str = table.name) -> None:
            if str(note) in said:
                return  # tables in several folders are alike
            said.add(str(note))
            if on_note is None:
                warnings.warn(f"{name}: {note}", stacklevel=4)
            else:
                on_note(note)

        named = NamedFiles(places[table], below[places[table]])
        _read_one(table, named, sides[table], say, target, reading, found)
    for place, paths in below.items():
        if unnamed := sum(path not in found for path in paths):
            are = "is" if unnamed == 1 else "are"
            names = listed(table.name for table in tables if places[table] == place)
            say(Note(f"{counted(unnamed, 'file')} {are} not in {names} and {are} not used"))
    for note in _notes_of_places(folder, files, below, sides):
        say(note)
    rows = [found[path] for path in sorted(found)]
    split = sides_beside_table(
        folder, [(row.path, row.label) for row in rows], [row.side for row in rows], say
    )
    return [row._replace(side=side) for row, side in zip(rows, split, strict=True)]


def sides_beside_table(
    folder: Path, files: Sequence[tuple[Path, str]], sides: Sequence[str], say: Callable[[Note], None]
) -> Sequence[str]:
    """Return the side of each file of a table: where the table names none, the folders may, so that no test photo is trained on.

    Args:
        folder: the source.
        files: the files, and their labels.
        sides: their sides by the table, "" for none.
        say: is called where the folders decide.
    """
    of_folders = {} if any(sides) else _by_folders(folder, files)
    if not of_folders:
        return sides
    named = listed(sorted({*of_folders.values()} - {""}))
    say(Note(f"The labels do not define a split; the folders do: {named}"))
    return [of_folders[path] for path, _ in files]


def split_by_folders(folder: Path, files: Sequence[tuple[Path, str]], sides: Sequence[str]) -> str:
    """Return words for how files are split, if it is as their folders say; else ""."""
    # where folders name sides, some files are on one
    of_folders = _by_folders(folder, files) if any(sides) else {}
    return BY_FOLDERS if of_folders and [of_folders[path] for path, _ in files] == [*sides] else ""


def _by_folders(folder: Path, files: Sequence[tuple[Path, str]]) -> dict[Path, str]:
    return sides_by_folders(folder, [path for path, _ in files], [label for _, label in files])


def _notes_of_places(
    folder: Path, files: Sequence[Path], below: dict[Path, list[Path]], sides: dict[Path, str]
) -> list[Note]:
    """Return what is worth saying of tables in folders inside: that folders name no class, and files without a table."""
    if not below or folder in below:
        return []
    notes = []
    names = listed(place.relative_to(folder).as_posix() for place in sorted(below))
    if len(below) > 1 and not all(sides.values()):
        notes.append(
            Note(
                f"Labels are read from the tables in {names}, not from the names of these folders",
                "class_level",
                1,
            )
        )
    covered = {path for paths in below.values() for path in paths}
    others = [path for path in files if path not in covered]
    if others:
        are = "is" if len(others) == 1 else "are"
        example = others[0].relative_to(folder).as_posix()
        notes.append(
            Note(
                f"{counted(len(others), 'file')} outside {names} {are} in no table and {are} not used, e.g. {example}"
            )
        )
    return notes


def _read_one(
    table: Path,
    named: NamedFiles,
    of_folder: str,
    say: Callable[[Note], None],
    target: str | None,
    reading: dict[str, Any],
    found: dict[Path, LabelledFile],
) -> None:
    """Add the files of a table to `found`, which has those of others."""
    file = open_table(table, **reading)
    for note in file.notes:
        say(note)
    rows = list(file.numbered_rows())
    columns = find_label_columns(table, file.names, [row for _, row in rows], named, target)
    if columns.note is not None:
        say(columns.note)
    used = {columns.file, *columns.labels, *side_columns(file.names, [row for _, row in rows])}
    others = [column for column in file.names if column not in used]
    by_name = named.locate(table, [row[columns.file] for _, row in rows])
    labels = _as_whole([columns.label(table, line, row) for line, row in rows])
    for (line, row), label, side in zip(rows, labels, sides_of(table, rows, say, of_folder), strict=True):
        name = row[columns.file]
        cells = {column: "" if is_empty(row[column]) else row[column].strip() for column in others}
        new = LabelledFile(by_name[name], label, side or of_folder, cells)
        earlier = found.setdefault(new.path, new)
        for what, was, now in (("labels", earlier.label, label), ("sides", earlier.side, new.side)):
            if was != now:
                raise DataError(
                    f"{table} gives {name} two {what}, {was!r} and {now!r} (line {line})",
                    remedy="Delete one of the two lines.",
                )


def _as_whole(labels: list[str]) -> list[str]:
    """Return whole numbers that were written with a fraction without it: "1.0", as pandas writes a column with a gap, is "1"."""
    whole = [re.fullmatch(r"(-?[0-9]+)\.0+", label) for label in labels]
    return [match[1] for match in whole if match] if all(whole) else labels
