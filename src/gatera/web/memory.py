"""Bound the memory of a server: large photos are not decoded all at the same time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

#: A photo with more pixels is not decoded. Pillow warns from 89 million on.
PIXEL_LIMIT = 80_000_000


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
