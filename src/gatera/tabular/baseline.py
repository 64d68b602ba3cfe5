"""The baseline for tables: gradient-boosted trees on the same rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatera.core.errors import DataError
from gatera.program.tasks import task_kind
from gatera.tabular.encoded import EncodedRows
from gatera.tabular.loaders import TableLoaders
from gatera.tabular.trees.fit import fit_trees


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
    train, valid = EncodedRows.of(dls, dls.train_ds), EncodedRows.of(dls, dls.valid_ds)
    predictions = fit_trees(train, seed).predict(valid.x)
    if train.n_classes:
        simplest = float((valid.y == np.bincount(train.y).argmax()).mean())
        return TableBaseline("accuracy", float((predictions == valid.y).mean()), simplest, len(valid.y))
    simplest = float(np.square(valid.y - train.y.mean()).mean())
    return TableBaseline("mse", float(np.square(predictions - valid.y).mean()), simplest, len(valid.y))
