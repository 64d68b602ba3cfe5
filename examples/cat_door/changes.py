"""The door's log: a line of JSON for each change."""

from __future__ import annotations

import contextlib
import errno
import json
import sys
from collections.abc import Callable
from pathlib import Path


class Changes:
    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self.path, self.clock, self.last = path, clock, {}

    def write(self, **now: object) -> None:
        """Log what is now, if it is not as before. A full disk is said and changes nothing: the door is worth more than its log."""
        if now == self.last:
            return
        self.last = now
        try:
            line = (json.dumps({"time": round(self.clock(), 3), **now}) + "\n").encode()
            with self.path.open("ab", buffering=0) as file:
                start = file.tell()
                # The rest of the disk: half a line would spoil the next one, too.
                if file.write(line) < len(line):
                    file.truncate(start)
                    raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as err:
            complain(f"the log cannot be written ({err})")


def complain(problem: str) -> None:
    """Print a problem where that can be done: a file on the same full disk, or a terminal that is gone, must not stop the door."""
    with contextlib.suppress(OSError):
        print(problem, file=sys.stderr, flush=True)
