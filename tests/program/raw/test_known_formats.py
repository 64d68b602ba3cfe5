"""Only the formats that are named are ever opened, and no file starts another program."""

from __future__ import annotations

import io
import subprocess

import pytest
from PIL import EpsImagePlugin, Image

from gatera.core.errors import PhotoError
from gatera.program.raw.formats.first_bytes import FORMATS, called
from gatera.program.raw.photo import photo_size, read_photo, stored_size

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\nshowpage\n%%EOF\n"


@pytest.fixture(autouse=True)
def no_programs(monkeypatch):
    """Fails the test if anything starts another program."""

    def started(*words: object, **_: object) -> None:
        raise AssertionError(f"started {words}")

    for name in ("run", "Popen", "call", "check_call", "check_output"):
        monkeypatch.setattr(subprocess, name, started)
    monkeypatch.setattr(EpsImagePlugin, "has_ghostscript", lambda: True)
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", "gs")


@pytest.mark.parametrize("name", ["a.eps", "a.ps", "a.jpg", "a.png", "a"])
def test_postscript_is_refused_whatever_its_name(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(POSTSCRIPT)
    for read in (read_photo, photo_size, stored_size):
        with pytest.raises(PhotoError, match=f"{path} is PostScript. Expected: JPEG, PNG"):
            read(path)
    for source in (POSTSCRIPT, io.BytesIO(POSTSCRIPT)):
        with pytest.raises(PhotoError, match="is PostScript"):
            read_photo(source)


def test_postscript_that_the_caller_opened_is_not_drawn():
    with pytest.raises(PhotoError, match="EPS, which another program would have to draw"):
        read_photo(Image.open(io.BytesIO(POSTSCRIPT)))


@pytest.mark.parametrize("format", ["TGA", "PCX", "ICO", "SGI", "DDS", "JPEG2000", "MSP", "PDF", "QOI"])
def test_other_formats_that_pillow_reads_are_refused(format, tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("1" if format == "MSP" else "RGB", (16, 16)).save(path, format)
    with pytest.raises(PhotoError, match=str(path)):
        read_photo(path)


@pytest.mark.parametrize("format", [format.name for format in FORMATS])
def test_a_format_is_told_by_its_first_bytes_whatever_its_name(format, tmp_path):
    for name in ("a.jpg", "a.png", "a.eps", "a"):
        Image.new("RGB", (16, 8)).save(tmp_path / name, format)
        assert read_photo(tmp_path / name).size == (16, 8)


def test_pillow_reads_the_first_bytes_as_we_do(tmp_path):
    for format in FORMATS:
        Image.new("RGB", (16, 8)).save(tmp_path / "a", format.name)
        found = [each.name for each in FORMATS if each.begins.match((tmp_path / "a").read_bytes()[:16])]
        with Image.open(tmp_path / "a") as image:
            assert found == [format.name] == [image.format]


@pytest.mark.parametrize(
    "error", [RuntimeError, SyntaxError, MemoryError, AssertionError, AttributeError, ZeroDivisionError]
)
def test_whatever_a_reader_raises_is_the_photos_error(error, tmp_path, monkeypatch):
    Image.new("RGB", (16, 8)).save(tmp_path / "a.png")

    def fails(*_: object, **__: object) -> None:
        raise error("no")

    monkeypatch.setattr(Image, "open", fails)
    with pytest.raises(PhotoError, match=r"a[.]png"):
        read_photo(tmp_path / "a.png")


def test_other_formats_have_names():
    assert called(b"8BPS\0\1") == "a Photoshop document"
    assert called(b"nothing") is None


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\x1f\x8b\x08", b"Rar!\x1a\x07\x00", b"7z\xbc\xaf\x27\x1c"])
def test_an_archive_is_to_be_unpacked(tmp_path, head):
    (tmp_path / "photos.zip").write_bytes(head + bytes(40))
    with pytest.raises(PhotoError, match=r"photos\.zip is an archive. .*Unpack it, and pass the folder"):
        read_photo(tmp_path / "photos.zip")
