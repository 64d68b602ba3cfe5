"""`leaks(dls)`: which items of the validation and test set are also in the training set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatera.core.errors import DataError
from gatera.core.threads import thread_pool
from gatera.data.loading.dataset import Dataset, Rows
from gatera.data.loading.loader import DataLoader
from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.looks import look_at_photo, look_at_sound
from gatera.evaluate.input_names import input_table, name_in
from gatera.evaluate.leaking.by_features import leaks_by_features
from gatera.evaluate.leaking.find import Side, find_leaks
from gatera.evaluate.leaking.found import Leaks
from gatera.evaluate.questions.features import features_of_sides
from gatera.learn.learner import Learner


def leaks(dls: DataLoaders, learn: Learner | None = None) -> Leaks:
    """Find the items of the validation and test set that are also in the training set: the same, or nearly.

    Photos are found re-encoded, resized, mirrored, recoloured or cropped by a tenth, with a learner also cropped by more, stretched,
    or turned by up to ten degrees; recordings with as good as the same spectrogram; texts that are equal but for case, spaces and
    punctuation, or share most of their words; rows that are equal but for columns that name the rows.

    Args:
        dls: loaders of photos, recordings, texts or rows, with a validation set.
        learn: a learner of photos whose features propose pairs for a second, closer comparison of their pixels. It is the quickest
            before its body is trained, as the features are then kept for the training. None looks at thumbnails only.

    Raises:
        DataError: if there is no validation set, the items are of another kind, or the learner has no features of them.

    Example:
        found = leaks(learn.dls, learn)
        found.pairs[0].name, found.pairs[0].train_name
    """
    if not isinstance(dls.train, DataLoader) or dls.valid is None:
        raise DataError(
            "leaks need a training and a validation set made by Gatera, and these loaders "
            + ("have no validation set" if dls.valid is None else f"hold a {type(dls.train).__name__}"),
            remedy="Make the loaders with valid_pct=0.2, or another splitter.",
        )
    datasets = {"train": dls.train.dataset, "valid": dls.valid.dataset}
    if dls.test is not None:
        datasets["test"] = dls.test.dataset
    things = _things(datasets["train"])
    if learn is not None and things != "photos":
        raise DataError(
            f"leaks compares photos by a learner's features, and these are {things}",
            remedy="Leave out learn=",
        )
    sides = {side: _side(dataset, things) for side, dataset in datasets.items()}
    found = find_leaks(sides, things)
    if learn is None:
        return found
    loaders = {"train": dls.train, "valid": dls.valid, "test": dls.test}
    features = features_of_sides(learn, {side: loaders[side] for side in sides})
    if features is None:
        raise DataError(
            "the learner has no features to compare photos by", got=type(learn.model).__name__,
            expected="a vision_learner with a linear head", remedy="Leave out learn=: thumbnails are compared then.",
        )  # fmt: skip
    return found.with_more(leaks_by_features(sides, features, found))


def _things(dataset: Dataset) -> str:
    image, first = dataset.fields.image, dataset.inputs[0]
    if image is not None:
        return "photos" if image.photographic else "recordings"
    if isinstance(dataset.inputs, Rows) or isinstance(first, Mapping | tuple | list):
        return "rows"
    if isinstance(first, str | Path):
        return "texts"
    raise DataError("leaks compares photos, recordings, texts and rows of tables", got=type(first).__name__)


def _side(dataset: Dataset, things: str) -> Side:
    labels = [str(dataset.label(i)) for i in range(len(dataset))] if dataset.targets is not None else []
    return Side(_contents(dataset, things), [name_in(dataset, i) for i in range(len(dataset))], labels)


def _contents(dataset: Dataset, things: str) -> Sequence[Any]:
    if things == "texts":
        return [str(dataset.fields.x.read(raw)) for raw in dataset.inputs]
    if things == "rows":
        return rows_of(dataset)
    look = look_at_photo if things == "photos" else look_at_sound
    with thread_pool() as pool:
        return list(pool.map(look, dataset.inputs))


def rows_of(dataset: Dataset) -> list[tuple[Any, ...]]:
    """Return the cells of rows without their labels, in the order of their columns."""
    if isinstance(dataset.inputs, Rows):
        return list(input_table(dataset).itertuples(index=False, name=None))
    return [tuple(row.values()) if isinstance(row, Mapping) else tuple(row) for row in dataset.inputs]
