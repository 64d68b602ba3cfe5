"""Labels that were renamed since the last commit: a commit tells them from labels that somebody else gave."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from contextlib import suppress

from gatera.core.files import atomic_write
from gatera.store.datasets.work.workspace import Workspace

#: The file beside the cache. It is one folder's own, and only of use until the next commit.
FILE = "renamed.json"

Renames = list[tuple[str, str]]


def renames_of(work: Workspace) -> Renames:
    """Return what was renamed since the last commit, oldest first: the old label and the new one."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads((work.hidden / FILE).read_bytes())
        if kept["after"] == work.git.head():
            return [(str(old), str(new)) for old, new in kept["renames"]]
    return []


def note_rename(work: Workspace, old: str, new: str, labels: Collection[str]) -> None:
    """Keep that a label was renamed, which there were beside others before. The lock must be held."""
    kept = {"after": work.git.head(), "renames": [*_in_force(renames_of(work), labels), (old, new)]}
    with atomic_write(work.hidden / FILE) as partial:
        partial.write_text(json.dumps(kept), encoding="utf-8", newline="\n")


def forget_renames(work: Workspace) -> None:
    """Forget what was renamed, as it is committed: HEAD may come back to where it was. The lock must be held."""
    (work.hidden / FILE).unlink(missing_ok=True)


def _in_force(renames: Renames, labels: Collection[str]) -> Renames:
    """Return those whose new label is there, or was renamed in turn: git may have put the table back, or left for another branch."""
    found: Renames = []
    there = set(labels)
    for old, new in reversed(renames):
        if new in there:
            there.add(old)
            found.insert(0, (old, new))
    return found


def renamed(label: str, renames: Iterable[tuple[str, str]]) -> str:
    """Return what became of a label, or of several with semicolons between them."""
    for old, new in renames:
        several = label.split(";")
        if old in several:
            label = ";".join(dict.fromkeys(new if each == old else each for each in several))
    return label
