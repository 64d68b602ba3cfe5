"""Where a model errs most: slices of the validation set, found without being told by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders.mask_codes import is_ignored
from gatera.data.loading.dataset import Dataset, Rows
from gatera.evaluate.input_names import input_table
from gatera.evaluate.questions.attributes import (
    attributes_of_photos,
    attributes_of_sets,
    attributes_of_sounds,
    folders_of,
    values_of_cells,
)
from gatera.learn.learner import Learner
from gatera.measure.losses.standard import NO_CLASS
from gatera.measure.questions.slices import Slice, worst_slices
from gatera.program.tasks import task_kind


def worst(
    learn: Learner, attributes: Mapping[str, Sequence[Any]] | None = None, side: int = 1, most: int = 10
) -> list[Slice]:
    """Return the slices of a data set with the largest errors, by what their error is at least.

    The error of an item is whether its class or its set of labels is wrong, the share of its labelled pixels that are, or its squared error.
    Items are cut by class, by size, shape, brightness, contrast and sharpness of photos, by length of texts, and by the columns of tables. The
    intervals are corrected for the number of slices looked at, so that `clear` ones are rarely chance.

    Args:
        learn: a trained learner.
        attributes: more to cut by: name -> a number or a word for each item, such as the breed, or who took the photo.
        side: 1 for the validation set, 2 for the test set.
        most: slices that are returned.

    Raises:
        ArgumentError: if `side` is not the number of a data set.
        DataError: if there is no such set, or items have no labels.

    Example:
        for part in worst(learn, {"camera": cameras}):
            print(part.name, part.n, part.error, part.clear)
    """
    if side not in (0, 1, 2) or isinstance(side, bool):
        raise ArgumentError(
            "side must be the number of a data set", got=side, expected="0 for training, 1 for validation, 2 for test"
        )  # fmt: skip
    plain = learn.loader(side)
    parts = [_misses(learn, outputs, labels) for outputs, labels in learn.predict_batches(plain)]
    attributes = {**attributes_of(plain.dataset), **(attributes or {})}
    return worst_slices(np.concatenate(parts), attributes, most=most)


def _misses(learn: Learner, predictions: Tensor, targets: Tensor | None) -> np.ndarray:
    """Return the error of each item of a batch, float64 [N]: 0 or 1, the share of wrong pixels, or a squared error."""
    if targets is None:
        raise DataError("slices need labels, and these items have none")
    kind = task_kind(learn.dls.task)
    if kind is not None and kind.labels_per_item == "any":
        wrong = (learn.loss_func.decodes(predictions) != targets.bool()).flatten(1).any(1)
        return wrong.cpu().double().numpy()
    if kind is not None and kind.needs_vocab:  # classes of items, or of pixels
        counts = ~torch.isin(targets, torch.tensor(_not_counted(learn), device=targets.device))
        wrong = counts & (predictions.argmax(1) != targets)
        both = [part.cpu().double().reshape(len(targets), -1).sum(1) for part in (wrong, counts)]
        return (both[0] / both[1].clamp(min=1)).numpy()
    return np.asarray(
        (predictions.cpu().double() - targets.cpu().double().reshape(predictions.shape))
        .square()
        .reshape(len(targets), -1)
        .mean(1)
    )


def _not_counted(learn: Learner) -> list[int]:
    """Return the targets that no answer is wrong for: pixels of padding, and those of a class such as void."""
    kind, ignored = task_kind(learn.dls.task), getattr(learn.loss_func, "ignore_index", None)
    spatial = kind is not None and kind.spatial
    named = [place for place, name in enumerate(learn.dls.vocab or []) if spatial and is_ignored(name)]
    return [NO_CLASS, *named, *([] if ignored is None else [int(ignored)])]


def attributes_of(dataset: Dataset) -> dict[str, list[Any]]:
    """Return what the items of a data set can be cut by: name -> a value for each."""
    found: dict[str, list[Any]] = {}
    image, block = dataset.fields.image, dataset.fields.y
    kind = None if block is None else task_kind(block.task)
    if dataset.vocab is not None and (kind is None or kind.labels_per_item is not None):
        labels = [dataset.label(i) for i in range(len(dataset))]
        several = kind is not None and kind.labels_per_item == "any"
        found = attributes_of_sets(labels, dataset.vocab) if several else {"class": list(map(str, labels))}
    if image is not None:
        found |= (attributes_of_photos if image.photographic else attributes_of_sounds)(dataset.inputs)
    elif isinstance(dataset.inputs, Rows):
        table = input_table(dataset)
        found |= {
            str(name): values_of_cells(str(name), table.iloc[:, place].tolist())
            for place, name in enumerate(table.columns)
        }
    elif dataset.lengths is not None:
        found["length"] = dataset.lengths.tolist()
    return found | folders_of(dataset.inputs, found.get("class", []))
