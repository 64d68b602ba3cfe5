"""Output whose reader goes away while a command works: `gatera train photos | head -1`, or a terminal that is closed."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


class Outlived:
    """A stream that goes on after its reader is gone: what is written then goes nowhere.

    Args:
        stream: standard output or standard error.
        said: what is written to standard error when the reader is gone; "" for nothing.
    """

    def __init__(self, stream: TextIO, said: str = "") -> None:
        self._stream, self._said = stream, said
        self._terminal = stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text, as the stream does."""
        try:
            return self._stream.write(text)
        except OSError as err:
            self._lose(err)
            return len(text)

    def flush(self) -> None:
        """Write what is still buffered, as the stream does."""
        try:
            self._stream.flush()
        except OSError as err:
            self._lose(err)

    def _lose(self, err: OSError) -> None:
        """Let all that follows go nowhere if nobody reads it; raise any other error again."""
        # a terminal that was closed; its SIGHUP comes at the same time, or not at all after `disown`
        closed = self._terminal and err.errno == errno.EIO
        if not (closed or isinstance(err, BrokenPipeError)):
            raise err
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        if self._said:
            with suppress(OSError):
                print(self._said, file=sys.stderr, flush=True)


@contextmanager
def errors_unread() -> Iterator[None]:
    """Go on inside the block when nobody reads standard error any more: what is answered does not depend on it."""
    before = sys.stderr
    sys.stderr = Outlived(before)
    try:
        yield
    finally:
        sys.stderr = before


@contextmanager
def outlived(work: str) -> Iterator[None]:
    """Go on inside the block when nobody reads standard output or standard error any more, and say so once where that is read.

    Args:
        work: what goes on, as in "gatera train".
    """
    before = sys.stdout, sys.stderr
    said = f"Note: the output is no longer read; {work} continues without it."
    sys.stdout, sys.stderr = Outlived(sys.stdout, said), Outlived(sys.stderr)
    try:
        yield
    finally:
        with suppress(OSError):
            sys.stdout.flush()
        sys.stdout, sys.stderr = before
