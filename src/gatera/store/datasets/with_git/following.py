"""Files follow the labels where git itself moved them: after `git merge`, `git pull` or `git checkout` these name other files."""

from __future__ import annotations

from gatera.store.datasets.moving import is_interrupted, recover
from gatera.store.datasets.with_git.unfinished import begun
from gatera.store.datasets.work.placing import place_files
from gatera.store.datasets.work.workspace import Workspace, changes

#: How git's own log of HEAD begins where somebody only committed what lay in the folder.
_COMMITTED = ("commit: ", "commit (amend): ", "commit (initial): ")

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
    at = work.files_at
    if at is None:
        work.note_files_at(work.git.head())
        return False
    return at != work.git.head() and begun(work.git) is None


def follow(work: Workspace) -> None:
    """Bring files to where the labels are now. Files that somebody changed are left alone. The lock must be held."""
    old, new = work.files_at, work.git.head()
    if old is None or new is None or old == new:
        return
    if not _only_committed(work, old) and work.git.ask("cat-file", "-t", old) == "commit":
        moved = (each for each in changes(work.at(old), work.at(new)) if len(set(each.cell("sha256"))) > 1)
        if count := place_files(work, moved):
            files = "1 file was" if count == 1 else f"{count:,} files were"
            work.say(f"git went from {old[:8]} to {new[:8]}: {files} written as the labels have them now.")
    work.note_files_at(new)


def _only_committed(work: Workspace, old: str) -> bool:
    """Whether nothing but commits of what lay in the folder led here: then it is the labels that followed."""
    entries = work.git.ask("log", "-g", f"-{_MOST}", "--format=%H %gs", "HEAD") or ""
    for entry in entries.split("\n"):
        commit, _, what = entry.partition(" ")
        if commit == old:
            return True
        if not what.startswith(_COMMITTED):
            return False
    return False
