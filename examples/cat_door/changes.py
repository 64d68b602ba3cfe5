"""The door's log: a line of JSON for each change."""

from __future__ import annotations

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
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"time": round(self.clock(), 3), **now}) + "\n")
        except OSError as err:
            print(f"the log cannot be written ({err})", file=sys.stderr)
