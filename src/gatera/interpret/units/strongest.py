"""The largest activations of every channel of a layer over a data set, kept in one pass: k numbers per channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gatera.core.errors import ArgumentError
from gatera.core.progress import track
from gatera.data.loading.batch import as_pair
from gatera.interpret.layers import name_of_layer, output_at
from gatera.learn.arithmetic import Arithmetic, evaluating


@dataclass(frozen=True)
class Strongest:
    """The strongest activations of each channel, one per item at most, the largest first.

    Attributes:
        values: activations, float32 [C,k]; -inf where there were fewer items.
        items: positions in the data set, int64 [C,k].
        places: (row, column) in the channel's map, int64 [C,k,2].
        grid: (height, width) of the maps.
    """

    values: Tensor
    items: Tensor
    places: Tensor
    grid: tuple[int, int]

    @staticmethod
    def none(n_channels: int, k: int, grid: tuple[int, int]) -> Strongest:
        """Return the state before the first batch."""
        empty = torch.full((n_channels, k), float("-inf"))
        return Strongest(
            empty, torch.full((n_channels, k), -1), torch.zeros(n_channels, k, 2, dtype=torch.long), grid
        )

    def with_batch(self, maps: Tensor, items: Tensor) -> Strongest:
        """Return the state after another batch: maps [N,C,h,w] of the items int64 [N]."""
        k, width = self.values.shape[1], maps.shape[3]
        best, flat = maps.float().flatten(2).max(2)  # [N,C]
        places = torch.stack([flat // width, flat % width], dim=2)  # [N,C,2]
        values = torch.cat([self.values, best.T], dim=1)  # [C,k+N]
        numbers = torch.cat([self.items, items.expand(maps.shape[1], -1)], dim=1)
        where = torch.cat([self.places, places.transpose(0, 1)], dim=1)
        kept, order = values.topk(k, dim=1)
        return Strongest(
            kept, numbers.gather(1, order), where.gather(1, order.unsqueeze(2).expand(-1, -1, 2)), self.grid
        )


def strongest(
    model: nn.Module,
    layer: nn.Module,
    batches: Iterable[Any],
    k: int,
    arithmetic: Arithmetic,
    quiet: bool = False,
) -> Strongest:
    """Find the strongest activations of every channel; layers after `layer` are not computed.

    Args:
        model: the model.
        layer: the layer.
        batches: batches in dataset order.
        k: how many to keep for each channel.
        arithmetic: device and precision.
        quiet: show no progress bar.

    Raises:
        ArgumentError: if the layer gives no maps [N,C,h,w].
    """
    found: Strongest | None = None
    seen = 0
    with evaluating(model), arithmetic.kernels(model), torch.inference_mode():
        for batch in track(batches, "looking for the strongest patches", quiet=quiet):
            x, _ = as_pair(batch)
            with arithmetic.autocast():
                maps = output_at(model, layer, arithmetic.to_device(x))
            if not isinstance(maps, Tensor) or maps.ndim != 4:
                shape = list(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__
                raise ArgumentError(
                    f"the layer {name_of_layer(model, layer)} gives no maps, so its units have no place in the photo",
                    got=shape, expected="an output [N,C,h,w]", remedy="Choose an earlier layer.",
                )  # fmt: skip
            found = found or Strongest.none(maps.shape[1], k, (maps.shape[2], maps.shape[3]))
            found = found.with_batch(maps.cpu(), torch.arange(seen, seen + len(maps)))
            seen += len(maps)
    if found is None:
        raise ArgumentError("there are no items to look at")
    return found
