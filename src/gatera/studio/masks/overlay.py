"""A small picture of a photo with its mask over it, for the grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageColor

from gatera.program.raw.photo import read_photo
from gatera.studio.masks.page_requests import Seen
from gatera.studio.media.photos import SMALL, encoded

#: How much of the colour of a class covers the photo.
SHARE = 0.5


def overlay(photo: Path, seen: Seen) -> bytes:
    """Return the picture, JPEG, its longer side `SMALL` pixels at most.

    Raises:
        PhotoError: if the photo cannot be read.
    """
    below = read_photo(photo, at_least=(SMALL, SMALL)).copy()
    below.thumbnail((SMALL, SMALL))
    small = Image.fromarray(seen.positions).resize(below.size, Image.Resampling.NEAREST)
    positions = np.asarray(small)
    colours = [ImageColor.getrgb(colour) if colour else (0, 0, 0) for _, colour in seen.classes.shown()]
    over = np.array(colours, np.float32)[positions]  # [H,W,3]
    shares = np.array([SHARE if colour else 0 for _, colour in seen.classes.shown()], np.float32)[positions][
        ..., None
    ]
    mixed = np.asarray(below, np.float32) * (1 - shares) + over * shares
    return encoded(Image.fromarray(mixed.round().astype(np.uint8)), "JPEG", quality=85)
