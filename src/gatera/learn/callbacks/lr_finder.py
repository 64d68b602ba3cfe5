"""Find a good learning rate: train briefly with growing rates, and see where the loss falls fastest."""

from __future__ import annotations

import copy
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gatera.core.checks import check_choice, check_count, check_positive
from gatera.core.errors import ArgumentError
from gatera.core.figures import new_figure, window_figure
from gatera.core.progress import in_notebook, note
from gatera.learn.callbacks.recorder import PLOT_INCHES, SMOOTHING
from gatera.learn.fit import Fit
from gatera.learn.optimizer import set_hyper
from gatera.learn.state import Callback, CancelFitException, LoopState

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Takes learning rates [S], smoothed losses [S] and the number of iterations; returns a learning rate.
Suggestion = Callable[[np.ndarray, np.ndarray, int], float]

#: The search ends when the smoothed loss is this many times its lowest value.
DIVERGED = 4.0


def valley(lrs: np.ndarray, losses: np.ndarray, n: int) -> float:
    """Suggest the middle of the longest valley, i.e. of the longest falling subsequence of losses."""
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
    """Suggest the rate where an interval, sliding from the right, first has nearly equal gradients at both ends."""
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
    """The result of `lr_find`: suggested rates by name (also as attributes), the curve, and its plot.

    Iterating yields the suggested rates in the requested order, so `lr_min, lr_steep = ...` works.

    Attributes:
        suggestions: name -> rate.
        lrs: the rates tried, float64 [S].
        losses: the smoothed loss at each, float64 [S].
        shown: whether the plot was shown already; if so, a notebook does not show it again.
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
        """Plot the smoothed loss against the learning rate (logarithmic), with a dot for each suggestion."""
        figure = new_figure(PLOT_INCHES)
        self._draw(figure)
        return figure

    def show(self) -> SuggestedLRs:
        """Show the plot: below the cell in a notebook, elsewhere in a window, waiting until it is closed.

        Returns:
            The same, marked as shown. Without a display, a line says how to save the plot to a file.
        """
        if in_notebook():
            from IPython.display import display

            display(self)
        elif (figure := window_figure(PLOT_INCHES)) is not None:
            from matplotlib import pyplot

            self._draw(figure)
            pyplot.show()
        else:
            note("No display for the plot of lr_find. To save it: found.plot().savefig('lr_find.png')")
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
    """Raise the learning rate geometrically over `num_it` batches and record the loss.

    Args:
        start_lr: the first rate.
        end_lr: the last rate.
        num_it: number of batches; the fit must have at least as many.
        stop_div: stop once the smoothed loss is four times its lowest value.
    """

    order = 45  # before the recorder, for which a loss that is not finite is an error
    reads_only = True

    def __init__(
        self, start_lr: float = 1e-7, end_lr: float = 10.0, num_it: int = 100, stop_div: bool = True
    ) -> None:
        check_positive("start_lr", start_lr)
        check_positive("end_lr", end_lr)
        check_count("num_it", num_it, 1)
        if not start_lr < end_lr:
            raise ArgumentError("lr_find needs start_lr < end_lr", got=(start_lr, end_lr))
        self.start_lr, self.end_lr, self.num_it, self.stop_div = start_lr, end_lr, num_it, stop_div
        self.lrs: list[float] = []
        self.losses: list[float] = []
        self._average, self._best = 0.0, math.inf

    def before_batch(self, state: LoopState) -> None:
        """Set this batch's rate."""
        rate = self.start_lr * (self.end_lr / self.start_lr) ** (len(self.lrs) / max(self.num_it - 1, 1))
        set_hyper(state.optimizer, "lr", [rate])

    def after_loss(self, state: LoopState) -> None:
        """Record the loss; end the search after the last batch, or when the loss diverges."""
        loss = float(state.loss.detach().mean())
        self._average = SMOOTHING * self._average + (1 - SMOOTHING) * loss
        smoothed = self._average / (1 - SMOOTHING ** (len(self.losses) + 1))
        if not math.isfinite(smoothed):
            if len(self.losses) < 2:  # not the rate is to blame, but the data: the recorder names the items
                return
            raise CancelFitException
        self.lrs.append(state.optimizer.param_groups[-1]["lr"])
        self.losses.append(smoothed)
        self._best = min(self._best, smoothed)
        if len(self.lrs) >= self.num_it or (self.stop_div and smoothed > DIVERGED * self._best):
            raise CancelFitException

    def suggest(self, functions: dict[str, Suggestion]) -> SuggestedLRs:
        """Return the suggestions, from the curve without its first tenth and its end."""
        lrs, losses = np.array(self.lrs), np.array(self.losses)
        cut = slice(self.num_it // 10, -5) if len(lrs) > self.num_it // 10 + 7 else slice(None)
        lrs, losses = lrs[cut], losses[cut]
        if len(lrs) < 2:
            raise ArgumentError(
                "lr_find ended with too few batches for a curve", got=f"{len(self.lrs)} batches",
                remedy="Raise num_it, or lower start_lr: the loss diverged immediately.",
            )  # fmt: skip
        return SuggestedLRs({name: f(lrs, losses, self.num_it) for name, f in functions.items()}, lrs, losses)


def find(fit: Fit, finder: LRFinder, functions: dict[str, Suggestion]) -> SuggestedLRs:
    """Run a fit whose callbacks include `finder`, then restore the model's parameters, also after an error or Ctrl-C."""
    model = fit.state.whole
    before = copy.deepcopy(model.state_dict())
    try:
        fit.run()
    finally:
        model.load_state_dict(before)
    return finder.suggest(functions)
