"""A linear model of a table: every category adds a number of its own, every number column its share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import nn

from gatera.models.tabular import Embedding, TabularConfig, TabularModel
from gatera.models.target_scale import TargetScale


class LinearTable(TabularModel):
    """A `TabularModel` without hidden layers, whose parameters are solved for: see `set_effects`.

    Args:
        sizes: number of codes of each category column.
        n_cont: number of number columns.
        out_sz: number of outputs.
        scale: gives the outputs the unit of the targets; for numbers.
    """

    def __init__(
        self, sizes: Sequence[int], n_cont: int, out_sz: int, scale: TargetScale | None = None
    ) -> None:
        self.sizes = list(sizes)
        self.width = 1 if out_sz <= 2 else out_sz  # of two classes, the second's logit is enough
        pairs = [(size, self.width) for size in sizes]
        super().__init__(pairs, n_cont, out_sz, (), TabularConfig(bn_cont=False), scale)

    def set_effects(self, weights: np.ndarray, bias: np.ndarray) -> None:
        """Set what each column adds to each output.

        Args:
            weights: float [W,P]: for each code of each category column, then for each number column. W is 1 for one output or
                two, where it is that of the last, else the number of outputs.
            bias: float [W].
        """
        *effects, slopes = np.split(weights, np.cumsum(self.sizes), axis=1)
        last = next(part for part in self.layers.modules() if isinstance(part, nn.Linear))
        with torch.no_grad():
            for embed, effect in zip(self.embeds, effects, strict=True):
                cast(Embedding, embed).weight.copy_(torch.from_numpy(effect.T))
            last.weight.zero_()
            last.bias.zero_()
            outputs = slice(-self.width, None)
            # an output takes its own effects as they are
            passing = torch.eye(self.width).repeat(1, len(effects))
            last.weight[outputs] = torch.cat([passing, torch.from_numpy(slopes).float()], dim=1)
            last.bias[outputs] = torch.from_numpy(bias).float()
