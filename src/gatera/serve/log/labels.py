"""labels.csv of a log: one line for each input that a person gave a label. The studio and people write it, too."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import NamedTuple

from gatera.core.errors import DataError
from gatera.core.files import atomic_write
from gatera.store.datasets.labels.rows import COLUMNS, parsed, unescape, written, written_by_us
from gatera.web.errors import Refused


class Labels(NamedTuple):
    """What a labels.csv holds.

    Attributes:
        columns: those of data repositories, then those that others added.
        rows: the lines, by file.
    """

    columns: tuple[str, ...]
    rows: dict[str, dict[str, str]]


def read_labels(table: Path) -> Labels:
    """Return what a labels.csv holds; no lines where there is none.

    Raises:
        Refused: 409, if it cannot be read whole: what is not read would be lost when it is written again.
    """
    if not table.exists():
        return Labels(COLUMNS, {})
    text = table.read_bytes().decode("utf-8-sig", "surrogateescape")
    try:
        names, lines = parsed(text, Path(table.name))
    except DataError as err:
        raise _unreadable(err.problem[0].lower() + err.problem[1:]) from err
    if "file" not in names or "label" not in names or len({*names}) < len(names):
        raise _unreadable("line 1 does not name the columns file and label, each once")
    rows: dict[str, dict[str, str]] = {}
    ours = written_by_us(names)
    for number, cells in lines:
        if ours:
            cells |= {name: unescape(cells[name]) for name in COLUMNS if name in cells}
        if cells["file"] in rows:
            raise _unreadable(f"line {number} names an item a second time")
        rows[cells["file"]] = cells
    return Labels((*COLUMNS, *(name for name in names if name not in COLUMNS)), rows)


def write_labels(table: Path, labels: Labels) -> None:
    """Write a labels.csv, sorted by file; it is on disk when this returns."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, labels.columns, restval="", lineterminator="\n")
    writer.writeheader()
    for name in sorted(labels.rows):
        row = labels.rows[name]
        writer.writerow({**row, **{each: written(row[each]) for each in COLUMNS if row.get(each)}})
    with atomic_write(table) as partial, partial.open("wb") as file:
        file.write(text.getvalue().encode("utf-8", "surrogateescape"))
        file.flush()
        os.fsync(file.fileno())


def _unreadable(why: str) -> Refused:
    return Refused(
        409, f"the label is not kept: labels.csv of the log cannot be read, {why}",
        expected="a CSV file in UTF-8, with commas between the cells", remedy="Correct it on the server, then give the label again.",
    )  # fmt: skip
