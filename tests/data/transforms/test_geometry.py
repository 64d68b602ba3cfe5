from __future__ import annotations

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.data.transforms.geometry import (
    CORNERS,
    Dihedral,
    Flip,
    RandomCropResize,
    Rotate,
    Warp,
    Zoom,
    homographies,
)

SQUARE = (100, 100)
ONE = np.ones((1, 8)) * 0.5


def matrix(transform, in_size=SQUARE, out_size=SQUARE, u=None) -> np.ndarray:
    return transform.matrices(ONE if u is None else u, in_size, out_size)[0]


def move(m: np.ndarray, *point: float) -> list[float]:
    x, y, z = m @ [*point, 1]
    return [round(float(x / z), 6), round(float(y / z), 6)]


def uniforms(n: int) -> np.ndarray:
    return np.random.default_rng(0).random((n, 8))


def test_flip_swaps_left_and_right():
    m = matrix(Flip(p=1.0))
    assert move(m, -1, 0.5) == [1, 0.5]
    assert move(matrix(Flip(p=0.0)), -1, 0.5) == [-1, 0.5]


def test_flip_is_drawn_for_each_item():
    m = Flip().matrices(uniforms(1000), SQUARE, SQUARE)
    assert 450 < (m[:, 0, 0] < 0).sum() < 550


def test_dihedral_knows_the_eight_symmetries():
    images = {tuple(map(tuple, matrix(Dihedral(p=1.0, draw=which)).round(6))) for which in range(8)}
    assert len(images) == 8
    assert np.array_equal(matrix(Dihedral(p=1.0, draw=0)), np.eye(3))
    assert all(abs(np.linalg.det(np.array(m))) == 1 for m in images)


def test_rotation_turns_the_photo_counter_clockwise():
    # What is seen on the right comes from below it: the content has moved up.
    assert move(matrix(Rotate(draw=90, p=1.0)), 1, 0) == [0, 1]


def test_rotation_of_an_oblong_photo_keeps_right_angles():
    m = matrix(Rotate(draw=90, p=1.0), in_size=(100, 200))
    # A point at the right edge is 100 pixels from the centre: two heights' worth of the photo away.
    assert move(m, 1, 0) == [0, 2]
    assert move(m, 0, 1) == [-0.5, 0]


def test_rotation_stays_within_its_range():
    m = Rotate(max_deg=10, p=1.0).matrices(uniforms(2000), SQUARE, SQUARE)
    degrees = np.rad2deg(np.arcsin(m[:, 1, 0]))
    assert degrees.min() == pytest.approx(-10, abs=0.1)
    assert degrees.max() == pytest.approx(10, abs=0.1)


def test_zoom_looks_at_a_place():
    m = matrix(Zoom(draw=2.0, p=1.0, draw_x=0.0, draw_y=1.0))
    assert move(m, -1, -1) == [-1, 0]
    assert move(m, 1, 1) == [0, 1]


def test_zoom_stays_within_its_range():
    m = Zoom(1.0, 1.5, p=1.0).matrices(uniforms(2000), SQUARE, SQUARE)
    assert 1 / m[:, 0, 0].max() == pytest.approx(1.0, abs=0.01)
    assert 1 / m[:, 0, 0].min() == pytest.approx(1.5, abs=0.01)
    assert (np.abs(m[:, :2, 2]) <= 1 - m[:, [0], 0] + 1e-9).all()  # never beyond the edge


def test_warp_moves_opposite_corners_alike():
    m = matrix(Warp(p=1.0, draw_x=0.2, draw_y=-0.1))
    assert [move(m, *corner) for corner in CORNERS] == [[-0.9, -1.2], [-1.1, 1.2], [0.9, -0.8], [1.1, 0.8]]


def test_homographies_take_corners_where_they_are_told():
    moved = CORNERS[None] + np.random.default_rng(1).normal(0, 0.1, (5, 4, 2))
    for m, target in zip(homographies(CORNERS, moved), moved, strict=True):
        np.testing.assert_allclose([move(m, *corner) for corner in CORNERS], target, atol=1e-5)


def test_a_crop_has_the_proportions_of_the_output():
    m = matrix(RandomCropResize(min_scale=1.0, size=(100, 100)), in_size=(100, 200))
    assert (m[0, 0], m[1, 1]) == (0.5, 1.0)
    m = matrix(RandomCropResize(min_scale=1.0, size=(50, 100)), in_size=(100, 100), out_size=(50, 100))
    assert (m[0, 0], m[1, 1]) == (1.0, 0.5)


def test_a_crop_takes_at_least_its_share_of_the_area():
    m = RandomCropResize(min_scale=0.25, size=50).matrices(uniforms(2000), SQUARE, (50, 50))
    assert m[:, 0, 0].min() == pytest.approx(0.5, abs=0.01)
    assert m[:, 0, 0].max() == pytest.approx(1.0, abs=0.01)
    assert (np.abs(m[:, :2, 2]) <= 1 - m[:, [0], 0] + 1e-9).all()


def test_what_is_not_drawn_is_left_alone():
    for transform in (Flip(p=0), Dihedral(p=0), Rotate(p=0), Zoom(p=0), Warp(p=0)):
        np.testing.assert_array_equal(transform.matrices(uniforms(3), SQUARE, SQUARE), [np.eye(3)] * 3)


def test_a_size_becomes_a_resize_at_prediction():
    assert Flip().config() == []
    assert Flip(size=(20, 30)).config() == [{"op": "resize", "size": [20, 30], "method": "squish"}]
    assert RandomCropResize(size=20).config() == [{"op": "resize", "size": [20, 20], "method": "crop"}]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Flip(p=2),
        lambda: Flip(mode="best"),
        lambda: Flip(pad_mode="mirror"),
        lambda: Flip(size=0),
        lambda: Dihedral(p=-1),
        lambda: Rotate(p=1.1),
        lambda: Zoom(p=3),
        lambda: Warp(p=3),
        lambda: Warp(magnitude=1.0),
        lambda: RandomCropResize(min_scale=0),
        lambda: RandomCropResize(max_scale=2),
        lambda: RandomCropResize(min_scale=0.8, max_scale=0.5),
    ],
)
def test_values_out_of_range_are_refused(make):
    with pytest.raises(ArgumentError):
        make()


def test_zooms_must_be_a_range():
    with pytest.raises(ArgumentError) as err:
        Zoom(1.2, 1.1)
    assert str(err.value) == (
        "min_zoom and max_zoom are not a range. Got: (1.2, 1.1). Expected: 0 < min_zoom <= max_zoom."
    )
