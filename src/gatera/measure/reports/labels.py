"""Multi-label report: precision, recall, F1 and average precision of each label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gatera.core.checks import require
from gatera.core.errors import ArgumentError
from gatera.measure.intervals import LEAST_PRESENT, Interval, average_precision_interval
from gatera.measure.metrics.sklearn_multi import APScoreMulti
from gatera.measure.thresholds import Thresholds, above, checked_thresholds

if TYPE_CHECKING:
    import pandas as pd


#: The columns of the two ends of the interval of the average precision.
ENDS = ("average_precision_low", "average_precision_high")


def label_scores(
    probabilities: Any, targets: Any, vocab: Sequence[Any], thresh: Thresholds = 0.5
) -> pd.DataFrame:
    """Return precision, recall, F1 and average precision of each label; the last row holds the means.

    Args:
        probabilities: float [N,K], 0..1.
        targets: 0 or 1 for each, [N,K].
        vocab: the K labels.
        thresh: the probability above which a label counts as predicted; or one for each label.

    Returns:
        A DataFrame with one row per label: `items` that have it; `prevalence`, their share, which is the average precision
        of random predictions; `average_precision` of the probabilities, with the ends of its 95 % interval; `precision`, `recall` and `f1` at `thresh`. NaN for
        labels that no item has; the means are taken over the other labels.

    Raises:
        ArgumentError: if the shapes do not fit.
    """
    pandas = require("pandas", "train", "for the table of labels")
    scores = torch.as_tensor(np.asarray(probabilities, np.float32))
    present = torch.as_tensor(np.asarray(targets)) > 0.5
    if scores.shape != present.shape or scores.ndim != 2 or scores.shape[1] != len(vocab) or not len(scores):
        raise ArgumentError(
            "probabilities, targets and vocab must be those of the same items and labels",
            got=f"{list(scores.shape)}, {list(present.shape)} and {len(vocab)} labels",
            expected="[N,K] twice and K labels, N at least 1",
        )
    predicted = above(scores, checked_thresholds("thresh", thresh))
    ranked = APScoreMulti(sigmoid=False)
    columns = {
        "items": present.sum(0).numpy(),
        "prevalence": present.float().mean(0).numpy(),
        "average_precision": [ranked(scores[:, [k]], present[:, [k]]) for k in range(len(vocab))],
        **_ends(scores.numpy(), present.numpy()),
        **_scores(predicted.numpy(), present.numpy()),
    }
    table = pandas.DataFrame({"label": list(vocab), **columns})
    means = (
        table[table["items"] > 0].drop(columns=["label", *ENDS]).mean()
    )  # the mean of ends is the end of nothing
    return pandas.concat([table, pandas.DataFrame([{"label": "mean", **means}])], ignore_index=True)


def _ends(scores: np.ndarray, present: np.ndarray) -> dict[str, list[float]]:
    """Return the ends of the 95 % interval of each label's average precision, 0..1; NaN if fewer than two items have it."""
    none = Interval(float("nan"), float("nan"))
    found = [
        average_precision_interval(scores[:, k], present[:, k])
        if present[:, k].sum() >= LEAST_PRESENT
        else none
        for k in range(scores.shape[1])
    ]
    return {name: [interval[end] for interval in found] for end, name in enumerate(ENDS)}


def _scores(predicted: np.ndarray, present: np.ndarray) -> dict[str, np.ndarray]:
    """Return precision, recall and F1 of each label, float [K]; 0 if never predicted, NaN if no item has it."""
    hits, n_predicted, n_present = (predicted & present).sum(0), predicted.sum(0), present.sum(0)
    absent = np.where(n_present > 0, 0.0, np.nan)
    return {
        "precision": hits / np.maximum(n_predicted, 1) + absent,
        "recall": hits / np.maximum(n_present, 1) + absent,
        "f1": 2 * hits / np.maximum(n_predicted + n_present, 1) + absent,
    }
