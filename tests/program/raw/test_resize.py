from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ArgumentError
from gatera.program.raw.photo import photo_array
from gatera.program.raw.resize import RESAMPLES, center_crop, resize_photo, resize_shorter, scaled

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def two_halves() -> Image.Image:
    """Left half red, right half blue; 40 wide, 20 high."""
    image = Image.new("RGB", (40, 20), RED)
    image.paste(BLUE, (20, 0, 40, 20))
    return image


def near(colour: tuple[int, ...], wanted: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(colour, wanted, strict=True))


def test_crop_equals_scaling_and_then_cutting_the_middle():
    noise = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    scaled = image.resize((48, 32), Image.Resampling.BILINEAR).crop((8, 0, 40, 32))
    ours = resize_photo(image, (32, 32), "crop")
    assert ours.size == (32, 32)
    assert np.abs(np.asarray(ours, np.int16) - np.asarray(scaled, np.int16)).max() <= 1


@pytest.mark.parametrize("size", [(7, 13), (224, 224), (1, 1), (300, 10)])
@pytest.mark.parametrize("method", ["crop", "pad", "squish"])
@pytest.mark.parametrize("source", [(40, 20), (21, 500), (1, 1), (333, 250)])
def test_the_size_is_exact(source, method, size):
    assert resize_photo(Image.new("RGB", source), size, method).size == (size[1], size[0])


def test_squish_keeps_everything(two_halves):
    image = resize_photo(two_halves, (20, 20), "squish")
    assert near(image.getpixel((2, 10)), RED) and near(image.getpixel((17, 10)), BLUE)


@pytest.mark.parametrize(("pad_mode", "top"), [("zeros", (0, 0, 0)), ("border", RED), ("reflection", RED)])
def test_pad_centres_the_photo_and_fills_the_rest(pad_mode, top, two_halves):
    image = resize_photo(two_halves, (40, 40), "pad", pad_mode)
    assert (
        image.getpixel((2, 2)) == top and image.getpixel((2, 20)) == RED and image.getpixel((37, 20)) == BLUE
    )


def test_reflection_mirrors_without_repeating_the_edge():
    row = Image.fromarray(np.array([[10, 20, 30]], np.uint8))
    assert np.asarray(center_crop(row, (1, 7), "reflection")).tolist() == [[30, 20, 10, 20, 30, 20, 10]]


def test_a_grey_photo_is_padded_too():
    assert photo_array(resize_photo(Image.new("L", (10, 20), 9), (20, 20), "pad")).shape == (20, 20, 1)


def test_the_shorter_side_is_resized():
    assert resize_shorter(Image.new("RGB", (30, 60)), 10).size == (10, 20)
    assert resize_shorter(Image.new("RGB", (3, 3000)), 1).size == (1, 1000)


def test_center_crop_takes_the_middle(two_halves):
    image = center_crop(two_halves, (10, 2))
    assert image.size == (2, 10)
    assert image.getpixel((0, 0)) == RED and image.getpixel((1, 0)) == BLUE


def test_center_crop_pads_what_is_missing(two_halves):
    image = center_crop(two_halves, (30, 10))
    assert image.size == (10, 30)
    assert image.getpixel((0, 0)) == (0, 0, 0) and image.getpixel((0, 15)) == RED


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"method": "croop"}, "method must be one of crop, pad, squish. Got: 'croop'. Did you mean 'crop'?"),
        ({"method": "pad", "pad_mode": "zero"}, "pad_mode must be one of reflection, zeros, border. Got: 'zero'. Did you mean 'zeros'?"),
        ({"resample": "cubic"}, "resample must be one of bilinear, bicubic, nearest. Got: 'cubic'. Did you mean 'bicubic'?"),
    ],
)  # fmt: skip
def test_unknown_choices(options, text):
    with pytest.raises(ArgumentError) as err:
        resize_photo(Image.new("RGB", (10, 20)), (20, 20), **options)
    assert str(err.value) == text


def test_an_unknown_resample_of_the_shorter_side():
    with pytest.raises(ArgumentError) as err:
        resize_shorter(Image.new("RGB", (10, 20)), 5, resample="best")
    assert str(err.value) == "resample must be one of bilinear, bicubic, nearest. Got: 'best'."


@pytest.mark.parametrize("resample", ["bilinear", "bicubic"])
@pytest.mark.parametrize(
    ("source", "size", "box"),
    [
        ((97, 40), (8, 8), None),
        ((97, 40), (8, 8), (0, 28.5, 40, 68.5)),
        ((640, 64), (450, 8), None),
        ((640, 64), (30, 20), (3.3, 500.7, 63.1, 640)),
        ((90, 10), (180, 30), (1.25, 10.1, 9, 71.9)),
        ((20, 300), (9, 9), (120.4, 0.3, 139.7, 19.2)),
    ],
)
def test_the_width_is_scaled_before_the_height_in_every_pillow(resample, source, size, box):
    """Pillow 13 scales tall photos down first, and rounds in between: a program would answer otherwise than before."""
    image = Image.fromarray(np.random.default_rng(3).integers(0, 256, (*source, 3), dtype=np.uint8))
    left, top, right, bottom = box or (0, 0, image.width, image.height)
    method, (height, width) = RESAMPLES[resample], size
    across = image.resize((width, image.height), method, box=(left, 0, right, image.height))
    expected = across.resize((width, height), method, box=(0, top, width, bottom))
    assert np.array_equal(scaled(image, size, resample, box), expected)
