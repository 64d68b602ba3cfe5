"""Where a model errs most: slices of the validation set, found without being told by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gatera.core.errors import DataError
from gatera.data.loading.dataset import Dataset, Rows
from gatera.evaluate.questions.attributes import attributes_of_photos, folders_of
from gatera.learn.learner import Learner
from gatera.measure.questions.slices import Slice, worst_slices


def worst(
    learn: Learner, attributes: Mapping[str, Sequence[Any]] | None = None, side: int = 1, most: int = 10
) -> list[Slice]:
    """Return the slices of a data set with the largest errors, by what their error is at least.

    Items are cut by class, by size, shape, brightness, contrast and sharpness of photos, by length of texts, and by the columns of tables. The
    intervals are corrected for the number of slices looked at, so that `clear` ones are rarely chance.

    Args:
        learn: a trained learner of classes or numbers.
        attributes: more to cut by: name -> a number or a word for each item, such as the breed, or who took the photo.
        side: 1 for the validation set, 2 for the test set.
        most: slices that are returned.

    Raises:
        DataError: if there is no such set, or items have no labels.

    Example:
        for part in worst(learn, {"camera": cameras}):
            print(part.name, part.n, part.error, part.clear)
    """
    loader = learn.dls[side]
    if loader is None:
        raise DataError("there is no such data set to find slices in", got=f"side={side}")
    predictions, targets = learn.get_preds(dl=loader.for_evaluation())[:2]
    if predictions is None or targets is None:
        raise DataError("slices need labels, and these items have none")
    if learn.dls.task == "classification":
        misses = (predictions.argmax(1) != targets).double().numpy()
    else:
        misses = (predictions.double() - targets.double()).square().reshape(len(targets), -1).mean(1).numpy()
    return worst_slices(misses, {**attributes_of(loader.dataset), **(attributes or {})}, most=most)


def attributes_of(dataset: Dataset) -> dict[str, list[Any]]:
    """Return what the items of a data set can be cut by: name -> a value for each."""
    found: dict[str, list[Any]] = {}
    if dataset.vocab is not None:
        found["class"] = [str(dataset.label(i)) for i in range(len(dataset))]
    if dataset.fields.image is not None and dataset.fields.image.photographic:
        found |= attributes_of_photos(dataset.inputs)
    elif isinstance(dataset.inputs, Rows):
        table = dataset.inputs.table
        found |= {
            str(name): [None if cell != cell else cell for cell in table[name].tolist()]
            for name in table.columns
        }
    elif dataset.lengths is not None:
        found["length"] = dataset.lengths.tolist()
    return found | folders_of(dataset.inputs, found.get("class", []))
