"""What is kept of a file that was read once: enough to tell whether another is a copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from gatera.program.raw.photo import PhotoSource, read_sized
from gatera.program.raw.sound import load_sound
from gatera.program.raw.text import read_text

#: Side of a thumbnail in pixels; see `gatera.measure.duplicates.pictures`.
SIDE = 48

#: Photos with a shorter side than this show hardly any details in their thumbnail.
SMALL = 40


class Look(NamedTuple):
    """A thumbnail.

    Attributes:
        grey: uint8 [48,48].
        colour: mean of each channel, 0..255.
        small: whether the picture had too few pixels to show details.
    """

    grey: np.ndarray
    colour: tuple[float, float, float] = (0.0, 0.0, 0.0)
    small: bool = False


def look_at_photo(source: PhotoSource) -> Look:
    """Read a photo to its last byte, and return its thumbnail. Raises PhotoError.

    Example:
        >>> look_at_photo(np.full((200, 300, 3), 9, np.uint8)).colour
        (9.0, 9.0, 9.0)
    """
    photo, size = read_sized(source, at_least=(2 * SIDE, 2 * SIDE))
    tiny = photo.resize((SIDE, SIDE), Image.Resampling.BOX)
    red, green, blue = np.asarray(tiny, np.float32).reshape(-1, 3).mean(axis=0).tolist()
    return Look(np.asarray(tiny.convert("L")), (red, green, blue), min(size) < SMALL)


def look_at_sound(source: Any) -> Look:
    """Read a recording, and return a small spectrogram: 48 bands, wider ones above, at 48 times. Raises SoundError."""
    samples = load_sound(source).samples
    window = max(128, 2 * len(samples) // SIDE)
    padded = np.pad(samples, (0, window))
    starts = np.linspace(0, max(0, len(samples) - window // 2), SIDE).astype(np.int64)
    shape = np.hanning(window).astype(np.float32)
    edges = np.unique(np.geomspace(1, window // 2 + 1, SIDE + 1).astype(np.int64))
    sums = []
    for start in starts:  # one after the other: together they take ten times the memory of the recording
        power = np.abs(np.fft.rfft(padded[start : start + window] * shape)) ** 2  # [F]
        sums.append(np.add.reduceat(power, edges[:-1]))
    bands = np.log10(np.stack(sums) + 1e-8)
    low, high = float(bands.min()), float(bands.max())
    levels = (255 * (bands - low) / max(high - low, 1e-6)).astype(np.uint8)
    picture = Image.fromarray(np.ascontiguousarray(levels.T)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return Look(np.asarray(picture), small=True)


def look_at_text(path: Path) -> str:
    """Read a text. Raises TextError."""
    return read_text(path)
