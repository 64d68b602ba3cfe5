from __future__ import annotations

import io
import sys

import pytest
from PIL import Image

from gatera.core.errors import PhotoError
from gatera.program.raw.photo import photo_size, read_photo

pillow_heif = pytest.importorskip("pillow_heif")


@pytest.fixture
def heic() -> bytes:
    """A photo of 64 x 48 pixels whose left half is red; turned by its EXIF orientation it stands upright in 48 x 64."""
    image = Image.new("RGB", (64, 48), "blue")
    image.paste((255, 0, 0), (0, 0, 32, 48))
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95)
    return buffer.getvalue()


def test_a_photo_of_a_phone_is_read_from_bytes_a_path_and_an_open_file(heic, tmp_path):
    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(heic)
    for source in (heic, path, str(path), io.BytesIO(heic)):
        photo = read_photo(source, at_least=(8, 8))
        assert photo.mode == "RGB" and photo.size == (64, 48)
        assert photo.getpixel((4, 24))[0] > 200 and photo.getpixel((60, 24))[2] > 200
    assert photo_size(path) == (48, 64)


def test_a_damaged_one_is_named(heic, tmp_path):
    path = tmp_path / "a.heic"
    path.write_bytes(heic[: len(heic) // 2])
    with pytest.raises(PhotoError, match=r"a\.heic is truncated or damaged"):
        read_photo(path)


def test_without_pillow_heif_the_extra_is_named(heic, tmp_path, monkeypatch):
    path = tmp_path / "a.heic"
    path.write_bytes(heic)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PhotoError) as err:
        read_photo(path)
    assert str(err.value) == (
        f'{path} is an HEIC photo, which is read by pillow-heif. Install it with: pip install "gatera[heic]"; or convert '
        "the photo to JPEG."
    )


def test_an_orientation_is_applied_once():
    image = Image.new("RGB", (64, 48), "blue")
    image.paste((255, 0, 0), (0, 0, 32, 48))
    exif = Image.Exif()
    exif[0x0112] = 6  # the left side of what is stored is the top of what was seen
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95, exif=exif.tobytes())
    photo = read_photo(buffer.getvalue())
    assert photo.size == (48, 64) and photo_size(buffer.getvalue()) == (64, 48)
    assert photo.getpixel((24, 4))[0] > 200 and photo.getpixel((24, 60))[2] > 200
