"""Figure 2 of Zeiler and Fergus for any layer: top patches of chosen channels, each with its deconvnet projection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.checks import check_choice, check_count
from gatera.core.errors import ArgumentError
from gatera.core.figures import Pictured, new_figure, wrapped_title
from gatera.core.progress import note, track
from gatera.interpret.layers import faster_copy, find_layer, name_of_layer, say_if_repeated
from gatera.interpret.subject import Subject, check_images, subject_of, validation_loader
from gatera.interpret.units.crops import as_grey, centre_of, cut, reach, side_for
from gatera.interpret.units.deconvnet import RULES, projected, suitable_rule
from gatera.interpret.units.strongest import Strongest, strongest
from gatera.learn.arithmetic import Arithmetic, evaluating

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gatera.learn.learner import Learner

#: Photos projected back at once.
BATCH = 16

#: Channels beside each other in a figure, and the width of one with its two mosaics (inches).
IN_A_ROW, INCHES = 4, 3.6

#: What figures call the rules of the way back.
RULE_NAMES = {"deconvnet": "deconvnet", "guided": "guided backpropagation"}


@dataclass(frozen=True, repr=False)
class Units(Pictured):
    """What units of a layer respond to; U channels, k patches each, the strongest first.

    Attributes:
        layer: the layer's name.
        channels: numbers of the channels [U].
        values: activations, float32 [U,k].
        items: positions in the data set, int64 [U,k].
        patches: what the units see, uint8 [U,k,s,s,C].
        projections: what in it excites them, float32 [U,k,s,s,C].
        n_items: number of items looked at.
        silent: number of the layer's channels that never answered.
        rule: how activations were projected back, "deconvnet" or "guided".
    """

    layer: str
    channels: list[int]
    values: np.ndarray
    items: np.ndarray
    patches: np.ndarray
    projections: np.ndarray
    n_items: int
    silent: int
    rule: str

    def __repr__(self) -> str:
        return (
            f"Units({self.layer}: {len(self.channels)} channels, {self.values.shape[1]} patches of "
            f"{self.patches.shape[2]} pixels each, from {self.n_items:,} items)"
        )

    def plot(self) -> Figure:
        """Draw for each channel its projections (left, on grey) and the patches that they come from (right)."""
        columns = min(IN_A_ROW, len(self.channels))
        rows = ceil(len(self.channels) / columns)
        title, more = wrapped_title(
            f"{self.layer}: what excites each unit ({RULE_NAMES[self.rule]}), and its {self.values.shape[1]} strongest patches "
            f"of {self.n_items:,} items",
            INCHES * columns,
        )
        figure = new_figure((INCHES * columns, (INCHES / 2 + 0.28) * rows + 0.4 + more))
        grid = figure.subplots(rows, 2 * columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for place, channel in enumerate(self.channels):
            left, right = grid[place // columns, 2 * (place % columns) : 2 * (place % columns) + 2]
            left.imshow(
                mosaic(np.stack([as_grey(one) for one in self.projections[place]])),
                cmap="gray",
                vmin=0,
                vmax=1,
            )
            right.imshow(mosaic(self.patches[place] / 255), cmap="gray", vmin=0, vmax=1)
            left.set_title(f"channel {channel}", fontsize=8, loc="left", parse_math=False)
            right.set_title(f"up to {self.values[place, 0]:.3g}", fontsize=8, loc="left")
        figure.suptitle(title, fontsize=10, parse_math=False)
        return figure


def mosaic(pictures: np.ndarray) -> np.ndarray:
    """Lay pictures [k,s,s,C] out as a square with white lines between them, [H,W,C] or [H,W] for one channel."""
    k, side, _, n_channels = pictures.shape
    width, gap = ceil(k**0.5), max(1, side // 24)
    height = ceil(k / width)
    step = side + gap
    whole = np.ones((height * step - gap, width * step - gap, n_channels), np.float32)
    for place, picture in enumerate(pictures):
        top, left = place // width * step, place % width * step
        whole[top : top + side, left : left + side] = picture
    return whole[..., 0] if n_channels == 1 else whole


@dataclass(frozen=True)
class Photos:
    """The items that units are shown.

    Attributes:
        batches: makes the batches, in order; each begins with inputs [N,C,H,W].
        encoded: number of an item -> the model's input [1,C,H,W].
        n: number of items.
    """

    batches: Callable[[], Iterable[Any]]
    encoded: Callable[[int], Tensor]
    n: int


def units(
    learn: Learner, layer: str | nn.Module, channels: int | Sequence[int] = 16, k: int = 9, dl: Any = None,
    rule: str | None = None,
) -> Units:  # fmt: skip
    """Show what units of a layer respond to; see `Learner.units`."""
    check_images(learn, "units")
    module, quiet = find_layer(learn.model, layer), not learn.display.bar_on
    loader = validation_loader(learn, dl, "units")
    inputs = loader.dataset.inputs
    photos = Photos(lambda: loader, lambda item: learn.dls.input_batch(inputs[item]), len(inputs))
    return units_of(subject_of(learn), photos, Way(module, rule, quiet, learn.arithmetic), channels, k)


def units_of(
    subject: Subject, photos: Photos, way: Way, channels: int | Sequence[int] = 16, k: int = 9
) -> Units:
    """Show what units of a layer respond to.

    Args:
        subject: the model; its inputs are images.
        photos: the items.
        way: the layer, and how to come back from it.
        channels: see `Learner.units`.
        k: patches for each channel.
    """
    check_count("k", k, 1)
    if way.rule is not None:
        check_choice("rule", way.rule, RULES)
    name = name_of_layer(subject.model, way.layer)
    if photos.n and way.notes:
        with evaluating(subject.model):
            say_if_repeated(subject.model, way.layer, photos.encoded(0))
    found = strongest(subject.model, way.layer, photos.batches(), min(k, photos.n), way.arithmetic, way.quiet)
    chosen, silent = choose_channels(found, channels, name, way.notes)
    with torch.inference_mode(False), evaluating(subject.model):
        way = replace(way, rule=way.rule or _chosen_rule(subject.model, photos.encoded(0), way.notes))
        patches, projections = _patches(subject, photos, way, found, chosen)
    return Units(
        name, chosen, found.values[chosen].numpy(), found.items[chosen].numpy(), patches, projections, photos.n, silent,
        str(way.rule),
    )  # fmt: skip


@dataclass(frozen=True)
class Way:
    """How to come back from a layer to the pixels.

    Attributes:
        layer: the layer.
        rule: "deconvnet" or "guided"; None for what suits the network.
        quiet: show no progress bar.
        arithmetic: device and precision.
        notes: say what is decided.
    """

    layer: nn.Module
    rule: str | None
    quiet: bool
    arithmetic: Arithmetic
    notes: bool = True


def _chosen_rule(model: nn.Module, x: Tensor, notes: bool) -> str:
    rule = suitable_rule(model, x)
    if rule == "guided" and notes:
        note(
            "This network reduces its maps by strides, not by max pooling, whose switches a deconvnet needs: "
            'guided backpropagation is shown instead (in Python, rule="deconvnet" shows the deconvnet).'
        )
    return rule


def choose_channels(
    found: Strongest, channels: int | Sequence[int], name: str, notes: bool = True
) -> tuple[list[int], int]:
    """Return the channels to show and how many of the layer's never answer; a line says so.

    Raises:
        ArgumentError: if a channel does not exist.
    """
    n_channels = len(found.values)
    answering = [n for n in range(n_channels) if found.values[n, 0] > 0]
    silent = n_channels - len(answering)
    if not isinstance(channels, Sequence | np.ndarray) or isinstance(channels, str):
        check_count("channels", channels, 1)
        if silent and notes:
            note(
                f"{silent} of {n_channels} channels of {name} never respond to these items (their largest activation is not above "
                "0) and are left out; channels=[numbers] shows any."
            )
        among = answering or list(range(n_channels))
        picked = np.unique(np.linspace(0, len(among) - 1, min(channels, len(among))).round().astype(int))
        return [among[place] for place in picked], silent
    wrong = [one for one in channels if not isinstance(one, int | np.integer) or not 0 <= one < n_channels]
    if wrong or not len(channels):
        raise ArgumentError(
            f"{name} has no such channel",
            got=wrong or list(channels),
            expected=f"numbers from 0 to {n_channels - 1}",
        )
    return [int(channel) for channel in channels], silent


def _patches(
    subject: Subject, photos: Photos, way: Way, found: Strongest, chosen: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return patches, uint8 [U,k,s,s,C], and projections, float32 [U,k,s,s,C], of the chosen channels."""
    assert subject.pixels is not None
    k = found.values.shape[1]
    items, places = found.items[chosen].flatten(), found.places[chosen].flatten(0, 1)  # [U*k], [U*k,2]
    numbers = torch.tensor(chosen).repeat_interleave(k)
    inputs = {item: photos.encoded(item) for item in sorted(set(items.tolist()))}
    model, layer = faster_copy(subject.model, way.layer, next(iter(inputs.values())))
    backs: list[np.ndarray] = []
    for part in track(list(torch.arange(len(items)).split(BATCH)), "projecting back", quiet=way.quiet):
        x = torch.cat([inputs[item] for item in items[part].tolist()])
        where = numbers[part].to(x.device), places[part].to(x.device)
        backs.extend(projected(model, layer, x, *where, str(way.rule)).cpu().numpy())
    size = backs[0].shape[1:]
    centres = [centre_of(place, found.grid, size) for place in places.numpy()]
    side = side_for([reach(back, centre) for back, centre in zip(backs, centres, strict=True)], size)
    pictures = {item: subject.pixels(x) for item, x in inputs.items()}
    patches = [
        cut(pictures[item], centre, side) for item, centre in zip(items.tolist(), centres, strict=True)
    ]
    seen = [cut(back.transpose(1, 2, 0), centre, side) for back, centre in zip(backs, centres, strict=True)]
    shape = (len(chosen), k)
    return np.stack(patches).reshape(*shape, *patches[0].shape), np.stack(seen).reshape(
        *shape, *seen[0].shape
    )
