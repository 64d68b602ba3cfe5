"""Numbers of a prediction that answer to a tensor's methods, without PyTorch."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np


class TopK(NamedTuple):
    """The largest values and where they are."""

    values: Figures
    indices: Figures


class Figures(np.ndarray):
    """A numpy array that also answers to the methods of a tensor that code for predictions uses.

    Example:
        >>> probabilities = figures(np.array([0.25, 0.75], np.float32))
        >>> probabilities.topk(1).indices.tolist(), probabilities.numpy().tolist(), probabilities[1].item()
        ([1], [0.25, 0.75], 0.75)
    """

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Return the largest value and the like as plain numbers of numpy."""
        return array[()] if return_scalar or np.ndim(array) == 0 else figures(array)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Let functions of torch take these numbers as a tensor; torch calls this, so it is there."""
        torch = sys.modules["torch"]

        def as_tensor(value: Any) -> Any:
            if isinstance(value, list | tuple):
                return type(value)(as_tensor(part) for part in value)
            return torch.from_numpy(np.array(value)) if isinstance(value, cls) else value

        keywords = {name: as_tensor(value) for name, value in (kwargs or {}).items()}
        return func(*as_tensor(tuple(args)), **keywords)

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
        return figures(self.astype(np.float32))

    def topk(self, k: int, largest: bool = True) -> TopK:
        """Return the `k` largest (or smallest) values of the last axis, in order, and their positions."""
        order = np.argsort(-self.numpy() if largest else self.numpy(), axis=-1, kind="stable")[..., :k]
        return TopK(figures(np.take_along_axis(self.numpy(), order, axis=-1)), figures(order))

    def argmax(self, axis: Any = None, *args: Any, dim: int | None = None, **keywords: Any) -> Any:
        """Return the position of the largest value, along an axis if one is named; torch calls it `dim`."""
        return _figures_or_number(self.numpy().argmax(axis if dim is None else dim, *args, **keywords))

    def max(self, axis: Any = None, *args: Any, dim: int | None = None, **keywords: Any) -> Any:
        """Return the largest value; with `dim` the largest values along an axis and their positions, as torch does."""
        if dim is None:
            return _figures_or_number(self.numpy().max(axis, *args, **keywords))
        return TopK(_figures_or_number(self.numpy().max(dim)), self.argmax(dim))

    def argsort(self, axis: Any = -1, *args: Any, descending: bool = False, **keywords: Any) -> Any:
        """Return the positions of the values in growing order, or with `descending` in falling order."""
        if descending:
            return figures((-self.numpy()).argsort(axis, kind="stable"))
        return figures(self.numpy().argsort(axis, *args, **keywords))

    def sort(self, axis: Any = -1, *args: Any, descending: bool | None = None, **keywords: Any) -> Any:
        """Sort the values in place, as numpy; with `descending` return sorted values and their positions, as torch does."""
        if descending is None:
            return super().sort(axis, *args, **keywords)
        order = self.argsort(axis, descending=descending)
        return TopK(figures(np.take_along_axis(self.numpy(), order, axis=axis)), order)

    def to(self, *args: Any, **keywords: Any) -> Figures:
        """Return the values: they are on the processor, as a program is."""
        return self

    def softmax(self, dim: int = -1) -> Figures:
        """Return the softmax of the values along an axis."""
        powers = np.exp(self.numpy() - self.numpy().max(axis=dim, keepdims=True))
        return figures(powers / powers.sum(axis=dim, keepdims=True))


def _figures_or_number(found: Any) -> Any:
    return figures(found) if np.ndim(found) else found


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


def familiar_index(index: Any) -> Any:
    """Return an index that answers to `.item()`, or an array of them as `Figures`; anything else unchanged."""
    if isinstance(index, np.ndarray):
        return figures(index)
    return Index(index) if isinstance(index, int) and not isinstance(index, bool) else index
