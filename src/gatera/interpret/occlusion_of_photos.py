"""Where in a photo the answer comes from: hide one square after the other, and watch what the model says.

Source: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks" (arXiv 1311.2901), section 4.2, figure 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.checks import check_count, check_fraction
from gatera.core.errors import ArgumentError, DataError
from gatera.core.figures import Pictured, drawn_name, named_legend, new_figure
from gatera.core.progress import note, track
from gatera.interpret.layers import chosen_layer, faster_copy, last_map, name_of_layer, outputs_at
from gatera.interpret.maps import draw_photo, overlaid
from gatera.interpret.subject import Subject, as_input, item_and_label, subject_of
from gatera.kernels.fast_prediction import folded_copy
from gatera.kernels.fast_training import fast_training
from gatera.learn.arithmetic import evaluating

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gatera.learn.learner import Learner

#: Photos computed at once.
BATCH = 8

#: A map is drawn over at least this range (of its largest value, or of 1): what changes less does not change.
LEAST_RANGE = 0.02

#: Answers that differ by this share of their size are the same, rounded differently.
ROUNDING = 1e-6

#: Colours of classes in the map of the most probable ones; the last stands for all others.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#000000")


@dataclass(frozen=True)
class Squares:
    """The squares that are hidden, one at a time.

    Attributes:
        size: side of a square (pixels).
        stride: distance between neighbours (pixels).
        fill: grey that hides, 0 (black) to 1 (white).
    """

    size: int = 32
    stride: int = 16
    fill: float = 0.5

    def __post_init__(self) -> None:
        check_count("patch", self.size, 1)
        check_count("stride", self.stride, 1)
        check_fraction("fill", self.fill)

    def starts(self, length: int) -> list[int]:
        """Return where squares begin on an axis of `length` pixels; the last one ends at the edge."""
        last = length - self.size
        return [*range(0, last, self.stride), last]

    def check_fit(self, height: int, width: int) -> None:
        """Raise ArgumentError if a photo is smaller than a square."""
        if min(height, width) < self.size:
            raise ArgumentError(
                "the photo is smaller than the square that hides parts of it",
                got=f"a photo of {height} x {width} pixels as the model sees it, patch={self.size}",
                remedy=f"Pass patch={max(1, min(height, width) // 4)}.",
            )


@dataclass(frozen=True, repr=False)
class OcclusionMap(Pictured):
    """What the model says when a square of a photo is hidden, by the square's place [rows, columns].

    Attributes:
        photo: as the model sees it, uint8 [H,W,C].
        label: the class (or output) that is watched.
        whole: its probability (or value) for the whole photo.
        probability: the same with each square hidden, float32 [r,c].
        strongest: the sum of the strongest feature map of `layer`, float32 [r,c]; None for a model without maps.
        feature: the number of that feature map, or None.
        layer: name of the layer, or None.
        predicted: the most probable class with each square hidden, int64 [r,c].
        names: name of each output.
        tops, lefts: where the squares begin (pixels).
        squares: the squares.
    """

    photo: np.ndarray
    label: str
    whole: float
    probability: np.ndarray
    strongest: np.ndarray | None
    feature: int | None
    layer: str | None
    predicted: np.ndarray
    names: list[str]
    tops: list[int]
    lefts: list[int]
    squares: Squares

    def __repr__(self) -> str:
        n = self.probability.size
        squares = f"{n} square{'' if n == 1 else 's'}"
        if self.flat:
            return f"OcclusionMap({self.label}: {self.whole:.3f} with or without any of the {squares})"
        top, left = self.most_important
        return (
            f"OcclusionMap({self.label}: {self.whole:.3f} for the whole photo, {self.probability.min():.3f} "
            f"with the square at row {top}, column {left} hidden; {squares})"
        )

    @property
    def flat(self) -> bool:
        """Whether the answer is the same whatever is hidden, up to rounding."""
        differs = float(np.abs(self.probability - np.float32(self.whole)).max())
        return differs <= ROUNDING * max(abs(self.whole), float(np.finfo(np.float32).tiny))

    @property
    def flat_words(self) -> str:
        """What is said of a flat map; "" of others."""
        same = f"the answer is the same whichever square is hidden ({self.label}: {self.whole:.4g})"
        return f"The map is flat: {same}." if self.flat else ""

    @property
    def most_important(self) -> tuple[int, int]:
        """(top, left) of the square without which the answer falls most (pixels)."""
        row, column = np.unravel_index(int(self.probability.argmin()), self.probability.shape)
        return self.tops[row], self.lefts[column]

    @property
    def _what(self) -> str:
        return (
            f"probability of {drawn_name(self.label, 24)}" if len(self.names) > 1 else drawn_name(self.label)
        )

    def heat(self) -> np.ndarray:
        """Return how much each pixel matters: the mean fall of the answer over the squares that hide it, float32 [H,W]."""
        total = np.zeros(self.photo.shape[:2], np.float32)
        times = np.zeros_like(total)
        size = self.squares.size
        for (row, column), value in np.ndenumerate(self.probability):
            place = np.s_[
                self.tops[row] : self.tops[row] + size, self.lefts[column] : self.lefts[column] + size
            ]
            total[place] += self.whole - value
            times[place] += 1
        return total / np.maximum(times, 1)

    def plot(self) -> Figure:
        """Draw the photo and the three maps of the paper's figure 6; the frame is the square that matters most."""
        several, with_map = len(self.names) > 1, self.strongest is not None
        n = 2 + several + with_map
        figure = new_figure((3.4 * n, 3.7))
        axes = figure.subplots(1, n)
        draw_photo(axes[0], self.photo, f"{drawn_name(self.label, 32)}: {self.whole:.2f}")
        top, left = self.most_important
        from matplotlib.patches import Rectangle

        side = self.squares.size
        axes[0].add_patch(Rectangle((left, top), side, side, fill=False, edgecolor="white", linewidth=2.5))
        axes[0].add_patch(Rectangle((left, top), side, side, fill=False, edgecolor="black", linewidth=1))
        if self.strongest is not None:
            self._draw_map(axes[1], self.strongest, f"strongest map of {self.layer}\n(number {self.feature})")
        self._draw_map(axes[1 + with_map], self.probability, f"{self._what}\nwith the square there hidden")
        if several:
            self._draw_classes(axes[2 + with_map])
        return figure

    def _draw_map(self, axes: Any, values: np.ndarray, title: str) -> None:
        high = float(values.max())
        low = min(float(values.min()), high - LEAST_RANGE * max(1.0, abs(high)))
        shown = axes.imshow(values, cmap="viridis", extent=self._extent(), vmin=low, vmax=high)
        axes.figure.colorbar(shown, ax=axes, shrink=0.7)
        axes.set_title(title, fontsize=9, parse_math=False)
        axes.set_axis_off()

    def _draw_classes(self, axes: Any) -> None:
        from matplotlib.patches import Patch

        names, place = shown_classes(self.predicted, self.names)
        codes = np.array([[int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)] for code in COLOURS])
        axes.imshow(codes[place], extent=self._extent(), interpolation="nearest")
        named_legend(
            axes, [Patch(color=COLOURS[i]) for i in range(len(names))], [drawn_name(name, 24) for name in names],
            loc="upper center", bbox_to_anchor=(0.5, 0), fontsize=8, ncols=2, frameon=False,
        )  # fmt: skip
        axes.set_title("most probable class\nwith the square there hidden", fontsize=9)
        axes.set_axis_off()

    def _extent(self) -> tuple[float, float, float, float]:
        height, width = self.photo.shape[:2]
        return (0, width, height, 0)

    def overlay(self) -> Figure:
        """Draw the photo with what matters to the answer in colour."""
        return overlaid(self.photo, self.heat(), f"{drawn_name(self.label, 32)}: {self.whole:.2f}")


def shown_classes(predicted: np.ndarray, names: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Return the names of a map's classes, the most frequent first, and each place's position among them.

    Where there are more classes than `COLOURS`, the last name stands for all that are left.

    Args:
        predicted: numbers of classes, int64 [r,c].
        names: the name of each class.
    """
    found, counts = np.unique(predicted, return_counts=True)
    order = found[np.argsort(-counts, kind="stable")].tolist()
    most = len(COLOURS)
    shown = [names[output] for output in order]
    if len(order) > most:
        shown = [*shown[: most - 1], "other classes"]
    rank = {output: min(place, most - 1) for place, output in enumerate(order)}
    return shown, np.vectorize(rank.__getitem__)(predicted)


def occlusion(
    learn: Learner, item: Any, label: Any = None, patch: int = 32, stride: int = 16, fill: float = 0.5,
    layer: str | nn.Module | None = None,
) -> OcclusionMap:  # fmt: skip
    """Hide one square of a photo after the other; see `Learner.occlusion`."""
    raw, known = item_and_label(learn, item, label)
    with evaluating(learn.model):
        quiet = not learn.display.bar_on
        found = occluded(subject_of(learn), raw, known, Squares(patch, stride, fill), layer, quiet)
    return say_what_is_not_seen(found)


def occluded(
    subject: Subject,
    item: Any,
    label: Any,
    squares: Squares,
    layer: str | nn.Module | None = None,
    quiet: bool = False,
) -> OcclusionMap:
    """Hide one square of a photo after the other.

    Args:
        subject: the model, in evaluation mode.
        item: a raw photo, or the model's input [1,C,H,W].
        label: the class to watch; None for the predicted one.
        squares: the squares.
        layer: the layer whose strongest feature map is watched; None for the last one with feature maps.
        quiet: show no progress bar.

    Raises:
        ArgumentError: if the photo is smaller than a square.
        DataError: if the model's inputs are not images.
    """
    if subject.pixels is None:
        raise DataError(
            "occlusion needs a photo or a sound", remedy="learn.attribution(item) explains other inputs."
        )
    with torch.no_grad():
        x = as_input(subject, item)
        squares.check_fit(*x.shape[2:])
        watched = last_map(subject.model, x) if layer is None else chosen_layer(subject.model, layer, x)
        outputs, maps = outputs_at(subject.model, [] if watched is None else [watched], x)
        answers = subject.answers(outputs)
        output, feature = subject.output_of(label, answers), int(_sums(maps[0])[0].argmax()) if maps else None
        tops, lefts = (squares.starts(length) for length in x.shape[2:])
        if watched is None:
            model, layer_in_it = folded_copy(subject.model, x), None
        else:
            model, layer_in_it = faster_copy(subject.model, watched, x)
        with fast_training(model) if x.device.type == "cpu" else nullcontext():
            answered, sums = _hidden(replace(subject, model=model), layer_in_it, x, squares, quiet)
    shape = (len(tops), len(lefts))
    return OcclusionMap(
        photo=subject.pixels(x), label=subject.name(output), whole=float(answers[0, output]),
        probability=answered[:, output].reshape(shape).numpy(),
        strongest=None if sums is None else sums[:, feature].reshape(shape).numpy(),
        feature=feature, layer=None if watched is None else name_of_layer(subject.model, watched),
        predicted=answered.argmax(1).reshape(shape).numpy(), names=[subject.name(n) for n in range(answers.shape[1])],
        tops=tops, lefts=lefts, squares=squares,
    )  # fmt: skip


def say_what_is_not_seen(found: OcclusionMap) -> OcclusionMap:
    """Tell what a map does not show, as a note; return the map."""
    squares = found.squares
    if squares.stride > squares.size:
        note(
            f"Squares of {squares.size} pixels, {squares.stride} apart, leave gaps: pixels between the squares are never hidden, "
            "and their heat is 0. A stride no larger than the patch hides every pixel."
        )
    if found.flat:
        note(found.flat_words)
    return found


def _hidden(
    subject: Subject, watched: nn.Module | None, x: Tensor, squares: Squares, quiet: bool
) -> tuple[Tensor, Tensor | None]:
    """Return answers [S,K] and sums of feature maps [S,C] (None without `watched`) for each square hidden, row by row."""
    answers: list[Tensor] = []
    sums: list[Tensor] = []
    grey = subject.grey(x, squares.fill)
    for batch in track(list(_batches(x, squares)), "hiding squares", quiet=quiet):
        hidden = x.repeat(len(batch), 1, 1, 1)
        for photo, (top, left) in zip(hidden, batch, strict=True):
            photo[:, top : top + squares.size, left : left + squares.size] = grey
        outputs, maps = outputs_at(
            subject.model,
            [] if watched is None else [watched],
            hidden.contiguous(memory_format=torch.channels_last),
        )
        answers.append(subject.answers(outputs).cpu())
        sums.extend(_sums(one).cpu() for one in maps)
    return torch.cat(answers), torch.cat(sums) if sums else None


def _batches(x: Tensor, squares: Squares) -> Iterator[list[tuple[int, int]]]:
    places = [(top, left) for top in squares.starts(x.shape[2]) for left in squares.starts(x.shape[3])]
    for start in range(0, len(places), BATCH):
        yield places[start : start + BATCH]


def _sums(maps: Tensor) -> Tensor:
    """Return the sum of each feature map, [N,C,h,w] -> float32 [N,C]."""
    return maps.float().flatten(2).sum(2) if maps.ndim > 2 else maps.float()
