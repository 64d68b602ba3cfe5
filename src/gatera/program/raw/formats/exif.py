"""Tell whether a photo's EXIF data, which say how it is turned, are damaged: Pillow's own warnings do not name the file."""

from __future__ import annotations

import struct

from PIL import Image

#: What EXIF data in a JPEG begin with.
_MARK = b"Exif\0\0"
#: The first bytes of a TIFF head -> its byte order for `struct`.
_ORDERS = {b"II": "<", b"MM": ">"}
#: Bytes of a value, by the number of its type. Source: TIFF 6.0, section 2, and EXIF 2.32 for type 129.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}


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
