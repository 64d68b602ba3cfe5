"""`Vocab`: the labels a model can predict, learned from the training set."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from torch import Tensor

from gatera.core.checks import is_missing, listed, repeated
from gatera.core.errors import ArgumentError, DataError
from gatera.core.escape import is_utf8
from gatera.data.sources.items import Items

#: Label that `add_na=True` puts first: "none of those I know".
NOT_KNOWN = "#na#"


class Vocab(Items[Any]):
    """Labels in the order of the model's outputs. A list of indices, an array or a tensor picks several at once.

    Attributes:
        o2i: label -> its index.

    Raises:
        ArgumentError: if a label is in it twice or cannot be looked up.
        DataError: if a label cannot be written in UTF-8.

    Example:
        >>> vocab = Vocab(["cat", "dog"])
        >>> vocab.o2i["dog"], vocab[np.array([1, 0, 0])]
        (1, Items of 3: ['dog', 'cat', 'cat'])
    """

    def __init__(self, labels: Iterable[Any]) -> None:
        super().__init__(native(label) for label in labels)
        unusable = [label for label in self if not isinstance(label, Hashable)]
        if unusable:
            raise ArgumentError(
                "vocab has a value that cannot be a label", got=unusable[0], expected="text, bool, int"
            )
        broken = next((label for label in self if isinstance(label, str) and not is_utf8(label)), None)
        if broken is not None:
            raise DataError(
                "A label or category holds half of a surrogate pair, which no file can keep", got=broken,
                remedy="Bytes were read in the wrong encoding: rename the folder, or read the table with its own encoding=.",
            )  # fmt: skip
        self.o2i: dict[Any, int] = {label: index for index, label in enumerate(self)}
        if len(self.o2i) < len(self):
            twice = repeated(self)
            raise ArgumentError("vocab has duplicate labels", got=twice)

    def __getitem__(self, index: Any) -> Any:
        """Return the label at an index, or `Items` of the labels at several, given as positions or as a mask."""
        if isinstance(index, Tensor):
            index = index.detach().cpu().numpy()
        if isinstance(index, list | tuple):
            index = np.asarray(index, dtype=None if index else np.int64)
        if isinstance(index, np.ndarray) and index.ndim > 0:
            positions = np.flatnonzero(index) if index.dtype == bool else index
            return Items(self[int(position)] for position in positions)
        return super().__getitem__(index)


def native(label: Any) -> Any:
    """Return a label as plain Python: numpy's bool, int and str become Python's, and decimals, as databases give them, numbers.

    Example:
        >>> native(np.bool_(True)), native(Decimal("3")), native(Decimal("0.5"))
        (True, 3, 0.5)
    """
    if isinstance(label, Decimal) and label.is_finite():
        return int(label) if label == label.to_integral_value() else float(label)
    return label.item() if isinstance(label, np.generic) else label


def check_labels(vocab: Vocab) -> Vocab:
    """Return labels, of which a program file can keep each: a model that has learned others could not be exported.

    Raises:
        DataError: if one is neither text, nor a number, nor a truth value.
    """
    other = next((label for label in vocab if not isinstance(label, str | bool | int | float)), None)
    if other is not None:
        raise DataError(
            f"Labels of type {type(other).__name__} cannot be kept in a program", got=other,
            expected="text, numbers or truth values",
            remedy="Make them text first: df[...] = df[...].astype(str), or get_y=lambda item: str(...).",
        )  # fmt: skip
    return vocab


def learn_vocab(labels: Sequence[Any], sort: bool = True) -> Vocab:
    """Return the distinct labels of the training set, in the order of the model's outputs.

    Args:
        labels: one per training item; a pandas Categorical or Series of that kind keeps the order of its categories.
        sort: sort them; otherwise they stay in the order of their first appearance.

    Raises:
        DataError: if labels are of different types, or cannot be sorted.
    """
    categories = categories_of(labels)
    if categories is not None:
        return Vocab(categories)
    # Missing labels and lists are left for the block's `encode` to complain of, for there the item's name is known.
    usable = (label for label in labels if isinstance(label, Hashable) and not is_missing(label))
    different = dict.fromkeys(native(label) for label in usable)
    kinds = {type(label).__name__ for label in different}
    if len(kinds - {"int", "float"}) + bool(kinds & {"int", "float"}) > 1:
        raise DataError(
            f"The labels have several types: {listed(sorted(kinds))}", got=list(different)[:8],
            remedy="Make them all text, or all numbers: get_y=lambda item: str(...).",
        )  # fmt: skip
    try:
        return Vocab(sorted(different) if sort else different)
    except TypeError as err:
        raise DataError(
            f"Labels of type {listed(kinds)} have no order",
            remedy="Pass CategoryBlock(sort=False), or vocab=.",
        ) from err


def categories_of(labels: Any) -> list[Any] | None:
    """Return the categories of a pandas Categorical, or of a Series of that kind, in their order; None for others."""
    pandas = sys.modules.get("pandas")  # where pandas was never imported, nothing is a Categorical
    if pandas is None:
        return None
    if isinstance(labels, pandas.Categorical):
        return list(labels.categories)
    if isinstance(labels, pandas.Series) and isinstance(labels.dtype, pandas.CategoricalDtype):
        return list(labels.cat.categories)
    return None
