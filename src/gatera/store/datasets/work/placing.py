"""The files of a repository, brought to where the labels say: written out of the object store, or removed."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.core.escape import composed, shell_quote
from gatera.core.files import let_go
from gatera.store.add_by_hard_link import SECOND_NS
from gatera.store.datasets.labels.changes import Change
from gatera.store.datasets.work.absent import fetch_absent
from gatera.store.datasets.work.cache import Seen
from gatera.store.datasets.work.tree import hash_now, hashed, is_as_seen, is_gone, settled, state_of
from gatera.store.datasets.work.workspace import Workspace, part_at

#: Folders that no item may be in, at any depth: what git finds there it may run.
_FORBIDDEN = (".git", ".gatera", "git~1")

#: Characters that no name of a file has on Windows; a backslash and a colon would lead elsewhere.
_NOT_ON_WINDOWS = '\\:*?"<>|'

#: What disks say of such names: memory cards, disks of Windows.
_NO_SUCH_NAME = frozenset({errno.ENOENT, errno.EINVAL, errno.EPERM, errno.EIO})

#: Characters that macOS leaves out where it compares names.
_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def is_safe(name: str) -> bool:
    """Whether the name of an item is a path inside the repository: labels may come from others."""
    parts = [
        part for part in name.split("/") if part not in ("", ".")
    ]  # without a path: there may be a million
    if not parts or name.startswith("/") or ".." in parts or "\0" in name or part_at(name) == "":
        return False
    plain = name.isascii() and "git" not in name.lower() and "gatera" not in name.lower()
    if not plain and any(_compared(part) in _FORBIDDEN for part in parts):
        return False
    return os.name != "nt" or not any(character in name for character in _NOT_ON_WINDOWS)


def _compared(part: str) -> str:
    """Return a part of a path as Windows and macOS compare it."""
    return _IGNORED.sub("", part).split(":")[0].rstrip(" .").lower()


def unsafe(name: str) -> DataError:
    """Return the error for labels that name a file where none of theirs may be."""
    if os.name == "nt" and any(character in name for character in _NOT_ON_WINDOWS):
        return DataError(
            f"{name!r} cannot be the name of a file on Windows",
            remedy="Rename it where it can be one, and send it again.",
        )
    return DataError(
        f"{name!r} is not the name of a file in this repository",
        remedy="Nothing was written for it: do not trust these labels.",
    )


class Placed(NamedTuple):
    """How many files were written, and how many of those that lay there were removed."""

    written: int
    removed: int


def place_files(work: Workspace, changed: Iterable[Change]) -> Placed:
    """Bring files to where the labels say, out of the object store. What somebody changed and did not add is left alone, and said."""
    wanted: dict[str, str] = {}
    gone: dict[str, str] = {}
    unkept: dict[str, str] = {}
    for change in changed:
        old, new = change.cell("sha256")
        if old and not work.objects.has(old):
            unkept[change.file] = old
        if new:
            wanted[change.file] = new
        elif old and change.after is None:
            gone[change.file] = old
    for name in wanted:
        if not may_write(work.root, name):
            raise unsafe(name)
    _keep(work, unkept)
    # first: a folder may become a file, or a file a folder
    theirs = _changed_by_somebody(work, gone)
    removed = [name for name in gone if name not in theirs]
    count = sum(_remove(work.root, name) for name in removed)
    theirs |= _changed_by_somebody(work, wanted)
    missing, blocked, written = [], {}, {}
    todo = {
        name: sha256
        for name, sha256 in wanted.items()
        if name not in theirs and not is_here(work, name, sha256)
    }
    why = fetch_absent(work, todo.values())
    for name, sha256 in todo.items():
        if sha256 not in work.objects:
            if sha256 not in work.lacking:
                missing.append(name)
        elif (obstacle := in_the_way(work.root, name)) is not None:
            blocked[name] = obstacle
        else:
            written[name] = place(work, name, sha256)
    work.cache.see(written, removed)
    for one, other in _one_file(work, {name: todo[name] for name in written}):
        work.say(
            f"{one} and {other} are one file on this disk, and {one} was written over: rename one of them where both can be, and fetch them again."
        )
    if missing:
        work.say(
            f"{counted(len(missing), 'file')} of this commit {'is' if len(missing) == 1 else 'are'} not in the object store ({listed(missing, 3)}), and {why}. "
            "Do not add what is in the way now. Once the remote has all: gatera data checkout --file ."
        )
    if theirs:
        work.say(f"Not updated, because they were changed and not added: {listed(sorted(theirs), 3)}.")
    if blocked:
        name, obstacle = next(iter(blocked.items()))
        more = f", and so were {len(blocked) - 1:,} more" if len(blocked) > 1 else ""
        work.say(
            f"{name} was not written{more}: {obstacle}, which is not an item, is in the way (once it is moved: gatera data checkout --file {shell_quote(name)})."
        )
    return Placed(len(written), count)


def _one_file(work: Workspace, hashes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield a file that was written over and the one that did, where this disk takes their names for one: they differ in upper and
    lower case, or in how accents are written.
    """
    last: dict[str, str] = {}
    for name in reversed([*hashes]):
        other = last.setdefault(composed(name).casefold(), name)
        if other != name and not is_here(work, name, hashes[name]):
            yield name, other


def place(work: Workspace, name: str, sha256: str) -> Seen:
    """Write a file out of the object store; return what is known of it."""
    try:
        work.objects.place(sha256, work.root / name)
    except OSError as err:
        if err.errno in _NO_SUCH_NAME and any(character in name for character in _NOT_ON_WINDOWS):
            raise DataError(
                f"{name!r} cannot be the name of a file on this disk ({err.strerror})",
                remedy="Rename it where it can be one, and send it again; or take another disk.",
            ) from err
        raise
    state = state_of(work.root / name)
    assert state is not None
    # nobody edits it within milliseconds: only a disk of whole seconds cannot tell; else the next status would read all again
    mtime = state.mtime if state.mtime % SECOND_NS else settled(state.mtime)
    return Seen(mtime, state.size, state.inode, sha256)


def in_the_way(root: Path, name: str) -> str | None:
    """Return the folder where a file is to be, or the file where one of its folders is to be; None where the way is free."""
    path = root / name
    if path.is_dir() and not path.is_symlink():
        return f"the folder {name}"
    for folder in PurePosixPath(name).parents:
        if (root / folder).exists():
            return None if (root / folder).is_dir() else f"the file {folder}"
    return None


def is_here(work: Workspace, name: str, sha256: str) -> bool:
    """Whether the file of an item is there with these bytes."""
    path = work.root / name
    state = state_of(path)
    return state is not None and path.is_file() and hash_now(str(path)).sha256 == sha256


def _keep(work: Workspace, hashes: Mapping[str, str]) -> None:
    """Put files into the object store that are as the labels had them, and that it lost or never had: somebody copied them beside a clone of git's."""
    for name, sha256 in hashes.items():
        if may_write(work.root, name) and is_here(work, name, sha256):
            work.objects.put(work.root / name, "copy")


def _changed_by_somebody(work: Workspace, hashes: Mapping[str, str]) -> set[str]:
    """Return which files have bytes that are neither those that are named nor kept in the object store."""
    seen = work.cache.seen()
    here: dict[str, Any] = {}
    found = set()
    for name in hashes:
        path = work.root / name
        state = state_of(path)
        if state is None or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not path.is_file():
            found.add(name)
        elif not (is_as_seen(state, seen.get(name)) and seen[name][3] in work.objects):
            here[name] = state
    for name, result in hashed(work.root, here, hash_now):
        if not isinstance(result, Seen) or (
            result.sha256 not in work.objects and result.sha256 != hashes[name]
        ):
            found.add(name)
    return found


def may_write(root: Path, name: str) -> bool:
    """Whether a name leads to a place inside the repository, and not through a link."""
    return is_safe(name) and not is_behind_link(root, name)


def is_behind_link(root: Path, name: str) -> bool:
    """Whether a folder on the way from the root to a file is a symbolic link."""
    return any((root / folder).is_symlink() for folder in PurePosixPath(name).parents if folder.name)


def _remove(root: Path, name: str) -> bool:
    """Remove a file, and folders that are empty without it; returns whether it was there."""
    path = root / name
    if not may_write(root, name) or is_gone(path):
        return False
    let_go(path)
    path.unlink(missing_ok=True)
    with suppress(OSError):  # not empty
        for folder in path.parents:
            if folder == root:
                break
            folder.rmdir()
    return True
