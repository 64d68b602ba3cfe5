from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gatera.core.errors import ArgumentError
from gatera.core.figures import drawn_name
from gatera.interpret.attributions.integrated_gradients import Completeness
from gatera.interpret.attributions.rows import RowAttribution
from gatera.interpret.plots import plot_confusion


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


def test_short_names_of_several_classes_are_level_and_long_ones_of_two_also() -> None:
    for names in (["ant", "bee", "cat"], ["a long name of a class", "another long name of a class"]):
        figure = plot_confusion(np.eye(len(names), dtype=int), names)
        assert {label.get_rotation() for label in figure.axes[0].get_xticklabels()} == {0}


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


def test_long_names_keep_both_ends_which_tell_them_from_others() -> None:
    names = [f"scans_of_the_left_knee_and_of_the_right_knee_{side}_{n}" for side in "ab" for n in range(2)]
    labels = plot_confusion(np.eye(4, dtype=int), names).axes[0].get_yticklabels()
    shown = [label.get_text() for label in labels]
    assert shown[0] == "scans_of_the_left_knee_…e_right_knee_a_0"
    assert len(set(shown)) == 4 and all(len(name) <= 40 for name in shown)
    assert drawn_name("a\nb  c") == "a b c" and drawn_name(" ") == " " and drawn_name("x" * 40) == "x" * 40


def test_long_names_that_end_alike_are_told_apart_and_counts_stay_in_their_cells() -> None:
    names = [f"a very long class name number {place} of the genus Canis lupus" for place in range(12)]
    figure = plot_confusion(np.diag(np.arange(1000, 13000, 1000)), names)
    shown = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert len(set(shown)) == 12 and shown[1].startswith("2: a very long")
    figure.draw_without_rendering()
    cell = figure.axes[0].get_window_extent().width / 12
    assert max(text.get_window_extent().width for text in figure.axes[0].texts) < cell


def test_bars_of_columns_have_room_whatever_the_columns_are_called() -> None:
    weights = np.array([0.2, -0.1, 0.05], np.float32)
    cells = ["0.7308894225311937", "", "Other relative of the head of the household"]
    found = RowAttribution(
        ["a" * 300, "zip", "relation"], cells, weights, "no, and " * 20, 0.6, 0.5, Completeness(0.15, 0.15, 0)
    )
    axes = found.plot().axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0].endswith("a = 0.730889") and names[1] == "zip = (empty)"
    assert max(map(len, names)) < 60 and len(axes.get_title()) < 70
    assert axes.get_xlabel() == "what each column adds to that"


def test_of_many_columns_the_smallest_are_one_bar() -> None:
    weights = np.linspace(1, 0.01, 300).astype(np.float32)
    names = [f"c{n}" for n in range(300)]
    found = RowAttribution(names, ["1"] * 300, weights, "yes", 0.6, 0.5, Completeness(0.15, 0.15, 0))
    axes = found.plot().axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == 25 and labels[0] == "c0 = 1" and labels[-1] == "276 other columns together"
    assert sum(bar.get_width() for bar in axes.patches) == pytest.approx(weights.sum(), rel=1e-5)


def test_message_for_names_that_are_not_one_per_class() -> None:
    with pytest.raises(ArgumentError) as err:
        plot_confusion(np.eye(3, dtype=int), ["cat", "dog"])
    assert str(err.value) == (
        "vocab must have one name for each row of the confusion matrix. Got: '2 names, 3 rows'."
    )
