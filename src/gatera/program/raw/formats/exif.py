"""What a photo's EXIF data say: how it is turned. Damaged data are found, too; Pillow's own warnings do not name the file."""

from __future__ import annotations

import struct

from PIL import Image

from gatera.program.raw.formats.tiff import upright_tiff_size

_ORIENTATION_TAG = 0x0112
#: Where Pillow keeps it in `Image.info`.
_ORIENTATION_CARRIERS = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"})
#: Orientation -> what turns the photo upright. Source: EXIF 2.32, section 4.6.4 A.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip

#: What EXIF data in a JPEG begin with.
_MARK = b"Exif\0\0"
#: The first bytes of a TIFF head -> its byte order for `struct`.
_ORDERS = {b"II": "<", b"MM": ">"}
#: Bytes of a value, by the number of its type. Source: TIFF 6.0, section 2, and EXIF 2.32 for type 129.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Return (height, width) of an opened photo when it stands upright; its pixels may not be loaded yet."""
    if image.format == "TIFF":
        return upright_tiff_size(image)
    # The four orientations from 5 on turn by a quarter.
    return image.size if _orientation(image) >= 5 else (image.height, image.width)


def upright(pixels: Image.Image, opened: Image.Image) -> Image.Image:
    """Return `pixels` turned upright, as the EXIF data of `opened` say.

    Args:
        pixels: the photo, perhaps in another mode than it was opened with.
        opened: the photo as it was opened.
    """
    turn = _UPRIGHT.get(_orientation(opened))
    if turn is None:
        return pixels
    turned = pixels.transpose(turn)
    # What is upright now must not be turned again by the next reader.
    turned.info = {key: value for key, value in turned.info.items() if key not in _ORIENTATION_CARRIERS}
    return turned


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # noqa: BLE001  # Pillow's readers raise what they happen to raise
        return 1  # The pixels were decoded; viewers too show a photo with damaged EXIF data as it lies.
    return found if isinstance(found, int) else 1


def has_damaged_exif(image: Image.Image) -> bool:
    """Whether the EXIF data that came with a picture are cut off, or point to places behind their end.

    Args:
        image: an image as it was opened. One without such data has none that are damaged.
    """
    data = image.info.get("exif")
    return isinstance(data, bytes) and len(data) > 0 and not _is_whole(data.removeprefix(_MARK))


def _is_whole(data: bytes) -> bool:
    order = _ORDERS.get(data[:2])
    if order is None or len(data) < 8:
        return False
    at = struct.unpack_from(f"{order}L", data, 4)[0]
    if at + 2 > len(data):
        return False
    count = struct.unpack_from(f"{order}H", data, at)[0]
    if at + 2 + 12 * count > len(data):
        return False
    for place in range(at + 2, at + 2 + 12 * count, 12):
        _, kind, number, value = struct.unpack_from(f"{order}HHLL", data, place)
        n_bytes = _SIZES.get(kind, 0) * number
        if n_bytes > 4 and value + n_bytes > len(data):  # up to 4 bytes stand in the entry itself
            return False
    return True
