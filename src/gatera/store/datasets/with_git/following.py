"""Files follow the labels where git itself moved them: after `git merge`, `git pull` or `git checkout` these name other files."""

from __future__ import annotations

from collections.abc import Sequence

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.store.datasets.labels.changes import Change
from gatera.store.datasets.moving import is_interrupted, recover
from gatera.store.datasets.with_git.unfinished import begun
from gatera.store.datasets.work.placing import place_files
from gatera.store.datasets.work.workspace import Workspace, changes

#: How git's own log of HEAD begins where somebody only committed what lay in the folder.
_COMMITTED = ("commit: ", "commit (amend): ", "commit (initial): ")

#: How it begins where `git revert --continue` made the commit, or that of a squashed merge: then git changed the labels.
_BY_GIT = ('commit: Revert "', "commit: Squashed commit of ")

#: Entries of that log that are looked at.
_MOST = 200


def catch_up(work: Workspace) -> None:
    """Finish a move that was stopped, and bring files to where git has moved the labels.

    Raises:
        DataError: if git does not trust the folder, or has no repository for it.
    """
    work.git.check_trusted()
    if is_interrupted(work):
        with work.locked():
            recover(work)
    if is_behind(work):
        with work.locked():
            follow(work)


def is_behind(work: Workspace) -> bool:
    """Whether git went to another commit since the files were brought along, and has finished that."""
    if work.files_at is None:
        work.note_files_at(work.git.head())
        return False
    return not work.is_as_noted() and begun(work.git) is None


def follow(work: Workspace) -> None:
    """Bring files to where the labels are now. Files that somebody changed are left alone. The lock must be held."""
    at, new = work.files_at, work.git.head()
    if at is None or new is None:
        return
    old = _as_committed_since(work, at)
    if old != new and work.git.ask("cat-file", "-t", old) == "commit":
        placed = place_files(work, _moved(work, old, new))
        parts = (placed.written, "written as the labels have them now"), (placed.removed, "removed")
        done = [f"{counted(n, 'file')} {'was' if n == 1 else 'were'} {what}" for n, what in parts if n]
        if done:
            work.say(f"git went from {old[:8]} to {new[:8]}: {', '.join(done)}.")
    work.note_files_at(new)


def say_stale(work: Workspace, names: Sequence[str]) -> None:
    """Say which added files have bytes that were kept before: git may have changed the labels (a stash, a squashed merge), and left the files.

    Somebody may also have put an earlier photo back; the two cannot be told apart.
    """
    if names:
        have, count = ("has", "counts") if len(names) == 1 else ("have", "count")
        work.say(
            f"{counted(len(names), 'file')} {have} bytes that were kept before, and {count} as edited now: {listed(names, 3)} "
            f"(if git changed the labels and nobody the files, go back to its labels, without any other change since: git checkout -- {work.table}; "
            f"gatera data checkout --file {names[0]})."
        )


def _moved(work: Workspace, old: str, new: str) -> list[Change]:
    """Return the items whose files are others in the labels of the folder, which `git reset` may have left as they were."""
    before, after = work.at(old), work.at(new)
    try:
        found = list(changes(before, work.now(after)))
    except DataError:  # what is wrong with the table is said by the commands that read it
        found = list(changes(before, after))
    moved = [each for each in found if len(set(each.cell("sha256"))) > 1]
    sheets = {part: after.sheet(part) for part in {after.part_of(c.file) for c in moved if c.after is None}}
    # a row that is gone from the table alone, which git did not change, says nothing of the file
    return [c for c in moved if c.after is not None or c.file not in sheets[after.part_of(c.file)]]


def _as_committed_since(work: Workspace, old: str) -> str:
    """Return the commit that the files are as: after they were brought along, somebody may have committed by git itself what lay in the folder."""
    for commit, what in work.steps_since_noted() or _entries_since(work, old):
        if commit != old and (not what.startswith(_COMMITTED) or what.startswith(_BY_GIT)):
            break
        old = commit  # it is the labels that followed; and `git switch -c` goes nowhere
    return old


def _entries_since(work: Workspace, old: str) -> list[tuple[str, str]]:
    """Return where git went since it was last at a commit, oldest first; nothing where that was long ago."""
    found: list[tuple[str, str]] = []
    for entry in (work.git.ask("log", "-g", f"-{_MOST}", "--format=%H %gs", "HEAD") or "").split("\n"):
        commit, _, what = entry.partition(" ")
        if commit == old:
            return found[::-1]
        found.append((commit, what))
    return []
