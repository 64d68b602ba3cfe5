"""Read TIFF files: keep libtiff from writing to standard error by itself, and Pillow from mixing up pixels of turned photos."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import PIL
from PIL import Image

#: Where Linux lists the files that a process has mapped, each library among them.
_MAPS = Path("/proc/self/maps")

#: Tags of the sides of the stored pixels and of the orientation; and the orientations that turn a photo by a quarter.
_WIDTH, _HEIGHT, _ORIENTATION, _QUARTERS = 0x0100, 0x0101, 0x0112, (5, 6, 7, 8)


@contextlib.contextmanager
def not_mapped(image: Image.Image) -> Iterator[None]:
    """Let Pillow read the pixels of a turned TIFF, should they be loaded here, from its file rather than map it.

    It maps uncompressed grey pixels by the sides that the photo has when it is turned, which mixes them up (Pillow 13).
    """
    name = getattr(image, "filename", "")
    if not name or not _is_turned(image):
        yield
        return
    image.filename = ""  # type: ignore[attr-defined]  # there where it was opened
    try:
        yield
    finally:
        image.filename = name  # type: ignore[attr-defined]


def upright_tiff_size(image: Image.Image) -> tuple[int, int]:
    """Return (height, width) of a TIFF when it stands upright: once its pixels are loaded, and in some versions of Pillow before, it does."""
    if _is_turned(image):
        tags = image.tag_v2  # type: ignore[attr-defined]  # it has one
        return int(tags[_WIDTH]), int(tags[_HEIGHT])
    return image.height, image.width


def _is_turned(image: Image.Image) -> bool:
    """Whether an image is a TIFF that its orientation turns by a quarter; it says so until its pixels are loaded."""
    return image.format == "TIFF" and getattr(image, "tag_v2", {}).get(_ORIENTATION) in _QUARTERS


@cache
def quiet_libtiff() -> None:
    """Take away the handlers with which libtiff prints errors and warnings; done once.

    They name no file ("tempfile.tif: Using code not yet in table."), and Pillow raises what matters anyway, which is then told
    with the file's name. Where the library cannot be found, it goes on printing.
    """
    for path in _libraries():
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(str(path))
            library.TIFFSetErrorHandler(None)
            library.TIFFSetWarningHandler(None)


def _libraries() -> list[Path]:
    """Return libtiff as this process has loaded it, or else as Pillow's packages for macOS bring it."""
    with contextlib.suppress(OSError):
        mapped = {
            line.split(maxsplit=5)[-1].strip()
            for line in _MAPS.read_text("utf-8", errors="replace").splitlines()
        }
        return sorted(Path(name) for name in mapped if Path(name).name.startswith("libtiff"))
    return sorted((Path(PIL.__file__).parent / ".dylibs").glob("libtiff*"))
