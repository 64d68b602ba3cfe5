"""Which column has which role, and can it have it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatera.core.checks import require
from gatera.core.errors import ArgumentError


def check_roles(cat_names: Sequence[str], cont_names: Sequence[str], y_names: Sequence[str]) -> None:
    """Raise ArgumentError if a column has two roles, or one twice."""
    roles: dict[str, str] = {}
    for role, names in (("y_names", y_names), ("cat_names", cat_names), ("cont_names", cont_names)):
        for name in names:
            if name in roles:
                both = f"{roles[name]} and {role}" if roles[name] != role else f"{role} twice"
                raise ArgumentError(
                    f"Column {name!r} is in {both}",
                    remedy="A model that is given its answer learns nothing: take it out of the inputs."
                    if "y_names and" in both else "Name it in one of them.",
                )  # fmt: skip
            roles[name] = role


def numeric(frame: Any, name: str) -> bool:
    """Whether a column holds numbers; truth values are none."""
    types = require("pandas", "train", "for tables").api.types
    dtype = frame[name].dtype
    return bool(types.is_numeric_dtype(dtype) and not types.is_bool_dtype(dtype))
