"""Keep an input as it is now: it is read later, when whoever yields the inputs may have changed it.

Generators reuse what they yield. `PIL.ImageSequence` gives the same image for every frame of a film, a camera fills the same
array, and an open file is one place that moves.
"""

from __future__ import annotations

import io
from collections.abc import MutableMapping, MutableSequence
from typing import Any

import numpy as np
from PIL import Image, ImageFile


def moves(raw: Any) -> bool:
    """Whether an input must be read before the next one is asked for: an open file, or an image that reads from one."""
    return isinstance(raw, ImageFile.ImageFile | io.IOBase)


def held(raw: Any) -> Any:
    """Return an input that later changes to `raw` leave alone; what never changes, or `moves`, is returned itself.

    Example:
        >>> frame = np.zeros((2, 2), np.uint8)
        >>> kept = held(frame)
        >>> frame[:] = 9
        >>> int(kept.max())
        0
    """
    if moves(raw):
        return raw
    if isinstance(raw, tuple):  # samples with their rate
        return tuple(map(held, raw))
    if isinstance(raw, memoryview):
        return bytes(raw)
    copyable = isinstance(raw, Image.Image | np.ndarray | MutableMapping | MutableSequence)
    return raw.copy() if copyable and hasattr(raw, "copy") else raw
