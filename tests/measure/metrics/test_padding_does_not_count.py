"""A metric of pixels or words is the same with padding beside them, which has no class (-100), and without."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gatera.measure.metrics.standard import (
    APScoreBinary,
    BalancedAccuracy,
    CohenKappa,
    DiceMulti,
    F1Score,
    HammingLoss,
    Jaccard,
    JaccardCoeffMulti,
    MatthewsCorrCoef,
    Perplexity,
    PixelAccuracy,
    Precision,
    Recall,
    RocAuc,
    RocAucBinary,
    accuracy,
    as_metric,
    error_rate,
    foreground_acc,
    top_k_accuracy,
)  # fmt: skip

OF_PIXELS: list[Callable[[], object]] = [
    partial(partial, accuracy, axis=1), partial(partial, error_rate, axis=1), partial(partial, top_k_accuracy, k=1, axis=1),
    lambda: foreground_acc, PixelAccuracy, DiceMulti, JaccardCoeffMulti,
    *(partial(kind, axis=1) for kind in (F1Score, Precision, Recall, Jaccard, BalancedAccuracy, CohenKappa, HammingLoss, MatthewsCorrCoef, RocAuc)),
]  # fmt: skip


def value_of(made: object, batches: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
    metric = as_metric(made)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that do not occur
        for batch in batches:
            metric.update(*batch)
        return metric.value()


@pytest.mark.parametrize("make", OF_PIXELS)
@given(n=st.integers(0, 12), padded=st.integers(0, 12), k=st.integers(2, 3), seed=st.integers(0, 2**32 - 1))
def test_of_pixels(make, n, padded, k, seed):
    torch.manual_seed(seed)
    width = n + padded
    logits, targets = torch.randn(1, k, 1, width), torch.randint(0, k, (1, 1, width))
    targets[..., n:] = -100
    whole = value_of(make(), [(logits, targets)])
    if not n:
        assert math.isnan(whole)
        return
    assert whole == pytest.approx(value_of(make(), [(logits[..., :n], targets[..., :n])]), nan_ok=True)
    halves = [(logits[..., part], targets[..., part]) for part in (slice(n // 2), slice(n // 2, None))]
    assert value_of(make(), halves) == pytest.approx(whole, nan_ok=True)


@pytest.mark.parametrize("make", [Perplexity, lambda: accuracy, RocAucBinary, APScoreBinary])
@given(n=st.integers(1, 9), padded=st.integers(0, 9), seed=st.integers(0, 2**32 - 1))
def test_of_words(make, n, padded, seed):
    torch.manual_seed(seed)
    logits, targets = torch.randn(1, n + padded, 2), torch.randint(0, 2, (1, n + padded))
    targets[:, n:] = -100
    whole = value_of(make(), [(logits, targets)])
    assert whole == pytest.approx(value_of(make(), [(logits[:, :n], targets[:, :n])]), nan_ok=True)
