"""Learn from the columns of the training set: categories, fill values, means; as data that a program can hold."""

from __future__ import annotations

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
)
from gatera.data.sources.tables import formats_of
from gatera.data.transforms.normalize import Normalize
from gatera.program.raw.row import numbers_in
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
        cont_names: number columns.
        procs: what is done to them.

    Raises:
        ArgumentError: if there are category columns and nothing codes them, or a given `Normalize` does not fit.
        DataError: if a column is empty, has no numbers, or has gaps that nothing fills.
    """
    if cat_names and procs.categorify is None:
        raise ArgumentError(
            "cat_names needs Categorify in procs", got=list(cat_names), remedy="Add Categorify to procs.",
        )  # fmt: skip
    categories = [_category(frame, name) for name in cat_names]
    values = {name: _values(frame, name) for name in cont_names}
    formats = formats_of(frame)
    numbers = [_number(name, column, procs, formats.get(name, {})) for name, column in values.items()]
    if procs.fill is not None and procs.fill.add_col:
        flagged = [number["name"] for number in numbers if number["had_empty"]]
        _check_new_names(frame, flagged)
        categories += [{"name": name + FLAG, "missing_in": name} for name in flagged]
    return categories, _normalized(values, numbers, procs.normalize)


def _category(frame: Any, name: str) -> dict[str, Any]:
    check_has_values(frame, name)
    labels, had_empty = learn_labels(frame[name]), bool(empty_cells(frame[name]).any())
    return {"name": name, "labels": labels, "had_empty": had_empty, **formats_of(frame).get(name, {})}


def _values(frame: Any, name: str) -> np.ndarray:
    check_has_values(frame, name)
    values = cells(frame[name])
    numbers = numbers_in(values, name)
    infinite = np.flatnonzero(np.isnan(numbers) & ~empty_cells(frame[name]))
    if len(infinite):
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


def _number(name: str, values: np.ndarray, procs: Procs, written: dict[str, str]) -> dict[str, Any]:
    there = values[~np.isnan(values)]
    had_empty = len(there) < len(values)
    if had_empty and procs.fill is None:
        raise DataError(
            f"Column {name!r} is empty in {len(values) - len(there):,} of the {len(values):,} training rows",
            remedy="Add FillMissing to procs, or fill the column in yourself.",
        )
    fill = float(np.median(there)) if procs.fill is None else procs.fill.fill_of(name, there)
    return {"name": name, "fill": fill, "had_empty": had_empty, "mean": 0.0, "std": 1.0, **written}


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
    taken = [name + FLAG for name in flagged if name + FLAG in frame.columns]
    if taken:
        raise DataError(
            "The table already has columns with the names of FillMissing's missing-value flags",
            got=taken[:NAMED], remedy="Rename them, or pass FillMissing(add_col=False).",
        )  # fmt: skip
