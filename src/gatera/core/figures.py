"""Figures that belong to nobody else: save them, show them, or drop them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatera.core.checks import require
from gatera.core.progress import in_notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(figsize: tuple[float, float], dpi: float | None = None) -> Figure:
    """Return an empty figure that `matplotlib.pyplot` does not keep alive.

    Args:
        figsize: width and height in inches.
        dpi: dots per inch; matplotlib's default if None.

    Raises:
        MissingExtraError: if matplotlib is not installed.
    """
    require("matplotlib", "train", "to plot")
    from matplotlib.figure import Figure

    if in_notebook():
        import matplotlib.pyplot  # noqa: F401 - from its import on, the notebook shows figures as pictures
    return Figure(figsize=figsize, dpi=dpi, layout="constrained")
