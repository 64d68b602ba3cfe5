from __future__ import annotations

import pytest
import torch

from gatera.measure.metrics.perplexity import Perplexity
from gatera.measure.metrics.standard import as_metric


def test_an_even_choice_is_among_all_words():
    metric = as_metric(Perplexity)
    metric.update(torch.zeros(2, 3, 8), torch.ones(2, 3, dtype=torch.int64))
    assert metric.value() == pytest.approx(8)


def test_it_is_exact_whatever_the_batch_size():
    torch.manual_seed(0)
    logits, words = torch.randn(5, 4, 6), torch.randint(6, (5, 4))
    whole, parts = Perplexity(), Perplexity()
    whole.update(logits, words)
    for part in (slice(0, 2), slice(2, 5)):
        parts.update(logits[part], words[part])
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), words.flatten()).exp()
    assert whole.value() == pytest.approx(parts.value()) == pytest.approx(float(expected))
