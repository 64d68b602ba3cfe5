"""The options of `gatera train`, made of the fields of `TrainSettings`."""

from __future__ import annotations

import math
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

from gatera.cli.options import (
    HIGHEST,
    Option,
    column_delimiter,
    column_list,
    decimal_sign,
    header_row,
    number,
    one_of,
    whole_number,
)
from gatera.recipes.settings import TrainSettings

#: The order of the headings in the help.
GROUPS = ("Arguments", "Data", "Tables", "Model", "Training", "Output")


def train_options() -> tuple[Option, ...]:
    """Return an option for every field of `TrainSettings`, the argument SOURCE first."""
    hints = get_type_hints(TrainSettings)
    ordered = sorted(fields(TrainSettings), key=lambda field: GROUPS.index(field.metadata["group"]))
    return tuple(_option(field, hints[field.name]) for field in ordered)


#: Settings whose values are written otherwise on the command line than their types say.
CONVERTERS = {
    "delimiter": column_delimiter, "decimal": decimal_sign, "header": header_row,
    **dict.fromkeys(("classes", "numbers", "drop"), column_list),
}  # fmt: skip


def _option(field: Field[Any], hint: Any) -> Option:
    about = field.metadata
    kind = next((kind for kind in get_args(hint) if kind is not type(None)), hint)
    choices = tuple(kind) if issubclass(kind, StrEnum) else ()
    flags = about.get("flags", (f"--{field.name.replace('_', '-')}",))
    return Option(
        field.name, about["help"], () if about["group"] == "Arguments" else flags, about["group"], about.get("metavar"),
        None if field.default is MISSING else field.default, about.get("shown"), CONVERTERS.get(field.name) or _converter(kind, about),
        tuple(map(str, choices)), negative=about.get("negative", False), files=kind is Path or about.get("metavar") == "FILE",
    )  # fmt: skip


def _converter(kind: Any, about: Any) -> Any:
    if kind is int:
        return whole_number(about["low"], about.get("high", HIGHEST))
    if kind is float:
        return number(about["low"], about.get("high", math.inf))
    if issubclass(kind, StrEnum):
        check = one_of(tuple(map(str, kind)))
        return lambda text: kind(check(text))
    return kind
