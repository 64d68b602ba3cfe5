"""Where frames come from: a folder that a camera writes into, or a camera by OpenCV. Each gives a frame, or None if there is no new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SUFFIXES = {".jpg", ".jpeg", ".png"}


class FolderCamera:
    """The newest photo in a folder, once. What is older was missed, and is passed over: only the present matters at a door.

    A file is taken when its size and time have not changed since the last look, so that half a photo is rarely read. Which ones are
    new is known from the last look, not from their times: a clock may be put back.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done = self.last = self.files()

    def files(self) -> dict[str, tuple[int, int]]:
        """Return the time and size of every photo."""
        found = {}
        for path in self.folder.iterdir():
            if path.suffix.lower() in SUFFIXES:
                try:
                    about = path.stat()
                except FileNotFoundError:  # cleared away meanwhile
                    continue
                found[str(path)] = (about.st_mtime_ns, about.st_size)
        return found

    def frame(self) -> Path | None:
        last, self.last = self.last, self.files()
        whole = {path: about for path, about in self.last.items() if last.get(path) == about}
        new = [(about, path) for path, about in whole.items() if self.done.get(path) != about]
        self.done = whole
        return Path(max(new)[1]) if new else None


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
