"""What kind of thing a value is: the base of all blocks, and the one for values that are used as they come.

A block reads a raw value, encodes it for the model, decodes it for people, and says as JSON data what a program must do.
`fit` returns a copy that has learned from the training split (never from the others); the block a user passes stays as it
was, so one recipe makes any number of data sets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from torch import Tensor

from gatera.core.errors import ArgumentError, ExportError
from gatera.data.blocks.vocab import Vocab
from gatera.data.item_errors import guarded
from gatera.data.show.pil import show_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Updates that an epoch should have at least, and the fewest items of a batch that may take (chosen here, see LOG.md).
UPDATES_PER_EPOCH, FEWEST_PER_BATCH = 10, 8


class Block(ABC):
    """How one kind of value comes in and goes out.

    Attributes:
        task: what a model that predicts such values does: "classification", "multilabel", "regression", or None.
        vocab: the labels it tells apart, once fitted; None where there are none.
        n_out: number of outputs that predict it, or None.
        is_photo: whether it is encoded as uint8 [H,W,C], for photo transforms to act on.
        photographic: whether its pictures look like photographs, so that what a pretrained body knows of their brightness
            suits them; a spectrogram does not.
        batch_tfms: random changes that suit such inputs in training; a `DataBlock` uses them where it is given none.
        most_per_batch: items in a training batch at most where the user names no number.
        in_memory: whether a data set keeps the encoded inputs of all its items in memory (rows, texts), rather than
            reading them anew in every epoch.
        pad: what fills up shorter arrays where those of a batch differ in length; None where all have one shape.
    """

    task: str | None = None
    is_photo: bool = False
    photographic: bool = True
    batch_tfms: Sequence[Any] = ()
    most_per_batch: int = 64
    in_memory: bool = False
    pad: int | None = None
    vocab: Vocab | Sequence[Any] | None = None
    n_out: int | None = None

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy that has learned what it needs from the training split's raw values."""
        return self

    def batch_size(self, n_train: int) -> int:
        """Return how many items a batch of a training set of `n_train` has where the user names no number.

        Small training sets get smaller batches, so that an epoch has ten updates or more.
        """
        suited = max(FEWEST_PER_BATCH, min(self.most_per_batch, n_train // UPDATES_PER_EPOCH))
        return min(suited, n_train)

    def read(self, raw: Any) -> Any:
        """Turn a raw value (a path, a cell) into the value that people see."""
        return raw

    @abstractmethod
    def encode(self, value: Any) -> Any:
        """Turn a read value into numbers for the model."""

    @abstractmethod
    def decode(self, encoded: Any) -> Any:
        """Turn the model's numbers back into a value that people see."""

    def encode_all(
        self, raws: Sequence[Any], name: Callable[[int], str]
    ) -> Sequence[np.ndarray] | np.ndarray:
        """Read and encode the inputs of a whole data set; for blocks that are `in_memory`.

        Args:
            raws: raw values.
            name: position -> how messages call that item.

        Returns:
            One array per value: a list, or an array with one row per value.

        Raises:
            DataError: if a value is not usable; the item is named.
        """
        return [
            np.asarray(guarded("Its block", name(i), raw, lambda raw: self.encode(self.read(raw)), raw))
            for i, raw in enumerate(raws)
        ]

    def as_batch(self, stacked: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return encoded values, stacked along a new first axis, as the model takes them: its one argument."""
        return stacked

    def show(self, value: Any) -> str:
        """Return a value as one line of text, e.g. a title."""
        return str(value)

    def draw(self, picture: Any, axes: Axes) -> None:
        """Draw an input on matplotlib axes; for blocks that are photos.

        Args:
            picture: what `read` or `decode` gives.
            axes: where to draw it.
        """
        show_image(picture, ax=axes)

    def columns(self, value: Any) -> dict[str, Any]:
        """Return the cells of a table that show a read value, by their headings."""
        return {"input": self.show(value)}

    def finish(self, dls: Any) -> Any:
        """Return the finished loaders of inputs of this kind: where they know more than any, a subclass of `DataLoaders`."""
        return dls

    def entries(self) -> Mapping[str, bytes]:
        """Return what `config` needs and is too large for it: entries of the program file, by name."""
        return {}

    def config(self) -> list[dict[str, Any]]:
        """Return how a program reads such a value, as operations of `program.preprocess`.

        Raises:
            ExportError: if no operation does that.
        """
        raise ExportError(
            f"A program cannot read what {type(self).__name__} reads", expected="photos: ImageBlock"
        )


@dataclass(frozen=True)
class TransformBlock(Block):
    """A value that is used as it comes: an array, a tensor, or a number."""

    def encode(self, value: Any) -> Any:
        """Return the value as an array or tensor."""
        return value if isinstance(value, Tensor) else np.asarray(value)

    def decode(self, encoded: Any) -> Any:
        """Return the value."""
        return encoded


def as_block(block: Block | type[Block]) -> Block:
    """Accept a block or, as in the book, a block's class.

    Raises:
        ArgumentError: if it is neither.
    """
    made = block() if isinstance(block, type) else block
    if not isinstance(made, Block):
        raise ArgumentError("blocks holds something that is not a block", got=block,
                            expected="ImageBlock, CategoryBlock, MultiCategoryBlock, RegressionBlock, TransformBlock")  # fmt: skip
    return made
