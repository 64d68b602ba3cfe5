"""One run at a time writes a program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gatera.core.errors import ArgumentError
from gatera.core.locks import lock as lock_file


@contextmanager
def only_run(lock: Path, program: Path) -> Iterator[None]:
    """Hold a lock for the block. The system releases it when the process ends, however it ends.

    Args:
        lock: the file to lock; where it cannot be written, there is no lock.
        program: what the run writes, for the message.

    Raises:
        ArgumentError: if another run holds it.
    """
    handle = _locked(lock, program)
    try:
        yield
    finally:
        # open files keep their names there: another run may have it by now
        if handle is not None and os.name == "nt":
            os.close(handle)
            with suppress(OSError):
                lock.unlink()
        elif handle is not None:
            lock.unlink(missing_ok=True)
            os.close(handle)


def _locked(lock: Path, program: Path) -> int | None:
    while True:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return None
        try:
            known = lock_file(handle)
        except BlockingIOError:
            other = "unknown"
            with suppress(PermissionError):  # a share of Windows
                other = os.read(handle, 20).decode(errors="replace").strip()
            os.close(handle)
            raise ArgumentError(
                f"another run (process {other}) is writing {program}",
                remedy="Wait until it has ended, or choose another file: out=.",
            ) from None
        if not known:
            os.close(handle)
            return None
        if _is_at(handle, lock):
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
            return handle
        os.close(handle)  # the run that held it has just removed it


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
