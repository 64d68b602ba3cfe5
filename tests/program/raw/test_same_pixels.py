"""The same pixels give the same photo in every container, however they are turned and passed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gatera.data.blocks.mask_pixels import load_mask
from gatera.program.held import held
from gatera.program.raw.photo import photo_size, read_photo

T = Image.Transpose
#: Orientation -> how pixels are stored that it shows upright.
STORED = {2: T.FLIP_LEFT_RIGHT, 3: T.ROTATE_180, 4: T.FLIP_TOP_BOTTOM, 5: T.TRANSPOSE, 6: T.ROTATE_90, 7: T.TRANSVERSE, 8: T.ROTATE_270}  # fmt: skip
#: What holds pixels exactly: format, options, and modes.
CONTAINERS = [
    ("PNG", {}, ("RGB", "L", "RGBA", "LA", "P", "1", "I;16")),
    ("TIFF", {}, ("RGB", "L", "RGBA", "LA", "P", "1", "I;16", "CMYK")),
    ("TIFF", {"compression": "tiff_lzw"}, ("RGB", "L", "RGBA", "I;16")),
    ("WEBP", {"lossless": True, "exact": True}, ("RGB", "RGBA")),
    ("BMP", {}, ("RGB", "L", "P", "1")),
    ("PPM", {}, ("RGB", "L", "1")),
]


@st.composite
def pictures(draw: st.DrawFn, mode: str) -> Image.Image:
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    if mode == "I;16":
        deep = random.integers(0, 65536, (height, width)).astype(np.uint16)
        deep[0, 0] = 65535  # what fills 12 bits only is refused
        return Image.fromarray(deep)
    whole = Image.fromarray(random.integers(0, 256, (height, width, 4), dtype=np.uint8))
    return whole.convert(mode) if mode in ("RGBA", "LA") else whole.convert("RGB").convert(mode)


@given(st.sampled_from(CONTAINERS), st.integers(1, 8), st.data())
def test_pixels_are_the_same_in_every_container_and_orientation(tmp_path_factory, container, turn, data):
    """A file, its bytes, an open file and an opened image are the picture that was saved, and have its size."""
    kind, options, modes = container
    picture = data.draw(st.sampled_from(modes).flatmap(pictures))
    expected = np.asarray(read_photo(picture))
    turn = turn if kind in ("PNG", "TIFF", "WEBP") else 1
    exif = Image.Exif()
    exif[0x0112] = turn
    path = tmp_path_factory.getbasetemp() / f"picture.{kind.lower()}"
    stored = picture.transpose(STORED[turn]) if turn > 1 else picture
    stored.save(path, kind, **options, **({} if turn == 1 else {"exif": exif}))
    content = path.read_bytes()
    with Image.open(path) as one, Image.open(path) as other:
        for source in (path, content, io.BytesIO(content), one, held(other)):
            assert np.array_equal(np.asarray(read_photo(source)), expected)
    assert photo_size(path) == expected.shape[:2]


@pytest.mark.parametrize("turn", [5, 6, 7, 8])
def test_a_turned_mask_is_not_mixed_up(tmp_path, turn):
    """A grey TIFF without compression keeps its pixels where they are, for masks too."""
    numbers = np.arange(15, dtype=np.uint8).reshape(3, 5)
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(numbers).transpose(STORED[turn]).save(tmp_path / "mask.tif", exif=exif)
    assert np.asarray(load_mask(tmp_path / "mask.tif")[0]).tolist() == numbers.tolist()
