"""Locks between processes, on files. The system takes a lock back when its file is closed, and so when its process ends, however it ends."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from contextlib import suppress

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Which byte is locked on Windows, where nobody else can read or write a locked one: far behind the end of our files. C counts up to it there.
FAR = 2**31 - 2

#: Between two looks at a lock (seconds).
_PAUSE_SECONDS = 0.01


def lock(handle: int) -> bool:
    """Lock an open file until it is closed, against everybody who opened it too; the disk may know no locks.

    Read and write it by this descriptor only: on shares of Windows (SMB) a file that is locked cannot be read by another, not even our own.

    Args:
        handle: its descriptor.

    Returns:
        Whether it is locked now; False on a disk without locks, as some network disks are.

    Raises:
        BlockingIOError: if somebody else has it locked.
    """
    try:
        if fcntl is None:
            _far_byte(handle, free=False)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except PermissionError as err:
        # so Windows says that somebody else has it, and its shares (SMB) since Linux 5.5
        raise BlockingIOError(err.errno, "it is locked by another process") from err
    except OSError:
        return False
    return True


def lock_after_others(
    handle: int, patience: float = math.inf, say: Callable[[], None] = lambda: None, unsaid: float = 0.0
) -> bool:
    """Lock an open file as `lock` does, and wait for whoever has it locked.

    Args:
        handle: its descriptor.
        patience: for how long (seconds).
        say: is called once where it waits.
        unsaid: for how long it waits before that (seconds).

    Raises:
        BlockingIOError: if somebody else has it locked all that time.
    """
    start, said = time.monotonic(), False
    while True:
        try:
            return lock(handle)
        except BlockingIOError:
            waited = time.monotonic() - start
            if waited > patience:
                raise
        if not said and waited >= unsaid:
            said = True
            say()
        time.sleep(_PAUSE_SECONDS)


def unlock(handle: int) -> None:
    """Give a lock up at once. Closing the file is not enough where a child keeps it open: git tidies up in the background, and starts
    programs that stay (of a hook, of a password).
    """
    with suppress(OSError):  # a disk without locks
        if fcntl is None:
            _far_byte(handle, free=True)
        else:
            fcntl.flock(handle, fcntl.LOCK_UN)


def _far_byte(handle: int, free: bool) -> None:
    import msvcrt

    place = os.lseek(handle, 0, os.SEEK_CUR)
    try:
        os.lseek(handle, FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK if free else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    finally:
        os.lseek(handle, place, os.SEEK_SET)
