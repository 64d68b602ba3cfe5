"""Git merges labels item by item: it is told of a program that merges one file of labels, which calls `gatera data merge-file`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatera.core.errors import DataError
from gatera.core.files import atomic_write
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.labels.three_way import Conflict, merge_sheets
from gatera.store.datasets.with_git.marks import BASE, MINE, THEIRS, with_marks
from gatera.store.datasets.work.git import Git

#: The name of the driver in `.gitattributes` and in git's settings.
NAME = "gatera-labels"

#: The exit status of `gatera data merge-file` where items are in conflict: another than that of any error.
IN_CONFLICT = 3

#: What git runs in its shell for a file that both sides changed. Its own merge comes first: lines are sorted and each item has one, so
#: what it merges without a conflict is right, and it is fifty times as fast, which counts for labels in 256 parts. It comes last too,
#: where gatera is not on the PATH or fails: the file then has git's own marks.
_SHELL = (
    "if git merge-file -p -q %A %O %B >%A.merged 2>/dev/null; then mv %A.merged %A; exit 0; fi; rm -f %A.merged; "
    "if command -v gatera >/dev/null 2>&1; then gatera data merge-file %A %O %B %P; "
    f"case $? in 0) exit 0;; {IN_CONFLICT}) exit 1;; esac; fi; "
    f"git merge-file -q -L '{MINE}' -L '{BASE}' -L '{THEIRS}' %A %O %B; exit 1"
)

#: Settings of git, by their names below `merge.gatera-labels`. Where two branches have several common ancestors, git merges these first;
#: "binary" then takes the oldest, so that no marks get into what both sides are compared with.
_SETTINGS = {"name": "labels, item by item", "driver": _SHELL, "recursive": "binary"}


def is_set_up(git: Git) -> bool:
    """Whether git merges labels item by item in this copy: settings do not travel with commits."""
    return git.ask("config", "--get", f"merge.{NAME}.driver") == _SHELL


def set_up(git: Git) -> bool:
    """Let git merge labels item by item in this copy; returns whether it did not before."""
    if is_set_up(git):
        return False
    for name, value in _SETTINGS.items():
        git.run("config", f"merge.{NAME}.{name}", value)
    return True


def merge_files(mine: Path, base: Path, theirs: Path, name: str = "") -> Sequence[Conflict]:
    """Merge three files of labels into the first. Items that both sides changed differently are written twice, between git's marks.

    Args:
        mine: the file of the current side, which is written over.
        base: the file that both began with; an empty one if there was none.
        theirs: the file of the other side.
        name: what messages call it.

    Returns:
        The items in conflict.

    Raises:
        DataError: if one cannot be read, or is not a file of labels as we write it. Nothing is written then.
    """
    sheets: list[Sheet] = []
    for path in (base, mine, theirs):
        try:
            data = path.read_bytes()
        except OSError as err:
            raise DataError(f"{path} cannot be read ({err.strerror})") from err
        sheets.append(Sheet.from_bytes(data, name or str(path), like=sheets[0] if sheets else None))
    before, ours, others = sheets
    merged = merge_sheets(before, ours, others)
    merged.put_into(ours)
    text = with_marks(ours, merged.conflicts)
    try:
        with atomic_write(mine) as partial:
            partial.write_bytes(text)
    except OSError as err:
        raise DataError(f"{mine} cannot be written ({err.strerror})") from err
    return merged.conflicts
