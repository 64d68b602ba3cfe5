"""`Transform` and `Pipeline` in a plain form: functions with a way back, chosen by the annotated type of their argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, get_args

import torch
from PIL import Image
from torch import Tensor

from gatera.compat.lists import L, listify
from gatera.compat.tensors import TensorCategory, TensorImage, TensorMask, tensor
from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.data.blocks.mask import PILMask
from gatera.data.show.pil import image2tensor
from gatera.data.transforms.item import ItemTransform as PhotoTransform
from gatera.data.transforms.normalize import Normalize

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
        return (typed or fitting or [None])[-1]  # type: ignore[list-item]


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


class _PhotoStep(Transform):
    """One of the library's item transforms, applied to the photos of a tuple."""

    def __init__(self, transform: PhotoTransform) -> None:
        super().__init__()
        self.transform = transform

    def encodes(self, x: Image.Image) -> Any:
        """Transform a photo."""
        made = self.transform(x)
        return made if isinstance(made, type(x)) or not hasattr(type(x), "_from") else type(x)._from(made)  # type: ignore[attr-defined]


class ToTensor(Transform):
    """Turn photos into tensors, uint8 [C,H,W], and masks into int64 [H,W]."""

    order = 5

    def encodes(self, x: Image.Image) -> Any:
        """Return the photo as a tensor."""
        if isinstance(x, PILMask):
            return TensorMask(tensor(x).long())
        return TensorImage(image2tensor(x))


class IntToFloatTensor(Transform):
    """Turn photos uint8 into float32 0..1.

    Args:
        div: what colours are divided by.
        div_mask: what mask values are divided by.
    """

    order = 10

    def __init__(self, div: float = 255.0, div_mask: int = 1) -> None:
        super().__init__()
        self.div, self.div_mask = div, div_mask

    def encodes(self, x: Tensor) -> Any:
        """Return the photo as floats."""
        if isinstance(x, TensorMask):
            return x.div(self.div_mask, rounding_mode="floor").long()
        return x.float().div_(self.div) if x.dtype is torch.uint8 else x

    def decodes(self, x: Tensor) -> Any:
        """Return colours in 0..1."""
        return x.clamp(0, 1) if isinstance(x, TensorImage) else x


class CategoryMap(L):
    """A vocabulary: position -> label, and `o2i`: label -> position.

    Args:
        labels: the labels.
        sort: sort the different ones; else they keep their order.
        add_na: put "#na#" first, for missing ones.
    """

    def __init__(self, labels: Iterable[Any], sort: bool = True, add_na: bool = False) -> None:
        found = list(dict.fromkeys(labels))
        if sort:
            found = sorted(found, key=lambda label: (str(type(label)), label))
        super().__init__(["#na#", *found] if add_na else found)
        self.o2i = {label: place for place, label in enumerate(self)}


class Categorize(Transform):
    """Turn labels into their positions in a vocabulary.

    Args:
        vocab: the labels; None to learn them from the training items.
        sort: sort the learned labels.
        add_na: put "#na#" first, for missing ones.

    Raises:
        DataError: if a label is unknown.
    """

    def __init__(self, vocab: Any = None, sort: bool = True, add_na: bool = False) -> None:
        super().__init__()
        self.sort, self.add_na = sort, add_na
        self.vocab = None if vocab is None else CategoryMap(vocab, sort=False, add_na=add_na)

    def setups(self, items: Any) -> None:
        """Learn the labels."""
        if self.vocab is None and items is not None:
            self.vocab = CategoryMap(list(items), self.sort, self.add_na)

    @property
    def c(self) -> int:
        """Number of labels."""
        return len(self.vocab or ())

    def encodes(self, o: Any) -> Any:
        """Return a label's position."""
        known = {} if self.vocab is None else self.vocab.o2i
        if o not in known:
            raise DataError(f"Categorize got an unknown label {o!r}", available=listed(known))
        return TensorCategory(known[o])

    def decodes(self, o: Any) -> Any:
        """Return the label at a position."""
        return None if self.vocab is None else self.vocab[int(o)]


class RegressionSetup(Transform):
    """Turn numbers into float32 tensors.

    Args:
        c: number of outputs; None for one per number.
    """

    def __init__(self, c: int | None = None) -> None:
        super().__init__()
        self.c = c

    def encodes(self, o: Any) -> Any:
        """Return the numbers as a tensor."""
        return tensor(o).float()

    def decodes(self, o: Any) -> Any:
        """Return the numbers."""
        return o


def as_transform(given: Any) -> Transform:
    """Return a transform of anything that may be in a pipeline: a `Transform`, its class, a photo transform, a function."""
    made = given() if isinstance(given, type) and issubclass(given, Transform | PhotoTransform) else given
    if isinstance(made, Transform):
        return made
    return _PhotoStep(made) if isinstance(made, PhotoTransform) else Transform(made)


class Pipeline:
    """Transforms one after the other, by their `order`.

    Args:
        funcs: one, or a list of `Transform`s, their classes, functions, and photo transforms such as `Resize(224)`.
        split_idx: 0 for training items, 1 for validation items.
    """

    def __init__(self, funcs: Any = None, split_idx: int | None = None) -> None:
        given = funcs.fs if isinstance(funcs, Pipeline) else listify(funcs)  # type: ignore[has-type]
        self.fs = L(sorted((as_transform(one) for one in given), key=lambda step: step.order))
        self.split_idx = split_idx

    def __repr__(self) -> str:
        return f"Pipeline: {' -> '.join(step.name for step in self.fs)}"

    def __len__(self) -> int:
        return len(self.fs)

    def __getitem__(self, place: int) -> Transform:
        return self.fs[place]

    def __getattr__(self, name: str) -> Any:
        for step in reversed(self.__dict__.get("fs", [])):
            if not name.startswith("_") and getattr(step, name, None) is not None:
                return getattr(step, name)
        raise AttributeError(name)

    def __call__(self, x: Any, split_idx: int | None = None) -> Any:
        """Apply all transforms."""
        for step in self.fs:
            x = step(x, split_idx=self.split_idx if split_idx is None else split_idx)
        return x

    def decode(self, x: Any, full: bool = True) -> Any:
        """Undo all transforms, the last one first."""
        for step in reversed(self.fs):
            x = step.decode(x)
        return x

    def setup(self, items: Any = None, train_setup: bool = False) -> None:
        """Let each transform learn from the items as those before it give them."""
        done: list[Transform] = []
        for step in self.fs:
            step.setup(None if items is None else _Seen(items, list(done)))
            done.append(step)

    def show(self, x: Any, ctx: Any = None, **keywords: Any) -> Any:
        """Undo transforms until something can be shown, and show it."""
        return show_value(self.decode(x), ctx=ctx, **keywords)


class _Seen(Sequence[Any]):
    """Items as some transforms give them, one at a time."""

    def __init__(self, items: Sequence[Any], steps: list[Transform]) -> None:
        self._items, self._steps = items, steps

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, place: Any) -> Any:
        """Return the transformed item at a place."""
        value = self._items[place]
        for step in self._steps:
            value = step(value)
        return value


def show_value(value: Any, ctx: Any = None, **keywords: Any) -> Any:
    """Show a value by its own `show`, or print it."""
    show = getattr(value, "show", None)
    if callable(show) and not isinstance(value, Image.Image):
        return show(ctx=ctx, **keywords)
    if isinstance(value, Image.Image | Tensor) and getattr(value, "ndim", 2) >= 2:
        return TensorImage(ToTensor()(value) if isinstance(value, Image.Image) else value).show(
            ctx=ctx, **keywords
        )
    print(value)
    return ctx


def normalized(x: Any, by: Normalize) -> Any:
    """Normalise the photos of a batch, float [N,C,H,W], in a tuple too; all else stays as it is."""
    if isinstance(x, tuple | list):
        return type(x)(normalized(part, by) for part in x)
    return by(x) if isinstance(x, Tensor) and x.ndim == 4 and x.is_floating_point() else x
