"""Prepare a DataFrame: sort its columns into numbers and categories, split dates into parts."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatera.core.checks import check_count, listed, require
from gatera.core.errors import DataError
from gatera.data.blocks.vocab import native
from gatera.data.loading.row_tables import check_columns, check_frame, empty_cells
from gatera.data.sources.tables import MOST_CATEGORIES
from gatera.tabular.roles import is_number_input

if TYPE_CHECKING:
    import pandas as pd

#: What `add_datepart` takes from a date: heading -> attribute of a pandas date column.
DATE_PARTS = {
    "Year": "year", "Month": "month", "Week": "week", "Day": "day", "Dayofweek": "day_of_week",
    "Dayofyear": "day_of_year", "Is_month_end": "is_month_end", "Is_month_start": "is_month_start",
    "Is_quarter_end": "is_quarter_end", "Is_quarter_start": "is_quarter_start", "Is_year_end": "is_year_end",
    "Is_year_start": "is_year_start",
}  # fmt: skip
TIME_PARTS = {"Hour": "hour", "Minute": "minute", "Second": "second"}


def cont_cat_split(
    df: pd.DataFrame, max_card: int = MOST_CATEGORIES, dep_var: str | Sequence[str] | None = None
) -> tuple[list[str], list[str]]:
    """Sort the columns of a table into numbers and categories by their values; empty columns are neither.

    Args:
        df: the table.
        max_card: whole numbers of more different values than this are numbers, of fewer categories.
        dep_var: the target, or targets, which belong to neither.

    Returns:
        (names of number columns, names of category columns).

    Raises:
        DataError: if `dep_var` is not a column.
    """
    check_frame(df)
    check_count("max_card", max_card, 0)
    labels = as_names(dep_var)
    check_columns(df, "dep_var", labels)
    names = [name for name in df.columns if name not in labels]
    empty = [name for name in names if empty_cells(df[name]).all()]
    if empty:
        warnings.warn(f"Skipping empty columns: {listed(empty)}.", stacklevel=2)
    filled = [name for name in names if name not in empty]
    numbers = [name for name in filled if is_number_input(df[name], max_card)]
    return numbers, [name for name in filled if name not in numbers]


def as_names(names: str | Sequence[str] | None) -> list[str]:
    """Return column names as a list: of one name, of none, or of several."""
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)


def add_datepart(
    df: pd.DataFrame, field_name: str, prefix: str | None = None, drop: bool = True, time: bool = False
) -> pd.DataFrame:
    """Return a table with a date split into columns that a model can use: year, month, day of the week, and so on.

    "Elapsed" is the number of seconds since 1970. Unlike fastai's, this does not change the table it is given.

    Args:
        df: the table.
        field_name: the column with dates, or with text that pandas reads as dates.
        prefix: begins the new columns' names; by default the column's name without "date" at its end.
        drop: remove the date itself.
        time: also take hour, minute and second.

    Raises:
        DataError: if there is no such column, or it holds something that is not a date.
    """
    pandas = require("pandas", "train", "for tables")
    check_frame(df)
    check_columns(df, "field_name", [field_name])
    dates = _as_dates(pandas, df[field_name])
    prefix = re.sub("[Dd]ate$", "", field_name) if prefix is None else prefix
    made: dict[str, Any] = {}
    for heading, attribute in (DATE_PARTS | TIME_PARTS if time else DATE_PARTS).items():
        if attribute == "week":  # pandas gives it as a type of its own
            made[prefix + heading] = dates.dt.isocalendar().week.astype(dates.dt.day.dtype)
        else:
            made[prefix + heading] = getattr(dates.dt, attribute)
    made[prefix + "Elapsed"] = _seconds(dates)
    kept = df.drop(columns=[field_name]) if drop else df
    return pandas.concat([kept, pandas.DataFrame(made, index=df.index)], axis=1)


def _seconds(dates: Any) -> np.ndarray:
    """Return the seconds since the start of 1970 UTC, float64 [n], NaN where there is no date."""
    plain = dates if dates.dt.tz is None else dates.dt.tz_convert("UTC").dt.tz_localize(None)
    seconds = plain.to_numpy().astype("datetime64[s]").astype(np.int64)
    return np.where(dates.isna(), np.nan, seconds)


def _as_dates(pandas: Any, column: Any) -> Any:
    if pandas.api.types.is_numeric_dtype(column.dtype):
        raise DataError(
            f"Column {column.name!r} holds numbers, not dates", got=native(column.iloc[0]),
            remedy="Turn them into dates first: pandas.to_datetime(df[...], unit='s').",
        )  # fmt: skip
    try:
        return pandas.to_datetime(column)
    except (ValueError, TypeError) as err:  # pandas' own errors of parsing are ValueErrors
        raise DataError(
            f"Column {column.name!r} holds something that is not a date ({str(err).partition('. ')[0]})",
            remedy="Convert it to dates first: pandas.to_datetime(df[...], format=...).",
        ) from err
