"""Decide which columns of a table are inputs, and whether the target is a class or a number, from the values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gatera.data.blocks.vocab import categories_of
from gatera.data.loading.row_tables import check_columns, check_frame, value_column_of
from gatera.program.tables.columns import Kind

#: A target of whole numbers with at most this many different values is a class.
MOST_CLASSES = 20

#: A text column in which more than this share of the cells differ says who a row is, not what it is like.
TELLS_ROWS_APART = 0.5


@dataclass(frozen=True)
class Roles:
    """The inputs of a table.

    Attributes:
        numbers: columns of numbers.
        categories: columns of categories.
        skipped: column that is not an input -> why.
    """

    numbers: list[str]
    categories: list[str]
    skipped: dict[str, str]


def find_roles(df: Any, targets: Sequence[str], max_card: int = MOST_CLASSES) -> Roles:
    """Return the inputs of a table. Columns that tell nothing are skipped: empty, constant, row numbers, identifiers.

    Args:
        df: a pandas DataFrame.
        targets: columns to predict.
        max_card: whole numbers of more different values than this are numbers, of fewer categories.

    Raises:
        DataError: if a target is not a column.
    """
    check_frame(df)
    check_columns(df, "targets", targets)
    roles = Roles([], [], {})
    for name in df.columns:
        if name not in targets:
            kind = _role(df[name], max_card)
            if kind in ("number", "category"):
                (roles.numbers if kind == "number" else roles.categories).append(name)
            else:
                roles.skipped[name] = kind
    return roles


def _role(series: Any, max_card: int) -> str:
    """Return "number" or "category", or why a column is neither."""
    column = value_column_of(series)
    if column.kind is Kind.EMPTY:
        return "empty"
    if column.is_constant and len(series) > 1:
        return "always the same"
    if column.counts_rows and len(series) > max_card:
        return "row numbers"
    if is_number_input(series, max_card):
        return "number"
    if column.kind in (Kind.TEXT, Kind.DATE) and series.nunique() > max(
        max_card, TELLS_ROWS_APART * len(series)
    ):
        return "almost all values differ"
    return "category"


def is_number_input(series: Any, max_card: int) -> bool:
    """Whether a column is a number rather than a category: with a fraction, or whole and of more than `max_card` values."""
    if categories_of(series) is not None:
        return False
    kind = value_column_of(series).kind
    return kind is Kind.NUMBER or (kind is Kind.WHOLE and series.nunique(dropna=False) > max_card)


def is_class(series: Any) -> bool:
    """Whether a target is a class: text, truth values, a Categorical, or at most 20 different whole numbers.

    0 and 1 are classes however they are written: as integers, as 0.0 and 1.0, or with gaps.
    """
    if categories_of(series) is not None:
        return True
    kind = value_column_of(series).kind
    return kind is not Kind.NUMBER and not (kind is Kind.WHOLE and series.nunique() > MOST_CLASSES)
