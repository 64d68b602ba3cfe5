"""Find labelled photos, recordings and texts for a program, in the layouts that training understands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

from gatera.core.checks import counted, listed, missing_column
from gatera.core.errors import DataError
from gatera.data.folders.label_columns import LABEL_COLUMNS, file_column, side_columns, sides_of
from gatera.data.folders.labelled import Kind, read_folder
from gatera.data.folders.labels_csv import TABLE, sides_beside_table
from gatera.data.folders.named_files import NamedFiles
from gatera.data.sources.items import BadFile, get_files
from gatera.data.splits.by_value import truth_of
from gatera.evaluate.items import (
    Asked,
    Example,
    LabelledItems,
    choose_side,
    side_of,
    source_name,
    training_beside,
)
from gatera.evaluate.kept.files import kept_labels
from gatera.evaluate.splitting.columns import GROUP
from gatera.program import tables
from gatera.program.operations import Accepts
from gatera.program.raw.cells import number_in
from gatera.program.tables.columns import Kind as ColumnKind
from gatera.program.tables.notes import Note
from gatera.program.tables.reader import TableFile

#: What may separate several labels in one cell.
LABEL_MARKS = (";", ",", "|", " ")


def _without_level(asked: Asked) -> Callable[[Note], None]:
    """Return what tells of decisions, without the argument for the level of classes: only training has it."""
    return lambda note: asked.tell(note._replace(option=None) if note.option == "class_level" else note)


def find_labelled_files(
    folder: Path, accepts: Accepts, asked: Asked, several: Sequence[Any] | None = None, by: str = ""
) -> LabelledItems:
    """Return files with one label each: from a folder per class, labels.csv, or file names.

    Args:
        folder: where the files are.
        accepts: what the program takes.
        asked: what the user says about them.
        several: the program's labels, where a file may have several: our own tools write semicolons between them. None for one each.
        by: the column that kept files together in training; "" for none.

    Raises:
        DataError: if the folder is missing or empty, or no layout fits.
    """
    kind = Kind(
        partial(get_files, extensions=accepts.suffixes),
        accepts.things.removesuffix("s"),
        _endings(accepts),
        Path,
    )
    tell = _without_level(asked)
    kept = kept_labels(folder, kind, tell) if asked.label_from is None and asked.target is None else None
    found = (
        read_folder(folder, kind, asked.label_from, tell, asked.target, **asked.reading)
        if kept is None
        else kept.files
    )
    chosen, side = choose_side(found.split, asked)
    if not chosen:
        raise DataError(
            f"{folder} has no {accepts.things} of the {asked.side} set", available=listed(set(found.split))
        )
    groups: Sequence[Any] = found.groups or found.columns.get(group_in(found.columns, by), ())
    examples = [
        Example(
            _name(path, folder),
            path,
            label if several is None or kept is None else _parts(label, several, ";"),
            group,
        )
        for path, label, group in zip(found.files, found.labels, groups or repeat(None))
    ]
    measured, training = [examples[i] for i in chosen], training_beside(found.split, chosen)
    how = f"{counted(len(chosen), accepts.things.removesuffix('s'))}{side} in {source_name(folder)} ({found.layout})"
    return LabelledItems(
        measured,
        accepts.things,
        how,
        found.skipped,
        [examples[i] for i in training],
        side_of(found.split, chosen),
    )


def find_files_with_cells(
    folder: Path,
    accepts: Accepts,
    task: str,
    labels: Sequence[Any],
    n_out: int | None,
    asked: Asked,
    by: str = "",
) -> LabelledItems:
    """Return files whose labels are cells of labels.csv: several labels, numbers, or points.

    Args:
        folder: where the files and `labels.csv` are.
        accepts: what the program takes.
        task: "multilabel", "regression" or "points".
        labels: the program's labels; a column for each of them holds 0 or 1.
        n_out: how many numbers the program answers; None if unknown.
        asked: what the user says about them.
        by: the column that kept files together in training; "" for none.

    Raises:
        DataError: if there is no such table, or a file, column or cell in it is not usable.
    """
    table = folder / TABLE
    if not table.is_file():
        raise DataError(
            f"{folder} has no {TABLE}, and this program answers with {_answers(task)}",
            expected=f"{TABLE} beside the {accepts.things}, with the columns {_columns_in_words(task)}",
        )
    file = tables.open_table(table, **asked.reading)
    for note in file.notes:
        asked.tell(note)
    numbered = list(file.numbered_rows())
    rows = [row for _, row in numbered]
    there = NamedFiles(folder, get_files(folder, accepts.suffixes))
    others = [column for column in file.names if column not in asked.targets]
    name = file_column(others or file.names, rows, there)
    texts = {str(label) for label in labels}
    group = group_in([column for column in others if column != name and column not in texts], by)
    no_values = {*side_columns(file.names, rows), group}
    left = [column for column in file.names if column not in no_values]
    columns = _value_columns(left, name, task, labels, n_out, asked, table)
    files = there.locate(table, [row[name] for row in rows if there.find(row[name])])
    paths = [(files.get(row[name], folder / row[name]), "") for row in rows]
    sides = sides_beside_table(folder, paths, sides_of(table, numbered, asked.tell), asked.tell)
    chosen, side = choose_side(sides, asked)
    numbers = None if task == "multilabel" else _numbers(file, columns)

    def truth(place: int) -> list[Any]:
        line, row = numbered[place]
        where = f"{table}, line {line}"
        return (
            _labels(row, columns, labels, where)
            if numbers is None
            else _filled(numbers[place], columns, where)
        )

    examples, skipped = [], []
    for place in chosen:
        line, row = numbered[place]
        if path := files.get(row[name]):
            group_of_row = row[group] if group else None
            examples.append(Example(_name(path, folder), path, truth(place), group_of_row))
        else:
            gone = f"{TABLE} names {row[name]} in line {line}, which does not exist."
            skipped.append(BadFile(folder / row[name], gone))
    if not examples:
        raise DataError(
            f"none of the files that {table} names is there",
            got=listed([bad.path.name for bad in skipped], 3),
        )
    how = f"{counted(len(examples), accepts.things.removesuffix('s'))}{side} of {TABLE} in {source_name(folder)}"
    return LabelledItems(examples, accepts.things, how, skipped)


def group_in(columns: Iterable[str], by: str) -> str:
    """Return the column that says which files belong together: what did in training, else one called "group"; "" without one."""
    return next((name for name in (by, GROUP) if name and name in columns), "")


def _endings(accepts: Accepts) -> str:
    return listed(sorted(accepts.suffixes), 12)


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _answers(task: str) -> str:
    return {"multilabel": "several labels", "points": "points"}.get(task, "numbers")


def _columns_in_words(task: str) -> str:
    return {"multilabel": "file,labels (separated by semicolons)", "points": "file,x1,y1,x2,y2 ..."}.get(
        task, "file,value"
    )


def _value_columns(
    names: Sequence[str],
    file: str,
    task: str,
    labels: Sequence[Any],
    n_out: int | None,
    asked: Asked,
    table: Path,
) -> list[str]:
    """Return the columns that hold the labels of a file."""
    if asked.targets:
        for name in asked.targets:
            if name not in names:
                raise missing_column(name, names, str(table), "target=")
        return asked.targets
    others = [name for name in names if name != file]
    if task == "multilabel":
        by_label = [str(label) for label in labels]
        if set(by_label) <= set(others):
            return by_label
        called = [name for name in others if name.strip().lower() in LABEL_COLUMNS]
        return [*called, *others][:1]
    if n_out is not None and len(others) != n_out:
        raise DataError(
            f"{table} must have {n_out} columns of numbers beside {file}", got=listed(others) or "none",
            remedy="Name them: target=column,column.",
        )  # fmt: skip
    return others


def _numbers(file: TableFile, columns: Sequence[str]) -> list[list[float]]:
    """Return the numbers of each row, however the table writes them: with a decimal comma, too."""
    table = file.read()
    cells = {name: (column.cells.tolist(), column.kind) for name, column in table.columns.items()}
    numbers = [
        values
        if kind in (ColumnKind.WHOLE, ColumnKind.NUMBER)
        else [number_in(value, name) for value in values]
        for name in columns
        for values, kind in [cells[name]]
    ]
    return [list(map(float, each)) for each in zip(*numbers, strict=True)]


def _filled(numbers: list[float], columns: Sequence[str], where: str) -> list[float]:
    if empty := [name for name, number in zip(columns, numbers, strict=True) if number != number]:
        raise DataError(f"{where}: a label is empty", got=f"nothing in {listed(empty)}")
    return numbers


def _labels(row: dict[str, str], columns: Sequence[str], labels: Sequence[Any], where: str) -> list[Any]:
    """Return the labels of a row: those whose column says yes, or the parts of a cell."""
    if len(columns) > 1:
        return [label for label in labels if _is_true(row[str(label)], str(label), where)]
    cell = row[columns[0]].strip()
    return _parts(cell, labels, next((mark for mark in LABEL_MARKS if mark in cell), " "))


def _parts(cell: str, labels: Sequence[Any], mark: str) -> list[str]:
    """Return the labels in a cell, which may be one that has the mark in it."""
    parts = [cell] if cell in {str(label) for label in labels} else cell.split(mark)
    return [part.strip() for part in parts if part.strip()]


def _is_true(cell: str, column: str, where: str) -> bool:
    truth = truth_of(cell) if cell.strip() else False
    if truth is None:
        raise DataError(
            f"{where}: column {column!r} says neither yes nor no",
            got=cell,
            expected="1 or 0, or true or false",
        )
    return truth
