"""Read one photo from a path, bytes, a file or an array, upright and in RGB."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias, cast

import numpy as np
from PIL import Image

from gatera.core.checks import check_choice, name_of
from gatera.core.errors import ArgumentError, GateraError, PhotoError
from gatera.core.files import check_regular
from gatera.program.raw.formats.exif import has_damaged_exif, upright, upright_size
from gatera.program.raw.formats.first_bytes import (
    ARCHIVE,
    READ,
    STARTS_PROGRAMS,
    called,
    head_of,
    open_known,
    seekable,
)
from gatera.program.raw.formats.frames import kind_of_several, say_first_counts
from gatera.program.raw.formats.heic import HEIC_SUFFIXES, is_heic, open_heic
from gatera.program.raw.formats.levels import DEEP, check_not_dark, eight_bits, is_deep
from gatera.program.raw.formats.tiff import not_mapped

Mode = Literal["RGB", "L"]

#: What a photo may come as.
PhotoSource: TypeAlias = str | Path | bytes | bytearray | memoryview | IO[bytes] | Image.Image | np.ndarray

MODES = ("RGB", "L")

#: Suffixes of the files that count as photos when a folder is searched.
PHOTO_SUFFIXES = HEIC_SUFFIXES | frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".ppm", ".pgm", ".pnm")
)  # fmt: skip

#: More pixels than this count as an attack. Source: Pillow's own limit for raising DecompressionBombError.
MAX_PIXELS = 178_956_970

#: Pixels of a transparent photo that are put on white at a time.
STRIP = 4_000_000


def read_photo(
    source: PhotoSource, mode: Mode = "RGB", at_least: tuple[int, int] | None = None
) -> Image.Image:
    """Read a photo as a person would see it: upright, 8 bits, colours or grey, transparent parts white.

    Files give their first frame, and a warning says so once for each format; of samples of 16 bits the upper 8 are kept, and floats are brought to 0..255; see `levels`.

    Args:
        source: a path, the bytes of a file, an open binary file, a Pillow image, or an array: uint8 or float 0..1 of
            shape [H,W], [H,W,1], [H,W,3] or [H,W,4].
        mode: "RGB", or "L" for one grey channel.
        at_least: (height, width) that the caller needs. A JPEG may then be decoded at 1/2, 1/4 or 1/8 of its size, with
            both sides still at least the larger of the two: several times faster for big photos. Resized afterwards, a
            pixel may differ by a level or two from one that was decoded whole.

    Returns:
        An image of the given mode, its pixels loaded. A Pillow image that already fits is returned itself.

    Raises:
        PhotoError: if the photo is missing, a folder, empty, not an image, truncated, larger than 178,956,970 pixels or
            otherwise unreadable, or if the array has another shape, type or range. It names the file.
        ArgumentError: if `source` is none of the above, or `mode` is unknown.

    Example:
        >>> read_photo(np.zeros((4, 6), np.uint8)).size  # (width, height)
        (6, 4)
    """
    return read_sized(source, mode, at_least)[0]


def read_sized(
    source: PhotoSource, mode: Mode = "RGB", at_least: tuple[int, int] | None = None
) -> tuple[Image.Image, tuple[int, int]]:
    """Read a photo as `read_photo` does, and return with it the (height, width) that it has when decoded whole, upright."""
    if mode not in MODES:
        check_choice("mode", mode, MODES)
    if isinstance(source, np.ndarray):
        photo = _to_mode(_from_array(source), mode, "an array")
        return photo, (photo.height, photo.width)
    with explaining(source) as name:
        if isinstance(source, Image.Image):
            # before the size, whose orientation may load the pixels: Pillow then forgets how deep they were
            deep = is_deep(source)
            with not_mapped(source):
                size = upright_size(source)
                return _decoded(source, mode, name, deep), size
        with open_image(source, name) as image, not_mapped(image):
            deep, size = is_deep(image), upright_size(image)
            if at_least is not None:
                side = max(at_least)  # of both: the photo may be lying on its side
                image.draft(None, (side, side))  # does nothing unless this is a JPEG
            kind = kind_of_several(image)
            photo = _decoded(image, mode, name, deep)
    if kind is not None:  # outside of the block, which turns whatever is raised into a damaged photo
        say_first_counts(name, kind)
    return photo, size


def photo_size(source: PhotoSource) -> tuple[int, int]:
    """Return (height, width) of a photo that stands upright; of a file only its head is read.

    Raises:
        PhotoError: if the file is missing, or its head is not that of an image.
    """
    if isinstance(source, np.ndarray):
        return source.shape[0], source.shape[1]
    with explaining(source) as name:
        if isinstance(source, Image.Image):
            return upright_size(source)
        with open_image(source, name) as image:
            return upright_size(image)


def stored_size(path: str | Path) -> tuple[int, int]:
    """Return (height, width) of a picture's file as its pixels are stored, before its orientation is applied; see `photo_size`."""
    with explaining(path) as name, open_image(path, name) as image:
        return image.height, image.width


def open_image(source: Any, name: str) -> Image.Image:
    """Open a picture's file, bytes or open file; its pixels are not decoded yet. Use it within `explaining`.

    Raises:
        PhotoError: if it is HEIC and pillow-heif is not installed.
        ArgumentError: if `source` is none of these.
        Exception: what Pillow raises for damaged files.
    """
    file = source if isinstance(source, str | Path) else seekable(as_file(source))
    try:
        return open_known(file)
    except Image.UnidentifiedImageError:
        if is_heic(head_of(file)):
            return open_heic(file, name)
        raise


@contextlib.contextmanager
def explaining(source: object) -> Iterator[str]:
    """Give the photo's name for messages; turn any error of Pillow in the block into one about this photo."""
    name = name_of(source, "a photo")
    try:
        if isinstance(source, str | Path):
            check_regular(source)
        yield name
    except GateraError:
        raise
    except Image.DecompressionBombError as err:
        raise _too_large(name) from err
    except Exception as err:  # Pillow's readers raise what they happen to raise: one file never ends a run
        raise _explained(source, name, err) from err


def photo_array(image: Image.Image) -> np.ndarray:
    """Return the pixels of an RGB or L image as uint8 [H,W,C], C being 3 or 1. The array is read-only.

    Example:
        >>> photo_array(Image.new("L", (6, 4))).shape
        (4, 6, 1)
    """
    pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]  # [H,W] -> [H,W,1]


def _decoded(image: Image.Image, mode: Mode, name: str, deep: bool) -> Image.Image:
    if image.width * image.height > MAX_PIXELS:  # Pillow's own check may have been turned off
        raise _too_large(name)
    if image.format in STARTS_PROGRAMS:  # opened by the caller, and perhaps not loaded yet
        raise _other_format(name, f"{image.format}, which another program would have to draw")
    image.load()
    if deep:
        check_not_dark(image, name)
    if has_damaged_exif(image):
        warnings.warn(
            f"{name} has damaged EXIF data: if they said how it is turned, that may be lost", stacklevel=2
        )
    return upright(_to_mode(image, mode, name), image)


def _to_mode(image: Image.Image, mode: Mode, name: str) -> Image.Image:
    if image.mode in DEEP:
        return eight_bits(image, name).convert(mode)
    if image.mode == "LAB":
        raise PhotoError(
            f"{name} is in the LAB colour space, which is not supported", remedy="Save it in RGB."
        )
    if image.has_transparency_data:
        return _on_white(image, mode)
    return image if image.mode == mode else image.convert(mode)


def _on_white(image: Image.Image, mode: Mode) -> Image.Image:
    """Return a partly transparent image on white; some rows at a time, for the steps in between take four times its memory."""
    found = Image.new(mode, image.size)
    rows = max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height))).convert("RGBA")
        white = Image.new("RGBA", strip.size, "white")
        found.paste(Image.alpha_composite(white, strip).convert(mode), (0, top))
    return found


def _from_array(array: np.ndarray) -> Image.Image:
    name = f"an array of shape {list(array.shape)} and type {array.dtype}"
    shape = array.shape[:2] if array.ndim == 3 and array.shape[2] == 1 else array.shape
    if not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))) or 0 in shape:
        hint = (
            "Move the channels last: array.transpose(1, 2, 0)."
            if len(shape) == 3 and shape[0] in (1, 3, 4)
            else None
        )
        raise PhotoError(f"{name} is not a photo", expected="[H,W], [H,W,1], [H,W,3] or [H,W,4]", remedy=hint)
    if array.dtype == np.uint8:
        return Image.fromarray(np.ascontiguousarray(array.reshape(shape)))
    if array.dtype.kind != "f":
        raise PhotoError(f"{name} is not a photo", expected="uint8, or float in 0..1")
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):  # NaN fails too
        raise PhotoError(
            f"{name} holds values from {low:g} to {high:g}", expected="uint8, or float in 0..1",
            remedy="Divide by 255, or pass array.astype(numpy.uint8).",
        )  # fmt: skip
    return Image.fromarray(np.rint(array.reshape(shape) * 255).astype(np.uint8))


def as_file(source: object) -> IO[bytes]:
    """Return bytes, or an open binary file, as such a file.

    Raises:
        ArgumentError: if it is neither.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    if isinstance(source, io.IOBase):
        return source  # type: ignore[return-value]  # text files fail in Pillow, with our message
    raise ArgumentError(
        f"a photo cannot be given as {type(source).__name__}", got=source,
        expected="a path, bytes, an open binary file, a Pillow image, or a numpy array",
    )  # fmt: skip


def _too_large(name: str) -> PhotoError:
    # a program around may have set Pillow's own limit
    most = min(MAX_PIXELS, 2 * (Image.MAX_IMAGE_PIXELS or MAX_PIXELS))
    return PhotoError(
        f"{name} is too large to be a photo", expected=f"at most {most:,} pixels",
        remedy="Shrink it first, or remove it.",
    )  # fmt: skip


def _explained(source: object, name: str, err: BaseException) -> PhotoError:
    """Turn an error of Pillow into one about this photo."""
    if isinstance(err, FileNotFoundError):
        return PhotoError(f"{name} does not exist", remedy="Check its path.")
    if isinstance(source, str | Path) and _is_folder(source):
        return PhotoError(f"{name} is a folder, not a photo", remedy="Pass the photos in it.")
    if isinstance(err, OSError) and err.errno == errno.EINVAL:
        return PhotoError(f"{name} cannot be read ({err.strerror})", remedy="Pass a file.")
    head = _head(source)
    if head == b"":
        return PhotoError(f"{name} is empty (0 bytes)", remedy="Download it again, or remove it.")
    if isinstance(err, Image.UnidentifiedImageError):
        other = called(head) if head else None
        return _other_format(name, other) if other else _unknown_format(name, head)
    if isinstance(err, MemoryError):
        return PhotoError(f"{name} needs more memory than there is", remedy="Shrink it first, or remove it.")
    if isinstance(err, OSError) and err.errno is not None:
        return PhotoError(
            f"{name} cannot be read ({os.strerror(err.errno)})", remedy="Check its permissions and its disk."
        )
    return PhotoError(
        f"{name} is truncated or damaged ({err or type(err).__name__})",
        remedy="Download it again, or remove it.",
    )


def _other_format(name: str, format: str) -> PhotoError:
    remedy = "Unpack it, and pass the folder." if format == ARCHIVE else "Save it as a PNG or JPEG first."
    return PhotoError(f"{name} is {format}", expected=READ, remedy=remedy)


def _unknown_format(name: str, head: bytes | None) -> PhotoError:
    begins = f"; it begins with {head!r}" if head else ""
    return PhotoError(f"{name} is not an image in a known format{begins}")


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # a name too long, a NUL in it
        return False


def _head(source: object) -> bytes | None:
    """Return the first 16 bytes; None where they cannot be had."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source[:16])
    try:
        if isinstance(source, str | Path) or (isinstance(source, io.BufferedIOBase) and source.seekable()):
            return head_of(cast("str | Path | IO[bytes]", source))
    except (OSError, ValueError):
        pass
    return None
