"""`Pipeline`: transforms one after the other, with a way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PIL import Image
from torch import Tensor

from gatera.compat.lists import L, listify
from gatera.compat.midlevel.steps import PhotoStep, ToTensor
from gatera.compat.midlevel.transform import Transform
from gatera.compat.tensors import TensorImage
from gatera.data.loading.batch import rebuilt
from gatera.data.transforms.item import ItemTransform as PhotoTransform
from gatera.data.transforms.normalize import Normalize


def as_transform(given: Any) -> Transform:
    """Return a transform of anything that may be in a pipeline: a `Transform`, its class, a photo transform, a function."""
    made = given() if isinstance(given, type) and issubclass(given, Transform | PhotoTransform) else given
    if isinstance(made, Transform):
        return made
    return PhotoStep(made) if isinstance(made, PhotoTransform) else Transform(made)


class Pipeline:
    """Transforms one after the other, by their `order`.

    Args:
        funcs: one, or a list of `Transform`s, their classes, functions, and photo transforms such as `Resize(224)`.
        split_idx: 0 for training items, 1 for validation items.
    """

    def __init__(self, funcs: Any = None, split_idx: int | None = None) -> None:
        given = funcs.fs if isinstance(funcs, Pipeline) else listify(funcs)
        self.fs: L = L(sorted((as_transform(one) for one in given), key=lambda step: step.order))
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


def photo_transforms(pipeline: Pipeline) -> list[Any]:
    """Return the steps of a pipeline as `item_tfms` takes them: the library's own transforms as they are."""
    return [step.transform if isinstance(step, PhotoStep) else step for step in pipeline.fs]


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
    if isinstance(x, tuple):
        return rebuilt(x, [normalized(part, by) for part in x])
    return by(x) if isinstance(x, Tensor) and x.ndim == 4 and x.is_floating_point() else x
