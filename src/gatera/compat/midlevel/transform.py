"""`Transform` and `Pipeline` in a plain form: functions with a way back, chosen by the annotated type of their argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, get_args

import torch

#: Methods of a transform that may be written several times, for different types.
_DISPATCHED = ("encodes", "decodes", "setups")


class _Overloads(dict[str, Any]):
    """The body of a transform's class: several `encodes` become one that chooses by type."""

    def __setitem__(self, name: str, value: Any) -> None:
        before = self.get(name)
        if name in _DISPATCHED and before is not None and callable(value):
            value = _Dispatch([*(before.functions if isinstance(before, _Dispatch) else [before]), value])
        super().__setitem__(name, value)


class _Dispatch:
    """Functions of one name for different types; the last one that fits is taken."""

    def __init__(self, functions: list[Callable[..., Any]]) -> None:
        self.functions = functions

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return (
            self
            if owner is None
            else _Dispatch([function.__get__(owner, kind) for function in self.functions])
        )

    def choose(self, value: Any) -> Callable[..., Any] | None:
        """Return the function for a value; None if none fits."""
        fitting = [function for function in self.functions if _fits(function, value)]
        typed = [function for function in fitting if _annotation(function) is not None]
        found = typed or fitting
        return found[-1] if found else None


def _annotation(function: Callable[..., Any]) -> Any:
    try:
        parameters = list(inspect.signature(function, eval_str=True).parameters.values())
    except (TypeError, ValueError, NameError):
        return None
    first = parameters[0].annotation if parameters else inspect.Parameter.empty
    return None if first in (inspect.Parameter.empty, Any, object) else first


def _fits(function: Callable[..., Any], value: Any) -> bool:
    kind = _annotation(function)
    kinds = get_args(kind) or (kind,)
    known = tuple(one for one in kinds if isinstance(one, type))
    return kind is None or not known or isinstance(value, known)


class _TransformType(type):
    """Makes `@Transform` wrap a function, and lets a class body write `encodes` several times."""

    @classmethod
    def __prepare__(cls, name: str, bases: tuple[type, ...], **keywords: Any) -> _Overloads:  # type: ignore[override]
        return _Overloads()

    def __new__(
        cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **keywords: Any
    ) -> _TransformType:
        """Make the class."""
        return super().__new__(cls, name, bases, dict(body), **keywords)


class Transform(metaclass=_TransformType):
    """A function with a way back. Of a tuple each element is transformed; a value of another type stays as it is.

    A subclass defines `encodes`, and if there is a way back `decodes`; `setups` learns from the training items.

    Args:
        enc: the function, for a transform without a class of its own.
        dec: its way back.
        split_idx: 0 for training items only, 1 for validation items only; None for all.
        order: place in a pipeline; smaller comes earlier.

    Example:
        >>> def plus_one(x: int) -> int: return x + 1
        >>> step = Transform(plus_one)
        >>> step(2), step(2.0), step((1, "a"))
        (3, 2.0, (2, 'a'))
    """

    order: ClassVar[int] = 0
    split_idx: int | None = None
    whole: ClassVar[bool] = False

    def __init__(
        self, enc: Callable[..., Any] | None = None, dec: Callable[..., Any] | None = None,
        split_idx: int | None = None, order: int | None = None,
    ) -> None:  # fmt: skip
        if enc is not None:
            self.encodes = enc
        if dec is not None:
            self.decodes = dec
        if split_idx is not None:
            self.split_idx = split_idx
        if order is not None:
            self.order = order  # type: ignore[misc]

    @property
    def name(self) -> str:
        """The function's or the class's name."""
        return getattr(getattr(self, "encodes", None), "__name__", type(self).__name__)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"

    def __call__(self, x: Any, split_idx: int | None = None, **keywords: Any) -> Any:
        """Transform a value, or each element of a tuple."""
        if self.split_idx is not None and split_idx is not None and split_idx != self.split_idx:
            return x
        return self._each("encodes", x, keywords)

    def decode(self, x: Any, **keywords: Any) -> Any:
        """Undo the transform; without a way back return the value."""
        return self._each("decodes", x, keywords)

    def setup(self, items: Any = None, train_setup: bool = False) -> None:
        """Learn from the training items, where there is something to learn."""
        learn = getattr(self, "setups", None)
        if learn is not None:
            learn(getattr(items, "train", items))

    def _each(self, method: str, x: Any, keywords: dict[str, Any]) -> Any:
        if isinstance(x, tuple) and not self.whole:
            parts = [self._one(method, part, keywords) for part in x]
            return type(x)(parts) if type(x) is tuple else type(x)(*parts)
        return self._one(method, x, keywords)

    def _one(self, method: str, x: Any, keywords: dict[str, Any]) -> Any:
        function = getattr(self, method, None)
        if isinstance(function, _Dispatch):
            function = function.choose(x)
        return x if function is None or not _fits(function, x) else function(x, **keywords)


class ItemTransform(Transform):
    """A `Transform` that gets a tuple as a whole."""

    whole = True


class InplaceTransform(Transform):
    """A `Transform` whose function changes the value itself."""

    def _one(self, method: str, x: Any, keywords: dict[str, Any]) -> Any:
        super()._one(method, x, keywords)
        return x


class DisplayedTransform(Transform):
    """A `Transform` as any other here."""


class RandTransform(Transform):
    """A `Transform` for training items, done with the chance `p`.

    Args:
        p: the chance, 0..1.
        arguments: as for `Transform`.
    """

    split_idx = 0

    def __init__(self, p: float = 1.0, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.p, self.do = p, True

    def before_call(self, b: Any, split_idx: int | None) -> None:
        """Draw whether the transform is done."""
        self.do = self.p >= 1 or float(torch.rand(())) < self.p

    def __call__(self, x: Any, split_idx: int | None = None, **keywords: Any) -> Any:
        """Transform a value by chance."""
        self.before_call(x, split_idx)
        return super().__call__(x, split_idx, **keywords) if self.do else x
