"""`L`, the list of fastai's notebooks, and the helpers for sequences that go with it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial, reduce
from itertools import chain, cycle, islice
from typing import Any

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.data.sources.items import Items


def _is_place(index: Any) -> bool:
    return hasattr(index, "__index__") and getattr(index, "ndim", 0) == 0


def is_iter(value: object) -> bool:
    """Whether a value can be iterated; a 0-d tensor or array cannot."""
    return isinstance(value, Iterable) and getattr(value, "ndim", 1) != 0


def is_listy(value: object) -> bool:
    """Whether a value is a list, tuple, slice or generator."""
    return isinstance(value, list | tuple | slice | Iterator)


def listify(value: Any = None) -> list[Any]:
    """Return None as [], a text, mapping or array as a list of one, any other iterable as a list."""
    if value is None:
        return []
    if isinstance(value, str | bytes | Mapping) or hasattr(value, "__array__") or not is_iter(value):
        return [value]
    return list(value)


class L(Items[Any]):
    """A list that can be indexed by lists and masks, with the methods that notebooks chain.

    Args:
        items: one iterable, or several items.
        use_list: list the elements of a text or an array too, which otherwise is one item.
        match: a collection; a single item is repeated to its length.

    Raises:
        ArgumentError: if there are several items, but not as many as in `match`.

    Example:
        >>> L(3, 1, 2).sorted().map(str)
        (#3) ['1','2','3']
        >>> L("a", "b", "c")[[0, 2]], L(1, 2, 3)[[True, False, True]]
        ((#2) ['a','c'], (#2) [1,3])
    """

    def __init__(self, *items: Any, use_list: bool | None = None, match: Any = None) -> None:
        found = list(items) if len(items) != 1 else list(items[0]) if use_list else listify(items[0])
        if match is not None and len(found) == 1:
            found *= len(match)
        if match is not None and len(found) != len(match):
            raise ArgumentError("L has not as many items as match", got=len(found), expected=str(len(match)))
        super().__init__(found)

    @classmethod
    def range(cls, a: Any, b: int | None = None, step: int | None = None) -> L:
        """Return the numbers that `range` gives; a collection stands for its length."""
        return cls(range_of(a, b, step))

    def __getitem__(self, index: Any) -> Any:
        """Return one item; or for a slice, a list of positions or a mask, an `L`."""
        if isinstance(index, slice):
            return L([*list.__getitem__(self, index)])
        if _is_place(index):
            return list.__getitem__(self, index)
        return L([list.__getitem__(self, place) for place in self._places(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        """Set one item or a slice; of a list of positions or a mask, each to its own value, or all to one."""
        if isinstance(index, slice) or _is_place(index):
            list.__setitem__(self, index, value)
            return
        places = self._places(index)
        for place, one in zip(places, L(value, match=places), strict=True):
            list.__setitem__(self, place, one)

    def _places(self, index: Any) -> list[int]:
        """Return the positions that a list of positions or a mask means.

        Raises:
            ArgumentError: if a mask has another length.
        """
        chosen = list(index.tolist() if hasattr(index, "tolist") else index)
        if not chosen or not isinstance(chosen[0], bool | np.bool_):
            return chosen
        if len(chosen) != len(self):
            raise ArgumentError(
                "the mask and the L differ in length", got=len(chosen), expected=str(len(self))
            )
        return [place for place, keep in enumerate(chosen) if keep]

    def __eq__(self, other: object) -> bool:
        """Whether a list or tuple holds the same items."""
        return list.__eq__(self, list(other) if isinstance(other, tuple) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ",".join(repr(item) for item in self[:10])
        return f"(#{len(self)}) [{shown}{'...' if len(self) > 10 else ''}]"

    def __add__(self, other: Any) -> L:
        return L([*self, *listify(other)])

    def __radd__(self, other: Any) -> L:
        return L([*listify(other), *self])

    def __iadd__(self, other: Any) -> L:
        self.extend(listify(other))
        return self

    def __mul__(self, times: Any) -> L:
        return L(list(self) * times)

    def __invert__(self) -> L:
        """Negate each item, as in `files[~train]`."""
        return self.map(lambda item: not item)

    def map(self, function: Any, *args: Any, **keywords: Any) -> L:
        """Return what a function gives for each item; a text is a format, a mapping or sequence is looked up."""
        call = as_function(function)
        return L([call(item, *args, **keywords) for item in self])

    def filter(self, keep: Any = bool, negate: bool = False, **keywords: Any) -> L:
        """Return the items for which `keep` is true, or false with `negate`."""
        return L([item for item in self if bool(as_function(keep)(item, **keywords)) != negate])

    def argwhere(self, keep: Callable[[Any], Any]) -> L:
        """Return the positions of the items for which `keep` is true."""
        return L([place for place, item in enumerate(self) if keep(item)])

    def argfirst(self, keep: Callable[[Any], Any]) -> int | None:
        """Return the position of the first item for which `keep` is true; None if there is none."""
        return next((place for place, item in enumerate(self) if keep(item)), None)

    def unique(self, sort: bool = False, bidir: bool = False, start: Any = None) -> Any:
        """Return each different item once, in order of appearance; with `bidir` also the mapping item -> position."""
        found = list(dict.fromkeys([*listify(start), *self]))
        made = L(sorted(found) if sort else found)
        return (made, made.val2idx()) if bidir else made

    def val2idx(self) -> dict[Any, int]:
        """Return the mapping item -> position."""
        return {item: place for place, item in enumerate(self)}

    def itemgot(self, *places: Any) -> L:
        """Return each item's element at a place, or under a key; of several, one after the other."""
        found = list(self)
        for place in places:
            found = [item[place] for item in found]
        return L(found)

    def attrgot(self, name: str, default: Any = None) -> L:
        """Return each item's attribute, or what a mapping has under that key."""
        return L([
            item.get(name, default) if isinstance(item, Mapping) else getattr(item, name, default) for item in self
        ])  # fmt: skip

    def sorted(self, key: Any = None, reverse: bool = False, **keywords: Any) -> L:
        """Return a sorted copy; `key` is a function, an attribute's name, or an element's position."""
        by = (
            (lambda item: getattr(item, key)) if isinstance(key, str)
            else (lambda item: item[key]) if isinstance(key, int)
            else key
        )  # fmt: skip
        return L(sorted(self, key=partial(by, **keywords) if keywords else by, reverse=reverse))

    def zip(self, cycled: bool = False) -> L:
        """Return the items' first elements, then their second ones, and so on, up to the shortest item.

        Args:
            cycled: up to the longest one; shorter ones begin again.
        """
        if not cycled:
            return L(list(zip(*self, strict=False)))
        longest = max(map(len, self), default=0)
        return L(list(zip(*(islice(cycle(item), longest) for item in self), strict=False)))

    def zipwith(self, *others: Iterable[Any], cycled: bool = False) -> L:
        """Return tuples of this list's items with those of others; `cycled` as for `zip`."""
        return L([self, *others]).zip(cycled)

    def map_zip(self, function: Callable[..., Any], *args: Any, **keywords: Any) -> L:
        """Return what a function gives for each item's elements."""
        return L([function(*item, *args, **keywords) for item in self])

    def starmap(self, function: Callable[..., Any], *args: Any, **keywords: Any) -> L:
        """Return what a function gives for each item's elements."""
        return self.map_zip(function, *args, **keywords)

    def map_dict(self, function: Callable[[Any], Any] = lambda item: item) -> dict[Any, Any]:
        """Return item -> what a function gives for it."""
        return {item: function(item) for item in self}

    def concat(self) -> L:
        """Return the elements of all items in one list."""
        return L(list(chain.from_iterable(listify(item) for item in self)))

    def enumerate(self) -> L:
        """Return the pairs (position, item)."""
        return L(list(enumerate(self)))

    def shuffle(self) -> L:
        """Return the items in a random order."""
        return L(random.sample(list(self), len(self)))

    def cycle(self) -> Iterator[Any]:
        """Yield the items again and again."""
        while self:
            yield from self

    def sum(self) -> Any:
        """Return the sum of the items; 0 for none."""
        return sum(self[1:], self[0]) if self else 0

    def reduce(self, function: Callable[[Any, Any], Any], initial: Any = None) -> Any:
        """Combine the items by a function of two."""
        return reduce(function, self) if initial is None else reduce(function, self, initial)

    def setattrs(self, name: str, value: Any) -> None:
        """Set an attribute of every item."""
        for item in self:
            setattr(item, name, value)

    @property
    def items(self) -> list[Any]:
        """The items as a plain list."""
        return list(self)


def as_function(function: Any) -> Callable[..., Any]:
    """Return a function as it is, a text as a format, a mapping or a sequence as its look-up."""
    if isinstance(function, str):
        return function.format
    if callable(function):
        return function
    return function.__getitem__


def range_of(a: Any, b: int | None = None, step: int | None = None) -> list[int]:
    """Return all positions of a collection, or the numbers up to `a`, or from `a` to `b`, as a list."""
    if hasattr(a, "__len__"):
        a = len(a)
    return list(range(0 if b is None else a, a if b is None else b, 1 if step is None else step))


def first(items: Iterable[Any], f: Callable[[Any], Any] | None = None, negate: bool = False) -> Any:
    """Return the first item (for which `f` is true); None if there is none."""
    kept = items if f is None else (item for item in items if bool(f(item)) != negate)
    return next(iter(kept), None)


def last(items: Sequence[Any]) -> Any:
    """Return the last item; None if there is none."""
    return items[-1] if len(items) else None


def chunked(items: Iterable[Any], chunk_sz: int, drop_last: bool = False) -> Iterator[list[Any]]:
    """Yield lists of `chunk_sz` items; the last one may be shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, chunk_sz)):
        if len(chunk) == chunk_sz or not drop_last:
            yield chunk


def coll_repr(items: Sequence[Any], max_n: int = 10) -> str:
    """Return the number of items and the first of them as text."""
    shown = ",".join(repr(item) for item in list(items)[:max_n])
    return f"(#{len(items)}) [{shown}{'...' if len(items) > max_n else ''}]"


def mapped(function: Callable[..., Any], items: Any) -> Any:
    """Return what a function gives for a value, or for each item of a list."""
    return L(items).map(function) if is_listy(items) else function(items)


def uniqueify(items: Iterable[Any], sort: bool = False) -> list[Any]:
    """Return each different item once."""
    return list(L(list(items)).unique(sort=sort))


class fastuple(tuple[Any, ...]):
    """A tuple made of several arguments, or of one iterable."""

    def __new__(cls, x: Any = None, *rest: Any) -> fastuple:
        """Make a tuple of one iterable, or of all arguments."""
        if not rest:
            return super().__new__(cls, listify(x) if not isinstance(x, tuple) else x)
        return super().__new__(cls, (x, *rest))


class Inf:
    """Endless iterators: `Inf.count`, `Inf.zeros`, `Inf.ones`, `Inf.nones`."""

    @staticmethod
    def _repeat(value: Any) -> Iterator[Any]:
        while True:
            yield value

    class _Endless:
        def __init__(self, make: Callable[[], Iterator[Any]]) -> None:
            self._make = make

        def __get__(self, owner: Any, kind: Any = None) -> Iterator[Any]:
            return self._make()

    count, zeros = _Endless(lambda: iter(range(2**62))), _Endless(lambda: Inf._repeat(0))
    ones, nones = _Endless(lambda: Inf._repeat(1)), _Endless(lambda: Inf._repeat(None))


class _Recorded:
    """A chain of attributes and calls on something not known yet; calling the finished chain runs it."""

    def __init__(self, steps: tuple[Callable[[Any], Any], ...] = ()) -> None:
        self._steps = steps

    def __getattr__(self, name: str) -> _Recorded:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Recorded((*self._steps, partial(_attribute, name)))

    def __getitem__(self, key: Any) -> _Recorded:
        return _Recorded((*self._steps, lambda value: value[key]))

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Run the chain on a value; or where it ends in a name, add the call of that method to it."""
        steps = self._steps
        if steps and isinstance(steps[-1], partial):
            return _Called(
                (*steps, (lambda method: method(*args, **keywords) if callable(method) else method))
            )
        return _run(steps, args[0])


class _Called(_Recorded):
    """A chain whose last step was called: the next call runs it."""

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Run the chain on a value."""
        return _run(self._steps, args[0])


def _attribute(name: str, value: Any) -> Any:
    return getattr(value, name)


def _run(steps: Iterable[Callable[[Any], Any]], value: Any) -> Any:
    for step in steps:
        value = step(value)
    return value


#: The items of a list, in `files.map(Self.parent.name())`.
Self = _Recorded()
