"""What a loaded learner of fastai offered and code written for one asks of a program, without PyTorch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from gatera.program.prediction import Prediction


class TopK(NamedTuple):
    """The largest values and where they are."""

    values: Figures
    indices: Figures


class Figures(np.ndarray):
    """A numpy array that also answers to the methods of a tensor that code for predictions uses.

    Example:
        >>> probabilities = figures(np.array([0.25, 0.75], np.float32))
        >>> probabilities.topk(1).indices.tolist(), probabilities.numpy().sum(), probabilities[1].item()
        ([1], 1.0, 0.75)
    """

    def numpy(self) -> np.ndarray:
        """Return the values as a plain array."""
        return np.asarray(self)

    def cpu(self) -> Figures:
        """Return the values."""
        return self

    def detach(self) -> Figures:
        """Return the values."""
        return self

    def float(self) -> Figures:
        """Return the values as float32."""
        return self.astype(np.float32)

    def topk(self, k: int, largest: bool = True) -> TopK:
        """Return the `k` largest (or smallest) values of the last axis, in order, and their positions."""
        order = np.argsort(-self.numpy() if largest else self.numpy(), axis=-1, kind="stable")[..., :k]
        return TopK(figures(np.take_along_axis(self.numpy(), order, axis=-1)), figures(order))

    def softmax(self, dim: int = -1) -> Figures:
        """Return the softmax of the values along an axis."""
        powers = np.exp(self.numpy() - self.numpy().max(axis=dim, keepdims=True))
        return figures(powers / powers.sum(axis=dim, keepdims=True))


def figures(values: Any) -> Figures:
    """View numbers as `Figures`."""
    return np.asarray(values).view(Figures)


class Index(int):
    """A position in the vocabulary: an int that also answers to `.item()`."""

    def item(self) -> int:
        """Return the position."""
        return int(self)

    def numpy(self) -> np.ndarray:
        """Return the position as a 0-d array."""
        return np.array(int(self))


@dataclass(frozen=True)
class TestItems:
    """Inputs to predict, made by `program.dls.test_dl`."""

    items: list[Any]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)


@dataclass(frozen=True)
class ProgramData:
    """What a program knows of the data it was trained on.

    Attributes:
        vocab: the labels.
    """

    vocab: list[Any]

    def test_dl(self, items: Iterable[Any], **keywords: Any) -> TestItems:
        """Return inputs for `get_preds(dl=...)`. Keywords of fastai's, such as `bs`, change nothing."""
        return TestItems(list(items))


class LikeALearner:
    """The names by which code for a loaded learner of fastai asks a program."""

    vocab: list[Any]

    def predict_batch(self, many: Iterable[Any]) -> list[Prediction]:
        """Return the predictions for many inputs; the program has it."""
        raise NotImplementedError

    @property
    def dls(self) -> ProgramData:
        """What the program knows of its data: `dls.vocab`, `dls.test_dl(items)`."""
        return ProgramData(self.vocab)

    def get_preds(self, dl: Iterable[Any], with_decoded: bool = False, **keywords: Any) -> tuple[Any, ...]:
        """Predict all inputs of `dls.test_dl(items)`, or of any list.

        Args:
            dl: the inputs.
            with_decoded: also return the positions of the labels.
            keywords: accepted for fastai's signature: `reorder`, `inner`.

        Returns:
            (probabilities [N,K], None) or (probabilities, None, positions [N]): there are no targets.
        """
        found = self.predict_batch(list(dl))
        stacked = figures([np.asarray(answer.probabilities) for answer in found])
        return (stacked, None, figures([answer.index for answer in found])) if with_decoded else (stacked, None)

    def no_bar(self) -> AbstractContextManager[None]:
        """Return a context without a progress bar; a program has none."""
        return nullcontext()

    def no_logging(self) -> AbstractContextManager[None]:
        """Return a context without a table of epochs; a program has none."""
        return nullcontext()

    def remove_cb(self, callback: Any) -> Any:
        """Return the program, which has no callbacks."""
        return self

    def eval(self) -> Any:
        """Return the program, which never trains."""
        return self
