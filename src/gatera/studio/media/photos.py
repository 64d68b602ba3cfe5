"""Photos for a browser: as they are where it can show them, else made anew; small ones are kept."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

from gatera.core.files import atomic_write
from gatera.program.raw.photo import read_photo

#: What the files begin with that browsers show, and their types.
SHOWN = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))

#: Files above this size are sent smaller (bytes); the longer side then has so many pixels.
MOST_BYTES, LARGE = 2_500_000, 1600

#: The longer side of small pictures (pixels).
SMALL = 320

#: Colours of the points on them, and of their edge: as the page draws them on large photos.
DOT, DOT_EDGE = (31, 95, 168), (255, 255, 255)


class Picture(NamedTuple):
    """A picture for a browser: its bytes, and their type."""

    data: bytes
    media_type: str


def photo_for_page(path: Path) -> Picture:
    """Return a photo as large as a screen needs.

    Raises:
        PhotoError: if it cannot be read.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(16)
            kind = next((kind for start, kind in SHOWN if head.startswith(start)), None)
            if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
                kind = "image/webp"
            if kind is not None and 0 < size <= MOST_BYTES:
                return Picture(head + file.read(), kind)
    except OSError:
        pass  # reading it as a photo says what is wrong
    return Picture(_jpeg(read_photo(path, at_least=(LARGE, LARGE)), LARGE, 88), "image/jpeg")


def small_photo(path: Path, folder: Path) -> Picture:
    """Return a small picture of a photo, made once.

    Args:
        path: the photo.
        folder: where small pictures are kept.

    Raises:
        PhotoError: if it cannot be read.
    """
    name = hashlib.sha256(stamp_of(path).encode("utf-8", "surrogatepass")).hexdigest()
    kept = folder / name[:2] / f"{name[2:34]}.jpg"
    try:
        return Picture(kept.read_bytes(), "image/jpeg")
    except OSError:
        pass
    data = _jpeg(read_photo(path, at_least=(SMALL, SMALL)), SMALL, 82)
    try:
        with atomic_write(kept) as partial:
            partial.write_bytes(data)
    except OSError:  # a full disk: it is made again next time
        pass
    return Picture(data, "image/jpeg")


def with_points(picture: Picture, points: Sequence[Sequence[float]]) -> Picture:
    """Return a small picture with dots on it.

    Args:
        picture: the picture.
        points: [x, y] each, as shares of its width and height.
    """
    if not points:
        return picture
    photo = Image.open(io.BytesIO(picture.data)).convert("RGB")
    pen = ImageDraw.Draw(photo)
    reach = max(2.0, max(photo.size) / 28)
    for x, y in ((x * photo.width, y * photo.height) for x, y in points):
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), DOT, DOT_EDGE, max(1, round(reach / 3)))
    return Picture(_jpeg(photo, SMALL, 85), "image/jpeg")


def stamp_of(path: Path) -> str:
    """Return what changes when a file does: its name, time and size."""
    try:
        status = path.stat()
    except OSError:
        return str(path)
    return f"{path.name} {status.st_mtime_ns} {status.st_size} {status.st_ino}"


def _jpeg(photo: Image.Image, longest: int, quality: int) -> bytes:
    if max(photo.size) > longest:
        photo = photo.copy()
        photo.thumbnail((longest, longest))
    return encoded(photo, "JPEG", quality=quality)


def encoded(photo: Image.Image, form: str = "PNG", **options: int) -> bytes:
    """Return a picture as the bytes of a file."""
    file = io.BytesIO()
    photo.save(file, form, **options)
    return file.getvalue()
