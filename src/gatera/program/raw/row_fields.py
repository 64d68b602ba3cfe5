"""Check the fields of "read_row" and "read_pair" of a program file, which may come from a stranger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gatera.program.raw.dates import PARTS
from gatera.program.tables.numbers import LONGEST_UNIT, PLAIN, THOUSANDS, NumberFormat

#: The optional fields of how a column's numbers are written.
FORMAT = frozenset(("decimal", "thousands", "unit"))


def category_config(value: Any) -> list[dict[str, Any]]:
    """Return the "categories" of a `RowReader` from JSON data.

    Raises:
        ValueError: if they are not what `RowReader` takes.
    """
    return [_checked_category(entry) for entry in _objects(value)]


def _checked_category(entry: Mapping[str, Any]) -> dict[str, Any]:
    if set(entry) == {"name", "missing_in"}:
        return {"name": _name(entry["name"]), "missing_in": _name(entry["missing_in"])}
    if set(entry) - FORMAT != {"name", "labels", "had_empty"} or not isinstance(entry["had_empty"], bool):
        raise ValueError(entry)
    return {
        "name": _name(entry["name"]),
        "labels": label_config(entry["labels"]),
        "had_empty": entry["had_empty"],
        **format_config(entry),
    }


def format_config(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return how numbers are written, where an entry says so.

    Raises:
        ValueError: if that is not what `NumberFormat` takes.
    """
    given = {name: entry[name] for name in sorted(FORMAT) if name in entry}
    if given and (
        set(given) | {"unit"} != FORMAT
        or given["decimal"] not in (".", ",")
        or given["thousands"] not in THOUSANDS
        or not _is_unit(given.get("unit", "kg"))
    ):
        raise ValueError(entry)
    return given


def _is_unit(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_UNIT and value == value.strip()


def label_config(value: Any) -> list[Any]:
    """Return a list of labels from JSON data.

    Raises:
        ValueError: if it is not a list of different texts, truth values and finite numbers.
    """
    if not isinstance(value, list | tuple) or not all(
        isinstance(label, str | bool | int | float) for label in value
    ):
        raise ValueError(value)
    if len(set(value)) < len(value) or any(isinstance(x, float) and not math.isfinite(x) for x in value):
        raise ValueError(value)
    return list(value)


def number_config(value: Any) -> list[dict[str, Any]]:
    """Return the "numbers" of a `RowReader` from JSON data.

    Raises:
        ValueError: if they are not what `RowReader` takes.
    """
    return [_checked_number(entry) for entry in _objects(value)]


def _checked_number(entry: Mapping[str, Any]) -> dict[str, Any]:
    figures = ("fill", "mean", "std")
    date = {"date", "part"} | ({"zoned"} & set(entry)) if "part" in entry else set()
    if set(entry) - FORMAT - date != {"name", "had_empty", *figures} or not isinstance(
        entry["had_empty"], bool
    ):
        raise ValueError(entry)
    for name in figures:
        figure = entry[name]
        if isinstance(figure, bool) or not isinstance(figure, int | float) or not math.isfinite(figure):
            raise ValueError(entry)
    if not entry["std"] > 0:
        raise ValueError(entry)
    return {
        "name": _name(entry["name"]),
        **{name: entry[name] for name in ("fill", "had_empty", "mean", "std")},
        **format_config(entry),
        **_checked_part(entry),
    }


def _checked_part(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return which part of which dates a number is, where it is one."""
    if "part" not in entry:
        return {}
    if entry["part"] not in tuple(PARTS) or "date" not in entry or entry.get("zoned", True) is not True:
        raise ValueError(entry)
    zoned = {"zoned": True} if "zoned" in entry else {}
    return {"date": _name(entry["date"]), "part": entry["part"], **zoned}


def name_config(value: Any) -> list[str]:
    """Return two different column names from JSON data.

    Raises:
        ValueError: if that is not what it is.
    """
    if not isinstance(value, list | tuple) or len(value) != 2 or value[0] == value[1]:
        raise ValueError(value)
    return [_name(name) for name in value]


def rated_config(value: Any) -> list[list[int]] | None:
    """Return the codes of the items that each user has rated, from JSON data.

    Raises:
        ValueError: if it is neither null nor a list of lists of whole numbers from 1 on.
    """
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(codes, list | tuple) for codes in value):
        raise ValueError("not a list of lists")
    if not all(type(code) is int and code > 0 for codes in value for code in codes):
        raise ValueError("not codes of items")
    return [list(codes) for codes in value]


def _objects(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list | tuple) or not all(isinstance(entry, Mapping) for entry in value):
        raise ValueError(value)
    return list(value)


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def number_format(config: Mapping[str, Any]) -> NumberFormat:
    """Return how a column's numbers are written, as its entry says."""
    return NumberFormat(*(config.get(name, usual) for name, usual in PLAIN._asdict().items()))


def without_format(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an entry but for those that say how numbers are written."""
    return {name: value for name, value in config.items() if name not in FORMAT}
