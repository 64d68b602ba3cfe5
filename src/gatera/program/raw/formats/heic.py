"""HEIC photos, as phones take them: read by `pillow-heif`, of the extra [heic]."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

from PIL import Image

from gatera.core.checks import require
from gatera.core.errors import MissingExtraError, PhotoError

#: Suffixes of HEIC files.
HEIC_SUFFIXES = frozenset((".heic", ".heif", ".hif"))

#: What stands at bytes 4 to 12 of one. Source: ISO/IEC 23008-12, the brands of images and of sequences.
_BRANDS = frozenset(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))  # fmt: skip


def is_heic(head: bytes | None) -> bool:
    """Whether a file that begins like this (16 bytes) is an HEIC file."""
    return head is not None and head[4:12] in _BRANDS


def open_heic(file: str | Path | IO[bytes], name: str) -> Image.Image:
    """Open an HEIC file as `Image.open` would: its pixels are decoded when they are needed.

    Raises:
        PhotoError: if pillow-heif is not installed.
    """
    try:
        pillow_heif: Any = require("pillow_heif", "heic", f"to read {name}")
    except MissingExtraError as err:
        raise PhotoError(
            f"{name} is an HEIC photo, which is read by pillow-heif",
            remedy='Install it with: pip install "gatera[heic]"; or convert the photo to JPEG.',
        ) from err
    return pillow_heif.HeifImageFile(file)
