"""Train scikit-learn's gradient-boosted trees on encoded rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatera.core.checks import require
from gatera.core.errors import ExportError
from gatera.core.threads import count_cores_for_trees
from gatera.models.trees import BoostedTrees
from gatera.tabular.encoded import EncodedRows
from gatera.tabular.trees.convert import trees_of

#: A column of more categories counts as a number. Source: HistGradientBoosting's own limit.
MOST_CATEGORIES = 255

#: The settings of the estimators whose mean is taken: scikit-learn's defaults, and two that learn in smaller steps. On five splits
#: of each of four tables the mean had 0.3 to 4 % less error than the defaults alone.
MEMBERS: tuple[dict[str, Any], ...] = (
    {},
    {"learning_rate": 0.05, "max_iter": 200, "max_leaf_nodes": 16, "l2_regularization": 1.0},
    {"learning_rate": 0.05, "max_iter": 200, "max_leaf_nodes": 8, "min_samples_leaf": 10},
)

#: Of a table with more columns, one estimator is trained on coarser bins: the others would take several times as long for each column.
WIDE = 500
WIDE_SETTINGS: dict[str, Any] = {"max_bins": 31}

#: With more columns than these, minutes of training would be needed for each held-out part.
MOST_TREE_COLUMNS = 5_000

#: With more classes there would be too many trees: each of some hundred rounds adds one for every class.
MOST_TREE_CLASSES = 30

#: Cells of a table that one thread reads: two gain a third of the time at most on a quiet machine, and on a busy one, where threads wait
#: for each other in a loop, they take two to fifty times as long. The trees are the same.
ONE_THREAD = 500_000

#: Converted trees may differ from scikit-learn's by this share of the largest output; scikit-learn adds in float64.
PARITY = 1e-5


def fit_trees(rows: EncodedRows, seed: int = 0, **settings: Any) -> Any:
    """Train scikit-learn's HistGradientBoosting.

    Args:
        rows: the training rows.
        seed: keys what the trees draw at random.
        settings: those of the estimator that are not at their defaults.

    Raises:
        MissingExtraError: if scikit-learn is not installed.
    """
    ensemble = require("sklearn.ensemble", "train", "for gradient-boosted trees")
    kind = (
        ensemble.HistGradientBoostingClassifier if rows.n_classes else ensemble.HistGradientBoostingRegressor
    )
    is_set = [size <= MOST_CATEGORIES for size in rows.sizes]
    mask = np.array(is_set + [False] * (rows.x.shape[1] - len(rows.sizes)))
    count_cores_for_trees()
    single = bool(rows.n_classes) and np.unique(rows.y, return_counts=True)[1].min() < 2
    stops = {"early_stopping": False} if single else {}  # it would set a row of each class aside
    estimator = kind(categorical_features=mask, random_state=seed, **settings, **stops)
    threads = 1 if rows.x.size <= ONE_THREAD else None
    with require("threadpoolctl", "train", "for gradient-boosted trees").threadpool_limits(threads, "openmp"):
        return estimator.fit(rows.x, rows.y)


def fit_several(rows: EncodedRows, seed: int = 0) -> list[Any]:
    """Train `MEMBERS`, whose mean is what the trees of a program say; one of them alone for more than `WIDE` columns."""
    if rows.x.shape[1] > WIDE:
        return [fit_trees(rows, seed, **WIDE_SETTINGS)]
    return [fit_trees(rows, seed + number, **settings) for number, settings in enumerate(MEMBERS)]


def raw_sums(estimators: Sequence[Any], x: np.ndarray, classes: bool) -> np.ndarray:
    """Return the mean of what estimators say before it becomes probabilities, float64 [n,K]; [n,1] for two classes."""
    said = [each.decision_function(x) if classes else each.predict(x) for each in estimators]
    return np.mean(said, axis=0).reshape(len(x), -1)


def predict_trees(estimators: Sequence[Any], rows: EncodedRows) -> np.ndarray:
    """Return probabilities, float64 [n,K], 0 for classes that training did not have; or numbers, float64 [n,1]."""
    raw = raw_sums(estimators, rows.x, bool(rows.n_classes))
    if not rows.n_classes:
        return raw
    if raw.shape[1] == 1:
        raw = np.concatenate([np.zeros_like(raw), raw], axis=1)
    shares = np.exp(raw - raw.max(axis=1, keepdims=True))
    found = np.zeros((len(rows.x), rows.n_classes))
    found[:, estimators[0].classes_] = shares / shares.sum(axis=1, keepdims=True)
    return found


def boosted_module(estimators: Sequence[Any], rows: EncodedRows) -> BoostedTrees:
    """Return a module that computes the mean of what fitted estimators say.

    Args:
        estimators: trained on `rows`, in which every class occurs.
        rows: the training rows; both are compared on some of them.

    Raises:
        ExportError: if they differ, which an unknown version of scikit-learn may cause.
    """
    import torch

    module = BoostedTrees(trees_of(estimators, rows.sizes)).eval()
    some = rows.take(np.arange(0, len(rows.y), max(1, len(rows.y) // 500)))
    with torch.no_grad():
        found = module(some.as_batch()).numpy()
    wanted = raw_sums(estimators, some.x, bool(rows.n_classes))
    difference = float(np.abs(found - wanted).max())
    if not difference <= PARITY * max(1.0, float(np.abs(wanted).max())):
        raise ExportError(
            f"the converted trees' outputs differ from scikit-learn's by {difference:.2g}",
            remedy="Pass model='network', and please report this with the version of scikit-learn.",
        )
    return module
