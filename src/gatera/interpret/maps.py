"""Draw photos, and maps over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gatera.core.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_photo(axes: Any, photo: np.ndarray, title: str = "") -> None:
    """Draw a photo, uint8 [H,W,C]; a single channel is drawn in grey."""
    axes.imshow(photo.squeeze(), cmap="gray", vmin=0, vmax=255)
    axes.set_title(title, fontsize=9, parse_math=False)
    axes.set_axis_off()


def overlaid(photo: np.ndarray, heat: np.ndarray, title: str) -> Figure:
    """Draw a photo beside itself with a map over it: red speaks for the answer, blue against it.

    Args:
        photo: uint8 [H,W,C].
        heat: float [H,W]; 0 is neutral.
        title: above the photo.
    """
    figure = new_figure((7.6, 3.9))
    left, right = figure.subplots(1, 2)
    draw_photo(left, photo, title)
    draw_heat(right, photo, heat)
    return figure


def draw_heat(axes: Any, photo: np.ndarray, heat: np.ndarray) -> None:
    """Draw a map over a grey photo, with a colour bar."""
    grey = photo.mean(axis=2) * 0.6 + 80 if photo.ndim == 3 else photo
    axes.imshow(grey, cmap="gray", vmin=0, vmax=255)
    bound = float(np.quantile(np.abs(heat), 0.998)) or float(np.abs(heat).max()) or 1.0
    shown = axes.imshow(heat, cmap="RdBu_r", vmin=-bound, vmax=bound, alpha=0.6)
    bar = axes.figure.colorbar(shown, ax=axes, shrink=0.75)
    bar.set_label("against the answer (blue), for it (red)", fontsize=8)
    axes.set_axis_off()
