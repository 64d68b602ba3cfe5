"""What people drew: a PNG for every stroke beside the journals, on the disk before it is answered; and how it replaces a mask."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from gatera.core.errors import DataError
from gatera.core.files import atomic_write, sha256_file


class Drawn(NamedTuple):
    """What a person decided about a mask.

    Attributes:
        file: the drawing; "" where the mask was looked at and is right.
        base: SHA-256 of the mask that the person saw; "" where there was none.
        guess: the program that proposed what the person drew on, or took; "" without.
    """

    file: str
    base: str
    guess: str = ""


def drawn_of(value: Any) -> Drawn | None:
    """Return what an entry of a journal says; None where the person gave the drawing up."""
    return Drawn(*(str(value.get(part, "")) for part in Drawn._fields)) if isinstance(value, dict) else None


#: So many bytes of drawings are remembered, the newest, for a folder that somebody removes.
REMEMBERED = 64_000_000


class Drawings:
    """The drawings of everybody. Where their folder is removed, those made since the start are written again.

    Args:
        folder: where they are kept.
        say: is told that they were written again.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = folder, say
        self._made: dict[Path, bytes] = {}  # the oldest first
        self._size = 0
        self._gone = False

    def path(self, by: str, file: str) -> Path:
        """Return the file of a drawing."""
        return self._folder / quote(by, safe=" ") / Path(file).name

    def put_back(self) -> None:
        """Write again what was made since the start, where the folder is gone.

        Raises:
            DataError: if it cannot be written.
        """
        self._gone = self._gone or not self._folder.is_dir()
        if not self._gone or not self._made:
            return
        for path, data in self._made.items():
            _write(path, data)
        self._gone = False
        self._say(f"{self._folder} had been removed, and was written again with what was drawn here.")

    def keep(self, by: str, data: bytes) -> str:
        """Keep a drawing, the bytes of a PNG; it is on the disk when this returns. Returns its name.

        Raises:
            DataError: if it cannot be written.
        """
        name = f"{hashlib.sha256(data).hexdigest()}.png"
        path = self.path(by, name)
        self.put_back()
        _write(path, data)
        self._gone = False
        self._size += len(data) - len(self._made.pop(path, b""))
        self._made[path] = data
        while self._size > REMEMBERED and len(self._made) > 1:
            self._size -= len(self._made.pop(next(iter(self._made))))
        return name

    def tidy(self, by: str, needed: Collection[str]) -> None:
        """Remove the drawings of a person that nothing needs any more."""
        folder = self.path(by, "x").parent
        for path in [each for each in self._made if each.parent == folder and each.name not in needed]:
            self._size -= len(self._made.pop(path))
        for path in folder.glob("*.png") if folder.is_dir() else ():
            if path.name not in needed:
                path.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    try:
        with atomic_write(path) as partial, partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as err:
        raise DataError(
            f"{path} cannot be written ({err.strerror})",
            remedy="This drawing was not saved. Free some disk space, then press the key again.",
        ) from err


def replace_mask(mask: Path, drawing: Path, kept: Path) -> Path:
    """Put a drawing in the place of a mask; the old file is kept. Returns the new file, which ends in .png.

    Args:
        mask: the mask; it need not exist yet.
        drawing: a PNG.
        kept: where the old file goes.

    Raises:
        OSError: if it cannot be written: the mask is then as it was.
        DataError: if another file has the name of the new one.
    """
    new = mask.with_suffix(".png") if mask.suffix.lower() != ".png" else mask
    if new != mask and new.exists():
        raise DataError(
            f"{new} exists already, so the correction of {mask.name} is not written", remedy="Rename one of them."
        )  # fmt: skip
    if mask.exists():
        with atomic_write(kept) as partial:
            shutil.copyfile(mask, partial)
            _sync(partial)
    with atomic_write(new) as partial:
        shutil.copyfile(drawing, partial)
        _sync(partial)
        if sha256_file(partial) != drawing.stem:
            raise DataError(f"{drawing} is damaged", remedy="Draw it again; the mask is unchanged.")
        if new != mask:  # before the new one is there: with two, nobody could tell which is the photo's
            mask.unlink(missing_ok=True)
    return new


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
