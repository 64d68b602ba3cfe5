"""How well each of several labels is found, beside what guessing would reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gatera.core.checks import require
from gatera.core.errors import ArgumentError
from gatera.measure.metrics.sklearn_multi import APScoreMulti
from gatera.measure.thresholds import Thresholds, above, checked_thresholds

if TYPE_CHECKING:
    import pandas as pd


def label_scores(
    probabilities: Any, targets: Any, vocab: Sequence[Any], thresh: Thresholds = 0.5
) -> pd.DataFrame:
    """Return a table of how well each label is found; its last row holds the means over the labels that occur.

    Args:
        probabilities: float [N,K], 0..1.
        targets: 0 or 1 for each, [N,K].
        vocab: the K labels.
        thresh: the probability above which a label counts as predicted; or one for each label.

    Returns:
        A DataFrame with one row per label: `items` that have it; `prevalence`, their share, which is the average precision
        of guessing; `average_precision` of the probabilities; `precision`, `recall` and `f1` of the answers above `thresh`.
        NaN for labels that no item has.

    Raises:
        ArgumentError: if the shapes do not fit.
    """
    pandas = require("pandas", "train", "for the table of labels")
    scores = torch.as_tensor(np.asarray(probabilities, np.float32))
    present = torch.as_tensor(np.asarray(targets)) > 0.5
    if scores.shape != present.shape or scores.ndim != 2 or scores.shape[1] != len(vocab) or not len(scores):
        raise ArgumentError(
            "probabilities, targets and vocab are not of the same items and labels",
            got=f"{list(scores.shape)}, {list(present.shape)} and {len(vocab)} labels",
            expected="[N,K] twice and K labels, N at least 1",
        )
    said = above(scores, checked_thresholds("thresh", thresh))
    ranked = APScoreMulti(sigmoid=False)
    columns = {
        "items": present.sum(0).numpy(),
        "prevalence": present.float().mean(0).numpy(),
        "average_precision": [ranked(scores[:, [k]], present[:, [k]]) for k in range(len(vocab))],
        **_answers(said.numpy(), present.numpy()),
    }
    table = pandas.DataFrame({"label": list(vocab), **columns})
    means = table[table["items"] > 0].drop(columns="label").mean()
    return pandas.concat([table, pandas.DataFrame([{"label": "mean", **means}])], ignore_index=True)


def _answers(said: np.ndarray, present: np.ndarray) -> dict[str, np.ndarray]:
    """Return precision, recall and F1 of each label, float [K]; 0 where nothing was said, NaN where there is nothing."""
    hits, n_said, n_present = (said & present).sum(0), said.sum(0), present.sum(0)
    absent = np.where(n_present > 0, 0.0, np.nan)
    return {
        "precision": hits / np.maximum(n_said, 1) + absent,
        "recall": hits / np.maximum(n_present, 1) + absent,
        "f1": 2 * hits / np.maximum(n_said + n_present, 1) + absent,
    }
