"""Scores of items that cannot be scored: one item, one class, a class that no item has."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from gatera.measure.metrics.sklearn_single import (
    APScoreBinary,
    ExplainedVariance,
    PearsonCorrCoef,
    R2Score,
    RocAuc,
    SpearmanCorrCoef,
)

DRAW = np.random.default_rng(0)
LOGITS = torch.from_numpy(DRAW.normal(size=(30, 3)))


@pytest.mark.parametrize("metric", [ExplainedVariance, R2Score, PearsonCorrCoef, SpearmanCorrCoef])
def test_one_number_has_no_score(metric):
    assert np.isnan(metric()(torch.tensor([[2.0]]), torch.tensor([[5.0]])))


@pytest.mark.parametrize("metric", [PearsonCorrCoef, SpearmanCorrCoef])
def test_what_does_not_vary_has_no_correlation_and_no_warning(metric, recwarn):
    assert np.isnan(metric()(LOGITS[:, :1], torch.full((30, 1), 3.0))) and not recwarn.list


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_a_class_that_no_item_has_is_left_out_of_the_area(average, recwarn):
    target = torch.from_numpy(DRAW.integers(0, 2, 30))  # nothing of class 2
    shares = LOGITS.softmax(1).numpy()
    each = [roc_auc_score(target.numpy() == label, shares[:, label]) for label in (0, 1)]
    weights = None if average == "macro" else np.bincount(target.numpy())
    assert RocAuc(average=average)(LOGITS, target) == pytest.approx(np.average(each, weights=weights))
    assert np.isnan(RocAuc()(LOGITS, torch.zeros(30, dtype=torch.long))) and not recwarn.list


def test_nothing_to_find_has_no_average_precision():
    assert np.isnan(APScoreBinary()(LOGITS[:, :2], torch.zeros(30, dtype=torch.long)))
