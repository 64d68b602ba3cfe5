"""Files follow the labels where git itself moved them: after `git merge`, `git pull` or `git checkout` these name other files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.core.escape import shell_quote
from gatera.store.datasets.labels.changes import Change
from gatera.store.datasets.labels.sheets import FOLDER, TABLE
from gatera.store.datasets.moving import is_interrupted, recover
from gatera.store.datasets.with_git.unfinished import begun
from gatera.store.datasets.work.placing import is_here, place_files
from gatera.store.datasets.work.tree import is_gone
from gatera.store.datasets.work.workspace import Version, Workspace, changes

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
    if old != at and work.git.ask("cat-file", "-t", at) == "commit":
        bring_untouched(work, changes(work.at(at), work.at(new)))
    if old != new and work.git.ask("cat-file", "-t", old) == "commit":
        placed = place_files(work, _moved(work, old, new))
        parts = (placed.written, "written as the labels have them now"), (placed.removed, "removed")
        done = [f"{counted(n, 'file')} {'was' if n == 1 else 'were'} {what}" for n, what in parts if n]
        if done:
            work.say(f"git went from {old[:8]} to {new[:8]}: {', '.join(done)}.")
    work.note_files_at(new)


def bring_staged(work: Workspace, base: Version, version: Version) -> list[str]:
    """Bring files along where git changed the labels and has not committed them: `git merge --squash`, `git cherry-pick -n`.

    Such labels are in git's index as they lie in the folder; those of an editor are not. The lock must be held.

    Args:
        work: the repository.
        base: the labels as committed last.
        version: those in the folder.

    Returns:
        The files.
    """
    staged = work.git.run("ls-files", "--stage", "-z", "--", TABLE, f"{FOLDER}/").decode(
        "utf-8", "surrogateescape"
    )
    blobs = {
        path: facts.split(" ")[1]
        for facts, _, path in (each.partition("\t") for each in staged.split("\0"))
        if path
    }
    if {
        part: blobs.get(f"{FOLDER}/{part}.csv" if part else TABLE) for part in version.names
    } != version.names:
        return []
    return bring_untouched(work, changes(base, version))


def bring_untouched(work: Workspace, changed: Iterable[Change]) -> list[str]:
    """Bring files that are as before a change of the labels, and that nobody touched since; returns their names. The lock must be held.

    Args:
        work: the repository.
        changed: the change. Before it, the files were as the labels.
    """
    new = [c for c in changed if c.after is not None and c.after.sha256 and len(set(c.cell("sha256"))) > 1]
    seen = work.cache.seen() if new else {}  # as the labels had them when we wrote or added them
    behind = []
    for each in new if seen else ():
        before = "" if each.before is None else each.before.sha256
        if each.file in seen:
            if before and seen[each.file][3] == before and is_here(work, each.file, before):
                behind.append(each)
        elif is_gone(work.root / each.file):
            behind.append(each)
    written = place_files(work, behind).written if behind else 0
    if written:
        work.say(
            f"git changed the labels of {counted(written, 'file')} that nobody touched, e.g. {behind[0].file}: written as the labels have {'it' if written == 1 else 'them'} now."
        )
    return [each.file for each in behind]


def say_stale(work: Workspace, names: Sequence[str]) -> None:
    """Say which added files have bytes that were kept before: git may have changed the labels (a stash), and left the files.

    Somebody may also have put an earlier photo back; the two cannot be told apart.
    """
    if names:
        have, count = ("has", "counts") if len(names) == 1 else ("have", "count")
        work.say(
            f"{counted(len(names), 'file')} {have} bytes that were kept before, and {count} as edited now: {listed(names, 3)} "
            f"(if git changed the labels and nobody the files, go back to its labels, without any other change since: git checkout -- {work.table}; "
            f"gatera data checkout --file {shell_quote(names[0])})."
        )


def say_again(work: Workspace, names: Sequence[str]) -> None:
    """Say which added files were items as they are, and had no row any more: a squashed merge may have removed it, or an editor."""
    if names:
        were, are = ("was an item", "is one") if len(names) == 1 else ("were items", "are items")
        work.say(
            f"{counted(len(names), 'file')} {were} before, had no row any more and {are} again: {listed(names, 3)} "
            "(if they are to stay out: delete the files, then gatera data add --removed .)."
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
