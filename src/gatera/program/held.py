"""Keep an input as it is now: it is read later, when whoever yields the inputs may have changed it.

Generators reuse what they yield. `PIL.ImageSequence` gives the same image for every frame of a film, a camera fills the same
array, and an open file is one place that moves.
"""

from __future__ import annotations

import io
from collections.abc import MutableMapping, MutableSequence
from typing import Any

import numpy as np
from PIL import Image

from gatera.program.raw.formats.tiff import not_mapped


def held(raw: Any) -> Any:
    """Return an input that later changes to `raw` leave alone; what never changes is returned itself.

    Example:
        >>> frame = np.zeros((2, 2), np.uint8)
        >>> kept = held(frame)
        >>> frame[:] = 9
        >>> int(kept.max())
        0
    """
    try:
        return _copied(raw)
    except Exception:  # noqa: BLE001  # whatever is wrong with it, reading it again says so and names it
        return raw


def _copied(raw: Any) -> Any:
    if isinstance(raw, tuple):  # samples with their rate
        parts = tuple(map(held, raw))
        same = all(part is given for part, given in zip(parts, raw, strict=True))
        return raw if same else parts  # a namedtuple knows its columns
    if isinstance(raw, memoryview):
        return bytes(raw)
    if isinstance(raw, Image.Image):
        return _frame(raw)
    if hasattr(raw, "read") and hasattr(raw, "seek"):
        return _contents(raw)
    copyable = isinstance(raw, np.ndarray | np.void | MutableMapping | MutableSequence)
    return raw.copy() if copyable and hasattr(raw, "copy") else raw


def _frame(photo: Image.Image) -> Image.Image:
    """Return a copy of a photo's current frame, with its name. It has its orientation, too; a TIFF stands upright then."""
    with not_mapped(photo):
        copied = photo.copy()
    copied.filename = getattr(photo, "filename", "")  # type: ignore[attr-defined]  # errors name it
    return copied


def _contents(file: Any) -> io.BytesIO:
    """Return what an open file contains, with its name."""
    if file.seekable():
        file.seek(0)
    contents = io.BytesIO(file.read())
    name = getattr(file, "name", None)
    if name is not None:
        contents.name = name  # errors name it
    return contents
