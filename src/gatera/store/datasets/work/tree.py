"""The files of a repository as they lie on the disk: which there are, and their hashes, with as little reading as possible."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.errors import DataError, as_value
from gatera.core.files import PARTIAL, sha256_file
from gatera.core.threads import thread_pool
from gatera.core.walk import is_hidden
from gatera.store.add_by_hard_link import is_young
from gatera.store.datasets.work.cache import Seen
from gatera.store.datasets.work.processes import ENOUGH, can_fork, side_by_side

#: How the reason begins why a folder or file is left out that cannot be looked at.
UNREADABLE = "it cannot be listed"

#: Hashes that are asked for ahead.
_AHEAD = 512


class Found(NamedTuple):
    """A file on the disk: when it was modified (nanoseconds), its size in bytes, its number in the file system."""

    mtime: int
    size: int
    inode: int


#: The three numbers of a `Found`, as a plain tuple: a named one takes three times as long to make, and there may be a million.
State = tuple[int, int, int]


def walk(
    root: str,
    below: str = "",
    on_left_out: Callable[[str, str], None] | None = None,
    marked: list[str] | None = None,
) -> dict[str, State]:
    """Return every file below a folder: its name from the root with slashes, and its state. Hidden ones are left out.

    Args:
        root: the root of the repository.
        below: the folder in it, "" for the root.
        on_left_out: is called with what is not a file or cannot be read, and why.
        marked: takes the folders with a `.gitattributes` of their own, which may be repositories; the root is not among them.

    Raises:
        DataError: if a folder cannot be listed, and nobody is told of that.
    """
    found: dict[str, State] = {}
    folders = [below]
    while folders:
        folder = folders.pop()
        prefix = f"{folder}/" if folder else ""
        try:
            with os.scandir(os.path.join(root, folder)) as listing:  # noqa: PTH118 - once per folder, of a million files
                entries = list(listing)
        except OSError as err:
            if on_left_out is None:
                raise DataError(f"Folder {folder or root} cannot be listed ({err.strerror})") from err
            on_left_out(folder, f"{UNREADABLE} ({err.strerror})")
            continue
        for entry in entries:
            name = entry.name
            if name[0] == "." or name.endswith(PARTIAL):
                if marked is not None and folder and name == ".gitattributes":
                    marked.append(folder)
                continue
            try:  # without a function or a context: there may be a million
                if entry.is_file(follow_symlinks=False):
                    state = entry.stat(follow_symlinks=False)
                    if not state.st_ino:  # Windows lists no numbers of files, and of hard links an older time
                        state = os.stat(entry.path, follow_symlinks=False)  # noqa: PTH116
                    found[prefix + name] = (state.st_mtime_ns, state.st_size, state.st_ino)
                elif entry.is_dir(follow_symlinks=False):
                    if not is_hidden(name):
                        folders.append(prefix + name)
                elif on_left_out is not None:
                    kind = "a symbolic link" if entry.is_symlink() else "a pipe, a socket or a device"
                    on_left_out(prefix + name, f"it is {kind}, not a file")
            except FileNotFoundError:
                continue  # gone meanwhile
            except OSError as err:  # as network disks lose files
                if on_left_out is None:
                    raise
                on_left_out(prefix + name, f"{UNREADABLE} ({err.strerror})")
    return found


def state_of(path: str | Path) -> Found | None:
    """Return the state of a file; None if there is none."""
    try:
        state = os.stat(path, follow_symlinks=False)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Found(state.st_mtime_ns, state.st_size, state.st_ino)


def is_gone(path: str | Path) -> bool:
    """Whether there is nothing any more where a file was, or a folder in its place."""
    try:
        return stat.S_ISDIR(os.stat(path, follow_symlinks=False).st_mode)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return True


def is_as_seen(found: State, seen: tuple[Any, ...] | None) -> bool:
    """Whether a file looks exactly as it did when it was hashed."""
    return seen is not None and seen[:3] == found


def hash_now(path: str) -> Seen:
    """Return the hash and state of a file.

    Raises:
        OSError: if it cannot be read.
        DataError: if it keeps changing.
    """
    for _ in range(3):
        before = os.stat(path, follow_symlinks=False)  # noqa: PTH116
        sha256 = sha256_file(path)
        after = os.stat(path, follow_symlinks=False)  # noqa: PTH116
        if (before.st_mtime_ns, before.st_size, before.st_ino) == (
            after.st_mtime_ns,
            after.st_size,
            after.st_ino,
        ):
            return Seen(settled(after.st_mtime_ns), after.st_size, after.st_ino, sha256)
    raise changing(path)


def changing(path: str) -> DataError:
    """Return the error for a file that changes while it is read."""
    return DataError(
        f"{path} changed each time it was read",
        remedy="Wait until the process that is writing it has finished.",
    )


def settled(mtime: int) -> int:
    """Return the time of a file, or 0 where it may still change without another time: such a file is hashed again."""
    return 0 if is_young(mtime) else mtime


def hashed(root: Path, files: Mapping[str, Any], do: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
    """Return the name of each file and what `do` returns for its path, or the OSError or DataError that it raised; in parallel."""
    names = list(files)
    if not names:
        return iter(())

    def one(name: str) -> Any:
        try:
            return do(f"{root}/{name}")
        except (OSError, DataError) as err:
            return as_value(err)

    if len(names) >= ENOUGH and can_fork():
        with suppress(OSError):  # there may be no more processes
            return zip(names, side_by_side(one, names), strict=True)
    return _in_threads(one, names)


def _in_threads(do: Callable[[str], Any], names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yield results in order, with a limited number asked for ahead, in groups: a task for each file would cost as much as the file."""

    def several(some: Sequence[str]) -> list[tuple[str, Any]]:
        return [(name, do(name)) for name in some]

    waiting = []
    with thread_pool() as pool:
        for start in range(0, len(names), 32):
            waiting.append(pool.submit(several, names[start : start + 32]))
            if len(waiting) * 32 >= _AHEAD:
                yield from waiting.pop(0).result()
        for future in waiting:
            yield from future.result()
