"""Read an item's label from its folder, its file name, or the columns of its row."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatera.core.checks import is_missing, missing_column
from gatera.core.errors import ArgumentError, DataError
from gatera.data.item_errors import row_name

#: Default of `AttrGetter`: the attribute must be there.
_REQUIRED = object()


def parent_label(item: str | Path) -> str:
    """Return the name of the file's folder.

    Raises:
        DataError: if the path names no folder, as in "cat.jpg".

    Example:
        >>> parent_label("photos/siamese/1.jpg")
        'siamese'
    """
    label = Path(item).parent.name
    if not label:
        raise DataError(
            f"parent_label found no folder in the path of {item}",
            remedy="Pass paths with their class folder, as get_image_files gives them.",
        )
    return label


class RegexLabeller:
    r"""Reads the label from a path (or other text) with a regular expression.

    Args:
        pat: pattern whose first group, the first pair of parentheses, is the label. Folders are separated by
            "/" on every system.
        match: the pattern must fit from the start of the text on; otherwise anywhere in it.

    Raises:
        ArgumentError: if `pat` is not a regular expression or has no group.

    Example:
        >>> RegexLabeller(r"(.+)_\d+.jpg$")("great_pyrenees_173.jpg")
        'great_pyrenees'
    """

    def __init__(self, pat: str | re.Pattern[str], match: bool = False) -> None:
        try:
            self.pat = re.compile(pat)
        except re.error as err:
            raise ArgumentError(
                f"pat is not a regular expression ({err})",
                got=pat,
                remedy=r"Write a literal \ or ( as \\ or \(.",
            ) from err
        if not self.pat.groups:
            raise ArgumentError(
                "pat has no group to take the label from",
                got=self.pat.pattern,
                remedy=r"Put parentheses around the label, as in r'(.+)_\d+.jpg$'.",
            )  # fmt: skip
        self.match = match

    def __call__(self, item: str | Path) -> str:
        """Return the first group; raises DataError, naming item and pattern, where it does not match."""
        text = str(item).replace(os.sep, "/")
        found = self.pat.match(text) if self.match else self.pat.search(text)
        if found is None or found.group(1) is None:
            raise DataError(
                f"RegexLabeller found no label in {text!r}",
                expected=f"text that matches {self.pat.pattern!r}"
                + (" from its start on" if self.match else ""),
                remedy="Change the pattern, or remove this file. To match the file name alone, "
                "use using_attr(RegexLabeller(...), 'name').",
            )
        return found.group(1)

    def __repr__(self) -> str:
        return f"RegexLabeller({self.pat.pattern!r}{', match=True' if self.match else ''})"


class ColReader:
    """Reads one or more columns of a table's row.

    Args:
        cols: column name or position, or several of them (then a list is returned).
        pref: put before each value, e.g. the folder of the photos. A `Path` is followed by a separator.
        suff: put after each value, e.g. ".jpg".
        label_delim: what separates several labels within one cell; an empty cell then means no labels.

    Example:
        >>> ColReader("fname", pref="train/")({"fname": "1.jpg", "labels": "cat dog"})
        'train/1.jpg'
        >>> ColReader("labels", label_delim=" ")({"fname": "1.jpg", "labels": "cat dog"})
        ['cat', 'dog']
    """

    def __init__(
        self,
        cols: str | int | Sequence[str | int],
        pref: str | Path = "",
        suff: str = "",
        label_delim: str | None = None,
    ) -> None:
        self.cols = [cols] if isinstance(cols, str | int) else list(cols)
        self.pref = f"{pref}{os.sep}" if isinstance(pref, Path) else pref
        self.suff, self.label_delim = suff, label_delim

    def __call__(self, row: Any) -> Any:
        """Return the value of the column, or a list with one value per column.

        Args:
            row: a pandas Series, a mapping, a named tuple or a plain sequence.

        Raises:
            DataError: if a column is not in the row, or its cell is empty.
        """
        values = [self._finished(cell(row, col), col, row) for col in self.cols]
        return values[0] if len(values) == 1 else values

    def _finished(self, value: Any, col: str | int, row: Any) -> Any:
        if self.label_delim is not None:
            text = "" if is_missing(value) else str(value)
            return text.split(self.label_delim) if text else []
        if is_missing(value):
            raise DataError(
                f"Column {col!r} is empty in {_row_name(row)}", remedy="Fill it in, or remove the row."
            )
        return f"{self.pref}{value}{self.suff}" if self.pref or self.suff else value

    def __repr__(self) -> str:
        return f"ColReader({self.cols[0] if len(self.cols) == 1 else self.cols!r})"


@dataclass(frozen=True)
class ItemGetter:
    """Takes element `i` of an item, as in `DataBlock(getters=[ItemGetter(0), ItemGetter(1)])`."""

    i: Any

    def __call__(self, item: Any) -> Any:
        """Return `item[i]`; raises DataError where there is none."""
        try:
            return item[self.i]
        except (LookupError, TypeError) as err:
            raise DataError(
                f"ItemGetter({self.i!r}) found nothing in {item!r}", remedy="Change the index or key."
            ) from err


@dataclass(frozen=True)
class AttrGetter:
    """Takes the attribute `nm` of an item; without `default` it must exist."""

    nm: str
    default: Any = _REQUIRED

    def __call__(self, item: Any) -> Any:
        """Return the attribute, or the default; raises DataError where there is neither."""
        value = getattr(item, self.nm, self.default)
        if value is _REQUIRED:
            raise DataError(
                f"AttrGetter({self.nm!r}) found no such attribute in an item of type {type(item).__name__}",
                remedy="Change the name, or pass default=.",
            )
        return value


@dataclass(frozen=True)
class UsingAttr:
    """Calls `function` on one attribute of an item; made by `using_attr`."""

    function: Callable[[Any], Any]
    attr: str

    def __call__(self, item: Any) -> Any:
        """Return `function(item.attr)`; a string is treated as a path."""
        return self.function(AttrGetter(self.attr)(Path(item) if isinstance(item, str) else item))


def using_attr(function: Callable[[Any], Any], attr: str) -> UsingAttr:
    r"""Make a labeller that looks only at one attribute of a path, such as its "name", "stem" or "parent".

    Example:
        >>> label = using_attr(RegexLabeller(r"(.+)_\d+.jpg$"), "name")
        >>> label(Path("photos_2/Abyssinian_1.jpg"))
        'Abyssinian'
    """
    return UsingAttr(function, attr)


def cell(row: Any, col: str | int) -> Any:
    """Return the value in column `col`, a name or a position, of a Series, mapping, tuple or sequence.

    Raises:
        DataError: if there is no such column; the nearest name is offered.
    """
    try:
        if _is_series(row):
            return row.iloc[col] if isinstance(col, int) else row[col]
        if isinstance(row, Mapping):
            return list(row.values())[col] if isinstance(col, int) else row[col]
        if isinstance(row, Sequence) and isinstance(col, int):
            return row[col]
        return getattr(row, col)  # type: ignore[arg-type]  # an int ends in the TypeError below
    except (LookupError, AttributeError, TypeError) as err:
        raise missing_column(col, _column_names(row), _row_name(row)) from err


def _is_series(row: object) -> bool:
    # If pandas was never imported, nothing can be a Series: asking must not import it.
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(row, pandas.Series)


def _column_names(row: Any) -> list[str]:
    if _is_series(row):
        return [str(name) for name in row.index]
    if isinstance(row, Mapping):
        return [str(name) for name in row]
    return list(getattr(row, "_fields", ()))  # a named tuple; anything else has no names


def _row_name(row: Any) -> str:
    return row_name(row.name) if _is_series(row) else "the row"
