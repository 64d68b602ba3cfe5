from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from matplotlib import pyplot
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from gatera.core.errors import ArgumentError
from gatera.interpret.plots import GREEN, PHOTO_PIXELS, RED, plot_confusion, plot_photo_grid, plot_results


def cell_texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def photo(height: int = 8, width: int = 12) -> Image.Image:
    return Image.new("RGB", (width, height), "orange")


# Confusion matrices ---------------------------------------------------------------------------------------------


def test_two_classes_show_all_counts_and_level_names() -> None:
    figure = plot_confusion(np.array([[346, 4], [0, 350]]), [False, True])
    axes = figure.axes[0]
    assert cell_texts(figure) == ["346", "4", "0", "350"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["False", "True"]
    assert axes.get_xticklabels()[0].get_rotation() == 0
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == (
        "Predicted",
        "Actual",
        "Confusion matrix",
    )


def test_numbers_are_dark_on_light_and_light_on_dark() -> None:
    texts = plot_confusion(np.array([[346, 4], [0, 350]]), ["cat", "dog"]).axes[0].texts
    assert [text.get_color() for text in texts] == ["white", "black", "black", "white"]


def test_many_classes_have_upright_names_and_no_zeros() -> None:
    matrix = np.eye(37, dtype=int) * 20
    matrix[3, 5] = 2
    figure = plot_confusion(matrix, [f"breed_number_{i}" for i in range(37)])
    assert figure.axes[0].get_xticklabels()[0].get_rotation() == 90
    assert sorted(cell_texts(figure)) == ["2"] + ["20"] * 37
    assert max(figure.get_size_inches()) <= 14


def test_numbers_that_could_not_be_read_are_left_out() -> None:
    matrix = np.eye(120, dtype=int)
    assert cell_texts(plot_confusion(matrix, range(120))) == []
    assert cell_texts(plot_confusion(np.eye(2, dtype=int), range(2), plot_txt=False)) == []


def test_shares_are_of_the_actual_class_and_a_class_without_items_is_zero() -> None:
    figure = plot_confusion(np.array([[3, 1], [0, 0]]), ["cat", "dog"], share_decimals=2)
    assert cell_texts(figure) == ["0.75", "0.25", "0.00", "0.00"]


def test_size_and_dpi_are_the_callers() -> None:
    figure = plot_confusion(np.eye(2, dtype=int), ["cat", "dog"], figsize=(3, 2), dpi=50)
    assert tuple(figure.get_size_inches()) == (3, 2) and figure.dpi == 50


def test_message_for_names_that_are_not_one_per_class() -> None:
    with pytest.raises(ArgumentError) as err:
        plot_confusion(np.eye(3, dtype=int), ["cat", "dog"])
    assert str(err.value) == (
        "vocab does not name every row of the confusion matrix. Received: '2 names, 3 rows'."
    )


# Photos ---------------------------------------------------------------------------------------------------------


def test_wrong_photos_have_a_cross_a_red_title_and_a_frame() -> None:
    figure = plot_results([photo(), photo()], ["cat", "dog"], ["cat", "cat"], [0.991, 0.6])
    right, wrong = figure.axes
    assert right.get_title() == "✓ cat (99%)" and to_hex(right.title.get_color()) == GREEN
    assert wrong.get_title() == "✗ cat (60%)\nactually dog" and to_hex(wrong.title.get_color()) == RED
    assert [len(axes.patches) for axes in (right, wrong)] == [0, 1]


def test_a_grid_has_room_for_all_photos_and_empty_corners_show_nothing() -> None:
    figure = plot_photo_grid([photo()] * 7, [str(i) for i in range(7)])
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
    figure = plot_photo_grid([photo(2, 2)] * n, [""] * n, nrows=nrows, ncols=ncols)
    assert figure.axes[0].get_gridspec().get_geometry() == shape


def test_photos_may_be_images_arrays_or_tensors() -> None:
    photos = [photo(), np.zeros((8, 8, 3), np.uint8), torch.rand(3, 8, 8)]
    figure = plot_photo_grid(photos, ["a", "b", "c"], suptitle="three kinds")
    assert [axes.images[0].get_array().shape[-1] for axes in figure.axes[:3]] == [3, 3, 3]
    assert figure.get_suptitle() == "three kinds"


def test_a_large_photo_is_shrunk_and_the_callers_stays_whole() -> None:
    large = photo(900, 1800)
    drawn = plot_photo_grid([large], [""]).axes[0].images[0].get_array()
    assert drawn.shape[:2] == (PHOTO_PIXELS // 2, PHOTO_PIXELS) and large.size == (1800, 900)


def test_names_with_dollar_signs_and_great_length_are_drawn_as_they_are() -> None:
    figure = plot_photo_grid([photo()], ["$x^2$ " + "very_long_name " * 5])
    figure.savefig(io.BytesIO())
    assert figure.axes[0].get_title().startswith("$x^2$ ") and "\n" in figure.axes[0].get_title()


def test_figures_are_not_kept_by_pyplot() -> None:
    before = pyplot.get_fignums()
    plot_confusion(np.eye(2, dtype=int), ["cat", "dog"])
    plot_photo_grid([photo()], ["cat"])
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
        plot_photo_grid([photo()] * photos, [""] * titles, wrong)
    assert str(err.value) == f"a grid needs at least one photo, and a title for each. Received: '{shown}'."


def test_message_for_results_without_a_label_for_each_photo() -> None:
    with pytest.raises(ArgumentError) as err:
        plot_results([photo()] * 3, ["cat"] * 3, ["cat"] * 2)
    assert str(err.value) == (
        "a grid needs at least one photo, and a title for each. Received: '3 photos, 2 titles, 2 wrong'."
    )
