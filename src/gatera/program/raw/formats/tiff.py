"""Keep libtiff, which Pillow reads TIFF files with, from writing to standard error by itself."""

from __future__ import annotations

import contextlib
import ctypes
from functools import cache
from pathlib import Path

import PIL

#: Where Linux lists the files that a process has mapped, each library among them.
_MAPS = Path("/proc/self/maps")


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
            line.split(maxsplit=5)[-1].strip() for line in _MAPS.read_text(errors="replace").splitlines()
        }
        return sorted(Path(name) for name in mapped if Path(name).name.startswith("libtiff"))
    return sorted((Path(PIL.__file__).parent / ".dylibs").glob("libtiff*"))
