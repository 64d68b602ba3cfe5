"""Items to label: the files of a folder, the rows of a table, or anything in a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatera.core.checks import counted, missing_column
from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import where_to_look
from gatera.core.progress import note
from gatera.core.walk import files_below
from gatera.data.folders.mask_codes import CODES, COLOURS
from gatera.data.folders.mask_pairs import all_pairs
from gatera.program.raw.photo import PHOTO_SUFFIXES
from gatera.program.raw.sound import SOUND_SUFFIXES
from gatera.program.raw.text import TEXT_SUFFIXES
from gatera.program.tables.packed import is_table_name
from gatera.program.tables.reader import open_table
from gatera.store.datasets.labels.masks import photo_of
from gatera.store.datasets.making import is_repository
from gatera.store.datasets.repository import DataRepository

#: Kinds of files that a folder may hold.
KINDS = {"photos": PHOTO_SUFFIXES, "texts": TEXT_SUFFIXES, "recordings": SOUND_SUFFIXES}

#: Names of the column that holds the text, the first one that exists; else the one with the longest cells.
TEXT_COLUMNS = ("text", "review", "sentence", "content", "message", "body")

#: The column of the spans of a text: where they begin and end, counted in its characters.
SPANS = "spans"

#: Rows that are looked at to find that column, and the least mean length of a text (characters).
LOOKED_AT, LONG = 200, 20


@dataclass(frozen=True)
class Items:
    """Items to label.

    Attributes:
        raws: the items [n]: paths, texts, mappings, or anything else.
        names: what messages, and the column `file` of labels.csv, call them [n].
        root: the folder that paths are named in; None for items that are not files.
        text: the column of rows that holds the text; None if they have none.
        table: the file of the table whose rows these are; None for others.
    """

    raws: Sequence[Any]
    names: Sequence[str]
    root: Path | None = None
    text: str | None = None
    table: Path | None = None

    def __len__(self) -> int:
        return len(self.raws)


def items_in(source: str | Path, text: str | None = None, on_line: Callable[[str], None] = note) -> Items:
    """Return the items of a folder (photos, texts or recordings), or the rows of a table or of a data repository.

    Masks are not items: they are labels.

    Args:
        source: the folder, or the file of a table.
        text: the column of the rows that holds the text; None to find it.
        on_line: takes a line about what was decided.

    Raises:
        DataError: if there is nothing to label, or the folder holds several kinds of files.
    """
    path = Path(source)
    if path.is_dir():
        masks: set[Path] = set()
        if is_repository(path):
            rows_kept, masks = _kept(path, text, on_line)
            if rows_kept is not None:
                return rows_kept
        if text is not None:
            raise ArgumentError(
                "text= names a column of a table, and this is a folder", got=str(path), remedy="Omit text=."
            )
        return _files(path, masks, on_line)
    if not path.exists():
        raise DataError(f"{path} does not exist", remedy=where_to_look(path, "Check the path."))
    if not is_table_name(path):
        raise DataError(
            f"{path} is neither a folder nor a table",
            expected="a folder of photos, texts or recordings, or a CSV file",
        )
    table = open_table(path)
    for each in table.notes:
        on_line(each.without_options())
    rows = list(table.rows())
    if not rows:
        raise DataError(f"{path} has no rows")
    column = _text_column(rows, text, path, on_line)
    if column is not None and SPANS in rows[0]:
        rows = _with_blanks(rows, column, path)
    return Items(rows, [f"row {i + 1}" for i in range(len(rows))], None, column, path)


def as_items(items: Any) -> Items:
    """Return items, given as such, or as a list, a DataFrame (a row is an item) or anything that can be gone through.

    Raises:
        ArgumentError: if `items` is a single text or path.
        DataError: if there are none.
    """
    if isinstance(items, Items):
        return items
    if isinstance(items, str | Path):
        raise ArgumentError(
            "items is a single text or path", got=str(items),
            remedy="Pass a list of items, items_in(folder) for all files of a folder, or one item in brackets.",
        )  # fmt: skip
    table = hasattr(items, "to_dict") and hasattr(items, "columns")  # a DataFrame
    raws = items.to_dict("records") if table else items if isinstance(items, Sequence) else list(items)
    if not len(raws):
        raise DataError("there are no items to label", remedy="Check the folder or the table.")
    names = [
        "/".join(raw.parts[-3:]) if isinstance(raw, Path) else f"row {i + 1}" for i, raw in enumerate(raws)
    ]
    text = _named_text(raws[0]) if isinstance(raws[0], Mapping) else None
    return Items(raws, names, None, text)


def _kept(folder: Path, text: str | None, on_line: Callable[[str], None]) -> tuple[Items | None, set[Path]]:
    """Return the rows of a data repository whose items are rows, None where they are files; and which of its files are masks."""
    data = DataRepository(folder, on_line)
    try:
        columns, kept = data.columns(), list(data.rows())
    finally:
        data.close()
    if not kept or not columns or any(row.sha256 for row in kept):
        return None, {folder / row.file for row in kept if photo_of(row, columns)}
    rows = [dict(zip(columns, row.more, strict=True)) for row in kept]
    column = _text_column(rows, text, folder, on_line)
    return Items(rows, [row.file for row in kept], None, column), set()


def _files(folder: Path, masks: set[Path], on_line: Callable[[str], None]) -> Items:
    masks = masks | {mask for _, mask in all_pairs(folder)[0].good}
    if masks:
        first = min(masks).relative_to(folder).as_posix()
        are = "is a mask of a photo" if len(masks) == 1 else "are masks of photos"
        on_line(f"{counted(len(masks), 'file')} {are} and {are[:3].strip()} not labelled, e.g. {first}.")
    found: dict[str, list[Path]] = {kind: [] for kind in KINDS}
    for name in files_below(folder):
        path = Path(name)
        if path in masks or (masks and path.name.lower() in (*CODES, *COLOURS)):
            continue
        for kind, endings in KINDS.items():
            if path.suffix.lower() in endings:
                found[kind].append(path)
    kinds = {kind: files for kind, files in found.items() if files}
    if not kinds:
        raise DataError(
            f"{folder} holds nothing to label",
            expected="photos, texts (.txt) or recordings",
            remedy="Check the path.",
        )
    if len(kinds) > 1:
        counts = ", ".join(f"{len(files):,} {kind}" for kind, files in kinds.items())
        raise DataError(
            f"{folder} holds several kinds of files ({counts})",
            remedy="Label each kind in a folder of its own.",
        )
    files = next(iter(kinds.values()))
    return Items(files, [file.relative_to(folder).as_posix() for file in files], folder)


def _text_column(
    rows: Sequence[Mapping[str, str]], given: str | None, path: Path, on_line: Callable[[str], None]
) -> str | None:
    if given is not None:
        if given not in rows[0]:
            raise missing_column(given, list(rows[0]), str(path), "text=")
        return given
    known = _named_text(rows[0])
    if known is not None:
        return known
    some = rows[:LOOKED_AT]
    lengths = {name: sum(len(str(row[name])) for row in some) / len(some) for name in rows[0]}
    longest = max(lengths, key=lambda name: lengths[name])
    if lengths[longest] < LONG:
        return None
    on_line(f"The text is in column {longest!r}, whose cells are the longest; pass text= for another.")
    return longest


def _with_blanks(rows: list[dict[str, str]], column: str, path: Path) -> list[dict[str, str]]:
    """Return the rows with the blanks around their texts, which are taken off other cells: spans count them."""
    whole = list(open_table(path, strip=False).rows())
    if len(whole) != len(rows):  # a row of blanks alone
        return rows
    return [
        row | {column: same[column]} if same[column].strip(" \t") == row[column].strip(" \t") else row
        for row, same in zip(rows, whole)
    ]


def _named_text(row: Mapping[Any, Any]) -> str | None:
    by_lower = {str(name).lower(): name for name in row}
    return next((by_lower[name] for name in TEXT_COLUMNS if name in by_lower), None)
