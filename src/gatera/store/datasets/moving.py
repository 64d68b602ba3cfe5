"""Go from one commit to another: the labels, git's branch, and the files. A move that is stopped is finished by the next command."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatera.core.checks import counted, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.escape import shell_quote
from gatera.core.files import atomic_write
from gatera.store.datasets.labels.sheets import FOLDER, TABLE, Sheet
from gatera.store.datasets.with_git.unfinished import check_finished
from gatera.store.datasets.work.absent import fetch_absent
from gatera.store.datasets.work.cache import Seen
from gatera.store.datasets.work.git import GitError
from gatera.store.datasets.work.placing import in_the_way, is_here, is_safe, may_write, place, place_files
from gatera.store.datasets.work.workspace import JOURNAL, Version, Workspace, changes


def check_clean(work: Workspace, what: str) -> None:
    """Raise DataError if labels have changes that are not committed. What another program only wrote in its own way is as committed again."""
    check_finished(work.git)
    base = work.head()
    version = work.now(base)
    if next(changes(base, version), None) is not None:
        undo = f"git checkout HEAD -- {work.table}"
        if version.in_parts and "" in base.names:  # they became many since
            undo = f"rm {FOLDER}/??.csv; git checkout HEAD -- {TABLE}"
        raise DataError(
            f"there are changes of labels that are not committed, and {what} would mix them up",
            remedy=f"Commit them (gatera data commit -m TEXT), or undo them ({undo}).",
        )
    same = base.names.keys() & version.names.keys()
    if paths := [str(work.path_of(part)) for part in same if base.names[part] != version.names[part]]:
        work.git.run(
            "checkout", "--quiet", "HEAD", "--", *paths
        )  # git goes nowhere from bytes that it does not know
        work.say(
            f"{work.table} had the same labels, as another program writes them: it is as committed again."
        )


def say_uncommitted(work: Workspace, commit: str, where: str) -> None:
    """Say that labels in the folder are not in the commit that it is at, and so not "in it", or not "sent"."""
    with contextlib.suppress(DataError):  # of labels that cannot be read; the commit can
        if commit == work.git.head() and next(changes(base := work.head(), work.now(base)), None) is not None:
            work.say(
                f"There are changes of labels that are not committed; they are not {where} (to commit them: gatera data commit -m TEXT)."
            )


def move(work: Workspace, new: str, *, branch: str | None, how: str) -> None:
    """Go to a commit. The lock must be held, and the labels be as committed.

    Args:
        work: the repository.
        new: the commit.
        branch: "HEAD" to move the current branch there; a full reference to make it the current branch; None for the commit by itself.
        how: what git's own log says of it.
    """
    old = work.git.head()
    facts = {"from": old, "to": new, "branch": branch, "how": how}
    with atomic_write(work.hidden / JOURNAL) as partial:
        partial.write_text(json.dumps(facts), encoding="utf-8", newline="\n")
    try:
        _tree(work, old, new)
    except GitError:
        (work.hidden / JOURNAL).unlink()  # nothing has changed: git looks first
        raise
    _finish(work, facts)


def _tree(work: Workspace, old: str | None, new: str) -> None:
    """Let git bring its index and the files that it keeps from one commit to another."""
    work.git.ask(
        "update-index", "-q", "--refresh"
    )  # a file that was written again with the same bytes is no change
    work.git.run("read-tree", "-m", "-u", *([] if old is None else [old]), new)


def is_interrupted(work: Workspace) -> bool:
    """Whether a move may have been stopped, or is going on in another process."""
    return (work.hidden / JOURNAL).exists()


def is_first(work: Workspace) -> bool:
    """Whether the move that may have been stopped is the first one into an empty folder: that of a clone."""
    try:
        return json.loads((work.hidden / JOURNAL).read_text(encoding="utf-8"))["from"] is None
    except FileNotFoundError:
        return False


def recover(work: Workspace) -> None:
    """Finish a move that was stopped. The lock must be held."""
    path = work.hidden / JOURNAL
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    old, new = facts["from"], facts["to"]
    before, after = work.at(old), work.at(new)
    here = work.now(before, half=True).names
    strange = [
        part
        for part, name in here.items()
        if name not in (before.names.get(part), after.names.get(part))
        and not _half_written(work, after, part)
    ]
    if strange:
        path.unlink()
        work.say(
            f"{facts['how']} was interrupted, and {TABLE if '' in strange else FOLDER} was edited since: it stays as it is. See: git status"
        )
        return
    try:
        _tree(work, old, new)
    except GitError:  # git was stopped between the files and its index
        _by_hand(work, after, new)
    _finish(work, facts)
    work.say(f"{facts['how']} was interrupted, and is finished now.")


def _half_written(work: Workspace, after: Version, part: str) -> bool:
    """Whether a part holds only the beginning of what git was writing into it."""
    whole = next(work.git.read([after.names[part]])) if part in after.names else b""
    return whole.startswith(work.path_of(part).read_bytes())


def _by_hand(work: Workspace, after: Version, new: str) -> None:
    for part, data in zip(after.names, work.git.read(after.names.values()), strict=True):
        with atomic_write(work.path_of(part)) as partial:
            partial.write_bytes(data)
    if after.in_parts:
        (work.root / TABLE).unlink(missing_ok=True)
    else:
        for path in (work.root / FOLDER).glob("??.csv"):
            path.unlink()
    work.git.run("read-tree", new)
    for name in (".gitignore", ".gitattributes"):
        if (blob := work.git.blobs(new, name).get(name)) is not None:
            with atomic_write(work.root / name) as partial:
                partial.write_bytes(next(work.git.read([blob])))
    work.git.ask("update-index", "--refresh", "-q")


def _finish(work: Workspace, facts: dict[str, Any]) -> None:
    old, new, branch, git = facts["from"], facts["to"], facts["branch"], work.git
    if branch == "HEAD":
        git.run("update-ref", "-m", facts["how"], "HEAD", new)
    elif branch is None:
        git.run("update-ref", "--no-deref", "-m", facts["how"], "HEAD", new)
    else:
        git.run("symbolic-ref", "-m", facts["how"], "HEAD", branch)
    place_files(work, changes(work.at(old), work.at(new)))
    work.note_files_at(new)
    (work.hidden / JOURNAL).unlink(missing_ok=True)


def checkout(work: Workspace, name: str, new_branch: bool) -> str:
    """Go to a branch or commit; returns the commit. The lock must be held."""
    git = work.git
    if new_branch:
        git.run("check-ref-format", "--branch", name)
        head = git.head()
        if head is None:
            git.run("symbolic-ref", "HEAD", f"refs/heads/{name}")
            return ""
        if git.ask("show-ref", "--verify", f"refs/heads/{name}") is not None:
            raise ArgumentError(
                f"the branch {name!r} already exists",
                remedy=f"Go to it: gatera data checkout {shell_quote(name)}",
            )
        git.run("branch", name, head)
        git.run("symbolic-ref", "-m", f"checkout: moving to {name}", "HEAD", f"refs/heads/{name}")
        return head
    new = git.commit_of(name)
    check_clean(work, "another version")
    _say_what_is_left(work)
    is_branch = git.ask("show-ref", "--verify", f"refs/heads/{name}") is not None
    move(work, new, branch=f"refs/heads/{name}" if is_branch else None, how=f"checkout {name}")
    return new


def _say_what_is_left(work: Workspace) -> None:
    """Say where going elsewhere leaves commits behind that no branch has."""
    head = None if work.git.branch() is not None else work.git.head()
    if head is not None and not work.git.ask("for-each-ref", "--count=1", "--contains", head):
        work.say(
            f"Commit {head[:8]} is on no branch, and git forgets it in the end (to keep it: git branch NAME {head[:8]})."
        )


def restore(work: Workspace, names: Sequence[str]) -> int:
    """Write files again as the labels have them, over what was changed. Returns how many were written; the lock must be held."""
    version = work.now()
    why = fetch_absent(
        work,
        (
            row.sha256
            for sheet in version.sheets()
            for row in sheet.rows()
            if row.sha256 and _is_meant(row.file, names)
        ),
    )
    written: dict[str, Seen] = {}
    missing: list[str] = []
    unknown = set(names)
    for sheet in version.sheets():
        for row in sheet.rows():
            meant = [
                name for name in names if not name or row.file == name or row.file.startswith(f"{name}/")
            ]
            unknown -= set(meant)
            if row.sha256 and meant:
                if not may_write(work.root, row.file):
                    raise DataError(f"{row.file!r} is not the name of a file in this repository")
                if not is_here(work, row.file, row.sha256):
                    if row.sha256 not in work.objects:
                        missing.append(row.file)
                        continue
                    if (obstacle := in_the_way(work.root, row.file)) is not None:
                        raise DataError(
                            f"{row.file} cannot be written, because {obstacle} is in the way",
                            remedy="Move it away, and run the same command again.",
                        )
                    written[row.file] = place(work, row.file, row.sha256)
    work.cache.see(written)
    if unknown:
        if "" in unknown:
            raise ArgumentError(
                "the labels here name no files", remedy="Go to a commit that does: gatera data log"
            )
        raise ArgumentError(
            f"{listed(sorted(unknown), 3)} is neither an item nor a folder of items",
            remedy='"gatera data status" counts the items.',
        )
    if missing:
        raise DataError(
            f"{counted(len(missing), 'file')} {'is' if len(missing) == 1 else 'are'} not in the object store ({listed(missing, 20)}), and {why}; "
            f"all else was written ({counted(len(written), 'file')})",
            remedy="Where the data are whole: gatera data push --again; then here: gatera data pull",
        )
    return len(written)


def _is_meant(file: str, names: Sequence[str]) -> bool:
    return any(not name or file == name or file.startswith(f"{name}/") for name in names)


def lay_out(work: Workspace, commit: str) -> Path:
    """Lay a commit out in a folder of its own; returns the folder. The lock must be held."""
    folder = work.hidden / "commits" / commit[:16] / work.root.name
    if (folder / TABLE).is_file():  # written last
        return folder
    whole = work.at(commit).whole()
    rows = [row for row in whole.rows() if row.sha256]
    why = fetch_absent(work, (row.sha256 for row in rows))
    missing = [row.file for row in rows if row.sha256 not in work.objects]
    if missing:
        raise DataError(
            f"{counted(len(missing), 'file')} of commit {commit[:8]} {'is' if len(missing) == 1 else 'are'} not in the object store, and {why}",
            got=listed(missing, 3),
        )
    for row in rows:
        if not is_safe(row.file):
            raise DataError(f"{row.file!r} is not the name of a file in this repository")
        work.objects.place(row.sha256, folder / row.file, "link")
    with atomic_write(folder / TABLE) as partial:
        partial.write_bytes(whole.to_bytes())
    return folder


def _kept_by_git(work: Workspace, texts: Mapping[str, bytes]) -> dict[str, str]:
    """Let git keep texts, in one process however many they are; returns path -> blob."""
    with tempfile.TemporaryDirectory(dir=work.hidden) as folder:
        for number, data in enumerate(texts.values()):
            Path(folder, str(number)).write_bytes(data)
        place = Path(folder).relative_to(work.root).as_posix()  # whose name has no line breaks
        paths = "".join(f"{place}/{number}\n" for number in range(len(texts)))
        said = work.git.run("hash-object", "-w", "--no-filters", "--stdin-paths", given=paths.encode())
    return dict(zip(texts, said.decode().split(), strict=True))


def commit_of_sheets(
    work: Workspace,
    sheets: dict[str, Sheet],
    start: str,
    parents: Sequence[str],
    message: str,
    others: Mapping[str, bytes] | None = None,
) -> str:
    """Make a commit with other labels than `start` has, in git only; nothing in the folder changes, nor does a branch.

    Args:
        work: the repository.
        sheets: parts of the labels that differ.
        start: the commit or tree that the rest is taken from.
        parents: what the commit follows.
        message: its message.
        others: further files of ours that differ, by their paths from the root of the repository.
    """
    git, prefix = work.git, work.git.ask("rev-parse", "--show-prefix") or ""
    index = work.hidden / "index"
    env = {"GIT_INDEX_FILE": str(index)}
    Path(f"{index}.lock").unlink(
        missing_ok=True
    )  # of a git that was killed: we hold the lock of the repository
    try:
        git.run("read-tree", start, env=env)
        labels = {
            f"{FOLDER}/{part}.csv" if part else TABLE: sheet.to_bytes() for part, sheet in sheets.items()
        }
        blobs = _kept_by_git(work, {**labels, **(others or {})})
        entries = [f"100644 {blob}\t{prefix}{path}" for path, blob in blobs.items()]
        git.run("update-index", "--index-info", given="\n".join([*entries, ""]).encode(), env=env)
        tree = git.run("write-tree", env=env).decode().strip()
    finally:
        index.unlink(missing_ok=True)
        Path(f"{index}.lock").unlink(missing_ok=True)
    arguments = [part for parent in parents for part in ("-p", parent)]
    return git.run("commit-tree", tree, *arguments, given=message.encode()).decode().strip()
