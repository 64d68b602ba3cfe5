"""Which columns of a table of labels hold what: the file, the label (or one column for each class), the side."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatera.core.checks import listed, missing_column
from gatera.core.errors import DataError
from gatera.data.folders.named_files import NamedFiles
from gatera.data.folders.split_folders import SIDE_OF, side_and_rest
from gatera.data.splits.by_value import truths_of
from gatera.program.tables.notes import Note
from gatera.program.tables.numbers import find_format

#: Names of the two columns, in order of preference.
FILE_COLUMNS = (
    "file", "filename", "file_name", "fname", "name", "image", "photo", "path", "image_id", "image_name", "image_path",
    "filepath", "file_path", "img", "id",
)  # fmt: skip
LABEL_COLUMNS = ("label", "labels", "class", "category", "breed", "target")

#: The column whose truth values mark what is held out.
IS_VALID = "is_valid"

#: Columns that put a file on a side of the split.
SIDE_COLUMNS = ("split", IS_VALID)

#: Columns that do too where each of their cells names a side: "Usage" with Training and PublicTest.
OTHER_SIDE_COLUMNS = (
    "usage", "set", "subset", "partition", "phase", "dataset", "data_set", "split_set", "data_split", "train_test", "train/test",
)  # fmt: skip

#: Short words for a side in such a column; folders called "tr" or "te" may be languages.
_SHORT_SIDES = {"tr": "train", "va": "valid", "vl": "valid", "te": "test", "ts": "test"}

#: How columns of coordinates are called.
_COORDINATE = re.compile(r"[xy][_ .-]?\d*|.*[_ .-][xy]|.*\d[xy]", re.IGNORECASE)

#: Rows that show whether a column names files.
_TRIED = 50

#: Cells of a column that stands for one class.
_ONE_HOT = {"0": False, "0.0": False, "1": True, "1.0": True}

Row = Mapping[str, str]


@dataclass(frozen=True)
class LabelColumns:
    """The columns of a table of labels.

    Attributes:
        file: names the files.
        labels: the label; or several columns of 0 and 1, one for each class.
        note: which they are, where names and places do not make it plain.
    """

    file: str
    labels: Sequence[str]
    note: Note | None = None

    def label(self, table: Path, line: int, row: Row) -> str:
        """Return the label in a row.

        Raises:
            DataError: if it is empty, or not exactly one of the classes is 1.
        """
        if len(self.labels) == 1:
            label = row[self.labels[0]].strip()
            if not label:
                raise DataError(
                    f"{table} has no label in line {line}, column {self.labels[0]}", got=row[self.file]
                )
            return label
        ones = [name for name in self.labels if _ONE_HOT.get(row[name].strip())]
        if len(ones) != 1:
            raise DataError(
                f"{table} gives {row[self.file]} {len(ones) or 'no'} labels in line {line}",
                got=listed(ones) or None, expected=f"a 1 in one of {listed(self.labels)}",
                remedy="For several labels of a file use a DataBlock with MultiCategoryBlock.",
            )  # fmt: skip
        return ones[0]


def find_label_columns(
    table: Path, columns: Sequence[str], rows: Sequence[Row], named: NamedFiles, target: str | None = None
) -> LabelColumns:
    """Return which columns hold files and labels.

    Args:
        table: the table, for messages.
        columns: its columns.
        rows: its rows.
        named: the files.
        target: the column of the labels; None to find it.

    Raises:
        DataError: if there are fewer than two columns, or several could hold the label.
    """
    if len(columns) < 2:
        raise DataError(f"{table} needs at least two columns", got=columns, expected="file,label")
    if target is not None and target not in columns:
        raise missing_column(target, columns, str(table), "target=")
    file = file_column([name for name in columns if name != target], rows, named)
    sides = side_columns(columns, rows)
    others = [name for name in columns if name != file and name not in sides]
    labels = [target] if target is not None else _label_columns(table, others, rows)
    by_lower = file.strip().lower(), labels[0].strip().lower()
    plain = target is not None or (
        by_lower[0] in FILE_COLUMNS and by_lower[1] in LABEL_COLUMNS and not others[1:]
    )
    if plain or (len(labels) == 1 and list(columns[:2]) == [file, *labels] and not others[1:]):
        return LabelColumns(file, labels)
    unused = [name for name in others if name not in labels]
    said = f"the label in {labels[0]!r}" if len(labels) == 1 else f"a class in each of {listed(labels)}"
    return LabelColumns(
        file,
        labels,
        Note(f"The file is in column {file!r}, {said}{_left(unused)}", "target", (unused or others)[-1]),
    )


def _left(unused: Sequence[str]) -> str:
    return f"; not used as labels: {listed(unused, 4)}" if unused else ""


def file_column(columns: Sequence[str], rows: Sequence[Row], named: NamedFiles) -> str:
    """Return the column whose cells are files; usual names are tried first."""
    usual = _usual(columns, FILE_COLUMNS)
    for name in dict.fromkeys([*usual, *columns]):
        if all(named.find(row[name]) for row in rows[:_TRIED]):
            return name
    return usual[0] if usual else columns[0]


def _label_columns(table: Path, columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    if usual := _usual(columns, LABEL_COLUMNS):
        return usual[:1]
    if len(columns) == 1:
        return list(columns)
    ones = [name for name in columns if all(row[name].strip() in _ONE_HOT for row in rows)]
    if ones and len(ones) == len(columns):
        return ones
    points = len(columns) % 2 == 0 and all(
        _is_coordinate(name, [row[name] for row in rows]) for name in columns
    )
    raise DataError(
        f"{table} has several columns that could be the label", got=listed(columns) or None,
        remedy="Points of a photo are learned in Python, by a DataBlock with PointBlock; else name the column: target=."
        if points else "Name it: target=.",
    )  # fmt: skip


def _is_coordinate(name: str, cells: Sequence[str]) -> bool:
    """Whether a column is called as coordinates of points are (x, y1, nose_x, c0y), and holds numbers or nothing."""
    return bool(_COORDINATE.fullmatch(name.strip())) and all(
        not cell.strip() or find_format([cell]) for cell in cells[:_TRIED]
    )


def _usual(columns: Sequence[str], wanted: Sequence[str]) -> list[str]:
    by_lower = {column.strip().lower(): column for column in columns}
    return [by_lower[name] for name in wanted if name in by_lower]


def sides_of(
    table: Path, rows: Sequence[tuple[int, Row]], say: Callable[[Note], None], of_folder: str = ""
) -> list[str]:
    """Return the side of each row; "" where the table does not say. A blank cell among others is the folder's side, or "train".

    Args:
        table: the table, for messages.
        rows: line and cells of each.
        say: is called with a line about blank cells that are trained on.
        of_folder: the side that the table's folder names; "" for none.

    Raises:
        DataError: if a cell is neither a side nor a truth value; the line is named.
    """
    names = {name.strip().lower(): name for name in (rows[0][1] if rows else {}) if name}
    split = names.get("split") or other_side_column(list(names.values()), [row for _, row in rows])
    column = split or names.get(IS_VALID)
    if column is None:
        return [""] * len(rows)
    what, expected = (IS_VALID, "true or false") if split is None else ("split", f"one of {listed(SIDE_OF)}")
    cells, found = [row[column] for _, row in rows], []
    if not any(cell.strip() for cell in cells):
        return [""] * len(rows)  # a column for it, not filled in
    n_blank = 0
    for (line, _), cell, side in zip(rows, cells, named_sides(column, cells), strict=True):
        if side is None and cell.strip():
            raise DataError(
                f"{table} has an unknown {what} in line {line}", got=cell.strip().lower(), expected=expected
            )  # fmt: skip
        n_blank += side is None and not of_folder
        found.append(side or of_folder or "train")
    if n_blank:
        say(Note(f"Rows of {table.name} whose {column!r} is blank are trained on: {n_blank:,}"))
    return found


def named_sides(column: str, cells: Sequence[str]) -> list[str | None]:
    """Return the side that each cell of a column names: by a truth value in `is_valid`, by its name in others; None for none.

    Example:
        >>> named_sides("is_valid", ["1", "0", "?"]), named_sides("Usage", ["Training", "PublicTest", "x"])
        (['valid', 'train', None], ['train', 'test', None])
    """
    if column.strip().lower() != IS_VALID:
        return [side_in(cell) for cell in cells]
    return [None if truth is None else "valid" if truth else "train" for truth in truths_of(cells)]


def sides_of_rows(column: str, cells: Sequence[str]) -> list[str] | None:
    """Return the side of each row of a table by a column called as such columns are; None if it is none.

    Args:
        column: its name.
        cells: its cells, "" where one is missing: each must name a side, "train" among them, and not all the same. Rows where `split` or
            `is_valid` is blank are trained on.

    Example:
        >>> sides_of_rows("split", ["train", "test"]), sides_of_rows("split", ["train", "?"]), sides_of_rows("x", ["train"])
        (['train', 'test'], None, None)
        >>> sides_of_rows("split", ["", "test"])
        ['train', 'test']
    """
    if column.strip().lower() not in (*SIDE_COLUMNS, *OTHER_SIDE_COLUMNS):
        return None
    blank = "train" if column.strip().lower() in SIDE_COLUMNS else None
    named = zip(named_sides(column, cells), cells, strict=True)
    sides = [side for side in (side or (None if cell.strip() else blank) for side, cell in named) if side]
    return sides if len(sides) == len(cells) and "train" in sides and len(set(sides)) > 1 else None


def side_columns(columns: Sequence[str], rows: Sequence[Row]) -> set[str]:
    """Return the columns that say on which side files are, and so are no labels."""
    other = other_side_column(columns, rows)
    return {name for name in columns if name.strip().lower() in SIDE_COLUMNS or name == other}


def other_side_column(columns: Sequence[str], rows: Sequence[Row]) -> str | None:
    """Return a column of another name than "split" and "is_valid" that names the side of every file; None without one."""
    lower = [name.strip().lower() for name in columns]
    if any(name in lower for name in SIDE_COLUMNS):
        return None
    for name in columns:
        if name.strip().lower() in OTHER_SIDE_COLUMNS and rows and all(side_in(row[name]) for row in rows):
            return name
    return None


def side_in(cell: str) -> str | None:
    """Return the side that a cell names: "train", "Validation", "PublicTest"; None for anything else."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cell.strip())
    bare = cell.strip().lower()
    return SIDE_OF.get(bare) or _SHORT_SIDES.get(bare) or side_and_rest(words)[0] or None
