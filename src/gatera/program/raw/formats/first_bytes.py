"""The picture formats that are opened, told by a file's first bytes.

Pillow on its own tries every format that it has, whatever a file is called. Some of them start another program (PostScript is
drawn by Ghostscript), and each is more code that a stranger's file can reach.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import IO, NamedTuple

from PIL import Image

from gatera.core.checks import require
from gatera.program.raw.formats.tiff import quiet_libtiff


class Format(NamedTuple):
    """A format of Pillow: its name there, the module that reads it, and what its files begin with."""

    name: str
    plugin: str
    begins: re.Pattern[bytes]


def _format(name: str, plugin: str, begins: bytes) -> Format:
    return Format(name, f"PIL.{plugin}ImagePlugin", re.compile(begins, re.DOTALL))


#: The formats that are opened. Source of the first bytes: the plugins of Pillow 13.
FORMATS = (
    _format("JPEG", "Jpeg", rb"\xff\xd8\xff"),
    _format("PNG", "Png", rb"\x89PNG\r\n\x1a\n"),
    _format("GIF", "Gif", rb"GIF8[79]a"),
    _format("BMP", "Bmp", rb"BM"),
    _format("WEBP", "WebP", rb"RIFF....WEBPVP8[ LX]"),
    _format("TIFF", "Tiff", rb"(II|MM)(\*\0|\0\*|\+\0|\0\+)"),
    _format("AVIF", "Avif", rb"....ftyp(avif|avis|mif1|msf1)"),
    _format("PPM", "Ppm", rb"P[0-6fy]"),
)

#: What zip files, and their kin, are called.
ARCHIVE = "an archive"

#: Other formats by what they begin with, for messages.
_OTHERS = (
    (re.compile(rb"%!PS|\xc5\xd0\xd3\xc6"), "PostScript"),
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb"\xef?\xbb?\xbf?\s*<(\?xml|svg|!DOCTYPE svg)", re.IGNORECASE), "SVG or other XML"),
    (re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"), "JPEG 2000"),
    (re.compile(rb"8BPS"), "a Photoshop document"),
    (re.compile(rb"\0\0[\x01\x02]\0"), "an icon"),
    (re.compile(rb"\xd7\xcd\xc6\x9a|\x01\0\0\0[\x58-\x9c]\0\0\0"), "a Windows metafile"),
    (re.compile(rb"PK\x03\x04|\x1f\x8b|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c"), ARCHIVE),
)  # fmt: skip

#: Formats that start another program when their pixels are loaded, by Pillow's name.
STARTS_PROGRAMS = frozenset({"EPS", "WMF", "BUFR", "GRIB", "HDF5"})

HEAD_BYTES = 16
#: What people are told to give.
READ = "JPEG, PNG, GIF, BMP, WebP, TIFF, AVIF or PPM"


def open_known(file: str | Path | IO[bytes]) -> Image.Image:
    """Open a picture as `Image.open` does, by the one reader that its first bytes call for.

    Raises:
        PIL.UnidentifiedImageError: if it has none of `FORMATS`.
        Exception: whatever that reader raises for a damaged file.
    """
    head = head_of(file)
    found = next((each for each in FORMATS if each.begins.match(head)), None)
    if found is None:
        raise Image.UnidentifiedImageError(head)
    # Pillow would import all of its plugins to find this one
    require(found.plugin, "predict", f"to read {found.name}")
    if found.name == "TIFF":
        quiet_libtiff()
    return Image.open(file, formats=(found.name,))


def seekable(file: IO[bytes]) -> IO[bytes]:
    """Return an open file in which one can go back; that of a pipe is read whole."""
    return file if file.seekable() else io.BytesIO(file.read())


def head_of(file: str | Path | IO[bytes]) -> bytes:
    """Return the first bytes of a file, which stays at its beginning if it is open."""
    if isinstance(file, str | Path):
        with Path(file).open("rb", buffering=0) as opened:
            return opened.read(HEAD_BYTES)
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    return head if isinstance(head, bytes) else b""  # a file opened as text gives str


def called(head: bytes) -> str | None:
    """Return the name of a format that is not opened; None if its first bytes say nothing.

    Example:
        >>> called(b"%!PS-Adobe-3.0 EPSF")
        'PostScript'
    """
    return next((name for begins, name in _OTHERS if begins.match(head)), None)
