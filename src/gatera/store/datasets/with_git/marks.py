"""Labels in which items in conflict stand twice, between the marks that git uses; and what somebody made of them since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gatera.store.datasets.labels.conflict_sides import MARK
from gatera.store.datasets.labels.rows import (
    COLUMNS,
    Row,
    cells_of,
    header_of,
    line_of,
    name_of_line,
    row_of,
    unescape,
)
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.labels.three_way import Conflict

#: What stands beside the marks. The upper side is where git is: the current branch, or in a rebase what the commits are put on.
MINE, BASE, THEIRS = "HEAD", "before", "the other side"


def with_marks(sheet: Sheet, conflicts: Sequence[Conflict]) -> bytes:
    """Return a file of labels with marks around both lines of each conflict.

    Args:
        sheet: the labels, merged but for the conflicts.
        conflicts: what is in conflict.
    """
    if not conflicts:
        return sheet.to_bytes()
    blocks = {conflict.file: _block(conflict) for conflict in conflicts}
    names = sorted({*sheet.lines, *blocks})
    lines = [line for name in names for line in blocks.get(name) or [sheet.lines[name]]]
    return "\n".join([header_of(sheet.extra), *lines, ""]).encode("utf-8")


def _block(conflict: Conflict) -> list[str]:
    sides = [conflict.settled("mine"), conflict.settled("theirs")]
    mine, theirs = ([] if row is None else [line_of(_wide(row, conflict))] for row in sides)
    return [f"<<<<<<< {MINE}", *mine, "=======", *theirs, f">>>>>>> {THEIRS}"]


def _wide(row: Row, conflict: Conflict) -> Row:
    return row._replace(more=row.more + ("",) * (len(conflict.extra) - len(row.more)))


class Outside(NamedTuple):
    """What stands outside the marks in a file of labels.

    Attributes:
        extra: the columns beyond ours.
        rows: item -> its row: what git merged, and what somebody has settled by hand.
    """

    extra: tuple[str, ...]
    rows: dict[str, Row]


def outside_marks(data: bytes) -> Outside | None:
    """Return what stands outside all marks; None where the columns are in conflict. Lines that are not as we write them are left out."""
    head, *lines = data.decode("utf-8", "replace").split("\n")
    columns = cells_of(head) if head else []
    if tuple(columns[:9]) != COLUMNS:
        return None
    extra = tuple(unescape(name) for name in columns[9:])
    found: dict[str, Row] = {}
    inside = False
    for line in lines:
        if mark := MARK.match(line):
            inside = mark[1][0] != ">"
        elif line and not inside and len(cells_of(line)) == len(columns):
            found[name_of_line(line)] = row_of(line, len(extra))
    return Outside(extra, found)
