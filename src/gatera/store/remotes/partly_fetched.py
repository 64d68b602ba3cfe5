"""A file that is being fetched: it gets its name when it is whole, and what came of it is kept for the next try."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from gatera.core.files import PARTIAL, set_mode
from gatera.core.locks import lock


class Partial:
    """What has come of a file, beside the file. Use it in a `with` block and end that with `finish`.

    Two processes that fetch the same file do not write into one: the second takes a file of its own, which is not kept.

    Args:
        target: the name that it gets in the end.
        resumes: keep what has come where the block ends early, and begin with what an earlier one kept.
    """

    def __init__(self, target: Path, resumes: bool = True) -> None:
        self.target = target
        shared = self._shared() if resumes else None
        self._kept = shared is not None
        self._file: BinaryIO = shared or self._own()
        self._file.seek(0, os.SEEK_END)
        self._finished = False

    @property
    def size(self) -> int:
        """How many bytes have come."""
        return self._file.tell()

    def append(self, part: bytes) -> None:
        """Write what has come next."""
        self._file.write(part)

    def restart(self) -> None:
        """Forget what has come."""
        self._file.seek(0)
        self._file.truncate()

    def sha256(self) -> str:
        """Return the SHA-256 of what has come, read by its own handle: Windows locks a byte of a long file for others."""
        self._file.seek(0)
        digest = hashlib.sha256()
        while part := self._file.read(1 << 20):
            digest.update(part)
        return digest.hexdigest()

    def finish(self) -> None:
        """Give it its name, after its content is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        set_mode(self.path, 0o644)
        if os.name == "nt":  # open files keep their names there
            self._file.close()
        os.replace(self.path, self.target)  # noqa: PTH105
        self._finished = True

    def __enter__(self) -> Partial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        keep = self._kept and not self._finished and self.size > 0 if not self._file.closed else False
        with contextlib.suppress(OSError):  # a full disk is reported by what filled it
            self._file.close()
        if not keep and not self._finished:
            self.path.unlink(missing_ok=True)

    def _own(self) -> BinaryIO:
        """Make a file that nobody else writes into."""
        handle, name = tempfile.mkstemp(
            prefix=f".{self.target.name[:100]}.", suffix=PARTIAL, dir=self.target.parent
        )
        self.path = Path(name)
        return os.fdopen(handle, "r+b")

    def _shared(self) -> BinaryIO | None:
        """Open the file that all tries share, locked; None if another process is writing it."""
        self.path = self.target.parent / f".{self.target.name[:100]}{PARTIAL}"
        file = self.path.open("a+b")
        try:
            same = lock(file.fileno()) and os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        except OSError:  # locked, or renamed since it was opened
            same = False
        if not same:
            file.close()
            return None
        return file
