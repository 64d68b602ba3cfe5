"""Tables that people give: how one is opened, and which item a line of it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from gatera.core.checks import check_keywords
from gatera.core.errors import DataError
from gatera.core.lazy import later
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.work.workspace import OPEN_TABLE, Version, Workspace

#: What can be said of how a table is written: arguments of `open_table`.
READING = ("delimiter", "encoding", "header", "sheet")

#: A hash, as the files of a log's inputs are called.
_HASH = re.compile(r"[0-9a-f]{64}")


def open_for(work: Workspace, table: Path, reading: Mapping[str, Any]) -> Any:
    """Open a table, and say how it is read.

    Args:
        work: the repository.
        table: the file.
        reading: how it is written; what is not in it is found.

    Raises:
        ArgumentError: if `reading` has another name.
        DataError: if it is missing, empty or not a table.
    """
    check_keywords("how a table is read", reading, READING)
    opened = later(*OPEN_TABLE)(table, **reading)
    for note in opened.notes:
        work.say(str(note) if note.option in READING else note.without_options())
    return opened


class Meant:
    """Finds the item that a line of a table means: that of its name, or, where that has other contents, the one that has them."""

    def __init__(self, version: Version, table: Path) -> None:
        self._version, self._table = version, table
        self._sheets: dict[str, Sheet] = {}
        self._by_content: dict[str, str] | None = None

    def name(self, name: str, sha256: str, line: int) -> str:
        """Return the name of the item; the given one where there is none."""
        wanted = (sha256 or "").strip().lower()
        called = PurePosixPath(name).stem
        if not wanted and not _HASH.fullmatch(called):
            return name
        part = self._version.part_of(name)
        if part not in self._sheets:
            self._sheets[part] = self._version.sheet(part)
        row = self._sheets[part].row(name)
        if row is not None and (not wanted or row.sha256 in ("", wanted)):
            return name
        wanted = wanted or called  # logs of servers call their inputs so, also where the studio labelled them
        if self._by_content is None:
            rows = (row for sheet in self._version.sheets() for row in sheet.rows())
            self._by_content = {row.sha256: row.file for row in rows}
        found = self._by_content.get(wanted)
        if found is None and row is not None:
            raise DataError(
                f"line {line} of {self._table} is for another file that was called {name!r}: its sha256 matches no item",
                remedy="Add that file, or take the line out. Without the column sha256, names alone count.",
            )
        return found or name
