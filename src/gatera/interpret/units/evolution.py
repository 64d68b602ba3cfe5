"""How units come to be: what excites each most, after some of the epochs of a training.

Source: Zeiler and Fergus 2014 (arXiv 1311.2901), section 3.2, figure 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from gatera.core.checks import check_count
from gatera.core.errors import ArgumentError, DataError
from gatera.core.figures import Pictured, new_figure, wrapped_title
from gatera.data.loading.loader import DataLoader
from gatera.data.loading.loaders import DataLoaders
from gatera.interpret.layers import find_layer, output_at
from gatera.interpret.units.crops import as_grey, centre_of, cut, reach, side_for
from gatera.interpret.units.deconvnet import projected, suitable_rule
from gatera.learn.arithmetic import evaluating
from gatera.learn.state import Callback, LoopState

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Epochs whose projections are kept if none are named: the paper's, as far as training goes.
EPOCHS = (1, 2, 5, 10, 20, 30, 40, 64)


def _numbers(argument: str, given: Any, low: int) -> tuple[int, ...]:
    """Return whole numbers of at least `low`, one or more."""
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise ArgumentError(
            f"{argument} must be a list of numbers", got=given, expected="for example [1, 2, 5]"
        )
    for number in given:
        check_count(argument, number, low)
    return tuple(map(int, given))


class FeatureEvolution(Callback, Pictured):
    """Keep, after some epochs, the projection of each unit's strongest activation over a fixed set of photos.

    Args:
        dls: the data; the photos are the first of its validation set.
        layer: the layer's name.
        channels: how many channels (the first ones), or their numbers.
        epochs: after which epochs, counted from 1; None for 1, 2, 5, 10, 20, 30, 40, 64.
        n_photos: number of photos.

    Attributes:
        channels: numbers of the channels that are followed.
        epochs: after which epochs.

    Raises:
        DataError: if there is no validation set.
    """

    reads_only = True
    in_lr_find = False

    def __init__(
        self, dls: DataLoaders, layer: str, channels: int | Sequence[int] = 6, epochs: Sequence[int] | None = None,
        n_photos: int = 48,
    ) -> None:  # fmt: skip
        if not isinstance(dls.valid, DataLoader):
            raise DataError(
                "FeatureEvolution needs a validation set made by Gatera", got=type(dls.valid).__name__,
                remedy="Make the loaders with valid_pct=0.2.",
            )  # fmt: skip
        check_count("n_photos", n_photos, 1)
        inputs = dls.valid_ds.inputs[: min(n_photos, len(dls.valid_ds))]
        self._photos = torch.cat([dls.input_batch(item) for item in inputs])
        self.layer = layer
        self.epochs = EPOCHS if epochs is None else _numbers("epochs", epochs, 1)
        if isinstance(channels, Sequence):
            self.channels = list(_numbers("channels", channels, 0))
        else:
            check_count("channels", channels, 1)
            self.channels = list(range(channels))
        self._wholes: dict[int, tuple[np.ndarray, list[tuple[int, int]]]] = {}

    def after_epoch(self, state: LoopState) -> None:
        """Project each unit's strongest activation, if it is time."""
        epoch = state.first_epoch + state.epoch + 1
        if epoch in self.epochs:
            with evaluating(state.whole):
                self._wholes[epoch] = self._strongest(state.whole)

    def _strongest(self, model: nn.Module) -> tuple[np.ndarray, list[tuple[int, int]]]:
        layer = find_layer(model, self.layer)
        with torch.no_grad():
            maps = output_at(model, layer, self._photos)
        if maps.ndim != 4 or max(self.channels) >= maps.shape[1]:
            raise ArgumentError(
                f"FeatureEvolution cannot follow these channels of {self.layer}", got=self.channels,
                expected=f"channels of maps [N,C,h,w], and this output is {list(maps.shape)}",
            )  # fmt: skip
        best = maps[:, self.channels].flatten(2)  # [N,U,hw]
        flat = best.transpose(0, 1).flatten(1).argmax(1)  # [U], over photos and places
        photos, places = flat // best.shape[2], flat % best.shape[2]
        rows = torch.stack([places // maps.shape[3], places % maps.shape[3]], dim=1)
        numbers = torch.tensor(self.channels, device=maps.device)
        found = (
            projected(
                model, layer, self._photos[photos], numbers, rows, suitable_rule(model, self._photos[:1])
            )
            .cpu()
            .numpy()
        )
        size, grid = (found.shape[2], found.shape[3]), (maps.shape[2], maps.shape[3])
        return found, [centre_of(place, grid, size) for place in rows.cpu().numpy()]

    @property
    def seen(self) -> dict[int, np.ndarray]:
        """Epoch -> projections, float32 [U,s,s,C], all of one size."""
        pairs = [
            (back, centre) for backs, centres in self._wholes.values() for back, centre in zip(backs, centres)
        ]
        if not pairs:
            return {}
        side = side_for([reach(back, centre) for back, centre in pairs], pairs[0][0].shape[1:])
        return {
            epoch: np.stack([cut(b.transpose(1, 2, 0), c, side) for b, c in zip(backs, centres, strict=True)])
            for epoch, (backs, centres) in self._wholes.items()
        }

    def plot(self) -> Figure:
        """Draw a row for each channel, a column for each epoch.

        Raises:
            ArgumentError: if no epoch was seen.
        """
        seen = self.seen
        if not seen:
            raise ArgumentError(
                "there is nothing to plot yet",
                got="0 epochs seen",
                expected=f"a fit that reaches epoch {min(self.epochs)}",
            )
        width = 1.15 * len(seen) + 0.6
        title, more = wrapped_title(f"{self.layer}: what excites each unit most, by epoch", width)
        figure = new_figure((width, 1.15 * len(self.channels) + 0.5 + more))
        grid = figure.subplots(len(self.channels), len(seen), squeeze=False)
        for column, (epoch, backs) in enumerate(seen.items()):
            grid[0, column].set_title(f"epoch {epoch}", fontsize=8)
            for row, back in enumerate(backs):
                grid[row, column].imshow(as_grey(back).squeeze(), cmap="gray", vmin=0, vmax=1)
                grid[row, column].set_xticks([])
                grid[row, column].set_yticks([])
        for row, channel in enumerate(self.channels):
            grid[row, 0].set_ylabel(f"channel {channel}", fontsize=8)
        figure.suptitle(title, fontsize=10, parse_math=False)
        return figure

    def state_dict(self) -> dict[str, Any]:
        """Return what was seen, for a checkpoint."""
        return {
            str(epoch): [torch.from_numpy(backs), torch.tensor(centres)]
            for epoch, (backs, centres) in self._wholes.items()
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self._wholes = {
            int(epoch): (backs.numpy(), [(int(row), int(column)) for row, column in centres.tolist()])
            for epoch, (backs, centres) in state.items()
        }
