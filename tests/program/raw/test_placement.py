from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gatera.program.raw.placement import (
    Placement,
    combined,
    cover,
    fit_inside,
    middle,
    shorter_side,
    squish,
    whole,
)
from gatera.program.raw.resize import (
    METHODS,
    PAD_MODES,
    center_crop,
    resize_photo,
    resize_shorter,
    resize_steps,
)

SIZES = [
    ((40, 64), (16, 16)),
    ((64, 40), (20, 32)),
    ((9, 7), (24, 31)),
    ((16, 16), (16, 16)),
    ((3, 8), (4, 4)),
]


def slope(size: tuple[int, int]) -> Image.Image:
    """Red is the pixel's x, green its y."""
    y, x = np.mgrid[: size[0], : size[1]]
    return Image.fromarray(np.stack([x, y, 0 * x], -1).astype(np.uint8))


def agrees(photo: Image.Image, placement: Placement) -> None:
    """Whether pixels away from the edges came from where the placement says, to half a pixel of the photo."""
    found = np.asarray(photo)[..., :2].astype(float)
    y, x = np.mgrid[: placement.size[0], : placement.size[1]]
    expected = placement.to_photo(np.stack([x, y], -1) + 0.5) - 0.5
    inside = ((expected >= 0) & (expected <= np.array(placement.photo[::-1]) - 1)).all(-1)
    assert inside.any()
    assert np.abs(found - expected)[inside].max() <= 0.51 + max(placement.scale) / 2


@pytest.mark.parametrize(("size", "to"), SIZES)
@pytest.mark.parametrize("method", METHODS)
def test_a_resized_photo_lies_where_its_placement_says(size, to, method):
    placement = combined(size, resize_steps(size, to, method, "zeros"))
    assert (placement.photo, placement.size) == (size, to)
    agrees(resize_photo(slope(size), to, method, "zeros"), placement)


@pytest.mark.parametrize(("size", "to"), SIZES)
def test_other_resizings_lie_where_their_placements_say(size, to):
    agrees(center_crop(slope(size), to), middle(size, to))
    agrees(resize_shorter(slope(size), to[0]), shorter_side(size, to[0]))


@pytest.mark.parametrize("pad_mode", PAD_MODES)
@pytest.mark.parametrize(("size", "to"), [((12, 20), (10, 10)), ((10, 6), (10, 16)), ((3, 4), (16, 8))])
def test_nearest_does_what_pillow_does_with_nearest(size, to, pad_mode):
    values = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    expected = np.asarray(resize_photo(Image.fromarray(values), to, "pad", pad_mode, "nearest"))
    for step in resize_steps(size, to, "pad", pad_mode):
        values = step.nearest(values)
    assert values.dtype == np.uint8
    assert (
        values == expected
    ).mean() > 0.9  # Pillow computes in float32: a place between two pixels may go either way


def test_beyond_the_photo_are_zeros_its_edge_or_its_mirror_image():
    row = np.array([[1, 2, 3]])
    found = {mode: middle((1, 3), (1, 9), mode).nearest(row, zero=7)[0].tolist() for mode in PAD_MODES}
    assert found == {
        "zeros": [7, 7, 7, 1, 2, 3, 7, 7, 7],
        "border": [1, 1, 1, 1, 2, 3, 3, 3, 3],
        "reflection": [2, 3, 2, 1, 2, 3, 2, 1, 2],
    }


def test_a_mirrored_photo_is_a_negative_scale():
    mirror = Placement((2, 3), (2, 3), (-1.0, 1.0), (3.0, 0.0))
    assert mirror.nearest(np.array([[1, 2, 3], [4, 5, 6]])).tolist() == [[3, 2, 1], [6, 5, 4]]
    assert mirror.from_photo(np.array([0.5, 1.5])).tolist() == [2.5, 1.5]


def test_places_go_there_and_back_through_several_steps():
    placement = combined(
        (40, 64), [fit_inside((40, 64), (30, 30)), middle((19, 30), (24, 20)), squish((24, 20), (48, 50))]
    )
    places = np.random.default_rng(0).uniform(-10, 80, (50, 2))
    assert np.allclose(placement.to_photo(placement.from_photo(places)), places)
    step_by_step = places
    for step in (fit_inside((40, 64), (30, 30)), middle((19, 30), (24, 20)), squish((24, 20), (48, 50))):
        step_by_step = step.from_photo(step_by_step)
    assert np.allclose(placement.from_photo(places), step_by_step)


def test_nothing_to_do_changes_nothing():
    assert combined((3, 4), []) == whole((3, 4))
    assert whole((3, 4)).nearest(np.arange(12).reshape(3, 4)).tolist() == np.arange(12).reshape(3, 4).tolist()
    assert cover((30, 40), (30, 40)) == whole((30, 40))
