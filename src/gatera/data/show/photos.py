"""Draw photos in a grid, each with its label."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from PIL import Image

from gatera.core.checks import check_count
from gatera.core.errors import ArgumentError
from gatera.core.escape import beside_units
from gatera.core.figures import new_figure
from gatera.data.show.pil import show_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Width and height of one photo in a grid, with its title (inches).
CELL_INCHES = (2.5, 2.8)

#: Longest side of a photo in a grid (pixels): twice what its cell shows at matplotlib's 100 dots per inch.
PHOTO_PIXELS = 500

#: Characters of a title that fit beside each other at `CELL_INCHES`.
TITLE_WIDTH = 30

#: A red and a green that stay apart on white for the common kinds of colour blindness (Okabe and Ito 2008).
RED, GREEN = "#c8380a", "#00795a"


def grid_shape(n: int, nrows: int | None, ncols: int | None) -> tuple[int, int]:
    """Return (rows, columns) of a grid for n photos; about as wide as high, unless told.

    Example:
        >>> grid_shape(9, None, None), grid_shape(4, 1, None)
        ((3, 3), (1, 4))
    """
    columns = ncols or (ceil(n / nrows) if nrows else min(5, ceil(n**0.5)))
    return max(nrows or 0, ceil(n / columns)), columns


def photos_to_show(max_n: int, nrows: int | None, ncols: int | None) -> int:
    """Return how many photos to show: a full grid where both its sides are given, else `max_n`.

    Raises:
        ArgumentError: if a number is below 1.
    """
    for name, value in (("max_n", max_n), ("nrows", nrows), ("ncols", ncols)):
        if value is not None:
            check_count(name, value, 1)
    return nrows * ncols if nrows and ncols else max_n


def show_photos(
    photos: Sequence[Any],
    titles: Sequence[str],
    wrong: Sequence[bool | None] | None = None,
    nrows: int | None = None,
    ncols: int | None = None,
    figsize: tuple[float, float] | None = None,
    suptitle: str | None = None,
    draw: Callable[[Any, Axes], object] = show_image,
) -> Figure:
    """Draw photos in a grid, each with a title; those that are `wrong` have a cross, a red title and a red frame.

    Args:
        photos: N photos: Pillow images, arrays or tensors, as `data.photo.show_image` takes them.
        titles: N titles; long ones are wrapped.
        wrong: for each photo whether its prediction is wrong (cross), right (tick) or neither (None); None marks nothing.
        nrows: rows; by default as many as are needed.
        ncols: columns; by default a grid about as wide as high, at most 5 wide.
        figsize: width and height in inches.
        suptitle: written above the grid.
        draw: draws one photo on matplotlib axes.

    Raises:
        ArgumentError: if there is no photo, or not one title (and mark) per photo.
    """
    lengths = {"photos": len(photos), "titles": len(titles), "wrong": len(photos if wrong is None else wrong)}
    if len(set(lengths.values())) > 1 or not len(photos):
        raise ArgumentError(
            "a grid needs at least one photo, and a title for each",
            got=", ".join(f"{count} {name}" for name, count in lengths.items()),
        )
    rows, columns = grid_shape(len(photos), nrows, ncols)
    figure = new_figure(figsize or (CELL_INCHES[0] * columns, CELL_INCHES[1] * rows))
    grid = figure.subplots(rows, columns, squeeze=False).flat
    for axes in list(grid)[len(photos) :]:
        axes.set_axis_off()
    for index, (axes, photo) in enumerate(zip(figure.axes, photos)):
        draw(_small(photo), axes)
        _write_title(axes, titles[index], None if wrong is None else wrong[index])
    if suptitle:
        figure.suptitle(suptitle, fontsize=11)
    return figure


def _small(photo: Any) -> Any:
    if not isinstance(photo, Image.Image):
        return photo
    photo = photo.copy()
    photo.thumbnail((PHOTO_PIXELS, PHOTO_PIXELS))  # matplotlib would keep every pixel of a full-size photo
    return photo


def _write_title(axes: Axes, title: str, wrong: bool | None) -> None:
    mark = "" if wrong is None else "✗ " if wrong else "✓ "
    colour = "black" if wrong is None else RED if wrong else GREEN
    lines = [textwrap.fill(line, TITLE_WIDTH) for line in beside_units(mark + title).splitlines()]
    axes.set_title("\n".join(lines), color=colour, fontsize=10, parse_math=False)
    if wrong:
        from matplotlib.patches import Rectangle

        axes.add_patch(
            Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, edgecolor=RED, linewidth=4)
        )
