"""One process at a time changes a data repository. What a killed one left is cleared by the next."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gatera.core.errors import DataError
from gatera.core.files import remove_folder
from gatera.core.locks import lock as lock_file
from gatera.core.locks import lock_after_others, unlock

#: How long a second process waits for the first (seconds). Chosen here: a commit takes less than one.
PATIENCE_SECONDS = 60.0

#: For how long it waits before it says so (seconds).
UNSAID_SECONDS = 0.5

#: The variable in which a child is told of the lock that its parent holds: the descriptor, and what the parent wrote there.
_HELD = "GATERA_HELD_LOCK"

#: As much of a lock as is read: the number of the process, and what tells this time from others when it held the lock.
_MOST = 20

#: What is locked below a folder while its labels.csv is written: in a data repository, and in a plain folder.
LOCK, PLAIN_LOCK = Path(".gatera", "lock"), Path(".gatera", "studio", "lock")


@contextmanager
def labels_alone(folder: Path, say: Callable[[str], None], patience: float | None = None) -> Iterator[None]:
    """Write the labels.csv of a folder alone: the server, the studio and labelling functions may be at work on it.

    Args:
        folder: a plain folder, or the root of a data repository.
        say, patience: see `one_at_a_time`.

    Raises:
        DataError: if another process holds the lock all that time.
    """
    git_folder = folder / ".git" if (folder / LOCK).exists() else None
    lock = folder / (PLAIN_LOCK if git_folder is None else LOCK)
    with one_at_a_time(
        lock, say, git_folder if git_folder is not None and git_folder.is_dir() else None, patience
    ):
        yield


@contextmanager
def one_at_a_time(
    lock: Path, say: Callable[[str], None], git_folder: Path | None, patience: float | None = None
) -> Iterator[int]:
    """Hold the lock of a repository for the block; if this process is killed in it, the system releases it when its children have ended.

    A hook of git that calls us within the block, after a commit say, has the lock with its parent, which waits for it.

    Args:
        lock: the file to lock.
        say: is told that another process is waited for, and what was cleared away.
        git_folder: where git has its own locks, which a killed process leaves behind.
        patience: how long to wait (seconds); None for `PATIENCE_SECONDS`.

    Yields:
        The descriptor of the lock, for children to keep open.

    Raises:
        DataError: if another process holds it all that time.
    """
    if (held := _held_by_parent(lock)) is not None:
        try:
            yield held
        finally:
            os.close(held)
        return
    lock.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        known = _wait(handle, lock, say, PATIENCE_SECONDS if patience is None else patience)
        # who wrote this did not come to the end; without locks, it may be at work
        if known and _written(handle):
            _clear(lock, git_folder, say)
        os.ftruncate(handle, 0)
        with suppress(OSError):  # a full disk: whoever only reads can go on
            _write(handle, f"{os.getpid()} {secrets.token_hex(4)}".encode())
        at_work = True
        try:
            yield handle
            at_work = False
        except Exception:
            at_work = False
            raise
        finally:
            os.ftruncate(handle, 0)
            if not at_work:  # after Ctrl-C git, or what it called, may be: it keeps the lock until it ends
                unlock(handle)
    finally:
        os.close(handle)


def for_children(handle: int | None) -> tuple[int, ...]:
    """Return the descriptors that children keep open: that of a lock that we hold; Windows hands no descriptors down."""
    return () if handle is None or os.name == "nt" else (handle,)


def handed_down(handle: int | None) -> dict[str, str]:
    """Return what the environment of a child says of a lock that we hold."""
    return {} if handle is None else {_HELD: f"{handle} {_written(handle)}"}


def _held_by_parent(lock: Path) -> int | None:
    """Return a descriptor of this lock if the parent holds it and said so; None where it does not, or not any more."""
    handle, _, written = os.environ.get(_HELD, "").partition(" ")
    if not handle.isdecimal():
        return None
    with suppress(OSError):
        if os.path.samestat(os.fstat(int(handle)), lock.stat()) and _written(int(handle)) == written:
            return os.dup(int(handle))
    # hooks are often Python programs, whose children have other descriptors only where they are told; on Windows nobody has
    return _said_only(lock, written)


def _said_only(lock: Path, written: str) -> int | None:
    """Return a descriptor of a lock that the parent holds and whose own descriptor did not come down; None where it does not hold it."""
    if not written or not lock.exists():
        return None
    handle = os.open(lock, os.O_RDWR)
    with suppress(BlockingIOError):
        # where the disk knows no locks, what is written there is all that tells
        if _written(handle) == written and not lock_file(handle):
            return handle
        os.close(handle)  # the parent was killed, or it is another time
        return None
    return handle


def _write(handle: int, text: bytes) -> None:
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, text)


def _written(handle: int) -> str:
    """Return who has the lock and since when; nothing where that cannot be read while another has it (SMB)."""
    with suppress(PermissionError):
        if hasattr(os, "pread"):  # children may read the same descriptor
            return os.pread(handle, _MOST, 0).decode(errors="replace")
        os.lseek(handle, 0, os.SEEK_SET)
        return os.read(handle, _MOST).decode(errors="replace")
    return ""


def _wait(handle: int, lock: Path, say: Callable[[str], None], patience: float) -> bool:
    """Lock it; return whether the disk knows locks."""

    def tell() -> None:
        say(f"Waiting for another process ({_other(handle)}) that is changing this repository.")

    try:
        return lock_after_others(handle, patience, tell, UNSAID_SECONDS)
    except BlockingIOError as err:
        raise DataError(
            f"another process ({_other(handle)}) has been changing {lock.parent.parent} for {patience:.0f} seconds",
            remedy="Wait until it has ended, then run this again.",
        ) from err


def _other(handle: int) -> str:
    return _written(handle).partition(" ")[0] or "unknown"


def _clear(lock: Path, git_folder: Path | None, say: Callable[[str], None]) -> None:
    """Remove git's locks that are younger than ours: they belong to the process that was killed while it held ours."""
    since = lock.stat().st_mtime - 1
    cleared = []
    if git_folder is not None:
        names = ["index.lock", "HEAD.lock", "ORIG_HEAD.lock", "packed-refs.lock", "config.lock"]
        names.append(
            "objects/maintenance.lock"
        )  # with it there git would never tidy up again, and not say so
        stale = [git_folder / name for name in names] + list((git_folder / "refs").rglob("*.lock"))
        stale += list(git_folder.glob("next-index-*.lock"))
        for path in stale:
            with suppress(FileNotFoundError):
                if path.stat().st_mtime >= since:
                    path.unlink()
                    cleared.append(path.name)
    for folder in lock.parent.glob("tmp*"):  # what was on its way to a remote or from it
        if folder.is_dir() and folder.stat().st_mtime >= since:
            remove_folder(folder)
    if cleared:
        say(f"Cleared what an interrupted command left behind: {', '.join(cleared)}.")
