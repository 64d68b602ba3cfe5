"""Linear models of tables: ridge regression for numbers, logistic regression for classes, both by scikit-learn."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import torch

from gatera.core.checks import require
from gatera.models.linear_table import LinearTable
from gatera.models.target_scale import TargetScale
from gatera.tabular.candidates.held_out import Folds, ask, held_rows, loss_of, try_in_turn
from gatera.tabular.encoded import EncodedRows

#: Penalties that are tried, ridge regression's on standardised columns: each weaker, as long as the loss on held-out rows falls.
PENALTIES = (1000.0, 100.0, 10.0, 1.0, 0.1, 0.01, 0.001)

#: Where nothing is held out.
USUAL_PENALTY = 1.0

#: A table with more numbers, counting one for each category, times its classes, is not solved for: it would take more than seconds.
MOST_CELLS = 4_000_000

#: Steps of the solver of logistic regression. A model that has not converged is judged on held-out rows like any other.
STEPS = 300

#: The logit of a class that the rows do not have.
ABSENT = -30.0


def is_small_enough(rows: EncodedRows) -> bool:
    """Return whether a linear model of the rows is solved in seconds."""
    return len(rows.y) * rows.spread_width() * max(1, rows.n_classes) <= MOST_CELLS


def try_linear(rows: EncodedRows, folds: Folds) -> tuple[float, np.ndarray]:
    """Return the best penalty, and what models with it say of held-out rows, float64 [n,K]."""
    wanted = held_rows(rows, folds)
    best: tuple[float, float, np.ndarray] | None = None
    for penalty in PENALTIES:
        said = try_in_turn(rows, folds, partial(_fit_and_ask, penalty))
        loss = loss_of(wanted, said)
        if best is not None and not loss < best[0]:
            break
        best = loss, penalty, said
    assert best is not None  # for the type checker: there are penalties
    return best[1], best[2]


def _fit_and_ask(penalty: float, train: EncodedRows, valid: EncodedRows) -> np.ndarray:
    return ask(fit_linear(train, penalty), valid.as_batch(), bool(train.n_classes))


def fit_linear(rows: EncodedRows, penalty: float) -> LinearTable:
    """Solve for the linear model of rows.

    Args:
        rows: the training rows.
        penalty: ridge regression's, on standardised numbers; the inverse of logistic regression's C.

    Raises:
        MissingExtraError: if scikit-learn is not installed.
    """
    x = rows.spread_out()  # [n,P]
    numbers = x[:, sum(rows.sizes) :]
    mean, std = _mean_and_spread(numbers)
    numbers[:] = (numbers - mean) / std
    steps = _steps(rows)  # [S,P]
    x = np.concatenate([x, x @ steps.T], axis=1)  # [n,P+S]
    if rows.n_classes:
        model = LinearTable(rows.sizes, len(mean), rows.n_classes)
        weights, bias = _logistic_regression(x, rows, penalty)
    else:
        scale = TargetScale.of(torch.from_numpy(rows.y))
        model = LinearTable(rows.sizes, len(mean), 1, scale)
        weights, bias = _ridge_regression(
            x, scale.standardised(torch.from_numpy(rows.y)).numpy().ravel(), penalty
        )
    weights, slopes = weights[:, : steps.shape[1]], weights[:, steps.shape[1] :]
    weights = weights + slopes @ steps  # what a number adds is part of what its category adds
    weights[:, sum(rows.sizes) :] /= std  # numbers come as they are
    model.set_effects(weights, bias - weights[:, sum(rows.sizes) :] @ mean)
    return model.eval()


def _steps(rows: EncodedRows) -> np.ndarray:
    """Return what the codes of categories that are whole numbers stand for, standardised, float64 [S,P], of the columns of `spread_out`.

    Categories of few rows share what such a number says; those of many rows have an effect of their own beside it.
    """
    first = np.cumsum([0, *rows.sizes])
    steps = np.zeros((len(rows.scales), rows.spread_width()))
    for row, (column, numbers) in zip(steps, rows.scales.items(), strict=True):
        mean, std = _mean_and_spread(numbers[rows.x[:, column].astype(np.int64)])
        row[first[column] : first[column + 1]] = np.nan_to_num((numbers - mean) / std)
    return steps


def _mean_and_spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the standard deviation of columns, where NaN is left out; 0 and 1 of a column that is always the same or empty."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(0), 1)
    mean = np.where(known, values, 0.0).sum(0) / count
    std = np.sqrt(np.where(known, np.square(values - mean), 0.0).sum(0) / count)
    return mean, np.where(std == 0, 1.0, std)


def _ridge_regression(x: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights, float64 [1,P], and the bias, float64 [1]."""
    solved = require("sklearn.linear_model", "train", "for a linear model").Ridge(alpha=penalty).fit(x, y)
    return solved.coef_.reshape(1, -1).astype(np.float64), np.array([solved.intercept_], np.float64)


def _logistic_regression(x: np.ndarray, rows: EncodedRows, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of each class, float64 [K,P], and its bias, float64 [K]; of two classes those of the second."""
    present = np.unique(rows.y)
    weights, bias = np.zeros((rows.n_classes, x.shape[1])), np.full(rows.n_classes, ABSENT)
    bias[present] = 0.0
    if len(present) > 1:
        kind = require("sklearn.linear_model", "train", "for a linear model").LogisticRegression
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            solved = kind(C=1 / penalty, max_iter=STEPS).fit(x, rows.y)
        of = present[-len(solved.coef_) :]  # of two classes there are only the second's
        weights[of], bias[of] = solved.coef_, solved.intercept_
    if rows.n_classes > 2:
        return weights, bias
    return weights[1:] - weights[:1], bias[1:] - bias[:1]
