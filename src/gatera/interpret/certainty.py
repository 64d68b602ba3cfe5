"""Draw how sure a model is, and whether it is right to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.core.figures import new_figure
from gatera.measure.intervals import wilson_interval
from gatera.measure.reports.certainty import CalibrationReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Of more answers, the curve shows so many points.
MOST_POINTS = 1_000


def plot_certainty(report: CalibrationReport, figsize: tuple[float, float] = (8.4, 3.8)) -> Figure:
    """Draw a reliability diagram and the risk-coverage curve of held-out items, side by side.

    Args:
        report: that of `learn.calibrate()`.
        figsize: width and height in inches.

    Raises:
        ArgumentError: if the model does not answer with probabilities.
    """
    if not len(np.asarray(report.probability)):
        raise ArgumentError("there are no probabilities to draw: the answers are numbers, masks or points")
    figure = new_figure(figsize)
    left, right = figure.subplots(1, 2)
    _reliability(left, report)
    _risk(right, report)
    return figure


def _reliability(axes: Axes, report: CalibrationReport) -> None:
    bins = report.reliability()
    confidence, right = [each.confidence for each in bins], [each.right for each in bins]
    lowest = min(0.45, *confidence, *right)
    axes.plot([lowest, 1], [lowest, 1], color="0.6", linewidth=1, linestyle="--", label="as claimed")
    # 95 % intervals: a point whose bar reaches the line may be off it by chance, also where all of its few items are right
    ends = [wilson_interval(round(each.right * each.n), each.n) for each in bins]
    spread = [
        (max(0.0, each.right - low), max(0.0, high - each.right))
        for each, (low, high) in zip(bins, ends, strict=True)
    ]
    axes.errorbar(
        confidence,
        right,
        yerr=np.array(spread).T,
        fmt="o",
        markersize=4,
        color="tab:blue",
        label="held-out items",
    )
    axes.set(
        xlim=(lowest, 1.02),
        ylim=(max(0, lowest - 0.05), 1.05),
        xlabel="probability of the answer",
        ylabel="share that are right",
    )
    axes.set_title(f"Calibration error {report.error_after:.3f}", fontsize=10)
    axes.legend(loc="upper left", fontsize=8, frameon=False)


def _risk(axes: Axes, report: CalibrationReport) -> None:
    curve = report.risk_coverage()
    step = max(1, len(curve.risk) // MOST_POINTS)
    axes.plot(100 * curve.coverage[::step], 100 * curve.risk[::step], color="tab:blue")
    axes.axhline(100 * curve.risk[-1], color="0.6", linewidth=1, linestyle="--", label="all answered")
    if np.isfinite(report.answered):
        label = f"asked to be {100 * report.level:g} % sure"
        axes.axvline(100 * report.answered, color="tab:orange", linewidth=1, label=label)
    axes.set(xlim=(0, 100), xlabel="% answered, most confident first", ylabel="% of these wrong")
    axes.set_ylim(bottom=0, top=max(1.0, 110 * float(curve.risk.max())))
    axes.set_title("Error among the most confident answers", fontsize=10)
    axes.legend(loc="upper left", fontsize=8, frameon=False)
