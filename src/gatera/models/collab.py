"""Collaborative filtering models: the dot product of user and item embeddings plus biases, or a dense network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

from gatera.core.checks import check_count, did_you_mean
from gatera.core.errors import ArgumentError
from gatera.models.layers import SigmoidRange
from gatera.models.tabular import Embedding, TabularConfig, TabularModel
from gatera.models.target_scale import TargetScale


class EmbeddingDotBias(nn.Module):
    """Embed users and items: the rating is the dot product of their vectors plus both biases.

    Args:
        n_factors: length of each vector.
        n_users: number of users, including the unknown user at index 0.
        n_items: number of items, including the unknown item at index 0.
        y_range: squash ratings into this range.
        scale: gives ratings without a range their unit.

    Attributes:
        u_weight, i_weight: vectors of users and items.
        u_bias, i_bias: biases of users and items.
        classes: user column -> users, item column -> items, if the model was made by `from_classes`.
    """

    def __init__(
        self,
        n_factors: int,
        n_users: int,
        n_items: int,
        y_range: tuple[float, float] | None = None,
        scale: TargetScale | None = None,
    ) -> None:
        super().__init__()
        check_count("n_factors", n_factors, 1)
        self.u_weight, self.i_weight = Embedding(n_users, n_factors), Embedding(n_items, n_factors)
        self.u_bias, self.i_bias = Embedding(n_users, 1), Embedding(n_items, 1)
        self.y_range = y_range
        self.bounds = (scale or nn.Identity()) if y_range is None else SigmoidRange(*y_range)
        self.classes: dict[str, Sequence[Any]] = {}

    @classmethod
    def from_classes(
        cls,
        n_factors: int,
        classes: Mapping[str, Sequence[Any]],
        y_range: tuple[float, float] | None = None,
        scale: TargetScale | None = None,
    ) -> Self:
        """Create a model that also looks up users and items by name.

        Args:
            n_factors: length of each vector.
            classes: user column -> users, then item column -> items, as in `dls.classes`.
            y_range: squash ratings into this range.
            scale: gives ratings without a range their unit.
        """
        users, items = classes.values()
        made = cls(n_factors, len(users), len(items), y_range, scale)
        made.classes = dict(classes)
        return made

    def forward(self, x: Tensor) -> Tensor:
        """Predict ratings, float [N,1], of pairs of user and item codes, int64 [N,2]."""
        users, items = x[:, 0], x[:, 1]
        products = (self.u_weight(users) * self.i_weight(items)).sum(dim=1, keepdim=True)  # [N,F] -> [N,1]
        return self.bounds(products + self.u_bias(users) + self.i_bias(items))

    def bias(self, arr: Sequence[Any], is_item: bool = True) -> Tensor:
        """Return the biases of items or users, by name: float32 [N], on the CPU.

        Args:
            arr: items or users, spelled as in the table.
            is_item: True for items, False for users.

        Raises:
            ArgumentError: if one is not known, or the model was made without names.
        """
        return self._rows(self.i_bias if is_item else self.u_bias, arr, is_item).squeeze(1)

    def weight(self, arr: Sequence[Any], is_item: bool = True) -> Tensor:
        """Return the vectors of items or users, by name: float32 [N,F], on the CPU; see `bias`."""
        return self._rows(self.i_weight if is_item else self.u_weight, arr, is_item)

    def _rows(self, table: nn.Embedding, names: Sequence[Any], is_item: bool) -> Tensor:
        if not self.classes:
            raise ArgumentError(
                "this model was made without names of users and items",
                remedy="Make it with EmbeddingDotBias.from_classes(n, dls.classes).",
            )
        column = list(self.classes)[int(is_item)]
        codes = {label: code for code, label in enumerate(self.classes[column])}
        for name in names:
            if name not in codes:
                known = [label for label in codes if isinstance(label, str)]
                raise ArgumentError(
                    f"the training set has no such value in column {column!r}", got=name,
                    remedy=did_you_mean(name, known, "It may occur in the validation set only."),
                )  # fmt: skip
        rows = torch.tensor([codes[name] for name in names], device=table.weight.device)
        return table.weight.detach()[rows].cpu()


class EmbeddingNN(TabularModel):
    """A `TabularModel` of two category columns, user and item, with one output.

    Args:
        emb_szs: (number, width) of the user and the item embedding.
        layers: sizes of the dense layers.
        config: all other settings.
        scale: as in `TabularModel`.
    """

    def __init__(
        self,
        emb_szs: Sequence[tuple[int, int]],
        layers: Sequence[int],
        config: TabularConfig | None = None,
        scale: TargetScale | None = None,
    ) -> None:
        super().__init__(emb_szs, 0, 1, layers, config, scale)
