"""Pictures of results, as matplotlib figures that belong to nobody else: save them, show them, or drop them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from gatera.core.errors import ArgumentError
from gatera.core.figures import new_figure
from gatera.data.photo import show_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: A red and a green that stay apart on white for the common kinds of colour blindness (Okabe and Ito 2008).
RED, GREEN = "#c8380a", "#00795a"

#: Numbers below this size (points) cannot be read and are left out of a confusion matrix.
SMALLEST_TEXT = 5.0

#: Width and height of one photo in a grid, with its title (inches).
CELL_INCHES = (2.5, 2.8)

#: Longest side of a photo in a grid (pixels): twice what its cell shows at matplotlib's 100 dots per inch.
PHOTO_PIXELS = 500

#: Characters of a photo's title that fit beside each other at `CELL_INCHES`.
TITLE_WIDTH = 30


def plot_confusion(
    matrix: np.ndarray,
    vocab: Sequence[object],
    title: str = "Confusion matrix",
    cmap: str = "Blues",
    share_decimals: int | None = None,
    plot_txt: bool = True,
    figsize: tuple[float, float] | None = None,
    dpi: float | None = None,
) -> Figure:
    """Draw a confusion matrix that can be read for two classes and for a hundred.

    Args:
        matrix: counts [K,K]; row = actual, column = predicted.
        vocab: the classes' names [K].
        title: written above it.
        cmap: name of a matplotlib colour map.
        share_decimals: show each row as shares of its sum with so many decimals; None shows counts.
        plot_txt: write numbers into the cells; they are left out where they would be too small to read.
        figsize: width and height in inches; by default it grows with the number of classes.
        dpi: dots per inch.

    Raises:
        ArgumentError: if there is not one name per class.
    """
    n_classes = len(matrix)
    if len(vocab) != n_classes:
        raise ArgumentError(
            "vocab does not name every row of the confusion matrix",
            received=f"{len(vocab)} names, {n_classes} rows",
        )
    side = float(np.clip(2.6 + 0.32 * n_classes, 4.4, 14.0))
    figure = new_figure(figsize or (side, side), dpi)
    axes = figure.subplots()
    sums = matrix.sum(axis=1, keepdims=True)
    values = (
        matrix if share_decimals is None else matrix / np.maximum(sums, 1)
    )  # a class without items: zeros
    axes.imshow(values, cmap=cmap, vmin=0)
    cell_points = 72 * 0.72 * min(figure.get_size_inches()) / n_classes  # about 28 % goes to labels and title
    names = [textwrap.shorten(str(name), 40, placeholder="…") for name in vocab]
    size = float(np.clip(0.75 * cell_points, SMALLEST_TEXT, 11))
    upright = n_classes > 2 and max(map(len, names)) * 0.6 * size > cell_points
    axes.set_xticks(range(n_classes), names, rotation=90 if upright else 0, fontsize=size)
    axes.set_yticks(range(n_classes), names, fontsize=size)
    axes.set_title(title)
    axes.set_xlabel("Predicted")
    axes.set_ylabel("Actual")
    texts = [
        [f"{v:d}" if share_decimals is None else f"{v:.{share_decimals}f}" for v in row] for row in values
    ]
    if plot_txt:
        _write_cells(axes, values, texts, cell_points)
    return figure


def plot_photo_grid(
    photos: Sequence[Any],
    titles: Sequence[str],
    wrong: Sequence[bool] | None = None,
    nrows: int | None = None,
    ncols: int | None = None,
    figsize: tuple[float, float] | None = None,
    suptitle: str | None = None,
) -> Figure:
    """Draw photos in a grid, each with a title; those that are `wrong` have a cross, a red title and a red frame.

    Args:
        photos: N photos: PIL images, arrays or tensors, as `data.photo.show_image` takes them.
        titles: N titles; long ones are wrapped.
        wrong: for each photo whether its prediction is wrong (cross) or right (tick); None marks nothing.
        nrows: rows; by default as many as are needed.
        ncols: columns; by default a grid about as wide as high, at most 5 wide.
        figsize: width and height in inches.
        suptitle: written above the grid.

    Raises:
        ArgumentError: if there is no photo, or not one title (and mark) per photo.
    """
    lengths = {"photos": len(photos), "titles": len(titles), "wrong": len(photos if wrong is None else wrong)}
    if len(set(lengths.values())) > 1 or not len(photos):
        raise ArgumentError(
            "a grid needs at least one photo, and a title for each",
            received=", ".join(f"{count} {name}" for name, count in lengths.items()),
        )
    columns = ncols or (ceil(len(photos) / nrows) if nrows else min(5, ceil(len(photos) ** 0.5)))
    rows = max(nrows or 0, ceil(len(photos) / columns))
    figure = new_figure(figsize or (CELL_INCHES[0] * columns, CELL_INCHES[1] * rows))
    grid = figure.subplots(rows, columns, squeeze=False).flat
    for axes in list(grid)[len(photos) :]:
        axes.set_axis_off()
    for index, (axes, photo) in enumerate(zip(figure.axes, photos)):
        show_image(_small(photo), ax=axes)
        _write_title(axes, titles[index], None if wrong is None else wrong[index])
    if suptitle:
        figure.suptitle(suptitle, fontsize=11)
    return figure


def plot_results(
    images: Sequence[Any],
    actual: Sequence[object],
    predicted: Sequence[object],
    probabilities: Sequence[float] | None = None,
    nrows: int | None = None,
    ncols: int | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Draw photos with what was predicted; where that is wrong, also what it should have been.

    Args:
        images: N photos, as `plot_photo_grid` takes them.
        actual: N labels.
        predicted: N predicted labels.
        probabilities: the probability 0..1 of each predicted label; None leaves them out.
        nrows: rows of the grid.
        ncols: columns of the grid.
        figsize: width and height in inches.

    Raises:
        ArgumentError: if there is no photo, or not one label and prediction per photo.
    """
    wrong = [bool(a != p) for a, p in zip(actual, predicted)]
    shares = [""] * len(wrong) if probabilities is None else [f" ({p:.0%})" for p in probabilities]
    titles = [
        f"{p}{share}\nactually {a}" if bad else f"{p}{share}"
        for a, p, share, bad in zip(actual, predicted, shares, wrong)
    ]
    return plot_photo_grid(images, titles, wrong, nrows, ncols, figsize)


def _small(photo: Any) -> Any:
    if not isinstance(photo, Image.Image):
        return photo
    photo = photo.copy()
    photo.thumbnail((PHOTO_PIXELS, PHOTO_PIXELS))  # matplotlib would keep every pixel of a full-size photo
    return photo


def _write_cells(axes: Axes, values: np.ndarray, texts: list[list[str]], cell_points: float) -> None:
    longest = max(len(text) for row in texts for text in row)
    size = min(12.0, 0.8 * cell_points / (0.6 * longest), 0.6 * cell_points)
    if size < SMALLEST_TEXT:
        return
    many = len(values) > 12  # then zeros are only clutter
    for i, j in np.ndindex(values.shape):
        if values[i, j] == 0 and many:
            continue
        colour = "white" if values[i, j] > values.max() / 2 else "black"
        axes.text(j, i, texts[i][j], ha="center", va="center", color=colour, fontsize=size)


def _write_title(axes: Axes, title: str, wrong: bool | None) -> None:
    mark = "" if wrong is None else "✗ " if wrong else "✓ "
    colour = "black" if wrong is None else RED if wrong else GREEN
    lines = [textwrap.fill(line, TITLE_WIDTH) for line in (mark + title).splitlines()]
    axes.set_title("\n".join(lines), color=colour, fontsize=10, parse_math=False)
    if wrong:
        from matplotlib.patches import Rectangle

        axes.add_patch(
            Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, edgecolor=RED, linewidth=4)
        )
