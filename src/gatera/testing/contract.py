"""Shared parts of all checks: rules as data, and the error that names a broken rule."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from torch import Tensor

from gatera.core.errors import GateraError, shorten
from gatera.data.sources.items import is_table
from gatera.measure.function_names import callable_name


class Rule(NamedTuple):
    """One rule of a contract.

    Attributes:
        text: the rule, as a clause without a full stop.
        remedy: how to fix a component that breaks it; a full sentence.
    """

    text: str
    remedy: str


class ContractError(GateraError, AssertionError):
    """A component breaks a rule of its kind. The message names the component, the rule, what was seen, and the remedy.

    Args:
        piece: the component, e.g. the name of its class.
        kind: its kind in the plural, e.g. "metrics".
        rule: the broken rule.
        seen: what was seen instead, a clause without a full stop.

    Example:
        >>> print(ContractError("Mean", "metrics", Rule("value() is a float", "Return float(...)."), "a Tensor"))
        Mean breaks a rule of metrics: value() is a float. Seen: a Tensor. Return float(...).
    """

    def __init__(self, piece: str, kind: str, rule: Rule, seen: str) -> None:
        self.piece, self.kind, self.rule, self.seen = piece, kind, rule, seen
        super().__init__(
            f"{piece} breaks a rule of {kind}: {rule.text}. Seen: {seen.rstrip('.')}", remedy=rule.remedy
        )


@dataclass(frozen=True)
class Contract:
    """Checks of one component against the rules of its kind.

    Args:
        piece: the component's name.
        kind: its kind in the plural.
    """

    piece: str
    kind: str

    def broken(self, rule: Rule, seen: str) -> ContractError:
        """Return the error for a broken rule."""
        return ContractError(self.piece, self.kind, rule, seen)

    def require(self, kept: bool, rule: Rule, seen: str) -> None:
        """Raise ContractError if `kept` is false."""
        if not kept:
            raise self.broken(rule, seen)

    @contextmanager
    def running(self, rule: Rule, what: str) -> Iterator[None]:
        """Convert any exception in the block to a ContractError.

        Args:
            rule: the rule that an exception here breaks.
            what: the call being made, e.g. "update()".
        """
        try:
            yield
        except ContractError:
            raise
        except Exception as err:  # user code may raise anything
            raise self.broken(rule, f"{what} raised {described(err)}") from err

    @contextmanager
    def unchanged(self, rule: Rule, **values: Any) -> Iterator[None]:
        """Raise ContractError if the block changes one of `values`, given as keywords by name."""
        before = copy.deepcopy(values)
        yield
        for name, value in values.items():
            self.require(same(before[name], value), rule, f"{name} changed")


def described(err: BaseException) -> str:
    """Return an exception's type and the first line of its message, as in "KeyError: 'cat'"; for Gatera's, the problem."""
    message = problem_of(err) if isinstance(err, GateraError) else str(err)
    first = (message.strip().splitlines() or [""])[0]
    return shorten(f"{type(err).__name__}: {first}" if first else type(err).__name__)


def problem_of(err: GateraError) -> str:
    """Return the problem and the value received.

    Example:
        >>> problem_of(GateraError("bs is too small", got=0, remedy="Pass bs=64."))
        'bs is too small: 0'
    """
    return err.problem if err.got is None else shorten(f"{err.problem}: {err.got!r}")


def piece_name(piece: object) -> str:
    """Return the name of a component: its own, or its class's.

    Example:
        >>> piece_name(sorted), piece_name(Image.Image), piece_name(3)
        ('sorted', 'Image', 'int')
    """
    return piece.__name__ if isinstance(piece, type) else callable_name(piece)


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal bit for bit: numbers, arrays, tensors, photos, tables, records, lists of these."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        alike = a.dtype == b.dtype and a.shape == b.shape
        return alike and bool(((a == b) | ((a != a) & (b != b))).all())
    if isinstance(a, np.ndarray):
        return (
            a.dtype == b.dtype and a.shape == b.shape and (a.tobytes() == b.tobytes() or np.array_equal(a, b))
        )
    if isinstance(a, Image.Image):
        return a.mode == b.mode and a.size == b.size and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if is_table(a):
        return bool(a.equals(b))
    if type(a).__eq__ is object.__eq__:  # it does not define equality: compare attributes, if it has any
        return same(getattr(a, "__dict__", {}), getattr(b, "__dict__", {}))
    return bool(a == b) or bool(a != a and b != b)


def shown(value: Any) -> str:
    """Describe a value briefly, for messages.

    Example:
        >>> shown(Image.new("L", (4, 3))), shown(np.zeros(2)), shown("a")
        ('a photo of 4 x 3 pixels', 'float64 [2]', "'a'")
    """
    if isinstance(value, Image.Image):
        return f"a photo of {value.width} x {value.height} pixels"
    return shaped(value) if isinstance(value, Tensor | np.ndarray) else shorten(repr(value), 60)


def shaped(value: Any) -> str:
    """Describe dtype and shape of an array or tensor, else the type, for messages.

    Example:
        >>> shaped(np.zeros((2, 3))), shaped("a")
        ('float64 [2, 3]', 'a str')
    """
    if isinstance(value, Tensor | np.ndarray):
        return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
