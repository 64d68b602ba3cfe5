from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import PhotoError
from gatera.program.raw.photo import read_photo

#: A photo of 8 bits that uses all of its range.
TWIN = np.arange(256, dtype=np.uint8).reshape(16, 16)


def stored(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("format", ["TIFF", "PNG", "a Pillow image"])
@pytest.mark.parametrize(
    ("dtype", "factor"),
    [(np.float32, 1 / 255), (np.float32, 1), (np.float32, 257), (np.int32, 1), (np.int32, 257), (np.uint16, 1), (np.uint16, 257)],
)  # fmt: skip
def test_a_photo_of_any_depth_is_its_twin_in_eight_bits(dtype, factor, format):
    image = Image.fromarray((TWIN.astype(np.float64) * factor).astype(dtype))
    if format == "PNG" and dtype is not np.uint16:
        pytest.skip("PNG has no floats and no 32 bits")
    source = image if format == "a Pillow image" else stored(image, format)
    assert np.array_equal(np.asarray(read_photo(source, "L")), TWIN)
    assert np.array_equal(np.asarray(read_photo(source))[..., 1], TWIN)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (np.array([[0.0, 1.5]], np.float32), "float32 values from 0 to 1.5"),
        (np.array([[-1.0, 0.5]], np.float32), "float32 values from -1 to 0.5"),
        (np.array([[0.0, np.nan]], np.float32), "float32 values from nan to nan"),
        (np.array([[0.0, 1e9]], np.float32), "float32 values from 0 to 1e+09"),
        (np.array([[0, 3000]], np.uint16), "uint16 values from 0 to 3000"),
        (np.array([[-5, 200]], np.int32), "int32 values from -5 to 200"),
        (np.array([[0, 2**31 - 1]], np.int32), "int32 values from 0 to 2.14748e+09"),
    ],
)
def test_values_on_no_known_scale_are_refused(values, shown):
    with pytest.raises(PhotoError) as err:
        read_photo(stored(Image.fromarray(values), "TIFF"))
    text = str(err.value)
    assert f"holds {shown}, and which of them is white is not clear" in text
    assert text.endswith(
        "Expected: floats 0..1, or values up to 255 or up to 65,535. Save it with 8 bits per channel."
    )


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F", "I;16"]
)
def test_the_same_picture_in_every_mode_is_the_same_photo(mode):
    grey = np.where(np.arange(64).reshape(8, 8) % 3 == 0, 255, 0).astype(np.uint8)
    twin = Image.fromarray(grey)
    if mode == "I;16":
        other = Image.fromarray(grey.astype(np.uint16) * 257)
    else:
        other = twin.convert("RGB").convert(mode) if mode in ("CMYK", "YCbCr") else twin.convert(mode)
    found = np.asarray(read_photo(other, "RGB")).astype(int)
    assert np.abs(found - grey[..., None]).max() <= 1


def test_colours_in_lab_are_refused():
    with pytest.raises(PhotoError) as err:
        read_photo(stored(Image.new("LAB", (4, 4)), "TIFF"))
    assert str(err.value).endswith("is in the LAB colour space, which is not supported. Save it in RGB.")


def colours_of_16_bits(values: np.ndarray) -> bytes:
    """A PNG of 16 bits per channel, which Pillow reads and cannot write."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_colours_of_16_bits_are_their_twin_or_refused():
    colours = np.repeat(TWIN[..., None], 3, axis=2).astype(np.uint16)
    assert np.array_equal(np.asarray(read_photo(colours_of_16_bits(colours * 257))), colours)
    for factor in (1, 4, 15):  # 8, 10 and nearly 12 bits
        with pytest.raises(
            PhotoError, match="holds colours of 16 bits below 4,096, and which of them is white is not clear"
        ):
            read_photo(colours_of_16_bits(colours * factor))
