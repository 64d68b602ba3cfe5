"""Several targets of one item in a `DataBlock`: `blocks=(ImageBlock, CategoryBlock, CategoryBlock), n_inp=1`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from gatera.compat.helpers import compose
from gatera.compat.lists import L, is_listy
from gatera.core.errors import ArgumentError, DataError
from gatera.core.signatures import Several
from gatera.data.blocks.base import Block, TargetBlock, as_target
from gatera.data.blocks.spatial import SpatialTarget
from gatera.data.item_errors import function_name

Getter = Callable[[Any], Any]


@dataclass(frozen=True, repr=False)
class SeveralTargets(TargetBlock):
    """Several targets of each item, each with its own block; a loss and a metric take them as several arguments.

    Args:
        blocks: one block per target.
        encoded: what each block makes of one target, once fitted.

    Raises:
        ArgumentError: if one of the targets lies on its photo.
    """

    blocks: tuple[TargetBlock, ...]
    encoded: tuple[Tensor, ...] = ()
    ragged = True

    def __post_init__(self) -> None:
        for block in self.blocks:
            if isinstance(block, SpatialTarget):
                raise ArgumentError(
                    f"{type(block).__name__} cannot be one of several targets: it has to move with its photo",
                    remedy="Use it alone, or Datasets(items, tfms, n_inp=1).dataloaders() without augmentation.",
                )

    def __repr__(self) -> str:
        return " and ".join(map(repr, self.blocks))

    @property
    def vocabs(self) -> L:
        """The vocabularies of the targets that have one."""
        return L([block.vocab for block in self.blocks if block.vocab is not None])

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy whose blocks have learned from their own targets."""
        columns = list(zip(*values, strict=True))
        fitted = tuple(block.fit(column) for block, column in zip(self.blocks, columns, strict=True))
        one = tuple(_first(block, column) for block, column in zip(fitted, columns, strict=True))
        return replace(self, blocks=fitted, encoded=one)

    def encode(self, value: Any) -> Tensor:
        """Return all targets of an item one after the other, float64 [F], which holds every class number exactly."""
        parts = [block.encode(block.read(raw)) for block, raw in zip(self.blocks, value, strict=True)]
        return torch.cat([torch.as_tensor(part).double().reshape(-1) for part in parts])

    def collate(self, targets: Sequence[Tensor]) -> Several:
        """Return the targets of a batch: of each block [N, ...], in its own dtype."""
        return Several(self._parts(torch.stack(list(targets))))

    def decode(self, encoded: Any) -> list[Any]:
        """Return an item's targets as people write them."""
        parts = self._parts(torch.as_tensor(encoded)[None])
        return [block.decode(part[0]) for block, part in zip(self.blocks, parts, strict=True)]

    def show(self, value: Any) -> str:
        """Return an item's targets in one line."""
        return "; ".join(block.show(one) for block, one in zip(self.blocks, value, strict=True))

    def _parts(self, stacked: Tensor) -> list[Tensor]:
        """Take rows [N,F] apart into what each block encodes."""
        parts = stacked.split([one.numel() for one in self.encoded], dim=1)
        return [
            part.reshape(len(part), *one.shape).to(one.dtype)
            for part, one in zip(parts, self.encoded, strict=True)
        ]


def _first(block: TargetBlock, values: Sequence[Any]) -> Tensor:
    """Return what a block makes of the first value that it can encode."""
    for value in values:
        try:
            return torch.as_tensor(np.asarray(block.encode(block.read(value))))
        except DataError:  # the data set encodes them all, and then names the item
            continue
    return torch.zeros(())


class OneAfterTheOther:
    """A getter made of several: each gets what the one before gives."""

    def __init__(self, getters: Sequence[Getter]) -> None:
        self.getters = list(getters)
        self.__name__ = " then ".join(function_name(getter) for getter in self.getters)

    def __call__(self, item: Any) -> Any:
        """Return what the last getter gives."""
        return compose(*self.getters)(item)


class Together:
    """A getter that returns what each of several getters gives."""

    def __init__(self, getters: Sequence[Getter]) -> None:
        self.getters = list(getters)
        self.__name__ = " and ".join(function_name(getter) for getter in self.getters)

    def __call__(self, item: Any) -> tuple[Any, ...]:
        """Return one value per getter."""
        return tuple(getter(item) for getter in self.getters)


def joined_targets(blocks: Sequence[Block | type[Block]], n_inp: int | None) -> SeveralTargets:
    """Return the block of all targets among `blocks`.

    Raises:
        ArgumentError: if there are several inputs.
    """
    inputs = len(blocks) - 1 if n_inp is None else n_inp
    if inputs != 1:
        raise ArgumentError(
            f"A DataBlock takes one input, and here {inputs} of {len(blocks)} blocks are inputs",
            remedy="Pass n_inp=1 for several targets; for several inputs use Datasets(items, tfms, n_inp=...).dataloaders().",
        )
    return SeveralTargets(tuple(as_target(block) for block in blocks[1:]))


def joined_getters(get_y: Any, n: int) -> Together:
    """Return one getter for all targets.

    Raises:
        ArgumentError: if there is not one function per target.
    """
    given = list(get_y) if is_listy(get_y) or isinstance(get_y, tuple) else [get_y]
    if len(given) != n or not all(map(callable, given)):
        raise ArgumentError(
            "get_y does not match the blocks", got=get_y, expected=f"a list of {n} functions, one per target"
        )
    return Together(given)
