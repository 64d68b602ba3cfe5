from __future__ import annotations

import math

import pytest
import torch

from gatera.learn.inference.score import Score
from gatera.measure.losses.standard import CrossEntropyLossFlat
from gatera.measure.metrics.standard import F1Score, accuracy, as_metrics

LOGITS, LABELS = torch.randn(10, 2, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1] * 5)


def score(*sizes: int) -> list[float]:
    counted = Score(as_metrics([accuracy, F1Score()]))
    for logits, labels in zip(LOGITS.split(sizes), LABELS.split(sizes), strict=True):
        counted.add(CrossEntropyLossFlat(), logits, labels)
    return counted.values()


def test_every_item_counts_alike_whatever_the_batches_are():
    assert score(4, 4, 2) == pytest.approx(score(10))
    assert score(10)[0] == pytest.approx(float(torch.nn.functional.cross_entropy(LOGITS, LABELS)))


def test_a_new_score_begins_at_nothing():
    metrics = as_metrics(accuracy)
    Score(metrics).add(CrossEntropyLossFlat(), LOGITS, LABELS)
    assert all(map(math.isnan, Score(metrics).values()))
