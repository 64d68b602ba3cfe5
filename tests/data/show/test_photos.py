from __future__ import annotations

import sys

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.data.show.photos import GREEN, RED, grid_shape, photos_to_show, show_photos

PHOTOS = [np.full((8, 10, 3), i * 40, np.uint8) for i in range(5)]


def texts(figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes if axes.images]


def test_a_grid_is_about_as_wide_as_high():
    assert grid_shape(9, None, None) == (3, 3)
    assert grid_shape(5, None, None) == (2, 3)
    assert grid_shape(4, 1, None) == (1, 4)
    assert grid_shape(4, None, 2) == (2, 2)
    assert grid_shape(100, None, None) == (20, 5)


def test_rows_and_columns_say_how_many():
    assert photos_to_show(9, None, None) == 9
    assert photos_to_show(4, 1, None) == 4
    assert photos_to_show(9, 1, 3) == 3
    for bad in ((0, None, None), (9, 0, None), (9, None, -1)):
        with pytest.raises(ArgumentError):
            photos_to_show(*bad)


def test_each_photo_has_its_title():
    figure = show_photos(PHOTOS, list("abcde"), suptitle="five")
    assert texts(figure) == list("abcde")
    assert figure.get_suptitle() == "five"
    np.testing.assert_array_equal(figure.axes[2].images[0].get_array(), PHOTOS[2])


def test_wrong_ones_are_marked():
    figure = show_photos(PHOTOS[:2], ["a", "b\nactually c"], wrong=[False, True])
    assert texts(figure) == ["✓ a", "✗ b\nactually c"]
    assert [axes.title.get_color() for axes in figure.axes[:2]] == [GREEN, RED]


def test_long_titles_are_wrapped_and_dollars_are_text():
    figure = show_photos(PHOTOS[:1], ["a very long title that does not fit on one line $x$"])
    assert "\n" in texts(figure)[0]
    figure.canvas.draw()


def test_one_channel_is_shown_in_grey():
    figure = show_photos([np.zeros((8, 8, 1), np.uint8)], [""])
    assert figure.axes[0].images[0].cmap.name == "gray"


def test_pyplot_does_not_keep_the_figure():
    figure = show_photos(PHOTOS[:1], [""], figsize=(2, 3))
    assert figure.get_size_inches().tolist() == [2, 3]
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_there_must_be_a_photo():
    with pytest.raises(ArgumentError) as err:
        show_photos([], [])
    assert str(err.value) == (
        "a grid needs at least one photo, and a title for each. Got: '0 photos, 0 titles, 0 wrong'."
    )
