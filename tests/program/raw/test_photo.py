from __future__ import annotations

import errno
import io
import os
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, PhotoError
from gatera.program.raw import photo
from gatera.program.raw.formats import frames
from gatera.program.raw.formats.heic import HEIC_SUFFIXES
from gatera.program.raw.photo import photo_array, photo_size, read_photo, read_sized

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture
def two_halves() -> Image.Image:
    """Left half red, right half blue; 40 wide, 20 high."""
    image = Image.new("RGB", (40, 20), RED)
    image.paste(BLUE, (20, 0, 40, 20))
    return image


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def near(colour: tuple[int, ...], wanted: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(colour, wanted, strict=True))


@pytest.mark.parametrize(
    "how", ["str", "path", "bytes", "bytearray", "memoryview", "file", "image", "array", "floats"]
)
def test_a_photo_may_come_in_any_form(how, two_halves, tmp_path):
    path = tmp_path / "a.png"
    two_halves.save(path)
    pixels = np.asarray(two_halves)
    source = {
        "str": str(path), "path": path, "bytes": path.read_bytes(), "bytearray": bytearray(path.read_bytes()),
        "memoryview": memoryview(path.read_bytes()), "file": io.BytesIO(path.read_bytes()), "image": two_halves,
        "array": pixels, "floats": pixels / 255,
    }[how]  # fmt: skip
    image = read_photo(source)
    assert image.mode == "RGB"
    assert np.array_equal(np.asarray(image), pixels)


def test_an_open_file_stays_open(two_halves):
    file = io.BytesIO(encoded(two_halves, "PNG"))
    read_photo(file)
    assert not file.closed


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(orientation, format, two_halves):
    stored = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = two_halves if stored is None else two_halves.transpose(stored)
    image = read_photo(encoded(lying, format, exif=exif))
    assert image.size == (40, 20)
    assert near(image.getpixel((5, 10)), RED) and near(image.getpixel((35, 10)), BLUE)
    again = read_photo(image)
    assert again.size == (40, 20)


def test_a_photo_that_was_turned_upright_is_not_turned_again_after_saving(two_halves):
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = read_photo(encoded(two_halves.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif))
    assert read_photo(encoded(upright, "JPEG", exif=upright.getexif())).size == (40, 20)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_data_leaves_a_photo_as_it_lies(two_halves):
    data = encoded(two_halves, "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff rubbish")
    with pytest.warns(UserWarning, match="has damaged EXIF data"):
        assert read_photo(data).size == (40, 20)


@pytest.mark.parametrize(("kind", "what"), [("GIF", "frames"), ("TIFF", "pages")])
def test_that_only_the_first_frame_counts_is_said_once(monkeypatch, kind, what):
    monkeypatch.setattr(frames, "_said", set())
    several = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    film = encoded(several[0], kind, save_all=True, append_images=several[1:])
    with pytest.warns(UserWarning, match=rf"has several {what}: the first counts, as in every {kind} file"):
        assert read_photo(film).getpixel((0, 0))[0] > 200
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_photo(film)
        read_photo(encoded(several[0], kind))


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr", "HSV", "F"])
def test_any_mode_becomes_rgb(mode):
    image = read_photo(Image.new("RGB", (4, 4), WHITE).convert(mode))
    assert image.mode == "RGB"
    assert near(image.getpixel((1, 1)), WHITE)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "RGBa"])
def test_transparent_parts_are_white(mode):
    clear = Image.new(mode, (4, 4), 0)
    assert read_photo(clear).getpixel((1, 1)) == WHITE
    assert read_photo(clear, mode="L").getpixel((1, 1)) == 255


def test_a_half_transparent_colour_is_mixed_with_white():
    assert near(
        read_photo(Image.new("RGBA", (4, 4), (255, 0, 0, 128))).getpixel((1, 1)), (255, 127, 127), by=1
    )


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_transparent_colour_of_a_png_is_white(mode):
    black = Image.new(mode, (4, 4), 0)
    data = encoded(black, "PNG", transparency=(0, 0, 0) if mode == "RGB" else 0)
    assert read_photo(data).getpixel((1, 1)) == WHITE


@pytest.mark.parametrize("dtype", [np.uint16, np.int32])
def test_sixteen_bits_keep_their_upper_eight(dtype):
    image = Image.fromarray(np.array([[0, 255, 256, 65535]], dtype))
    assert np.asarray(read_photo(image, mode="L")).tolist() == [[0, 0, 1, 255]]
    assert read_photo(image).getpixel((3, 0)) == WHITE


def test_a_sixteen_bit_png_is_read():
    data = encoded(Image.fromarray(np.full((4, 4), 0x80FF, np.uint16)), "PNG")
    assert read_photo(data).getpixel((0, 0)) == (128, 128, 128)


def test_a_cmyk_jpeg_keeps_its_colours(two_halves):
    image = read_photo(encoded(two_halves.convert("CMYK"), "JPEG"))
    assert near(image.getpixel((5, 10)), RED) and near(image.getpixel((35, 10)), BLUE)


def test_grey_is_the_same_with_and_without_reduced_decoding():
    colours = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(colours).resize((256, 256)), "JPEG", quality=95)
    whole, asked = read_photo(data, "L"), read_photo(data, "L", at_least=(256, 256))
    assert np.array_equal(np.asarray(whole), np.asarray(asked))


@pytest.mark.parametrize(
    ("at_least", "size"),
    [
        (None, (800, 600)),
        ((224, 224), (400, 300)),
        ((100, 60), (200, 150)),
        ((10, 10), (100, 75)),
        ((601, 1), (800, 600)),
    ],
)
def test_a_jpeg_is_decoded_no_smaller_than_asked(at_least, size):
    data = encoded(Image.new("RGB", (800, 600)), "JPEG")
    assert read_photo(data, at_least=at_least).size == size


def test_the_users_own_image_is_not_shrunk():
    image = Image.open(io.BytesIO(encoded(Image.new("RGB", (800, 600)), "JPEG")))
    assert read_photo(image, at_least=(10, 10)).size == (800, 600)


@pytest.mark.parametrize(
    ("array", "mode", "first"),
    [
        (np.full((2, 3), 7, np.uint8), "RGB", (7, 7, 7)),
        (np.full((2, 3, 1), 7, np.uint8), "L", 7),
        (np.full((2, 3, 4), 255, np.uint8), "RGB", WHITE),
        (np.full((2, 3, 3), 0.5, np.float32), "RGB", (128, 128, 128)),
        (np.full((2, 3), 1, np.float64), "RGB", WHITE),
        (np.full((6, 3), 9, np.uint8)[::2], "L", 9),
    ],
)
def test_arrays_of_every_allowed_shape(array, mode, first):
    image = read_photo(array, mode)
    assert image.mode == mode and image.size == (3, array.shape[0])
    assert image.getpixel((0, 0)) == first


# ---- what cannot be read: the whole message each time


def message(source: object, **options: object) -> str:
    with pytest.raises(PhotoError) as err:
        read_photo(source, **options)
    return str(err.value)


def test_a_missing_file(tmp_path):
    assert message(tmp_path / "a.jpg") == f"{tmp_path / 'a.jpg'} does not exist. Check its path."


def test_a_folder(tmp_path):
    assert message(str(tmp_path)) == f"{tmp_path} is a folder, not a photo. Pass the photos in it."


def test_an_empty_file(tmp_path):
    path = tmp_path / "a.jpg"
    path.touch()
    assert message(path) == f"{path} is empty (0 bytes). Download it again, or remove it."


@pytest.mark.parametrize("nothing", [b"", bytearray(), memoryview(b"")])
def test_no_bytes(nothing):
    assert message(nothing) == "a photo of 0 bytes is empty (0 bytes). Download it again, or remove it."


def test_a_web_page_named_jpg(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_text("<!DOCTYPE html><html>404</html>")
    assert message(path) == (f"{path} is not an image in a known format; it begins with b'<!DOCTYPE html><'.")


def test_bytes_that_are_no_image():
    assert message(b"cat") == "a photo of 3 bytes is not an image in a known format; it begins with b'cat'."


def test_a_file_object_that_is_no_image(tmp_path):
    path = tmp_path / "notes"
    path.write_text("cat")
    with path.open("rb") as file:
        assert message(file) == f"{path} is not an image in a known format; it begins with b'cat'."


def test_a_truncated_jpeg(tmp_path, two_halves):
    path = tmp_path / "a.jpg"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), "JPEG")
    path.write_bytes(data[: len(data) // 2])
    text = message(path)
    start = f"{path} is truncated or damaged (image file is truncated ("
    assert text.startswith(start) and text.endswith(
        " bytes not processed)). Download it again, or remove it."
    )


def test_a_truncated_png():
    data = encoded(Image.linear_gradient("L"), "PNG")
    assert message(data[: len(data) // 2]) == (
        f"a photo of {len(data) // 2:,} bytes is truncated or damaged (image file is truncated). "
        "Download it again, or remove it."
    )


@pytest.mark.parametrize(
    ("limit", "most"), [(89_478_485, "178,956,970"), (None, "178,956,970"), (5_000_000, "10,000,000")]
)
def test_a_decompression_bomb(limit, most, monkeypatch, tmp_path):
    path = tmp_path / "bomb.png"
    data = encoded(Image.new("1", (8, 8)), "PNG")
    header = data.index(b"IHDR")
    chunk = b"IHDR" + (20_000).to_bytes(4, "big") * 2 + data[header + 12 : header + 17]
    path.write_bytes(data[:header] + chunk + zlib.crc32(chunk).to_bytes(4, "big") + data[header + 21 :])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)  # Pillow's own; None turns it off
    assert message(path) == (
        f"{path} is too large to be a photo. Expected: at most {most} pixels. Shrink it first, or remove it."
    )


def test_a_file_the_system_does_not_give():
    name = "x" * 300 + ".jpg"
    assert (
        message(name)
        == f"{name} cannot be read ({os.strerror(errno.ENAMETOOLONG)}). Check its permissions and its disk."
    )


def test_a_name_that_no_file_can_have():
    assert message("a\0.jpg") == (
        "a\\x00.jpg is truncated or damaged (embedded null byte). Download it again, or remove it."
    )


def test_an_array_with_channels_first():
    assert message(np.zeros((3, 8, 8), np.uint8)) == (
        "an array of shape [3, 8, 8] and type uint8 is not a photo. Expected: [H,W], [H,W,1], [H,W,3] or [H,W,4]. "
        "Move the channels last: array.transpose(1, 2, 0)."
    )


@pytest.mark.parametrize("shape", [(8,), (2, 8, 8, 3), (8, 8, 2), (0, 8, 3)])
def test_an_array_of_another_shape(shape):
    assert message(np.zeros(shape, np.uint8)) == (
        f"an array of shape {list(shape)} and type uint8 is not a photo. "
        "Expected: [H,W], [H,W,1], [H,W,3] or [H,W,4]."
    )


def test_an_array_of_another_type():
    assert message(np.zeros((8, 8), np.int64)) == (
        "an array of shape [8, 8] and type int64 is not a photo. Expected: uint8, or float in 0..1."
    )


@pytest.mark.parametrize(("value", "shown"), [(200.0, "200"), (-1.0, "-1"), (np.nan, "nan")])
def test_floats_beyond_one(value, shown):
    assert message(np.full((8, 8), value, np.float32)) == (
        f"an array of shape [8, 8] and type float32 holds values from {shown} to {shown}. "
        "Expected: uint8, or float in 0..1. Divide by 255, or pass array.astype(numpy.uint8)."
    )


def test_something_else_altogether():
    with pytest.raises(ArgumentError) as err:
        read_photo(7)
    assert str(err.value) == (
        "a photo cannot be given as int. Got: 7. "
        "Expected: a path, bytes, an open binary file, a Pillow image, or a numpy array."
    )


def test_an_unknown_mode():
    with pytest.raises(ArgumentError) as err:
        read_photo(b"", mode="RGBA")
    assert str(err.value) == ("mode must be one of RGB, L. Got: 'RGBA'. Did you mean 'RGB'?")


def test_every_suffix_is_one_that_pillow_reads():
    assert set(Image.registered_extensions()) >= photo.PHOTO_SUFFIXES - HEIC_SUFFIXES


def test_a_real_files_name_is_told_for_an_image_that_cannot_be_loaded(tmp_path, two_halves):
    path = Path(tmp_path, "a.jpg")
    two_halves.save(path)
    image = Image.open(path)
    image.close()
    assert message(image) == (
        f"{path} is truncated or damaged (Operation on closed image). Download it again, or remove it."
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_of_a_photo_is_that_of_it_standing_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (1200, 800)).save(path, exif=exif)
    upright = (1200, 800) if orientation >= 5 else (800, 1200)
    photo, size = read_sized(path, at_least=(100, 100))
    assert photo_size(path) == photo_size(path.read_bytes()) == size == upright
    assert max(photo.size) < 1200  # decoded at a part of its size
    with Image.open(path) as image:
        assert photo_size(image) == read_sized(image)[1] == upright


def test_the_size_of_what_is_no_photo_is_an_error(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"hello")
    for path, text in (
        ("a.jpg", "is not an image in a known format"),
        ("b.jpg", "does not exist"),
    ):
        with pytest.raises(PhotoError) as err:
            photo_size(tmp_path / path)
        assert str(err.value).startswith(f"{tmp_path / path} {text}")


def test_the_size_of_an_array_is_its_first_two_axes():
    assert photo_size(np.zeros((4, 6, 3), np.uint8)) == read_sized(np.zeros((4, 6, 3), np.uint8))[1] == (4, 6)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("given", ["RGBA", "LA", "P", "RGB", "PA"])
def test_a_large_transparent_photo_is_put_on_white_strip_by_strip(given, mode, monkeypatch):
    chance = np.random.default_rng(0)
    photo = Image.fromarray(chance.integers(0, 256, (23, 17, 4), np.uint8))
    if given == "RGB":
        photo = photo.convert("RGB")
        photo.info["transparency"] = photo.getpixel((3, 4))
    elif given == "P":
        photo = photo.convert("RGB").quantize(16)
        photo.info["transparency"] = bytes(range(0, 256, 16))
    elif given != "RGBA":
        photo = photo.convert("LA").convert(given)
    whole = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo.convert("RGBA")).convert(mode)
    monkeypatch.setattr("gatera.program.raw.photo.STRIP", 40)
    assert np.array_equal(photo_array(read_photo(photo, mode)), photo_array(whole))
