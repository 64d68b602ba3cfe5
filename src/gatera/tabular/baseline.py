"""Baselines for tables: gradient-boosted trees, a linear model, and answers that know nothing, on the same rows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gatera.core.checks import require
from gatera.core.errors import DataError
from gatera.program.tasks import task_kind
from gatera.tabular.candidates.linear import is_small_enough
from gatera.tabular.encoded import EncodedRows
from gatera.tabular.loaders import TableLoaders
from gatera.tabular.trees.fit import fit_trees

#: How strongly the weights of a linear model of numbers are held small, of which the best on training rows left out is taken.
RIDGE = np.logspace(-3, 4, 15)

#: The median is a baseline of its own where its error is at most that share of the mean's.
WORTH_A_LINE = 0.9


@dataclass(frozen=True)
class TableBaseline:
    """The score of gradient-boosted trees on a validation set.

    Attributes:
        metric: "accuracy", or "mse" (mean squared error) for numbers.
        value: that figure.
        simplest: the same figure of the most frequent class, or of the mean.
        n: how many validation rows there are.
        misses: how wrong each of them is: 0 or 1 for a class, the squared error for numbers, float64 [n].
    """

    metric: str
    value: float
    simplest: float
    n: int
    misses: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False, compare=False)

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
    train, valid = _sides(dls)
    predictions = fit_trees(train, seed).predict(valid.x)
    if train.n_classes:
        simplest = float((valid.y == np.bincount(train.y).argmax()).mean())
        wrong = (predictions != valid.y).astype(np.float64)
        return TableBaseline(
            "accuracy", float((predictions == valid.y).mean()), simplest, len(valid.y), wrong
        )
    simplest = float(np.square(valid.y - train.y.mean()).mean())
    squares = np.square(predictions - valid.y)
    return TableBaseline("mse", float(squares.mean()), simplest, len(valid.y), squares)


def linear_misses(dls: TableLoaders) -> np.ndarray | None:
    """Return how wrong a linear model of the same columns is on each validation row: 0 or 1 for a class, the squared error for numbers.

    Categories are a column of 0 and 1 each. Numbers are predicted by ridge regression, classes by logistic regression.

    Args:
        dls: the table's loaders.

    Returns:
        float64 [n]; None for a table that is too large, or whose training rows are of a single class.

    Raises:
        DataError: if there is no validation set, or the target is not one class or one number.
        MissingExtraError: if scikit-learn is not installed.
    """
    train, valid = _sides(dls)
    if not is_small_enough(train) or np.ptp(train.y) == 0:
        return None
    models: Any = require("sklearn.linear_model", "train", "for the linear baseline")
    model = models.LogisticRegression(max_iter=300) if train.n_classes else models.RidgeCV(RIDGE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rows that a plane parts, and columns that repeat others
        said = model.fit(train.spread_out(), train.y).predict(valid.spread_out())
    return (said != valid.y).astype(np.float64) if train.n_classes else np.square(said - valid.y)


def constant_misses(dls: TableLoaders, times: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return the squared errors of answers that know nothing, float64 [n] by name: the mean, the newest value where rows have times.

    The median is among them where it is better than the mean by a tenth, as it is where a few numbers are far beyond the others.

    Args:
        dls: the loaders of a table, whose target is a number.
        times: when each training row was, a larger number for later, int64 [n]; None where that does not matter.

    Raises:
        DataError: if there is no validation set, or the target is not one number.
    """
    train, valid = _sides(dls)
    answers = {"the mean": float(train.y.mean()), "the median": float(np.median(train.y))}
    if times is not None:
        answers["the newest value of the training set"] = float(train.y[times == times.max()].mean())
    squares = {name: np.square(valid.y - answer) for name, answer in answers.items()}
    if squares["the median"].mean() >= WORTH_A_LINE * squares["the mean"].mean():
        del squares["the median"]
    return squares


def _sides(dls: TableLoaders) -> tuple[EncodedRows, EncodedRows]:
    """Return the rows of the training and of the validation set."""
    task = task_kind(dls.task)
    one_answer = (
        task is not None and not task.spatial and task.labels_per_item != "any" and len(dls.y_names) == 1
    )
    if dls.valid is None or task is None or not one_answer:
        raise DataError(
            "The baseline needs a validation set and one target: a class or a number", got=dls.task
        )
    return EncodedRows.of(dls, dls.train_ds), EncodedRows.of(dls, dls.valid_ds)
