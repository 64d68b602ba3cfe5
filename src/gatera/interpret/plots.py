"""Draw results as matplotlib figures, outside pyplot's global state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gatera.core.checks import check_count
from gatera.core.errors import ArgumentError
from gatera.core.figures import drawn_names, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Numbers smaller than this (points) are unreadable, so a confusion matrix skips them.
SMALLEST_TEXT = 5.0


def draw_bars(
    axes: Axes,
    names: Sequence[str],
    values: Sequence[float],
    title: str,
    what: str,
    size: float | None = None,
) -> None:
    """Draw values as bars from zero, the first on top: red to the right, blue to the left.

    Args:
        axes: where to.
        names: what each bar is called.
        values: as many numbers.
        title: of the axes.
        what: what the numbers are.
        size: of the names, in points; None for matplotlib's own.
    """
    axes.barh(range(len(names)), values, color=["#b2182b" if value > 0 else "#2166ac" for value in values])
    axes.set_yticks(range(len(names)), names, fontsize=size, parse_math=False)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_title(title, fontsize=10, parse_math=False)
    axes.set_xlabel(what, fontsize=8)
    axes.locator_params(axis="x", nbins=6)  # numbers of many digits must not touch


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
    """Draw a confusion matrix that is readable with 2 classes and with 100.

    Args:
        matrix: counts [K,K]; row = actual, column = predicted.
        vocab: the classes' names [K].
        title: the title.
        cmap: name of a matplotlib colour map.
        share_decimals: show each row as shares of its sum, with this many decimals; None shows counts.
        plot_txt: write numbers into the cells, unless they would be too small to read.
        figsize: width and height in inches; the default grows with the number of classes.
        dpi: dots per inch.

    Raises:
        ArgumentError: if vocab does not have one name per class.
    """
    if share_decimals is not None:
        check_count("norm_dec", share_decimals, 0)
    n_classes = len(matrix)
    if len(vocab) != n_classes:
        raise ArgumentError(
            "vocab must have one name for each row of the confusion matrix",
            got=f"{len(vocab)} names, {n_classes} rows",
        )
    side = float(np.clip(2.6 + 0.32 * n_classes, 4.4, 14.0))
    names = drawn_names(vocab)
    # long names would leave little for the cells
    room = _inches_of(names, 0.75 * 72 * 0.72 * side / n_classes)
    figure = new_figure(figsize or (max(side, 0.72 * side + room + 0.5),) * 2, dpi)
    axes = figure.subplots()
    sums = matrix.sum(axis=1, keepdims=True)
    # a class without items: zeros
    values = matrix if share_decimals is None else matrix / np.maximum(sums, 1)
    axes.imshow(values, cmap=cmap, vmin=0)
    inches = min(figure.get_size_inches())
    cell_points = 72 * 0.72 * inches / n_classes  # about 28 % goes to labels and title
    size = float(np.clip(0.75 * cell_points, SMALLEST_TEXT, 11))
    upright = n_classes > 2 and max(map(len, names)) * 0.6 * size > cell_points
    axes.set_xticks(range(n_classes), names, rotation=90 if upright else 0, fontsize=size, parse_math=False)
    axes.set_yticks(range(n_classes), names, fontsize=size, parse_math=False)
    axes.set_title(title, parse_math=False)
    axes.set_xlabel("Predicted")
    axes.set_ylabel("Actual")
    texts = [
        [f"{v:d}" if share_decimals is None else f"{v:.{share_decimals}f}" for v in row] for row in values
    ]
    if plot_txt:
        _write_cells(
            axes, values, texts, 72 * min(0.72 * inches, inches - _inches_of(names, size) - 0.5) / n_classes
        )
    return figure


def _inches_of(names: Sequence[str], size: float) -> float:
    """Return how much room names take, written in some points of size."""
    return max(map(len, names)) * 0.6 * float(np.clip(size, SMALLEST_TEXT, 11)) / 72


def _write_cells(axes: Axes, values: np.ndarray, texts: list[list[str]], cell_points: float) -> None:
    longest = max(len(text) for row in texts for text in row)
    size = min(12.0, 0.8 * cell_points / (0.6 * longest), 0.6 * cell_points)
    if size < SMALLEST_TEXT:
        return
    many = len(values) > 12  # zeros would be clutter
    for i, j in np.ndindex(values.shape):
        if values[i, j] == 0 and many:
            continue
        colour = "white" if values[i, j] > values.max() / 2 else "black"
        axes.text(j, i, texts[i][j], ha="center", va="center", color=colour, fontsize=size)
