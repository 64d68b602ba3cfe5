"""Grids of photos: what is marked, how large they are, what they refuse."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from matplotlib import pyplot
from matplotlib.colors import to_hex
from PIL import Image

from gatera.core.errors import ArgumentError
from gatera.data.show.photos import GREEN, PHOTO_PIXELS, RED, show_photos


def photo(height: int = 8, width: int = 12) -> Image.Image:
    return Image.new("RGB", (width, height), "orange")


def test_wrong_photos_have_a_cross_a_red_title_and_a_frame() -> None:
    figure = show_photos([photo(), photo()], ["cat (99%)", "cat (60%)\nactually dog"], wrong=[False, True])
    right, wrong = figure.axes
    assert right.get_title() == "✓ cat (99%)" and to_hex(right.title.get_color()) == GREEN
    assert wrong.get_title() == "✗ cat (60%)\nactually dog" and to_hex(wrong.title.get_color()) == RED
    assert [len(axes.patches) for axes in (right, wrong)] == [0, 1]


def test_a_grid_has_room_for_all_photos_and_empty_corners_show_nothing() -> None:
    figure = show_photos([photo()] * 7, [str(i) for i in range(7)])
    assert len(figure.axes) == 9  # 3 x 3
    assert not figure.axes[8].axison
    assert [axes.get_title() for axes in figure.axes[:7]] == list("0123456")
    assert not any(axes.patches for axes in figure.axes)


@pytest.mark.parametrize(
    ("n", "nrows", "ncols", "shape"),
    [
        (5, 1, None, (1, 5)),
        (5, None, 2, (3, 2)),
        (14, None, None, (4, 4)),
        (4, 1, 2, (2, 2)),
        (1, None, None, (1, 1)),
    ],
)
def test_rows_and_columns_hold_every_photo(
    n: int, nrows: int | None, ncols: int | None, shape: tuple[int, int]
) -> None:
    figure = show_photos([photo(2, 2)] * n, [""] * n, nrows=nrows, ncols=ncols)
    assert figure.axes[0].get_gridspec().get_geometry() == shape


def test_photos_may_be_images_arrays_or_tensors() -> None:
    photos = [photo(), np.zeros((8, 8, 3), np.uint8), torch.rand(3, 8, 8)]
    figure = show_photos(photos, ["a", "b", "c"], suptitle="three kinds")
    assert [axes.images[0].get_array().shape[-1] for axes in figure.axes[:3]] == [3, 3, 3]
    assert figure.get_suptitle() == "three kinds"


def test_a_large_photo_is_shrunk_and_the_callers_stays_whole() -> None:
    large = photo(900, 1800)
    drawn = show_photos([large], [""]).axes[0].images[0].get_array()
    assert drawn.shape[:2] == (PHOTO_PIXELS // 2, PHOTO_PIXELS) and large.size == (1800, 900)


def test_names_with_dollar_signs_and_great_length_are_drawn_as_they_are() -> None:
    figure = show_photos([photo()], ["$x^2$ " + "very_long_name " * 5])
    figure.savefig(io.BytesIO())
    assert figure.axes[0].get_title().startswith("$x^2$ ") and "\n" in figure.axes[0].get_title()


def test_figures_are_not_kept_by_pyplot() -> None:
    before = pyplot.get_fignums()
    show_photos([photo()], ["cat"])
    assert pyplot.get_fignums() == before


@pytest.mark.parametrize(
    ("photos", "titles", "wrong", "shown"),
    [
        (0, 0, None, "0 photos, 0 titles, 0 wrong"),
        (2, 1, None, "2 photos, 1 titles, 2 wrong"),
        (1, 1, [True, False], "1 photos, 1 titles, 2 wrong"),
    ],
)
def test_message_for_a_grid_without_a_title_for_each_photo(
    photos: int, titles: int, wrong: list[bool] | None, shown: str
) -> None:
    with pytest.raises(ArgumentError) as err:
        show_photos([photo()] * photos, [""] * titles, wrong)
    assert str(err.value) == f"a grid needs at least one photo, and a title for each. Got: '{shown}'."
