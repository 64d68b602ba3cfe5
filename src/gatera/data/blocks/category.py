"""Blocks of class labels: one label per item, or several."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import did_you_mean, is_missing, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.base import TargetBlock
from gatera.data.blocks.vocab import NOT_KNOWN, Vocab, check_labels, learn_vocab, native

#: What to do about labels that are missing or all the same.
CHECK_LABELS = "Check get_y (label_func), or add items of another class."


@dataclass(frozen=True, repr=False)
class CategoryBlock(TargetBlock):
    """One label of a fixed set.

    Args:
        vocab: the labels in the model's order; None to learn them from the training set.
        sort: sort learned labels; otherwise first come, first served.
        add_na: put "#na#" first, and encode every unknown label as that.
    """

    vocab: Sequence[Any] | None = None
    sort: bool = True
    add_na: bool = False
    task = "classification"

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy with its vocabulary.

        Raises:
            DataError: if a label is missing, labels are of different types or of one that no file keeps, or there are none.

        With a single label there is nothing to learn, and a warning says so.
        """
        vocab = learn_vocab(values, self.sort) if self.vocab is None else Vocab(self.vocab)
        if self.add_na and NOT_KNOWN not in vocab.o2i:
            vocab = Vocab([NOT_KNOWN, *vocab])
        if not vocab:
            raise DataError("No training item has a label", remedy=CHECK_LABELS)
        if len(vocab) == 1:
            warnings.warn(
                f"Every training item is labelled {vocab[0]!r}: there is no other class to tell it from. {CHECK_LABELS}",
                stacklevel=2,
            )
        return replace(self, vocab=check_labels(vocab))

    @property
    def n_out(self) -> int | None:  # type: ignore[override]
        """Number of labels."""
        return None if self.vocab is None else len(self.vocab)

    def encode(self, value: Any) -> Tensor:
        """Return a label's index, int64 [].

        Raises:
            DataError: if the label is missing or not in the vocabulary.
        """
        return torch.tensor(index_of(value, self._fitted(), type(self).__name__, self.add_na))

    def encode_targets(self, values: Sequence[Any]) -> Tensor | None:
        """Return all indices, int64 [n]; None if one of the labels is not known."""
        known = self._fitted().o2i
        try:
            return torch.tensor([known[value] for value in values], dtype=torch.int64)
        except (KeyError, TypeError):
            return None

    def decode(self, encoded: Any) -> Any:
        """Return the label of an index."""
        return self._fitted()[int(encoded)]

    def _fitted(self) -> Vocab:
        if not isinstance(self.vocab, Vocab):
            raise ArgumentError(
                f"This {type(self).__name__} has not been fitted", remedy="Call fit(labels) first."
            )
        return self.vocab


def index_of(label: Any, vocab: Vocab, block: str, add_na: bool = False) -> int:
    """Return a label's index, or raise DataError in the name of `block`."""
    if is_missing(label) and not (add_na or label in vocab.o2i):
        raise DataError(f"{block} got no label ({label!r})", remedy="Label it, or remove the item.")
    label = native(label)
    try:
        found = vocab.o2i.get(label)
    except TypeError as err:
        raise DataError(
            f"{block} got several labels",
            got=label,
            remedy="Use MultiCategoryBlock, or return one label.",
        ) from err
    if found is not None:
        return found
    if add_na:
        return vocab.o2i[NOT_KNOWN]
    nearest = did_you_mean(label, [known for known in vocab if isinstance(known, str)])
    raise DataError(
        f"{block} got an unknown label", got=label, available=listed(vocab),
        remedy=f"{nearest + ' ' if nearest else ''}The known labels were learned from the training set: "
        f"add {label!r} there, or pass vocab=.",
    )  # fmt: skip


@dataclass(frozen=True, repr=False)
class MultiCategoryBlock(TargetBlock):
    """Any number of labels of a fixed set for each item, including none.

    Args:
        encoded: the labels already come as 0 and 1, one column per entry of `vocab` (which must be given then).
        vocab: the labels in the model's order; None to learn them from the training set.
        add_na: put "#na#" first, and encode every unknown label as that.
    """

    encoded: bool = False
    vocab: Sequence[Any] | None = None
    add_na: bool = False
    task = "multilabel"

    def __post_init__(self) -> None:
        if self.encoded and self.vocab is None:
            raise ArgumentError(
                "MultiCategoryBlock(encoded=True) has no vocab", remedy="Name the columns: vocab=[...]."
            )

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy with its vocabulary.

        Raises:
            DataError: if labels are of different types or of one that no file keeps, or no item has any.
        """
        if self.vocab is not None:
            vocab = Vocab(self.vocab)
        else:
            lists = [value for value in values if _is_several(value)]
            vocab = learn_vocab([label for labels in lists for label in labels])
        if self.add_na and NOT_KNOWN not in vocab.o2i:
            vocab = Vocab([NOT_KNOWN, *vocab])
        if not vocab:
            raise DataError("No training item has a label", remedy="Check get_y and label_delim.")
        return replace(self, vocab=check_labels(vocab))

    @property
    def n_out(self) -> int | None:  # type: ignore[override]
        """Number of labels."""
        return None if self.vocab is None else len(self.vocab)

    def read(self, raw: Any) -> Any:
        """Return an item's labels, decoded from zeros and ones where labels come `encoded`.

        Raises:
            DataError: if `encoded` labels are not zeros and ones, one per label in `vocab`.
        """
        return self.decode(_zeros_and_ones(raw, len(self.vocab))) if self.encoded and self.vocab else raw

    def encode(self, value: Any) -> Tensor:
        """Return 1 for every label the item has, 0 for the others, float32 [K].

        Raises:
            DataError: if a label is not in the vocabulary.
        """
        vocab = self.vocab
        if not isinstance(vocab, Vocab):
            raise ArgumentError(
                "This MultiCategoryBlock has not been fitted", remedy="Call fit(labels) first."
            )
        hot = torch.zeros(len(vocab))
        for label in _several(value):
            hot[index_of(label, vocab, type(self).__name__, self.add_na)] = 1
        return hot

    def decode(self, encoded: Any) -> list[Any]:
        """Return the labels of an encoded item: those that are 1.

        Raises:
            DataError: if a value is neither 0 nor 1. The loss decodes probabilities, by its threshold.
        """
        if self.vocab is None:
            raise ArgumentError(
                "This MultiCategoryBlock has not been fitted", remedy="Call fit(labels) first."
            )
        for value in encoded:
            if value not in (0, 1):
                raise DataError(
                    "MultiCategoryBlock.decode takes encoded labels, not probabilities", got=float(value), expected="0 or 1",
                    remedy="Decode probabilities with learn.loss_func.decodes first; it knows the threshold.",
                )  # fmt: skip
        return [label for label, on in zip(self.vocab, encoded, strict=True) if on]

    def show(self, value: Sequence[Any]) -> str:
        """Return the labels in one line."""
        return "; ".join(map(str, value)) or "(none)"


def _is_several(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _several(value: Any) -> Iterable[Any]:
    if not _is_several(value):
        raise DataError(
            "MultiCategoryBlock got a single label, not a list", got=value,
            remedy="Split it: get_y=lambda row: row['labels'].split(' '), or label_delim=' '.",
        )  # fmt: skip
    return value


def _zeros_and_ones(value: Any, k: int) -> np.ndarray:
    hot = np.asarray(value, dtype=object)  # any type, so that a bad value can be shown
    if hot.shape != (k,) or not all(number in (0, 1) for number in hot):
        raise DataError(
            f"MultiCategoryBlock(encoded=True) expects {k} values of 0 or 1, one per label in vocab",
            got=value,
        )
    return hot
