"""Block of soft labels: probabilities of the classes, as a label model gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.data.blocks.category import CategoryBlock

#: How far probabilities of an item may sum to more than 1.
ROUNDING = 1e-3


@dataclass(frozen=True, repr=False)
class SoftCategoryBlock(CategoryBlock):
    """One label of a fixed set, of which only the probabilities are known.

    A value is a mapping of labels to probabilities, a sequence of one probability per label in `vocab`, or a label that is
    certain; a data set may hold all three. Training learns from the probabilities, by cross-entropy. All else counts an item as its
    likeliest label: the validation loss, metrics, reports, calibration, class counts. Probabilities that sum to less than 1 let the
    item count less: with 0.2 and 0.3 half as much.

    Args:
        vocab: the labels in the model's order; None to learn them from the mappings and labels of the training set.

    Example:
        >>> block = SoftCategoryBlock().fit([{"cat": 0.8, "dog": 0.2}, "dog"])
        >>> int(block.encode({"cat": 0.8, "dog": 0.2})), block.training_targets(["dog", [0.5, 0.5]]).tolist()
        (0, [[0.0, 1.0], [0.5, 0.5]])
    """

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy with its vocabulary.

        Raises:
            DataError: as `CategoryBlock.fit`; and if there are only probabilities without labels and no `vocab`.
        """
        labels: list[Any] = []
        for value in values if self.vocab is None else ():
            if isinstance(value, Mapping):
                labels.extend(value)
            elif not _is_row(value):
                labels.append(value)
        if self.vocab is None and not labels and len(values):
            raise DataError(
                "SoftCategoryBlock got probabilities without labels", got=values[0],
                remedy="Name the classes in their order: SoftCategoryBlock(vocab=[...]).",
            )  # fmt: skip
        return super().fit(labels)

    def encode(self, value: Any) -> Tensor:
        """Return the index of the likeliest label, int64 []; of equals the first.

        Raises:
            DataError: if a label is not in the vocabulary, or these are not probabilities.
        """
        if isinstance(value, Mapping) or _is_row(value):
            return torch.tensor(int(self._row(value).argmax()))
        return super().encode(value)

    def encode_targets(self, values: Sequence[Any]) -> Tensor | None:
        """Return None: each value is looked at."""
        return None

    def training_targets(self, values: Sequence[Any]) -> Tensor:
        """Return the probabilities that training learns from, float32 [n,K]."""
        rows = np.zeros((len(values), len(self._fitted())), dtype=np.float32)
        for place, value in enumerate(values):
            if isinstance(value, Mapping) or _is_row(value):
                rows[place] = self._row(value)
            else:
                rows[place, int(super().encode(value))] = 1
        return torch.from_numpy(rows)

    def show(self, value: Any) -> str:
        """Return a label, or probabilities, in one line."""
        if isinstance(value, Mapping):
            return ", ".join(f"{label} {probability:.2f}" for label, probability in value.items())
        return str(value)

    def _row(self, value: Any) -> np.ndarray:
        """Return the probabilities of one item in the order of the vocabulary, float64 [K]."""
        vocab = self._fitted()
        if isinstance(value, Mapping):
            unknown = [label for label in value if label not in vocab.o2i]
            if unknown:
                raise DataError(
                    f"{type(self).__name__} got an unknown label", got=unknown[0], available=listed(vocab)
                )
            given = [value.get(label, 0.0) for label in vocab]
        else:
            given = list(value)
        try:
            row = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            row = np.empty(0)
        if (
            row.shape != (len(vocab),)
            or not np.isfinite(row).all()
            or (row < 0).any()
            or not 0 < row.sum() <= 1 + ROUNDING
        ):
            raise DataError(
                f"{type(self).__name__} got something other than probabilities", got=value,
                expected=f"{len(vocab)} numbers of at least 0 that sum to 1 (or less, for an item that counts less)",
                remedy="Leave out items without any vote: soft_labels(...) does.",
            )  # fmt: skip
        return row


def _is_row(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray | Tensor) and not isinstance(value, str | bytes)
