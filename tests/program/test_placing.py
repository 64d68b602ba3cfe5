from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ProgramFileError
from gatera.program.placing import (
    NOT_SEEN,
    PhotoPlacer,
    mask_on_photo,
    pixels_of,
    points_on_photo,
    scaled_to_one,
)
from gatera.program.preprocess import Preprocessing
from gatera.program.raw.placement import Placement, combined, whole
from gatera.program.raw.resize import METHODS, resize_steps

READ = {"op": "read_photo"}
PAIR = {"op": "read_pair", "columns": ["user", "item"], "users": ["a"], "items": ["b"]}


def quarters(height: int, width: int) -> Image.Image:
    """A photo whose four quarters have four grey levels."""
    pixels = np.zeros((height, width), np.uint8)
    (
        pixels[: height // 2, width // 2 :],
        pixels[height // 2 :, : width // 2],
        pixels[height // 2 :, width // 2 :],
    ) = 80, 160, 240
    return Image.fromarray(pixels)


def scores_of(array: np.ndarray) -> np.ndarray:
    """What a perfect model says of such a photo: one class per grey level, float32 [4,h,w]."""
    return -np.abs(array[..., 0].astype(np.float32) - np.array([0, 80, 160, 240], np.float32)[:, None, None])


@pytest.mark.parametrize("size", [(60, 90), (90, 60), (33, 47)])
@pytest.mark.parametrize("method", METHODS)
def test_a_mask_comes_back_in_the_photos_own_pixels(size, method):
    place = PhotoPlacer(Preprocessing([READ, {"op": "resize", "size": [48, 48], "method": method}]))
    array, placement = place(quarters(*size))
    mask = mask_on_photo(scores_of(array), placement)
    truth = np.asarray(quarters(*size)) // 80
    seen = mask != NOT_SEEN
    assert (mask.shape, mask.dtype) == (size, np.uint8)
    assert (mask == truth)[seen].mean() > 0.93  # the lines between the quarters are blurred
    if method == "crop":  # the middle square is seen, the rest is not
        assert seen.sum() == pytest.approx(min(size) ** 2, rel=0.06)
    else:
        assert seen.all()


def test_a_mask_of_the_models_own_size_is_taken_as_it_is():
    scores = np.random.default_rng(0).random((3, 5, 7))
    assert (mask_on_photo(scores, whole((5, 7))) == scores.argmax(0)).all()


def test_a_photo_that_the_model_saw_nothing_of_has_no_mask():
    away = Placement((4, 4), (2, 2), offset=(50.0, 50.0))
    assert (mask_on_photo(np.ones((1, 2, 2)), away) == NOT_SEEN).all()


def test_the_cut_off_border_of_a_center_crop_was_not_seen():
    place = PhotoPlacer(Preprocessing([READ, {"op": "center_crop", "size": [4, 6]}]))
    array, placement = place(np.zeros((8, 8, 3), np.uint8))
    mask = mask_on_photo(np.zeros((2, *array.shape[:2])), placement)
    expected = np.full((8, 8), NOT_SEEN)
    expected[2:6, 1:7] = 0
    assert mask.tolist() == expected.tolist()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(60, 90), (90, 60), (200, 320)])
def test_points_come_back_in_the_photos_own_pixels(size, method):
    points = np.array([[0.0, 0.0], [45.0, 30.0], [12.25, 50.5]])
    placement = combined(size, resize_steps(size, (48, 32), method))
    values = scaled_to_one(placement.from_photo(points), placement.size)
    assert np.allclose(points_on_photo(values.ravel(), placement), points)


def test_places_count_from_edge_to_edge():
    corners = np.array([[-1.0, -1.0], [1.0, 1.0], [0.0, 0.5]])
    assert pixels_of(corners, (4, 8)).tolist() == [[0, 0], [8, 4], [4, 3]]
    assert scaled_to_one(pixels_of(corners, (4, 8)), (4, 8)).tolist() == corners.tolist()


def test_a_jpeg_decoded_at_a_part_of_its_size_is_placed_in_its_own_pixels(tmp_path):
    path = tmp_path / "big.jpg"
    quarters(900, 1300).save(path)
    place = PhotoPlacer(Preprocessing([{**READ, "at_least": [64, 64]}, {"op": "resize", "size": [64, 64]}]))
    array, placement = place(path)
    assert (array.shape, placement.photo, placement.size) == ((64, 64, 3), (900, 1300), (64, 64))
    assert np.allclose(placement.to_photo([[0, 0], [64, 64]]), [[200, 0], [1100, 900]], atol=4)


def test_a_photo_is_read_and_resized_as_without_placing():
    run = Preprocessing([READ, {"op": "resize_shorter", "size": 20}, {"op": "center_crop", "size": [24, 24]}])
    photo = np.random.default_rng(0).integers(0, 256, (50, 40, 3)).astype(np.uint8)
    array, placement = PhotoPlacer(run)(photo)
    assert (array == run(photo)).all()
    assert (placement.photo, placement.size) == ((50, 40), (24, 24))


def test_what_is_no_photo_has_no_place():
    with pytest.raises(ProgramFileError) as err:
        PhotoPlacer(Preprocessing([PAIR]))
    assert str(err.value) == (
        "masks and points need preprocessing that begins with read_photo. Got: 'read_pair'."
    )
