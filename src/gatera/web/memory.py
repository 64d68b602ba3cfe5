"""Bound the memory of a server: large photos are not decoded all at the same time, and what is not needed goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections.abc import Iterator

#: A photo with more pixels is not decoded. Pillow warns from 89 million on.
PIXEL_LIMIT = 80_000_000

#: Blocks of at least this many bytes go back to the system as soon as they are free: pixels of a large photo, a large body. Below it
#: they are kept for the next request, for asking the system takes time.
LARGE = 4_000_000

#: Bytes that may be free at the end of a heap before they go back.
SPARE = 16_000_000

#: Names of `mallopt`. Source: malloc.h of the GNU C library.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3

#: What people set who know better.
_SETTINGS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


def give_memory_back() -> bool:
    """Let this process give large blocks back when they are free; return whether it does now.

    By default the GNU C library raises its limit for "large" to the largest block that was ever freed, up to 32 MB, and keeps what is smaller: one
    photo of 72 million pixels in each thread left a server 500 MB larger for good. Other C libraries are left as they are.
    """
    if any(name in os.environ for name in _SETTINGS):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not the GNU C library
        return False
    return bool(mallopt(_MMAP_THRESHOLD, LARGE)) and bool(mallopt(_TRIM_THRESHOLD, SPARE))


class Pixels:
    """Lets threads decode photos side by side as long as they are not too large together; used by all programs of a server.

    Args:
        limit: the most pixels of one photo, and of all that are decoded at the same time.
    """

    def __init__(self, limit: int = PIXEL_LIMIT) -> None:
        self.limit = limit
        self._held = 0
        self._turn = threading.Lock()
        self._freed = threading.Condition()

    @contextlib.contextmanager
    def held(self, count: int) -> Iterator[None]:
        """Wait until so many pixels more may be decoded, and count them while the block runs. Who came first goes first.

        Args:
            count: pixels; at most `limit`.
        """
        with self._turn, self._freed:
            self._freed.wait_for(lambda: self._held + count <= self.limit or not self._held)
            self._held += count
        try:
            yield
        finally:
            with self._freed:
                self._held -= count
                self._freed.notify_all()
