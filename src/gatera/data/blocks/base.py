"""Base classes of blocks: what kind of thing an input or a target is.

A block reads a raw value, encodes it for the model, and decodes it for people. An `InputBlock` also tells a program, as JSON
data, how to read such a value; a `TargetBlock` tells what a model that predicts it does. `fit` returns a copy that has learned
from the training set (never from the others); the block a user passes stays as it was, so one recipe makes any number of
data sets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Self

import numpy as np
from torch import Tensor

from gatera.core.errors import ArgumentError, ExportError
from gatera.data.blocks.batch_size import UNKNOWN, BatchRule
from gatera.data.blocks.vocab import Vocab
from gatera.data.item_errors import naming_item
from gatera.data.short_repr import ShortRepr


class Block(ShortRepr, ABC):
    """How one kind of value is read, encoded for a model, and decoded for people. Subclass `InputBlock` or `TargetBlock`."""

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy that has learned what it needs from the raw values of the training set."""
        return self

    def read(self, raw: Any) -> Any:
        """Turn a raw value (a path, a cell) into the value that people see."""
        return raw

    @property
    def codes(self) -> Any:
        """What a model must know of the numbers besides what they are of: an order of labels, say. None where that is nothing.

        Data whose blocks have other codes mean something else by the same numbers.
        """
        return None

    @abstractmethod
    def encode(self, value: Any) -> Any:
        """Turn a read value into numbers for the model."""

    @abstractmethod
    def decode(self, encoded: Any) -> Any:
        """Turn the model's numbers back into a value that people see."""

    def show(self, value: Any) -> str:
        """Return a value as one line of text, e.g. a title."""
        return str(value)


class InputBlock(Block):
    """What a model takes.

    Attributes:
        storage: "disk" for inputs that threads read again in every epoch (photos), "memory" for inputs that a data set
            encodes once and keeps (rows, texts).
        pad: what fills up shorter arrays where those of a batch differ in length; None where all have one shape.
        photographic: whether inputs look like photographs, so that statistics of pretrained bodies suit them; those of a
            spectrogram do not.
        batch_tfms: batch transforms that suit such inputs; a `DataBlock` uses them where it is given none.
        batch_rule: how many items a training batch holds where the user does not say.
    """

    storage: Literal["disk", "memory"] = "disk"
    pad: int | None = None
    photographic: bool = True
    batch_tfms: Sequence[Any] = ()
    batch_rule: BatchRule = UNKNOWN

    @property
    def batches_items(self) -> bool:
        """Whether a batch is a number of items; that of a language model is a number of streams of text."""
        return True

    def encode_all(
        self, raws: Sequence[Any], name: Callable[[int], str]
    ) -> Sequence[np.ndarray] | np.ndarray:
        """Read and encode the inputs of a whole data set; for blocks whose storage is "memory".

        Args:
            raws: raw values.
            name: position -> name of that item in messages.

        Returns:
            One array per value: a list, or an array with one row per value.

        Raises:
            DataError: if a value is not usable; the item is named.
        """
        arrays = []
        for i, raw in enumerate(raws):
            with naming_item("encode", partial(name, i), raw):
                arrays.append(np.asarray(self.encode(self.read(raw))))
        return arrays

    def as_batch(self, stacked: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return encoded values, stacked along a new first axis, as the model takes them: its one argument."""
        return stacked

    def columns(self, value: Any) -> dict[str, Any]:
        """Return the cells of a table that show a read value, by their headings."""
        return {"input": self.show(value)}

    def finish(self, dls: Any) -> Any:
        """Return the loaders of such inputs: `dls`, or a subclass of `DataLoaders` that knows more."""
        return dls

    def entries(self) -> Mapping[str, bytes]:
        """Return what is too large for `config`: entries of the program file, by name."""
        return {}

    def config(self) -> list[dict[str, Any]]:
        """Return how a program reads such a value, as operations of `program.preprocess`.

        Raises:
            ExportError: if no operation does that.
        """
        raise ExportError(
            f"A program cannot read the inputs of {type(self).__name__}",
            expected="ImageBlock, or a block with a config() method",
        )


class TargetBlock(Block):
    """What a model learns to predict.

    Attributes:
        task: what a model that predicts such values does: "classification", "multilabel", "regression", "segmentation",
            "points"; None where no learner of Gatera predicts them.
        vocab: the labels to choose from, once fitted; None where there are none.
        n_out: number of outputs that predict a target; None where that is not known.
        ragged: whether targets differ in shape from item to item (boxes, say); `collate` then makes the targets of a batch.
    """

    task: str | None = None
    vocab: Vocab | Sequence[Any] | None = None
    n_out: int | None = None
    ragged: bool = False

    @property
    def codes(self) -> Any:
        """The labels in their order."""
        return None if self.vocab is None else list(self.vocab)

    def encode_targets(self, values: Sequence[Any]) -> Tensor | None:
        """Return the targets of a whole data set at once, [n, ...]; None where they are encoded one by one.

        A block that does it where it can saves the time and memory of n small tensors. It raises nothing: `encode` names the item
        that something is wrong with.

        Args:
            values: as `read` returns them.
        """
        return None

    def training_targets(self, values: Sequence[Any]) -> Tensor | None:
        """Return what training learns from instead of the encoded targets, [n, ...]; None for these themselves.

        Args:
            values: as `read` returns them; `encode` took them all.
        """
        return None

    def collate(self, targets: Sequence[Tensor]) -> Any:
        """Return the targets of one batch where they are `ragged`: a list, or what a loss takes (padded, concatenated).

        Args:
            targets: one tensor per item, in the order of the batch.

        Returns:
            A tensor, or a list, tuple or dict of tensors.
        """
        return list(targets)


@dataclass(frozen=True, repr=False)
class TransformBlock(InputBlock, TargetBlock):
    """A value that is used as it comes: an array, a tensor, or a number. It may be an input or a target."""

    def encode(self, value: Any) -> Any:
        """Return the value as an array or tensor."""
        return value if isinstance(value, Tensor) else np.asarray(value)

    def decode(self, encoded: Any) -> Any:
        """Return the value."""
        return encoded


def as_block(block: Block | type[Block]) -> Block:
    """Return a block, given a block or, as in the book, its class.

    Raises:
        ArgumentError: if it is neither.
    """
    made = block() if isinstance(block, type) else block
    if not isinstance(made, Block):
        raise ArgumentError("blocks holds something that is not a block", got=block,
                            expected="ImageBlock, CategoryBlock, MultiCategoryBlock, RegressionBlock, TransformBlock")  # fmt: skip
    return made


def as_input(block: Block | type[Block]) -> InputBlock:
    """Return the block of an input; see `as_block`.

    Raises:
        ArgumentError: if it is not an `InputBlock`.
    """
    made = as_block(block)
    if not isinstance(made, InputBlock):
        raise ArgumentError(
            f"{type(made).__name__} describes targets, not inputs",
            expected="ImageBlock, TransformBlock, or another subclass of InputBlock",
        )  # fmt: skip
    return made


def as_target(block: Block | type[Block]) -> TargetBlock:
    """Return the block of a target; see `as_block`.

    Raises:
        ArgumentError: if it is not a `TargetBlock`.
    """
    made = as_block(block)
    if not isinstance(made, TargetBlock):
        raise ArgumentError(
            f"{type(made).__name__} describes inputs, not targets",
            expected="CategoryBlock, MultiCategoryBlock, RegressionBlock, TransformBlock, or another subclass of TargetBlock",
        )  # fmt: skip
    return made
