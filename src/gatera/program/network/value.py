"""What is known of a tensor before it is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.program.network.reader import Node, Tensor


class Refused(Exception):
    """A node that is not allowed; the message says why, after the node's name."""


@dataclass(frozen=True)
class Value:
    """A tensor.

    Attributes:
        shape: its sizes, or bounds of them.
        dtype: its type.
        values: its values, if they are known before computing: int64 or float32.
        exact: whether `shape` is exact.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    values: np.ndarray | None = None
    exact: bool = True

    @property
    def count(self) -> int:
        """How many values it has; Python's integers do not overflow."""
        found = 1
        for size in self.shape:
            found *= size
        return found

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        return self.count * self.dtype.itemsize

    def ints(self) -> list[int]:
        """Return its values as whole numbers; raise Refused if they are not known."""
        if self.values is None:
            raise Refused("has sizes that depend on the input's values")
        return [int(value) for value in self.values.ravel()]


class Call:
    """One node with what is known of its inputs; a missing optional input is None."""

    __slots__ = ("inputs", "node")

    def __init__(self, node: Node, inputs: tuple[Value | None, ...]) -> None:
        self.node, self.inputs = node, inputs

    def __getitem__(self, place: int) -> Value:
        value = self.optional(place)
        if value is None:
            raise Refused(f"lacks its input {place + 1}")
        return value

    def optional(self, place: int) -> Value | None:
        """Return an input; None if it is left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    @property
    def given(self) -> list[Value]:
        """The inputs that are not left out; at least one."""
        found = [value for value in self.inputs if value is not None]
        if not found:
            raise Refused("lacks its inputs")
        return found

    def whole(self, name: str, default: int) -> int:
        """Return an attribute that is a whole number."""
        value = self.node.attributes.get(name, default)
        if type(value) is not int or abs(value) > 1 << 40:
            raise Refused(f"has an attribute {name} that is not a valid whole number")
        return value

    def ints(self, name: str, default: list[int] | None = None) -> list[int] | None:
        """Return an attribute that is a list of whole numbers."""
        value = self.node.attributes.get(name, default)
        if value is None or (
            isinstance(value, list) and all(type(each) is int and abs(each) < 1 << 40 for each in value)
        ):
            return value
        raise Refused(f"has an attribute {name} that is not a list of valid whole numbers")

    def text(self, name: str, default: str) -> str:
        """Return an attribute that is a text."""
        value = self.node.attributes.get(name, default.encode())
        if not isinstance(value, bytes):
            raise Refused(f"has an attribute {name} that is not text")
        return value.decode("utf-8", "replace")

    def sizes(self, name: str, place: int) -> list[int] | None:
        """Return whole numbers that are an attribute in older operator sets and an input in newer ones; None if left out."""
        value = self.optional(place)
        return self.ints(name) if value is None else value.ints()

    def tensor(self, name: str) -> Tensor | None:
        """Return an attribute that is a tensor."""
        value = self.node.attributes.get(name)
        if value is not None and not isinstance(value, Tensor):
            raise Refused(f"has an attribute {name} that is not a tensor")
        return value


def axis_of(axis: int, rank: int) -> int:
    """Return an axis counted from 0; raise Refused if there is none such."""
    if not -rank <= axis < rank:
        raise Refused(f"names the axis {axis} of a tensor of {rank} dimensions")
    return axis % rank


def axes_of(axes: list[int], rank: int) -> list[int]:
    """Return several axes counted from 0, each once."""
    found = [axis_of(axis, rank) for axis in axes]
    if len(set(found)) < len(found):
        raise Refused("names an axis twice")
    return found


def broadcast(values: list[Value]) -> tuple[int, ...]:
    """Return the shape that tensors have together: of each size the largest."""
    rank = max(len(value.shape) for value in values)
    padded = [(1,) * (rank - len(value.shape)) + value.shape for value in values]
    return tuple(0 if 0 in sizes else max(sizes) for sizes in zip(*padded))
