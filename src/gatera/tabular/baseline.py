"""The baseline for tables: gradient-boosted trees on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import require
from gatera.core.errors import DataError
from gatera.program.tasks import task_kind
from gatera.tabular.loaders import TableLoaders

#: A column of more categories counts as a number. Source: HistGradientBoosting's own limit.
MOST_CATEGORIES = 255


@dataclass(frozen=True)
class TableBaseline:
    """The score of gradient-boosted trees on a validation set.

    Attributes:
        metric: "accuracy", or "mse" (mean squared error) for numbers.
        value: that figure.
        simplest: the same figure of the most frequent class, or of the mean.
        n: how many validation rows there are.
    """

    metric: str
    value: float
    simplest: float
    n: int

    def __str__(self) -> str:
        knows_nothing = "the most frequent class" if self.metric == "accuracy" else "the mean"
        return (
            f"gradient-boosted trees: {self.metric} {self.value:.4f} on {self.n:,} rows "
            f"({knows_nothing}: {self.simplest:.4f})"
        )


def boosted_trees(dls: TableLoaders, seed: int = 0) -> TableBaseline:
    """Train scikit-learn's HistGradientBoosting, all its settings at their defaults, on the rows a network is trained on.

    Args:
        dls: the table's loaders.
        seed: keys what the trees draw at random.

    Raises:
        DataError: if there is no validation set, or the target is not one class or one number.
        MissingExtraError: if scikit-learn is not installed.
    """
    task = task_kind(dls.task)
    one_answer = (
        task is not None and not task.spatial and task.labels_per_item != "any" and len(dls.y_names) == 1
    )
    if dls.valid is None or task is None or not one_answer:
        raise DataError(
            "The baseline needs a validation set and one target: a class or a number", got=dls.task
        )
    ensemble = require("sklearn.ensemble", "train", "for the baseline")
    train, valid = dls.train_ds, dls.valid_ds
    sizes = [len(labels) for labels in dls.classes.values()]
    is_category = [size <= MOST_CATEGORIES for size in sizes] + [False] * len(dls.cont_names)
    classes = task.labels_per_item == "one"
    kind = ensemble.HistGradientBoostingClassifier if classes else ensemble.HistGradientBoostingRegressor
    trees = kind(categorical_features=np.array(is_category), random_state=seed)
    y, wanted = _labels(train), _labels(valid)
    trees.fit(np.asarray(train.arrays), y)
    predictions = trees.predict(np.asarray(valid.arrays))
    if classes:
        simplest = float((wanted == np.bincount(y).argmax()).mean())
        return TableBaseline("accuracy", float((predictions == wanted).mean()), simplest, len(wanted))
    simplest = float(np.square(wanted - y.mean()).mean())
    return TableBaseline("mse", float(np.square(predictions - wanted).mean()), simplest, len(wanted))


def _labels(dataset: Any) -> np.ndarray:
    """Return codes int64 [n], or numbers float64 [n]."""
    values = dataset.targets.numpy().reshape(len(dataset))  # [n] or [n,1] -> [n]
    return values if values.dtype.kind == "i" else values.astype(np.float64)
