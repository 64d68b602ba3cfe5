"""`Transform` and `Pipeline` in a plain form: functions with a way back, chosen by the annotated type of their argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, ClassVar, get_args

import torch

from gatera.data.loading.batch import rebuilt

#: Methods of a transform that may be written several times, for different types.
_DISPATCHED = ("encodes", "decodes", "setups")


class _Overloads(dict[str, Any]):
    """The body of a transform's class: several `encodes` become one that chooses by type."""

    def __setitem__(self, name: str, value: Any) -> None:
        before = self.get(name)
        if name in _DISPATCHED and before is not None and callable(value):
            value = _Dispatch([*_functions(before), value])
        super().__setitem__(name, value)


class _Dispatch:
    """Functions of one name for different types; the one for the most special type that fits is called.

    Args:
        functions: in order of definition; of two that fit equally the later one is called.
        owner: the transform that they are methods of, once it is known.
    """

    def __init__(self, functions: list[Callable[..., Any]], owner: Any = None) -> None:
        self.functions, self.owner = functions, owner

    def __get__(self, owner: Any, kind: Any = None) -> _Dispatch:
        return self if owner is None else _Dispatch(self.functions, owner)

    def __call__(self, value: Any, **keywords: Any) -> Any:
        """Call the function for a value; return the value where none fits."""
        found = _choose([function.__get__(self.owner) for function in self.functions], value)
        return value if found is None else found(value, **keywords)


def _functions(attribute: Any) -> list[Callable[..., Any]]:
    return attribute.functions if isinstance(attribute, _Dispatch) else [attribute]


def _choose(functions: list[Callable[..., Any]], value: Any) -> Callable[..., Any] | None:
    """Return the function whose first argument has the most special type that fits a value; None if none fits."""
    best: tuple[Callable[..., Any], type] | None = None
    for function in functions:
        for kind in _kinds(function):
            if isinstance(value, kind) and (best is None or issubclass(kind, best[1])):
                best = function, kind
    return None if best is None else best[0]


def _kinds(function: Callable[..., Any]) -> tuple[type, ...]:
    """Return the types that the first argument of a function, or of a bound method, may have; `object` for any."""
    plain = getattr(function, "__func__", function)
    try:
        return _kinds_of(plain, 0 if plain is function else 1)
    except TypeError:  # an object that cannot be hashed is called with anything
        return (object,)


@cache
def _kinds_of(function: Callable[..., Any], skipped: int) -> tuple[type, ...]:
    try:
        parameters = list(inspect.signature(function, eval_str=True).parameters.values())[skipped:]
    except (TypeError, ValueError, NameError):  # a built-in function, or an annotation that names nothing
        return (object,)
    kind = parameters[0].annotation if parameters else Any
    kinds = kind if isinstance(kind, tuple) else get_args(kind) or (kind,)
    known = tuple(one for one in kinds if isinstance(one, type) and one not in (Any, inspect.Parameter.empty))
    return known or (object,)


class _TransformType(type):
    """Lets a transform's class write `encodes` several times, and `@SomeTransform` add one to a class that there is."""

    @classmethod
    def __prepare__(cls, name: str, bases: tuple[type, ...], **keywords: Any) -> _Overloads:  # type: ignore[override]
        return _Overloads()

    def __new__(
        cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **keywords: Any
    ) -> _TransformType:
        """Make the class."""
        return super().__new__(cls, name, bases, dict(body), **keywords)

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        """Make a transform; or as the decorator of a function called `encodes` and the like, add it to the class."""
        name = getattr(args[0], "__name__", None) if args else None
        if cls is Transform or name not in _DISPATCHED or not inspect.isfunction(args[0]):
            return super().__call__(*args, **keywords)
        there = vars(cls).get(name)
        setattr(cls, name, _Dispatch([*([] if there is None else _functions(there)), args[0]]))
        return args[0]


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
        """The name of the function that was given, else of the class."""
        return getattr(self.__dict__.get("encodes"), "__name__", type(self).__name__)

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
        learn: Any = getattr(self, "setups", None)
        if learn is not None:
            learn(getattr(items, "train", items))

    def _each(self, method: str, x: Any, keywords: dict[str, Any]) -> Any:
        # a named tuple is one value
        if isinstance(x, tuple) and not self.whole and not hasattr(x, "_fields"):
            parts = [self._each(method, part, keywords) for part in x]
            return rebuilt(x, parts)
        return self._one(method, x, keywords)

    def _one(self, method: str, x: Any, keywords: dict[str, Any]) -> Any:
        for functions in self._implementations(method):
            found = _choose(functions, x)
            if found is not None:
                return found(x, **keywords)
        return x

    def _implementations(self, method: str) -> Iterator[list[Callable[..., Any]]]:
        """Yield the functions of this transform, those of its class, and those of the classes that it inherits from."""
        if method in self.__dict__:
            yield [self.__dict__[method]]
        for kind in type(self).__mro__:
            if method in vars(kind):
                yield [function.__get__(self) for function in _functions(vars(kind)[method])]


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
