"""Loaders that were not made for a learner: where their numbers mean something else, their items are read again."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gatera.core.checks import listed
from gatera.core.progress import note
from gatera.data.loading.dataset import Dataset, FittedFields
from gatera.data.loading.loader import DataLoader
from gatera.data.loading.loaders import DataLoaders

#: Labels that a message names.
_SHOWN = 6


def understood(loader: Any, own: Any) -> Any:
    """Return a loader whose inputs and labels have the numbers that a learner knows; `loader` itself where they have.

    Args:
        loader: any loader, e.g. of a test set that was made with `DataLoaders` of its own; of one that is not ours nothing can be told.
        own: the learner's training loader; with one that is not ours nothing can be told.

    Raises:
        DataError: if a label is not one of the learner's; the item is named.
    """
    theirs, fields = fields_of(loader), fields_of(own)
    what = [] if theirs is None or fields is None else _differences(theirs, fields)
    if theirs is None or fields is None or not what:
        return _normalized_alike(loader, own)
    note(
        f"The {' and '.join(what)} of this loader are numbered otherwise than the learner's; its items are read again, as the "
        "learner's are."
    )
    old = loader.dataset
    fields = replace(fields, get_x=theirs.get_x, get_y=theirs.get_y)
    dataset = Dataset(fields, old.items, old.inputs, old.raw_labels, old.positions)
    if not isinstance(loader, DataLoader):
        return loader.reading(dataset)  # streams of text
    options = replace(loader.options, device=loader.device)
    return DataLoader(dataset, loader.bs, batch_tfms=getattr(own, "batch_tfms", None), options=options)


def _normalized_alike(loader: Any, own: Any) -> Any:
    """Return a loader whose photos have the colours that a model was trained on; `loader` itself where they have."""
    if not (isinstance(loader, DataLoader) and isinstance(own, DataLoader)):
        return loader
    normalize = own.batch_tfms.normalize
    if loader.batch_tfms.normalize == normalize:
        return loader
    note("This loader does not normalise as the learner's do (Normalize in batch_tfms); it does here.")
    batch_tfms, options = (
        loader.batch_tfms.normalizing(normalize),
        replace(loader.options, device=loader.device),
    )
    return DataLoader(loader.dataset, loader.bs, batch_tfms=batch_tfms, options=options)


def warn_of_other_numbers(before: DataLoaders | None, after: DataLoaders) -> None:
    """Warn if a learner gets loaders for which its model was not trained: the same numbers mean other things there."""
    old, new = (None if dls is None else fields_of(dls.train) for dls in (before, after))
    what = [] if old is None or new is None else _differences(new, old)
    if old is None or new is None or not what:
        return
    labels = [listed(fields.y.vocab or (), _SHOWN) for fields in (old, new) if fields.y is not None]
    said = f" (before: {labels[0]}; now: {labels[1]})" if "labels" in what and len(labels) == 2 else ""
    warnings.warn(
        f"The new loaders number their {' and '.join(what)} differently from those that the model was trained on{said}: until it is "
        "trained again, its answers mean the old ones. To measure other items, leave learn.dls and pass dl=, e.g. "
        "learn.validate(dl=other.valid).",
        stacklevel=3,
    )


def fields_of(loader: Any) -> FittedFields | None:
    """Return how a loader's items are read; None for loaders that are not ours."""
    fields = getattr(getattr(loader, "dataset", None), "fields", None)
    return fields if isinstance(fields, FittedFields) else None


def _differences(one: FittedFields, other: FittedFields) -> Sequence[str]:
    """Return what has other numbers: "inputs", "labels"."""
    found = []
    if one.x is not other.x and type(one.x) is type(other.x) and one.x.codes != other.x.codes:
        found.append("inputs")
    if one.y is not None and one.y is not other.y and other.y is not None and one.y.codes != other.y.codes:
        found.append("labels")
    return found
