"""Figures that belong to nobody else: save them, show them, or drop them; and windows to show one in."""

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


def window_figure(figsize: tuple[float, float]) -> Figure | None:
    """Return an empty figure whose window `matplotlib.pyplot.show()` opens; None where there is no display.

    Args:
        figsize: width and height in inches.

    Raises:
        MissingExtraError: if matplotlib is not installed.
    """
    require("matplotlib", "train", "to plot")
    import matplotlib.pyplot as plt
    from matplotlib.backends import BackendFilter, backend_registry

    # Unless a user chose one, matplotlib takes a backend that only writes files where it finds no display.
    if plt.get_backend().lower() in backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE):
        return None
    try:
        return plt.figure(figsize=figsize, layout="constrained")
    except ImportError:  # the backend that the user chose needs a display, too
        return None
