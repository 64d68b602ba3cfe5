"""Where frames come from: a folder that a camera writes into, or a camera by OpenCV. Each gives a frame, or None if there is no new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SUFFIXES = {".jpg", ".jpeg", ".png"}


class FolderCamera:
    """The newest photo in a folder, once. What is older was missed, and is passed over: only the present matters at a door.

    A file is taken when its size has not changed since the last look, so that half a photo is rarely read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done, self.growing = self.newest(), None

    def newest(self) -> tuple[int, str, int] | None:
        found = []
        for path in self.folder.iterdir():
            if path.suffix.lower() in SUFFIXES:
                try:
                    about = path.stat()
                except FileNotFoundError:  # cleared away meanwhile
                    continue
                found.append((about.st_mtime_ns, str(path), about.st_size))
        return max(found, default=None)

    def frame(self) -> Path | None:
        newest = self.newest()
        if newest is None or newest == self.done:
            return None
        if newest != self.growing:
            self.growing = newest
            return None
        self.done = newest
        return Path(newest[1])


class OpenCvCamera:
    """A USB camera; it is opened again when it stops giving frames, or gives the same one again and again, as one that hangs does."""

    def __init__(self, number: int) -> None:
        import cv2  # pip install opencv-python-headless

        self.cv2, self.number = cv2, number
        self.capture, self.last = cv2.VideoCapture(number), b""

    def frame(self) -> Any:
        works, frame = self.capture.read()
        same = works and frame.tobytes() == self.last  # two pictures of a sensor are never the same
        if not works or same:
            self.capture.release()
            self.capture = self.cv2.VideoCapture(self.number)
            return None
        self.last = frame.tobytes()
        return self.cv2.cvtColor(frame, self.cv2.COLOR_BGR2RGB)
