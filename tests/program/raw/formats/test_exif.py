from __future__ import annotations

import struct
import warnings

import numpy as np
import pytest
from PIL import Image

from gatera.program.raw.formats.exif import has_damaged_exif, upright
from gatera.program.raw.photo import read_photo


@pytest.fixture
def write(tmp_path):
    def made(place: int, number: int):
        """Write a photo whose EXIF data have another number at a place: 4 is where entries begin, 14 the length of the first."""
        path = tmp_path / "cat.jpg"
        photo = Image.new("RGB", (6, 4))
        exif = photo.getexif()
        exif[0x010E], exif[0x0112] = "a description", 6
        photo.save(path, exif=exif)
        data = bytearray(path.read_bytes())
        head = data.index(b"Exif\0\0") + 6
        order = "<" if data[head : head + 2] == b"II" else ">"
        struct.pack_into(f"{order}L", data, head + place, number)
        path.write_bytes(data)
        return path

    return made


@pytest.mark.parametrize(("place", "number"), [(14, 395_876), (4, 5_000)])
def test_damaged_exif_data_are_told_with_the_photos_name(write, place, number):
    path = write(place, number)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        read_photo(path)
    said = f"{path} has damaged EXIF data: if they said how it is turned, that may be lost"
    assert [str(each.message) for each in seen if "PIL" not in each.filename] == [said]


def test_sound_exif_data_are_not_remarked_on(write):
    path = write(14, 14)  # as it was: 13 letters and a zero
    assert read_photo(path).size == (4, 6)


@pytest.mark.parametrize(
    ("data", "damaged"), [(b"", False), (b"Exif\0\0", True), (b"II*\0\x08\0\0\0\0\0", False)]
)
def test_data_without_entries(data, damaged):
    image = Image.new("L", (1, 1))
    image.info["exif"] = data
    assert has_damaged_exif(image) is damaged


@pytest.mark.parametrize(("kind", "turned"), [(3, True), (2, False)])
def test_an_orientation_turns_a_photo_only_where_it_is_a_whole_number(tmp_path, kind, turned):
    entry = struct.pack("<HHL", 0x0112, kind, 1) + (struct.pack("<HH", 6, 0) if kind == 3 else b"6\0\0\0")
    path = tmp_path / "cat.jpg"
    exif = b"Exif\0\0II*\0" + struct.pack("<LH", 8, 1) + entry + bytes(4)
    Image.linear_gradient("L").resize((6, 4)).save(path, exif=exif)
    opened = Image.open(path)
    assert isinstance(opened.getexif().get(0x0112), int if turned else str)
    pixels = np.asarray(upright(opened.copy(), opened))
    assert pixels.shape == ((6, 4) if turned else (4, 6))
    assert turned or (pixels == np.asarray(opened)).all()
