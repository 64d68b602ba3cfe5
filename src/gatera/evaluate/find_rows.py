"""Find labelled rows of a table for a program: rows to predict a column of, ratings, or texts in a column."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed, listed_columns, missing_column
from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders.label_columns import LABEL_COLUMNS, OTHER_SIDE_COLUMNS, SIDE_COLUMNS, sides_of_rows
from gatera.data.sources.items import BadFile
from gatera.data.sources.totals import add_up, is_subtotal, is_sum_above, is_total
from gatera.evaluate.items import (
    Asked,
    Example,
    LabelledItems,
    choose_side,
    item_name,
    side_of,
    training_beside,
)
from gatera.program import tables
from gatera.program.raw.cells import Codes, is_empty, note_of_cells, number_in, of_other_unit
from gatera.program.tables.columns import Kind
from gatera.program.tables.notes import Note
from gatera.program.tables.numbers import PERCENT, NumberFormat, is_time
from gatera.program.tables.reader import TableFile

#: What a table of ratings calls the rating.
RATING_COLUMNS = ("rating", "ratings", "score", "stars", "value")

#: Longer cells are texts, not what a row of totals is called.
LONGEST_NAME = 60


def find_labelled_rows(
    table: Path,
    needed: Sequence[str],
    asked: Asked,
    made_with: Mapping[str, Any],
    numbers: bool = False,
    grouped_by: str = "",
    labels: Sequence[Any] = (),
    written: NumberFormat | None = None,
) -> LabelledItems:
    """Return the rows of a table with their labels.

    Args:
        table: the file.
        needed: the columns that the program reads; none where it reads one text.
        asked: what the user says about the table.
        made_with: the settings that the program was made with, which may name the column.
        numbers: whether the labels are numbers or classes that are, which are read as training reads them: "$1,200", "12 kg".
        grouped_by: the column that kept rows together in training, of which texts alone say nothing; "" for none.
        labels: those that the program knows; one called "None" or "NA" is no gap.
        written: how the numbers of the labels were written in training; None where that is not known, or as in "1234.5".

    Raises:
        DataError: if the table cannot be read, or no row (of the side to measure) has a label.
        ArgumentError: if the column of the labels must be named.
    """
    file = tables.open_table(table, known=needed, **asked.reading)
    for note in file.notes:
        asked.tell(note)
    file = replace(file, layout=file.layout.called_as(_named(asked, made_with, grouped_by)))
    by, sides = _sides(file, needed, asked)
    names = [name for name in file.names if name != by]
    targets = target_columns(table, names, needed, asked, made_with, numbers)
    target = targets[0]
    text = None if needed else _text_column(file, target, by, made_with, asked)
    chosen, words = choose_side(sides, asked)
    training = set(training_beside(sides, chosen))
    read = training.union(chosen) if sides else None  # None: every row
    truths = None
    if numbers:
        file_of_truths = replace(file, decimal=file.decimal or _decimal(made_with))
        truths = _truths(file_of_truths, targets, written, asked)
    codes, not_inputs = Codes(labels), {*targets, by}
    examples: list[Example] = []
    learned: list[Example] = []
    skipped: list[BadFile] = []
    totals = _Totals()
    rows = file.numbered_rows() if truths is None else totals.watched(file.numbered_rows())
    for place, (line, row) in enumerate(rows):
        if read is not None and place not in read:
            continue
        truth = row[target] if truths is None else truths[place]
        if _is_gap(truth, codes):
            if place not in training:
                skipped.append(
                    BadFile(table, f"Line {line} of {table.name} has no value in {listed(targets)}.")
                )
            continue
        if text is not None:
            example = Example(item_name(None, place), row[text], truth, row.get(grouped_by))
        else:
            cells = {name: cell for name, cell in row.items() if name not in not_inputs}
            example = Example(item_name(None, place), cells, truth)
        (learned if place in training else examples).append(example)
    if truths is not None and len(targets) == 1:
        totals.tell(target, np.asarray(truths, np.float64), asked)
    if not examples:
        raise DataError(
            f"no row of {table} has a value in {listed(targets)}", got=counted(len(skipped), "row")
        )
    columns = f"column{'s' * (len(targets) > 1)} {listed(targets)}"
    return LabelledItems(
        examples, "rows", f"{counted(len(examples), 'row')}{words} of {table.name}, {columns}", skipped, learned,
        side_of(sides, chosen) if sides else "",
    )  # fmt: skip


class _Totals:
    """Rows whose label is the sum of other rows, as training finds them: they are not examples of what is predicted.

    Attributes:
        lines: the line of each row that is called a total, by its place.
        last: the line of the last row.
    """

    def __init__(self) -> None:
        self.lines: dict[int, int] = {}
        self.last = 0
        self._known: dict[str, bool] = {}

    def watched(self, rows: Iterable[tuple[int, dict[str, str]]]) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield all rows with their lines, and note which are called totals."""
        for place, (line, row) in enumerate(rows):
            if any(_names_total(cell, self._known) for cell in row.values()):
                self.lines[place] = line
            self.last = line
            yield line, row

    def tell(self, target: str, truths: np.ndarray, asked: Asked) -> None:
        """Tell which rows are the sum of others.

        Args:
            target: the column of the labels.
            truths: the labels, float64 [n].
            asked: takes the line about it.
        """
        last, lines = len(truths) - 1, self.lines
        if not (lines and add_up(truths, list(lines))):
            lines = {last: self.last} if is_sum_above(truths) else {}
        if not lines:
            return
        many = "a row of totals; if it is one, remove it"
        rows, first = counted(len(lines), "row"), next(iter(lines.values()))
        if len(lines) > 1:
            many = "rows of totals; if they are, remove them"
        elif last in lines:
            rows = "the last row"
        where = f"first in line {first}" if len(lines) > 1 else f"line {first}"
        asked.tell(Note(f"In {rows} ({where}) {target} is the sum of other rows, as in {many}"))


def _names_total(cell: str, known: dict[str, bool]) -> bool:
    """Whether a cell is what totals or subtotals are called; `known` has what was found of earlier cells, as columns repeat them."""
    if len(cell) > LONGEST_NAME or (cell[:1].isdigit() and cell[-1:].isdigit()):  # a number, nearly always
        return False
    if cell not in known:
        known[cell] = is_total(cell) or is_subtotal(cell)
    return known[cell]


def _named(asked: Asked, made_with: Mapping[str, Any], grouped_by: str) -> list[str]:
    """Return the columns that are named beside those that the program reads."""
    learned = [made_with.get(name) for name in ("target", "rating", "text")]
    named = [asked.target, *asked.targets] if asked.target is not None else learned
    return [str(name) for name in (*named, grouped_by) if name]


def _is_gap(truth: Any, codes: Codes) -> bool:
    """Whether training would leave out a row with this label: it is empty, a word for that which is no class, or not finite."""
    if isinstance(truth, list):
        return any(_is_gap(each, codes) for each in truth)
    if isinstance(truth, float):
        return not math.isfinite(truth)
    return is_empty(truth) and codes(truth) < 1


def _decimal(made_with: Mapping[str, Any]) -> str | None:
    """Return the decimal sign that the user named for training."""
    named = made_with.get("decimal")
    return named if named in (".", ",") else None


def _truths(
    file: TableFile, targets: Sequence[str], written: NumberFormat | None, asked: Asked
) -> Sequence[Any] | None:
    """Return the number of each row, or a list of them where there are several targets; None if a column holds something else."""
    if len(targets) == 1:
        return _numbers(file, targets[0], written, asked)
    columns = [_numbers(file, target, None, asked) for target in targets]
    for target, column in zip(targets, columns, strict=True):
        if column is None:
            raise DataError(f"the column {target} of {file.path} does not hold numbers")
    return [list(cells) for cells in zip(*filter(None, columns), strict=True)]


def _numbers(
    file: TableFile, target: str, written: NumberFormat | None, asked: Asked
) -> Sequence[Any] | None:
    """Return the numbers in a column as training wrote them, else as reading the whole table finds them; None if it holds something else."""
    if written is not None:
        cells = [row[target] for row in file.rows()]
        if all(is_empty(cell) or written.fits(cell) for cell in cells):
            numbers = [number_in(cell, target, written) for cell in cells]
            for sentence, where in of_other_unit(cells, np.asarray(numbers), written.unit).items():
                if where.any():
                    asked.tell(Note(note_of_cells(target, sentence, cells, where).removesuffix(".")))
            return numbers
    column = file.read().columns[target]  # which this table may write otherwise
    units = {column.format.unit, written.unit if written else ""} - {"", PERCENT}
    if written and len(units) > 1 and not all(map(is_time, units)):
        raise DataError(
            f"{file.path} has a different unit in {target} than in training", got=column.format.unit, expected=written.unit,
            remedy=f"Write {target} in {written.unit}, or as numbers alone.",
        )  # fmt: skip
    learned, here = written is not None and written.unit == PERCENT, bool(column.marks.get(PERCENT))
    if here and not learned:
        asked.tell(Note(f"Column {target!r} is read without its percent signs, not divided by 100"))
    elif learned and not here:
        asked.tell(Note(f"Column {target!r} was written in % in training; its numbers are read as %"))
    return column.cells.tolist() if column.kind in (Kind.WHOLE, Kind.NUMBER) else None


def _sides(file: Any, needed: Sequence[str], asked: Asked) -> tuple[str | None, list[str]]:
    """Return the column that says on which side of the split each row is, and those sides; None and [] without one."""
    for name in file.names:
        if (
            name in needed
            or name in (asked.target, *asked.targets)
            or name.strip().lower() not in (*SIDE_COLUMNS, *OTHER_SIDE_COLUMNS)
        ):
            continue
        sides = sides_of_rows(name, [row[name] for row in file.rows()])
        if sides is not None:
            return name, sides
    return None, []


def target_columns(
    table: Path,
    names: Sequence[str],
    needed: Sequence[str],
    asked: Asked,
    made_with: Mapping[str, Any],
    several: bool,
) -> list[str]:
    """Return the columns with the labels: those asked for, that of training, that of ratings, or the only other one.

    Args:
        table: the file.
        names: its columns.
        needed: those that the program reads.
        asked: what the user says.
        made_with: the settings of training.
        several: whether the program may predict several numbers.
    """
    if asked.target is not None and asked.target in names:  # also where a comma is part of its name
        return [asked.target]
    for target in asked.targets:
        if target not in names:
            raise missing_column(target, list(names), str(table), "target=")
    if len(asked.targets) > 1 and not several:
        raise ArgumentError("target= names several columns, and the program predicts one", got=asked.target)
    if asked.targets:
        return asked.targets
    others = [name for name in names if name not in needed]
    for found in _candidates(others, made_with):
        asked.tell(Note(f"The labels are in column {found!r}", "target", found))
        return [found]
    raise ArgumentError(
        f"target= must name the label column of {table}",
        available=listed_columns(others) or "none: the program reads all of them",
    )


def _candidates(others: Sequence[str], made_with: Mapping[str, Any]) -> Iterator[str]:
    known = {name.strip().lower(): name for name in others}
    yield from (str(name) for name in (made_with.get("target"), made_with.get("rating")) if name in others)
    yield from (known[name] for name in (*RATING_COLUMNS, *LABEL_COLUMNS) if name in known)
    if len(others) == 1:
        yield others[0]


def _text_column(file: Any, target: str, side: str | None, made_with: Mapping[str, Any], asked: Asked) -> str:
    """Return the column with the texts: the longest cells."""
    others = [name for name in file.names if name not in (target, side)]
    if not others:
        raise DataError(f"{file.path} has no column of texts beside {target}")
    if made_with.get("text") in others:
        return str(made_with["text"])
    sample = [row for row, _ in zip(file.rows(), range(100), strict=False)]
    found = max(others, key=lambda name: sum(len(row[name]) for row in sample))
    asked.tell(Note(f"The texts are in column {found!r}"))
    return found
