from __future__ import annotations

import numpy as np
import pytest
import torch

from gatera.data.transforms import sampled
from gatera.data.transforms.sampled import SampledAugmentation, Sampling, average, relight, shrink_factors

N = 3


def identity(n: int = N, side: int = 3) -> np.ndarray:
    return np.tile(np.eye(side), (n, 1, 1))


def batch(height: int = 12, width: int = 16, channels: int = 3) -> torch.Tensor:
    values = np.random.default_rng(0).integers(0, 256, (N, height, width, channels), dtype=np.uint8)
    return torch.from_numpy(values).permute(0, 3, 1, 2)


def one_by_one(draw: SampledAugmentation, x: torch.Tensor) -> torch.Tensor:
    """Apply a draw as the threads of a loader do."""
    photos = x.permute(0, 2, 3, 1).contiguous().numpy()
    out = np.empty((len(x), *draw.output_size(*photos.shape[1:3]), photos.shape[3]), np.float32)
    tables = draw.tone_tables(len(x))
    for i, photo in enumerate(photos):
        draw.photo(i, photo, out[i], tables)
    return torch.from_numpy(out).permute(0, 3, 1, 2)


def some_matrices() -> np.ndarray:
    m = identity() + np.random.default_rng(1).normal(0, 0.1, (N, 3, 3)) * [
        [1, 1, 1],
        [1, 1, 1],
        [0.5, 0.5, 0],
    ]
    return m.astype(np.float64)


def some_colors() -> np.ndarray:
    m = identity(side=4)
    m[:, :3, :3] *= np.array([0.8, 1.0, 1.2])[:, None, None]
    m[:, :3, 3] = np.array([0.3, 0.0, -0.3])[:, None]
    return m


def mixing_colors() -> np.ndarray:
    m = some_colors()
    m[:, :3, :3] += np.random.default_rng(2).normal(0, 0.1, (N, 3, 3))
    return m


DRAWS = {
    "geometry": SampledAugmentation(some_matrices(), None, None, False, Sampling()),
    "another size": SampledAugmentation(
        some_matrices(), (9, 7), None, False, Sampling("nearest", "zeros", False)
    ),
    "much smaller": SampledAugmentation(some_matrices(), (4, 5), None, False, Sampling()),
    "tone": SampledAugmentation(None, None, some_colors(), False, Sampling()),
    "colors": SampledAugmentation(None, None, mixing_colors(), True, Sampling()),
    "all": SampledAugmentation(
        some_matrices(), (8, 8), mixing_colors(), True, Sampling("bicubic", "border", True)
    ),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_batch_at_once_and_photos_one_by_one_give_the_same(name):
    draw, x = DRAWS[name], batch()
    torch.testing.assert_close(one_by_one(draw, x), draw.photos(x), atol=2e-5, rtol=0)


@pytest.mark.parametrize("align_corners", [True, False])
def test_nothing_drawn_changes_nothing(align_corners):
    x = batch()
    draw = SampledAugmentation(
        identity(), None, identity(side=4), False, Sampling(align_corners=align_corners)
    )
    for out in (draw.photos(x), one_by_one(draw, x)):
        torch.testing.assert_close(out, x.float() / 255, atol=2e-6, rtol=0)


def test_a_matrix_of_minus_one_mirrors():
    x, m = batch(), identity()
    m[:, 0, 0] = -1
    out = SampledAugmentation(m, None, None, False, Sampling()).photos(x)
    torch.testing.assert_close(out, x.flip(3).float() / 255, atol=1e-5, rtol=0)


def test_reflection_leaves_no_black_behind():
    x = torch.full((1, 3, 20, 20), 200, dtype=torch.uint8)
    m = identity(1) * [[[1.5, 1, 1], [1, 1.5, 1], [1, 1, 1]]]
    out = SampledAugmentation(m, None, None, False, Sampling()).photos(x)
    assert out.min() > 0.78
    black = SampledAugmentation(m, None, None, False, Sampling(pad_mode="zeros")).photos(x)
    assert black.min() == 0


def test_half_precision_input_gives_float32():
    x = batch().to(torch.bfloat16) / 255
    assert DRAWS["all"].photos(x).dtype == torch.float32


def test_grey_photos_pass_through_everything():
    x = batch(channels=1)
    assert DRAWS["all"].photos(x).shape == (N, 1, 8, 8)
    assert one_by_one(DRAWS["tone"], x).shape == x.shape


def test_colors_stay_within_their_range():
    for draw in (DRAWS["tone"], DRAWS["colors"]):
        out = draw.photos(batch())
        assert out.min() >= 0
        assert out.max() <= 1


def test_relighting_is_an_affine_map_of_logits():
    x = np.array([0.2, 0.5, 0.9])
    logits = np.log(x / (1 - x)) * 1.3 + 0.4
    np.testing.assert_allclose(relight(x, np.array(1.3), np.exp(0.4)), 1 / (1 + np.exp(-logits)))
    torch.testing.assert_close(
        relight(torch.tensor(x), torch.tensor(1.3), torch.tensor(0.4).exp()),
        torch.tensor(1 / (1 + np.exp(-logits))),
        check_dtype=False,
    )


def test_photos_that_shrink_are_averaged_first():
    assert shrink_factors(identity(2), (100, 100), (100, 100)).tolist() == [1, 1]
    assert shrink_factors(identity(1), (460, 460), (224, 224)).tolist() == [2]
    zoomed = identity(2) * np.array([1.0, 0.4])[:, None, None]
    zoomed[:, 2, 2] = 1
    assert shrink_factors(zoomed, (400, 400), (100, 100)).tolist() == [4, 1]


def test_averaging_takes_whole_blocks():
    x = torch.arange(24.0).view(1, 1, 4, 6)
    expected = torch.nn.functional.avg_pool2d(x, 2)
    torch.testing.assert_close(average(x, 2), expected)
    assert average(x, 3).shape == (1, 1, 1, 2)
    assert average(x, 1) is x


def test_a_photo_does_not_depend_on_its_neighbours():
    x, m = batch(40, 40), identity()
    m[0] *= [[0.2], [0.2], [1]]
    draw = SampledAugmentation(m, (10, 10), None, False, Sampling())
    alone = SampledAugmentation(m[1:2], (10, 10), None, False, Sampling())
    torch.testing.assert_close(draw.photos(x)[1:2], alone.photos(x[1:2]))


# -- what lies on the photo ------------------------------------------------------------------------------------------

MOVES = {name: draw for name, draw in DRAWS.items() if draw.to_input is not None and name != "much smaller"}


def spot(size: tuple[int, int], x: float, y: float) -> np.ndarray:
    """A photo, uint8 [H,W,1], with a soft spot whose middle is at (x, y) pixels from its corner."""
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    return (255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18)).round().astype(np.uint8)[..., None]


@pytest.mark.parametrize(
    "sampling", [Sampling("bilinear", "zeros", aligned) for aligned in (True, False)], ids=str
)
@pytest.mark.parametrize("size", [None, (50, 64), (61, 33)])
def test_a_point_goes_where_its_photo_goes(size, sampling):
    draw = SampledAugmentation(some_matrices(), size, None, False, sampling)
    for x, y in ((20.0, 24.5), (30.25, 20.0)):
        photos = np.stack([spot((48, 60), x, y)] * N)
        moved = draw.photos(torch.from_numpy(photos).permute(0, 3, 1, 2))[:, 0].numpy()
        for i, photo in enumerate(moved):
            rows, columns = np.mgrid[: photo.shape[0], : photo.shape[1]] + 0.5
            middle = [(photo * axis).sum() / photo.sum() for axis in (columns, rows)]
            assert draw.points(i, np.array([[x, y]]), (48, 60))[0] == pytest.approx(middle, abs=0.35)


def test_a_point_that_leaves_the_photo_keeps_its_true_place():
    half = np.diag([0.5, 0.5, 1.0])[None]  # looks twice as close
    draw = SampledAugmentation(half, None, None, False, Sampling(align_corners=False))
    assert np.allclose(draw.points(0, np.array([[1.0, 2.0], [10.0, 5.0]]), (10, 20)), [[-8, -1], [10, 5]])


@pytest.mark.parametrize("name", MOVES)
def test_a_mask_takes_the_nearest_pixel_where_its_photo_goes(name):
    draw = MOVES[name]
    plain = SampledAugmentation(
        draw.to_input,
        draw.size,
        None,
        False,
        Sampling("nearest", draw.sampling.pad_mode, draw.sampling.align_corners),
    )
    masks = np.random.default_rng(0).integers(0, 256, (N, 12, 16)).astype(np.uint8)
    expected = plain.photos(torch.from_numpy(masks)[:, None])[:, 0].mul(255).round().to(torch.uint8).numpy()
    for i, mask in enumerate(masks):
        found = draw.mask(i, mask)
        assert found.dtype == np.uint8
        assert (found == expected[i]).mean() > 0.98  # two ways to compute a place between two pixels


def test_beyond_the_photo_a_mask_has_the_value_it_is_told():
    shifted = np.array([[[1.0, 0, 1.0], [0, 1, 0], [0, 0, 1]]])  # half a photo to the left
    draw = SampledAugmentation(shifted, None, None, False, Sampling("bilinear", "zeros", False))
    assert draw.mask(0, np.array([[0, 1, 2, 3]], np.uint8), zero=255).tolist() == [[2, 3, 255, 255]]


def test_nothing_moves_where_the_geometry_stays():
    draw, mask, points = DRAWS["tone"], np.ones((3, 4), np.uint8), np.ones((2, 2))
    assert draw.mask(0, mask) is mask
    assert draw.points(0, points, (3, 4)) is points


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_points_and_photos_count_pixels_alike(n, align_corners):
    pixels, place = sampled._spans(n, 2, align_corners)
    np.testing.assert_allclose(
        2 * np.arange(n) / pixels[1] - place[1], sampled._axis(n, align_corners), atol=1e-7
    )
    np.testing.assert_allclose(
        2 * np.arange(2) / pixels[0] - place[0], sampled._axis(2, align_corners), atol=1e-7
    )
