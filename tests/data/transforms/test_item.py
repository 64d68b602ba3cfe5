from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, ExportError
from gatera.data.transforms.crops import CropPad, RandomCrop, RandomResizedCrop
from gatera.data.transforms.item import (
    FlipItem,
    FunctionTransform,
    ItemTransform,
    PadMode,
    Resize,
    ResizeMethod,
    ResizeShorter,
    as_size,
)
from gatera.program.preprocess import Preprocessing
from gatera.program.raw.placement import combined

ALL = [
    Resize(20),
    Resize((12, 20), ResizeMethod.Pad, pad_mode=PadMode.Zeros),
    Resize(20, "squish", resample="bicubic"),
    ResizeShorter(20),
    CropPad(20),
    CropPad((60, 20), pad_mode="border"),
    RandomCrop(20),
    RandomResizedCrop(20),
    RandomResizedCrop((12, 20), val_xtra=0.3, resample="nearest"),
    FlipItem(),
]


def photo(width: int = 40, height: int = 30) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("transform", ALL, ids=repr)
def test_what_a_transform_does_at_prediction_is_what_its_config_says(transform):
    image = photo()
    expected = Preprocessing([{"op": "read_photo"}, *transform.config()])(image)
    np.testing.assert_array_equal(np.asarray(transform(image)), expected)


@pytest.mark.parametrize("transform", [tfm for tfm in ALL if tfm.random], ids=repr)
def test_a_random_transform_repeats_itself_only_with_the_same_numbers(transform):
    image = photo()
    first, again = (np.asarray(transform(image, rng(3))) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    views = {transform(image, rng(seed)).tobytes() for seed in range(20)}
    assert len(views) > 1


def test_resize_gives_height_before_width():
    assert Resize((10, 20))(photo()).size == (20, 10)


def test_resize_crops_the_centre_in_training_too():
    image = photo()
    assert Resize(16)(image, rng()).tobytes() == Resize(16)(image).tobytes()


def test_methods_of_resizing_differ():
    views = {Resize(16, method)(photo()).tobytes() for method in ResizeMethod}
    assert len(views) == 3


def test_a_random_crop_is_a_part_of_the_photo():
    image = photo()
    part = np.asarray(RandomCrop(8)(image, rng(1)))
    pixels = np.asarray(image)
    found = [
        (top, left)
        for top in range(23)
        for left in range(33)
        if np.array_equal(pixels[top : top + 8, left : left + 8], part)
    ]
    assert len(found) == 1


def test_a_random_crop_reaches_all_corners():
    image = Image.new("RGB", (3, 3))
    image.putdata([(i, 0, 0) for i in range(9)])
    firsts = {np.asarray(RandomCrop(2)(image, rng(seed)))[0, 0, 0] for seed in range(60)}
    assert firsts == {0, 1, 3, 4}


def test_a_random_crop_larger_than_the_photo_is_filled_up():
    assert RandomCrop(50)(photo(), rng()).size == (50, 50)


def test_random_resized_crop_takes_areas_within_its_range():
    tfm = RandomResizedCrop(20, min_scale=0.3, max_scale=0.5)
    boxes = [tfm._box(400, 300, rng(seed)) for seed in range(200)]
    areas = [width * height / 120_000 for _, _, width, height in boxes]
    assert 0.29 < min(areas) < 0.35
    assert 0.45 < max(areas) < 0.51
    assert all(left >= 0 and top >= 0 and left + w <= 400 and top + h <= 300 for left, top, w, h in boxes)


def test_random_resized_crop_of_a_strip_takes_the_largest_part_that_fits():
    assert RandomResizedCrop(20, min_scale=0.9)._box(1000, 10, rng()) == (493, 0, 13, 10)


def test_at_validation_random_resized_crop_leaves_a_border_out():
    assert RandomResizedCrop((100, 200)).config() == [
        *Resize((114, 228)).config(),
        {"op": "center_crop", "size": [100, 200], "pad_mode": "zeros"},
    ]


def test_flip_item_mirrors_about_half_of_the_photos():
    image = photo()
    mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).tobytes()
    n = sum(FlipItem()(image, rng(seed)).tobytes() == mirrored for seed in range(100))
    assert 35 < n < 65
    assert FlipItem(p=1)(image, rng()).tobytes() == mirrored


def test_grey_photos_stay_grey():
    image = photo().convert("L")
    for transform in ALL:
        assert transform(image, rng()).mode == "L"


@pytest.mark.parametrize("size", [0, -3, 2.5, "224", (224,), (10, 0), True])
def test_a_size_is_one_or_two_positive_whole_numbers(size):
    with pytest.raises(ArgumentError) as err:
        as_size(size)
    assert str(err.value) == (
        f"size is not a size in pixels. Got: {size!r}. Expected: a whole number, or (height, width)."
    )


def test_an_unknown_method_is_refused_and_the_nearest_is_offered():
    with pytest.raises(ArgumentError) as err:
        Resize(10, "sqash")
    assert str(err.value) == ("method must be one of crop, pad, squish. Got: 'sqash'. Did you mean 'squish'?")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Resize(0),
        lambda: Resize(9, pad_mode="mirror"),
        lambda: Resize(9, resample="lanczos"),
        lambda: ResizeShorter(0),
        lambda: ResizeShorter(9, "best"),
        lambda: CropPad(0),
        lambda: CropPad(9, "mirror"),
        lambda: RandomCrop(-1),
        lambda: RandomResizedCrop(0),
        lambda: RandomResizedCrop(9, min_scale=0),
        lambda: RandomResizedCrop(9, max_scale=1.5),
        lambda: RandomResizedCrop(9, min_scale=0.5, max_scale=0.4),
        lambda: RandomResizedCrop(9, val_xtra=-1),
        lambda: RandomResizedCrop(9, resample="best"),
        lambda: FlipItem(2),
    ],
)
def test_values_out_of_range_are_refused_when_a_transform_is_made(make):
    with pytest.raises(ArgumentError):
        make()


def test_proportions_must_be_a_range():
    with pytest.raises(ArgumentError) as err:
        RandomResizedCrop(9, ratio=(2, 1))
    assert str(err.value) == (
        "ratio is not a range. Got: (2, 1). Expected: (low, high) with 0 < low <= high."
    )


def test_a_function_acts_always_and_cannot_be_exported():
    def darken(image):
        return image.point(lambda value: value // 2)

    transform = FunctionTransform(darken)
    assert np.asarray(transform(photo())).max() <= 127
    with pytest.raises(ExportError) as err:
        transform.config()
    assert str(err.value) == (
        "The item transform test_a_function_acts_always_and_cannot_be_exported.<locals>.darken acts at prediction "
        "and is Python code, which cannot be written into a program. Do it once on the files beforehand, or use Resize, "
        "CropPad or another item transform of Gatera."
    )


def slope(width: int, height: int) -> Image.Image:
    """Red is the pixel's x, green its y."""
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([x, y, 0 * x], -1).astype(np.uint8))


@pytest.mark.parametrize(
    "transform",
    [
        Resize(32), Resize((20, 48), "pad", "zeros"), Resize((20, 48), "squish"), ResizeShorter(24), CropPad((70, 30)),
        RandomCrop((40, 60)), RandomCrop(150), RandomResizedCrop((48, 32)), RandomResizedCrop(200, min_scale=0.9),
        FlipItem(),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("size", [(120, 90), (64, 100)])
def test_a_transform_says_where_it_puts_a_photo(transform, size):
    width, height = size
    for seed in (None, *range(8)):
        made = np.asarray(transform(slope(*size), seed if seed is None else rng(seed)))
        steps = transform.steps((height, width), seed if seed is None else rng(seed))
        placement = combined((height, width), steps)
        assert placement.size == made.shape[:2]
        y, x = np.mgrid[: made.shape[0], : made.shape[1]]
        source = placement.to_photo(np.stack([x, y], -1) + 0.5) - 0.5
        inside = ((source >= 0) & (source <= np.array(size) - 1)).all(-1)
        assert np.abs(made[..., :2] - source)[inside].max() <= 0.51 + np.abs(placement.scale).max() / 2


def test_a_transform_that_says_nothing_of_places_is_refused_where_they_matter():
    class Turn(ItemTransform):
        random = True

        def __call__(self, image, rng=None):
            return image

        def config(self):
            return []

    assert Turn().steps((8, 8)) == []
    for transform, name, draws in ((Turn(), "Turn", rng(0)), (FunctionTransform(tilt), "tilt", None)):
        with pytest.raises(ArgumentError) as err:
            transform.steps((8, 8), draws)
        assert str(err.value) == (
            f"Masks and points cannot follow the transform {name}: it does not tell where it moves pixels. Use Resize, "
            "RandomResizedCrop, FlipItem or aug_transforms; or write an ItemTransform with a method `steps`."
        )


def tilt(image: Image.Image) -> Image.Image:
    return image.rotate(5)


@pytest.mark.parametrize("size", [100_000, (8193, 1), (8192, 8192)])
def test_a_size_that_no_program_may_have_is_refused_at_once(size):
    with pytest.raises(ArgumentError, match="size is larger than a program may have"):
        Resize(size)
