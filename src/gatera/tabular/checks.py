"""Check that the roles of columns fit together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatera.core.errors import ArgumentError
from gatera.data.blocks.vocab import categories_of
from gatera.data.loading.row_tables import value_column_of
from gatera.program.tables.columns import Kind


def check_roles(cat_names: Sequence[str], cont_names: Sequence[str], y_names: Sequence[str]) -> None:
    """Raise ArgumentError if a column has two roles, or one twice."""
    roles: dict[str, str] = {}
    for role, names in (("y_names", y_names), ("cat_names", cat_names), ("cont_names", cont_names)):
        for name in names:
            if name in roles:
                both = f"{roles[name]} and {role}" if roles[name] != role else f"{role} twice"
                raise ArgumentError(
                    f"Column {name!r} is in {both}",
                    remedy="The target cannot be an input: remove it from the inputs."
                    if "y_names and" in both else "Name it in one of them.",
                )  # fmt: skip
            roles[name] = role


def numeric(frame: Any, name: str) -> bool:
    """Whether the values of a column are numbers; truth values are not."""
    if categories_of(frame[name]) is not None:
        return False
    return value_column_of(frame[name]).kind in (Kind.WHOLE, Kind.NUMBER)
