"""A program whose file may be replaced while it is used; a bad file never replaces a good one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


class Fresh:
    """What `load(path)` makes of the file that is there now. The first load may raise; what comes of later ones is told."""

    def __init__(self, path: Path, load: Callable[[Path], Any], tell: Callable[[str], None]) -> None:
        self.path, self.load, self.tell = path, load, tell
        self.stamp, self.program = self.stamp_now(), load(path)

    def newest(self) -> Any:
        """Return the program of the newest good file."""
        if (stamp := self.stamp_now()) != self.stamp:
            self.stamp = stamp
            try:
                self.program = self.load(self.path)
                self.tell(f"now {self.program.info['sha256'][:12]}")
            except Exception as err:  # whatever is wrong with it
                self.tell(f"the old one stays: {err}")
        return self.program

    def stamp_now(self) -> tuple[int, ...]:
        """Return what tells one file from the next; nothing where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return ()
        return (found.st_ino, found.st_size, found.st_mtime_ns)
