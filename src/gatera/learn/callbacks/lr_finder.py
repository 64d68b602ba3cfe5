"""The learning-rate finder: train a little with growing rates, and see where the loss falls fastest."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gatera.core.checks import check_choice
from gatera.core.errors import ArgumentError
from gatera.core.figures import new_figure, window_figure
from gatera.core.progress import in_notebook, note
from gatera.learn.callback import Callback, CancelFitException
from gatera.learn.callbacks.recorder import PLOT_INCHES, SMOOTHING
from gatera.learn.loop import LoopState
from gatera.learn.optimizer import set_hyper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Takes learning rates [S], smoothed losses [S] and the number of iterations; returns a learning rate.
Suggestion = Callable[[np.ndarray, np.ndarray, int], float]

#: The search ends when the smoothed loss is so many times its best.
DIVERGED = 4.0


def valley(lrs: np.ndarray, losses: np.ndarray, n: int) -> float:
    """Suggest the middle of the longest valley: of the longest falling subsequence of losses, the point half-way along."""
    best = np.ones(len(losses), dtype=int)  # length of the longest falling subsequence that ends here
    previous = np.full(len(losses), -1)
    for i in range(1, len(losses)):
        falling = np.flatnonzero(losses[:i] > losses[i])
        if len(falling) and (j := falling[np.argmax(best[falling])]) is not None:
            best[i], previous[i] = best[j] + 1, j
    end, length = int(np.argmax(best)), int(best.max())
    path = [end]
    while previous[path[-1]] >= 0:
        path.append(int(previous[path[-1]]))
    path.reverse()
    return float(lrs[path[min(length // 2, length - 1)]])


def slide(lrs: np.ndarray, losses: np.ndarray, n: int, lr_diff: int = 15, thresh: float = 0.005) -> float:
    """Suggest the rate where an interval, slid from the right, first has nearly equal gradients at both ends."""
    gradients = np.gradient(losses)
    right, left = -1, -1 - lr_diff
    chosen = lrs[left] if len(lrs) > lr_diff else lrs[0]
    while left >= -len(losses) and abs(gradients[right] - gradients[left]) > thresh:
        chosen = lrs[left]
        right, left = right - 1, left - 1
    return float(chosen)


def minimum(lrs: np.ndarray, losses: np.ndarray, n: int) -> float:
    """Suggest a tenth of the rate at the lowest loss."""
    return float(lrs[np.argmin(losses)] / 10)


def steep(lrs: np.ndarray, losses: np.ndarray, n: int) -> float:
    """Suggest the rate at which the loss falls most steeply over the logarithm of the rate."""
    return float(lrs[np.argmin(np.gradient(losses, np.log(lrs)))])


SUGGESTIONS: dict[str, Suggestion] = {"valley": valley, "slide": slide, "minimum": minimum, "steep": steep}


@dataclass(frozen=True)
class SuggestedLRs:
    """What `lr_find` found: the suggestions by name (also as attributes), the curve, and its plot.

    Iterating yields the suggested rates in the order asked for, so that `lr_min, lr_steep = ...` works.

    Attributes:
        suggestions: name -> rate.
        lrs: the rates tried, float64 [S].
        losses: the smoothed loss at each, float64 [S].
        shown: whether the plot has been shown; then a notebook does not show it once more.
    """

    suggestions: dict[str, float]
    lrs: np.ndarray
    losses: np.ndarray
    shown: bool = False

    def __iter__(self) -> Iterator[float]:
        return iter(self.suggestions.values())

    def __len__(self) -> int:
        return len(self.suggestions)

    def __getitem__(self, number: int) -> float:
        return list(self.suggestions.values())[number]

    def __getattr__(self, name: str) -> float:
        try:
            return self.__dict__["suggestions"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self) -> str:
        return (
            "SuggestedLRs("
            + ", ".join(f"{name}={value:.2g}" for name, value in self.suggestions.items())
            + ")"
        )

    def plot(self) -> Figure:
        """Plot smoothed loss over learning rate (logarithmic), each suggestion as a dot."""
        figure = new_figure(PLOT_INCHES)
        self._draw(figure)
        return figure

    def show(self) -> SuggestedLRs:
        """Show the plot: below the cell in a notebook, elsewhere in a window, and wait until that is closed.

        Returns:
            The same, marked as shown. Where there is no display a line says how to keep the plot in a file.
        """
        if in_notebook():
            from IPython.display import display

            display(self)
        elif (figure := window_figure(PLOT_INCHES)) is not None:
            from matplotlib import pyplot

            self._draw(figure)
            pyplot.show()
        else:
            note(
                "There is no display for the plot of lr_find; found.plot().savefig('lr_find.png') keeps it in a file."
            )
        return replace(self, shown=True)

    def _draw(self, figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot(self.lrs, self.losses)
        for name, value in self.suggestions.items():
            axes.plot(
                value, float(np.interp(value, self.lrs, self.losses)), "o", label=f"{name}: {value:.2g}"
            )
        axes.set(title="Learning-rate finder", xlabel="learning rate", ylabel="loss (smoothed)", xscale="log")
        axes.legend()

    def _repr_png_(self) -> bytes | None:
        if self.shown:
            return None
        buffer = io.BytesIO()
        self.plot().savefig(buffer, format="png", dpi=90)
        return buffer.getvalue()


def as_suggestions(functions: str | Suggestion | Sequence[str | Suggestion]) -> dict[str, Suggestion]:
    """Return suggestion functions by name.

    Raises:
        ArgumentError: for an unknown name.
    """
    given = [functions] if isinstance(functions, str) or callable(functions) else list(functions)
    found: dict[str, Suggestion] = {}
    for function in given:
        if isinstance(function, str):
            check_choice("suggest_funcs", function, SUGGESTIONS)
            found[function] = SUGGESTIONS[function]
        else:
            found[getattr(function, "__name__", type(function).__name__)] = function
    return found


class LRFinder(Callback):
    """Grow the learning rate geometrically over `num_it` batches and note the loss.

    Args:
        start_lr: the first rate.
        end_lr: the last rate.
        num_it: how many batches; the fit must have at least as many.
        stop_div: stop once the smoothed loss is four times its best.
    """

    order = 60
    reads_only = True

    def __init__(
        self, start_lr: float = 1e-7, end_lr: float = 10.0, num_it: int = 100, stop_div: bool = True
    ) -> None:
        if not 0 < start_lr < end_lr:
            raise ArgumentError("lr_find needs 0 < start_lr < end_lr", got=(start_lr, end_lr))
        self.start_lr, self.end_lr, self.num_it, self.stop_div = start_lr, end_lr, num_it, stop_div
        self.lrs: list[float] = []
        self.losses: list[float] = []
        self._average, self._best = 0.0, math.inf

    def before_batch(self, state: LoopState) -> None:
        """Set this batch's rate."""
        rate = self.start_lr * (self.end_lr / self.start_lr) ** (len(self.lrs) / max(self.num_it - 1, 1))
        set_hyper(state.optimizer, "lr", [rate])

    def after_loss(self, state: LoopState) -> None:
        """Note the loss; end the search when it is over or has diverged."""
        loss = float(state.loss.detach().mean())
        self._average = SMOOTHING * self._average + (1 - SMOOTHING) * loss
        smoothed = self._average / (1 - SMOOTHING ** (len(self.losses) + 1))
        if not math.isfinite(smoothed):
            raise CancelFitException
        self.lrs.append(state.optimizer.param_groups[-1]["lr"])
        self.losses.append(smoothed)
        self._best = min(self._best, smoothed)
        if len(self.lrs) >= self.num_it or (self.stop_div and smoothed > DIVERGED * self._best):
            raise CancelFitException

    def suggest(self, functions: dict[str, Suggestion]) -> SuggestedLRs:
        """Return the suggestions from the part of the curve that says something: not its first tenth nor its end."""
        lrs, losses = np.array(self.lrs), np.array(self.losses)
        cut = slice(self.num_it // 10, -5) if len(lrs) > self.num_it // 10 + 7 else slice(None)
        lrs, losses = lrs[cut], losses[cut]
        if len(lrs) < 2:
            raise ArgumentError(
                "lr_find ended before there was a curve", got=f"{len(self.lrs)} batches",
                remedy="Raise num_it, or lower start_lr: the loss diverged at once.",
            )  # fmt: skip
        return SuggestedLRs({name: f(lrs, losses, self.num_it) for name, f in functions.items()}, lrs, losses)
