"""Correspondence: does a layer change in the same way in all photos when the same part of the object is hidden?

For each photo the change of the layer's output is taken (whole photo minus hidden part), and the signs of two photos' changes
are compared: the Hamming distance, averaged over all pairs. It is lower for a part that the layer represents alike everywhere
than for random places.

Source: Zeiler and Fergus 2014 (arXiv 1311.2901), section 4.3, table 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from gatera.core.checks import check_count, counted
from gatera.core.errors import ArgumentError
from gatera.core.figures import Pictured, new_figure
from gatera.core.progress import track
from gatera.core.random import rng
from gatera.interpret.layers import chosen_layer, name_of_layer, output_at
from gatera.interpret.subject import check_images
from gatera.learn.arithmetic import evaluating

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gatera.learn.learner import Learner

#: Random places for each photo that a part is compared with.
PLACES = 5

#: Grey that hides (0 to 255).
GREY = 128


@dataclass(frozen=True, repr=False)
class Correspondence(Pictured):
    """How alike a layer changes over photos when a part is hidden, and when random places are.

    Attributes:
        layer: the layer's name.
        part: Hamming distances of the signs of changes with the part hidden, one per pair of photos, float64 [P], 0..1.
        random: the same for random boxes of the same size, float64 [R], averaged over pairs for each of R draws.
    """

    layer: str
    part: np.ndarray
    random: np.ndarray

    @property
    def difference(self) -> float:
        """Mean distance of the part minus that of random places; below 0 means that the part is represented alike."""
        return float(self.part.mean() - self.random.mean())

    def __repr__(self) -> str:
        return (
            f"Correspondence({self.layer}: the part {self.part.mean():.3f}, random places {self.random.mean():.3f} "
            f"± {self.random.std():.3f}; lower is more alike)"
        )

    def plot(self) -> Figure:
        """Draw the mean distance of the part beside those of the random draws."""
        figure = new_figure((5, 2.4))
        axes = figure.subplots()
        axes.plot(
            self.random,
            np.zeros(len(self.random)),
            "o",
            color="#999999",
            label="random places of the same size",
        )
        axes.plot(self.part.mean(), 0, "D", color="#d55e00", markersize=9, label="the part")
        axes.set_yticks([])
        axes.set_xlabel(f"mean Hamming distance of signs at {self.layer} (lower: more alike)")
        axes.legend(fontsize=8, loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.25), frameon=False)
        return figure


def correspondence(
    learn: Learner,
    items: Sequence[Any],
    boxes: Sequence[Any],
    layer: str | nn.Module | None = None,
    seed: int = 0,
) -> Correspondence:
    """Compare how a layer changes when a part is hidden; see `Learner.correspondence`."""
    check_count("seed", seed, 0)
    block = check_images(learn, "correspondence")
    photos = [block.read(item) for item in items]
    sizes = [box_of(box, photo.size, number) for number, (box, photo) in enumerate(_paired(photos, boxes))]
    with evaluating(learn.model), torch.no_grad():
        first = learn.dls.input_batch(photos[0])
        module = chosen_layer(learn.model, layer, first)
        signs: list[np.ndarray] = []
        for photo, box in track(
            list(zip(photos, sizes, strict=True)), "hiding parts", quiet=not learn.display.bar_on
        ):
            others = random_boxes(box, photo.size, PLACES, seed + len(signs))
            signs.append(_signs(learn, module, photo, [box, *others]))
    draws = [[mine[place] for mine in signs] for place in range(PLACES + 1)]
    distances = [hamming(draw) for draw in draws]
    means = np.array([distance.mean() for distance in distances[1:]])
    return Correspondence(name_of_layer(learn.model, module), distances[0], means)


def _paired(photos: Sequence[Image.Image], boxes: Sequence[Any]) -> list[tuple[Any, Image.Image]]:
    n_boxes = len(boxes) if hasattr(boxes, "__len__") else 0
    if len(photos) != n_boxes or len(photos) < 2:
        raise ArgumentError(
            "correspondence compares at least two photos, with a box for each",
            got=f"{counted(len(photos), 'photo')}, {n_boxes} box{'' if n_boxes == 1 else 'es'}",
        )
    return list(zip(boxes, photos, strict=True))


def box_of(box: Any, size: tuple[int, int], number: int) -> tuple[int, int, int, int]:
    """Return a box as whole pixels (left, top, right, bottom).

    Raises:
        ArgumentError: if it is not inside the photo of `size` (width, height).
    """
    try:
        values = tuple(round(float(value)) for value in box)
    except (TypeError, ValueError, OverflowError):  # not four numbers, or not finite
        values = ()
    if len(values) == 4 and 0 <= values[0] < values[2] <= size[0] and 0 <= values[1] < values[3] <= size[1]:
        return values[0], values[1], values[2], values[3]
    raise ArgumentError(
        f"the box of item {number} is not inside its photo", got=values or box,
        expected=f"(left, top, right, bottom) within {size[0]} x {size[1]} pixels",
    )  # fmt: skip


def random_boxes(
    box: tuple[int, int, int, int], size: tuple[int, int], n: int, seed: int
) -> list[tuple[int, int, int, int]]:
    """Return n boxes of the same size at random places of a photo."""
    draw = rng(seed)
    width, height = box[2] - box[0], box[3] - box[1]
    lefts = draw.integers(0, size[0] - width + 1, n).tolist()
    tops = draw.integers(0, size[1] - height + 1, n).tolist()
    return [(left, top, left + width, top + height) for left, top in zip(lefts, tops, strict=True)]


def _signs(
    learn: Learner, layer: nn.Module, photo: Image.Image, boxes: Sequence[tuple[int, int, int, int]]
) -> np.ndarray:
    """Return the signs of the layer's changes for each hidden box, int8 [B,F]."""
    hidden = []
    for box in boxes:
        copy = photo.copy()
        copy.paste(GREY if copy.mode == "L" else (GREY, GREY, GREY), box)
        hidden.append(learn.dls.input_batch(copy))
    output = (
        output_at(learn.model, layer, torch.cat([learn.dls.input_batch(photo), *hidden])).float().flatten(1)
    )
    return torch.sign(output[:1] - output[1:]).to(torch.int8).cpu().numpy()


def hamming(signs: Sequence[np.ndarray]) -> np.ndarray:
    """Return the share of places at which signs differ, for each pair: float64 [pairs]."""
    return np.array([(one != other).mean() for one, other in combinations(signs, 2)])
