"""`DataLoader` and `DataLoaders` as notebooks call them: over any list of samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from gatera.compat.lists import listify
from gatera.compat.midlevel.pipeline import Pipeline, normalized
from gatera.core.checks import check_keywords
from gatera.core.errors import ArgumentError
from gatera.data.loading import loader as ours
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.list_loader import ListLoader, Steps
from gatera.data.sources.items import is_table
from gatera.data.transforms.base import BatchTransform
from gatera.data.transforms.batch import BatchPipeline
from gatera.data.transforms.normalize import Normalize

#: Keywords of fastai's `DataLoader` about processes, which change no batch: threads read here.
_ABOUT_PROCESSES = (
    "num_workers",
    "pin_memory",
    "timeout",
    "persistent_workers",
    "pin_memory_device",
    "indexed",
    "verbose",
)

#: Those that mean something here.
_KNOWN = ("bs", "batch_size", "shuffle", "drop_last", "n_inp", "device", "after_item", "before_batch", "after_batch",
          "create_batch", "collate_fn", "length")  # fmt: skip


class _EitherLoader(type):
    """Makes `isinstance(loader, DataLoader)` true of both kinds of loaders."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, ours.DataLoader | ListLoader)


class DataLoader(ours.DataLoader, metaclass=_EitherLoader):
    """Yields batches: of a Gatera data set as `gatera.data.loading.loader.DataLoader`, of any other list as `ListLoader`.

    Args:
        dataset: a Gatera `Dataset`; any list of samples, e.g. `list(zip(x, y))`; or a DataFrame, whose columns are the fields.
        bs: samples per batch; `batch_size` means the same.
        keywords: `shuffle`, `drop_last`, `n_inp`, `device`; `after_item`, `before_batch` and `after_batch`, functions or
            transforms on samples, on the list of a batch's samples, and on batches; `create_batch`, which puts them together.

    Raises:
        ArgumentError: if a keyword is unknown, or a class is made from this one.

    Example:
        >>> list(DataLoader(range(4), batch_size=2))
        [tensor([0, 1]), tensor([2, 3])]
    """

    def __new__(cls, dataset: Any = None, bs: int | None = None, **keywords: Any) -> Any:
        """Return the loader that suits the samples."""
        if isinstance(dataset, Dataset):
            return ours.DataLoader(dataset, bs or 64, **keywords)
        return list_loader(dataset, bs, **keywords)

    def __init_subclass__(cls, **keywords: Any) -> None:
        if not cls.__module__.startswith(f"{__name__.split('.')[0]}."):
            raise ArgumentError(
                f"{cls.__name__} cannot be made from DataLoader: its methods would never be called",
                remedy="Pass functions: after_item=, before_batch=, create_batch=, after_batch=.",
            )


def list_loader(dataset: Any, bs: int | None = None, **keywords: Any) -> ListLoader:
    """Return a `ListLoader`; arguments as for `DataLoader`."""
    given = {name: value for name, value in keywords.items() if name not in _ABOUT_PROCESSES}
    check_keywords("DataLoader", given, _KNOWN)
    size = _one_of(given, "bs", "batch_size", bs)
    steps = Steps(
        item=as_step(given.pop("after_item", None)),
        samples=as_samples_step(given.pop("before_batch", None)),
        collate=_one_of(given, "create_batch", "collate_fn"),
        batch=as_batch_step(given.pop("after_batch", None)),
    )
    samples = list(dataset.itertuples(index=False, name=None)) if is_table(dataset) else dataset
    return ListLoader(samples, size or 64, steps=steps, **given)


def _one_of(keywords: dict[str, Any], name: str, other: str, value: Any = None) -> Any:
    """Take out the argument that has two names; it may also be given as `value`.

    Raises:
        ArgumentError: if it is given twice.
    """
    given = [one for one in (value, keywords.pop(name, None), keywords.pop(other, None)) if one is not None]
    if len(given) > 1:
        raise ArgumentError(
            f"{name} and {other} are the same argument", got=given, remedy="Pass one of them."
        )
    return given[0] if given else None


def as_step(given: Any) -> Callable[[Any], Any]:
    """Return one function for what was passed as `after_item`."""
    return Pipeline(given) if listify(given) else _same


def as_samples_step(given: Any) -> Callable[[list[Any]], Any]:
    """Return one function for what was passed as `before_batch`."""
    functions: Sequence[Any] = [one() if isinstance(one, type) else one for one in listify(given)]

    def apply(samples: list[Any]) -> Any:
        for function in functions:
            samples = function(samples)
        return samples

    return apply


def as_batch_step(given: Any) -> Callable[[Any], Any]:
    """Return one function for what was passed as `after_batch`: transforms, functions, `Normalize`, `aug_transforms`."""
    made = [one() if isinstance(one, type) else one for one in listify(given)]
    augmentations = BatchPipeline([one for one in made if isinstance(one, BatchTransform)])
    norms = [one for one in made if isinstance(one, Normalize)]
    others = Pipeline([one for one in made if not isinstance(one, BatchTransform | Normalize)])

    def apply(batch: Any) -> Any:
        batch = _kept(batch, others(tuple(batch) if isinstance(batch, tuple) else batch))
        if augmentations.fused is not None or augmentations.steps:
            batch = _kept(batch, _on_photos(batch, augmentations))
        for norm in norms:
            batch = _kept(batch, _fields(batch, partial(normalized, by=norm)))
        return batch

    return apply


def _same(value: Any) -> Any:
    return value


def _fields(batch: Any, function: Callable[[Any], Any]) -> Any:
    return tuple(function(part) for part in batch) if isinstance(batch, tuple) else function(batch)


def _kept(before: Any, after: Any) -> Any:
    """Return a changed batch that still knows which of its fields are inputs."""
    n_inp = getattr(before, "n_inp", None)
    return type(before)(after, n_inp) if n_inp is not None and type(after) is tuple else after


def _on_photos(batch: Any, pipeline: BatchPipeline) -> Any:
    import numpy as np

    def one(x: Any) -> Any:
        if not isinstance(x, torch.Tensor) or x.ndim != 4:
            return x
        seed = int(torch.randint(2**31, ()))
        return pipeline(x.as_subclass(torch.Tensor), np.arange(len(x)), (seed, 0))

    return _fields(batch, one)


#: The loaders of one job.
TfmdDL = DataLoader
