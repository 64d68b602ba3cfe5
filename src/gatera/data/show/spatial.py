"""Draw masks and points on their photos."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatera.core.figures import named_legend
from gatera.data.show.photos import CELL_INCHES, grid_shape, show_photos
from gatera.data.show.pil import show_image
from gatera.program.placing import pixels_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: How much of a mask's colour is mixed into the photo, 0..1.
OPACITY = 0.55

#: Width of a legend beside masks, in inches.
LEGEND_INCHES = 1.5

#: Colours of the first classes, which stay apart for the common kinds of colour blindness (Okabe and Ito 2008).
FIRST_COLORS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")

#: Dots of points as they are labelled, and as they are predicted.
TARGET_COLOR, PREDICTION_COLOR = "#00c389", "#ff4d1c"


def class_colors(n: int) -> np.ndarray:
    """Return a colour for each of n classes, uint8 [n,3]; always the same for the same class."""
    first = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in FIRST_COLORS]
    # Further hues by the golden ratio, so that neighbours differ; brightness and saturation by turns.
    more = [
        [
            round(255 * part)
            for part in colorsys.hsv_to_rgb(i * 0.618034 % 1, (1, 0.55, 0.8)[i % 3], (0.9, 0.95, 0.55)[i % 3])
        ]
        for i in range(max(0, n - len(first)))
    ]
    return np.array((first + more)[:n], np.uint8)


def overlay(photo: np.ndarray, mask: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Return a photo with a mask's colours laid over it, uint8 [h,w,3].

    Args:
        photo: uint8 [h,w,C].
        mask: class indices [h,w]; where there is no class, the photo is not changed.
        colors: uint8 [K,3].
    """
    rgb = np.broadcast_to(photo, (*photo.shape[:2], 3)).astype(np.float32)
    known = (mask >= 0) & (mask < len(colors))
    colored = rgb * (1 - OPACITY) + colors[np.where(known, mask, 0)] * OPACITY
    return np.where(known[..., None], colored, rgb).round().astype(np.uint8)


def show_masks(
    photos: Sequence[np.ndarray],
    masks: Sequence[np.ndarray],
    vocab: Sequence[Any],
    predicted: Sequence[np.ndarray] | None = None,
    nrows: int | None = None,
    ncols: int | None = None,
    figsize: tuple[float, float] | None = None,
    suptitle: str | None = None,
) -> Figure:
    """Draw masks over their photos, with a legend of the classes that are there.

    Args:
        photos: N photos, uint8 [h,w,C].
        masks: N masks of class indices, int [h,w].
        vocab: names of the K classes.
        predicted: N predicted masks: then there is a row for each photo, and two columns, Target and Prediction.
        nrows: rows of the grid, if nothing is predicted.
        ncols: columns of the grid, if nothing is predicted.
        figsize: width and height in inches.
        suptitle: written above.
    """
    colors = class_colors(len(vocab))
    shown = [*masks, *(predicted or [])]
    pictures = [overlay(photo, mask, colors) for photo, mask in zip([*photos, *photos], shown)]
    titles = [""] * len(pictures)
    if predicted is not None:
        n = len(photos)
        order = [place for row in range(n) for place in (row, n + row)]
        pictures = [pictures[place] for place in order]
        titles[:2], nrows, ncols = ["Target", "Prediction"], n, 2
    figsize = figsize or _figure_size(pictures, nrows, ncols, LEGEND_INCHES)
    figure = show_photos(pictures, titles, None, nrows, ncols, figsize, suptitle)
    _add_legend(figure, shown, vocab, colors)
    return figure


def _figure_size(
    photos: Sequence[np.ndarray], nrows: int | None, ncols: int | None, beside: float = 0.0
) -> tuple[float, float]:
    """Return width and height in inches of a grid in which photos, without titles, lie close to each other."""
    rows, columns = grid_shape(len(photos), nrows, ncols)
    height, width = photos[0].shape[:2]
    return CELL_INCHES[0] * columns + beside, CELL_INCHES[0] * rows * height / width + 0.5


def _add_legend(
    figure: Figure, masks: Sequence[np.ndarray], vocab: Sequence[Any], colors: np.ndarray
) -> None:
    from matplotlib.patches import Patch

    there = sorted({int(index) for mask in masks for index in np.unique(mask)} & set(range(len(vocab))))
    if there:
        handles = [Patch(color=colors[index] / 255) for index in there]
        names = [vocab[index] for index in there]
        named_legend(figure, handles, names, loc="outside right upper", fontsize=8, frameon=False)


def show_points(
    photos: Sequence[np.ndarray],
    points: Sequence[np.ndarray],
    predicted: Sequence[np.ndarray] | None = None,
    nrows: int | None = None,
    ncols: int | None = None,
    figsize: tuple[float, float] | None = None,
    suptitle: str | None = None,
) -> Figure:
    """Draw points as dots on their photos.

    Args:
        photos: N photos, uint8 [h,w,C].
        points: for each its points, float [2P] in -1..1.
        predicted: predicted points of each: crosses in another colour.
        nrows: rows of the grid.
        ncols: columns of the grid.
        figsize: width and height in inches.
        suptitle: written above.
    """
    guesses: Sequence[np.ndarray | None] = [None] * len(photos) if predicted is None else predicted
    items = list(zip(photos, points, guesses, strict=True))
    figsize = figsize or _figure_size(photos, nrows, ncols)
    figure = show_photos(items, [""] * len(items), None, nrows, ncols, figsize, suptitle, draw=_draw_points)
    if predicted is not None:
        from matplotlib.lines import Line2D

        marks = {"target": (TARGET_COLOR, "o"), "prediction": (PREDICTION_COLOR, "X")}
        handles = [
            Line2D([], [], color=color, marker=marker, linestyle="", label=name)
            for name, (color, marker) in marks.items()
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    return figure


def _draw_points(item: tuple[np.ndarray, np.ndarray, np.ndarray | None], axes: Axes) -> None:
    photo, points, guessed = item
    show_image(photo, ax=axes)
    height, width = photo.shape[:2]
    for places, color, marker in ((points, TARGET_COLOR, "o"), (guessed, PREDICTION_COLOR, "X")):
        if places is not None:
            # imshow counts from the centre of the first pixel
            x, y = pixels_of(np.reshape(places, (-1, 2)), (height, width)).T - 0.5
            axes.scatter(x, y, s=40, c=color, marker=marker, edgecolors="white", linewidths=1)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))  # a point outside does not shrink the photo
