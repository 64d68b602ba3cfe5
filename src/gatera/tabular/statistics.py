"""Learn from the columns of the training set: categories, fill values, means; as data that a program can hold."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.loading.row_tables import (
    NAMED,
    cells,
    check_has_values,
    empty_cells,
    learn_labels,
    named_row,
    value_column_of,
)
from gatera.data.sources.tables import formats_of
from gatera.data.transforms.normalize import Normalize
from gatera.program.raw.cells import numbers_in
from gatera.program.raw.dates import PARTS, has_zone, part_of_dates
from gatera.program.tables.columns import Kind
from gatera.tabular.procs import Procs

#: Ends the name of the column that tells where a number was missing. Source: fastai.
FLAG = "_na"

Config = list[dict[str, Any]]


def learn_columns(
    frame: Any, cat_names: Sequence[str], cont_names: Sequence[str], procs: Procs
) -> tuple[Config, Config]:
    """Return the "categories" and "numbers" of a `RowReader`, learned from the rows of the training set.

    Args:
        frame: these rows, a pandas DataFrame.
        cat_names: category columns.
        cont_names: number columns; of columns of dates, numbers are taken that vary: year, month, day of the week and so on.
        procs: what is done to them.

    Raises:
        ArgumentError: if there are category columns and nothing codes them, or a given `Normalize` does not fit.
        DataError: if all columns are empty, or one has no numbers, or gaps that nothing fills.
    """
    if cat_names and procs.categorify is None:
        raise ArgumentError(
            "cat_names needs Categorify in procs", got=list(cat_names), remedy="Add Categorify to procs.",
        )  # fmt: skip
    cat_names, cont_names = _with_values(frame, cat_names, cont_names)
    categories = [_category(frame, name) for name in cat_names]
    dates = {name for name in cont_names if holds_dates(frame[name])}
    values = {name: _values(frame, name) for name in cont_names if name not in dates}
    parts = [part for name in cont_names if name in dates for part in _date_parts(frame, name)]
    values |= {made["name"]: numbers for made, numbers in parts}
    made_of = {made["name"]: made for made, _ in parts}
    formats = formats_of(frame) | made_of
    _check_free(frame, list(made_of), "parts of dates", "Rename them.")
    numbers = [_number(name, column, procs, formats.get(name, {})) for name, column in values.items()]
    if procs.fill is not None and procs.fill.add_col:
        flagged = [number["name"] for number in numbers if number["had_empty"] and "part" not in number]
        _check_new_names(frame, flagged)
        categories += [{"name": name + FLAG, "missing_in": name} for name in flagged]
    return categories, _normalized(values, numbers, procs.normalize)


def _with_values(frame: Any, *roles: Sequence[str]) -> list[list[str]]:
    """Leave out the columns that are empty in every row, with a warning; an error where all are."""
    empty = [name for names in roles for name in names if empty_cells(frame[name]).all()]
    if empty and len(empty) == sum(map(len, roles)):
        check_has_values(frame, empty[0])
    for name in empty:
        warnings.warn(
            f"Column {name!r} is empty in every row of the training set; it is left out.", stacklevel=2
        )
    return [[name for name in names if name not in empty] for names in roles]


def _category(frame: Any, name: str) -> dict[str, Any]:
    labels, had_empty = learn_labels(frame[name]), bool(empty_cells(frame[name]).any())
    return {"name": name, "labels": labels, "had_empty": had_empty, **formats_of(frame).get(name, {})}


def _values(frame: Any, name: str) -> np.ndarray:
    values = cells(frame[name])
    numbers = numbers_in(values, name)
    infinite = np.flatnonzero(np.isnan(numbers) & ~empty_cells(frame[name]))
    if len(infinite) and "first_line" not in frame.attrs:  # of a file it is said when it is read
        many = "a number that is" if len(infinite) == 1 else f"{len(infinite):,} numbers that are"
        warnings.warn(
            f"Column {name!r} holds {many} not finite, first in {named_row(frame, int(infinite[0]))}; it counts as missing.",
            stacklevel=2,
        )
    if np.isnan(numbers).all():
        raise DataError(
            f"Column {name!r} holds no number that is finite in the training set",
            remedy="Remove it from the inputs.",
        )
    return numbers


def holds_dates(column: Any) -> bool:
    """Whether the cells of a pandas Series are dates."""
    return column.dtype.kind == "M" or value_column_of(column).kind is Kind.DATE


def _date_parts(frame: Any, name: str) -> list[tuple[dict[str, Any], np.ndarray]]:
    """Return what is taken from a column of dates, each with its numbers; parts that never vary are left out."""
    cells_of_dates, prefix = cells(frame[name]), re.sub("[Dd]ate$", "", name)
    found: list[tuple[dict[str, Any], np.ndarray]] = []
    for part in PARTS:
        numbers = part_of_dates(cells_of_dates, name, part)
        there = numbers[~np.isnan(numbers)]
        if len(there) and (there != there[0]).any():
            found.append(({"name": prefix + part, "date": name, "part": part}, numbers))
    filled = np.flatnonzero(~empty_cells(frame[name])).tolist()
    # the program tells where one that is asked has none
    if all(has_zone(cells_of_dates[place]) for place in filled):
        for made, _ in found:
            made["zoned"] = True
    return found


def _number(name: str, values: np.ndarray, procs: Procs, written: dict[str, str]) -> dict[str, Any]:
    there = values[~np.isnan(values)]
    had_empty = len(there) < len(values)
    if had_empty and procs.fill is None:
        raise DataError(
            f"Column {name!r} is empty in {len(values) - len(there):,} of the {len(values):,} training rows",
            remedy="Add FillMissing to procs, or fill the column in yourself.",
        )
    fill = float(np.median(there)) if procs.fill is None else procs.fill.fill_of(name, there)
    return {**written, "name": name, "fill": fill, "had_empty": had_empty, "mean": 0.0, "std": 1.0}


def _normalized(values: dict[str, np.ndarray], numbers: Config, normalize: Normalize | None) -> Config:
    if normalize is None or not numbers:
        return numbers
    if normalize.mean is None:
        filled = [np.where(np.isnan(values[n["name"]]), n["fill"], values[n["name"]]) for n in numbers]
        normalize = normalize.fit_columns(np.stack(filled, axis=1))  # F x [n] -> [n,F]
    mean, std = list(normalize.mean or ()), list(normalize.std or ())
    if len(mean) != len(numbers):
        raise ArgumentError(
            "Normalize needs one mean for each number column", got=mean,
            expected=f"{len(numbers)}: {listed(number['name'] for number in numbers)}",
        )  # fmt: skip
    return [{**number, "mean": m, "std": s} for number, m, s in zip(numbers, mean, std, strict=True)]


def _check_new_names(frame: Any, flagged: Sequence[str]) -> None:
    names = [name + FLAG for name in flagged]
    _check_free(
        frame, names, "FillMissing's missing-value flags", "Rename them, or pass FillMissing(add_col=False)."
    )


def _check_free(frame: Any, names: Sequence[str], what: str, remedy: str) -> None:
    taken = [name for name in names if name in frame.columns]
    if taken:
        raise DataError(
            f"The table already has columns with the names of {what}", got=taken[:NAMED], remedy=remedy
        )
