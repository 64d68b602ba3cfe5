"""Perplexity of a language model: exp(mean cross-entropy)."""

from __future__ import annotations

import torch
from torch import Tensor

from gatera.measure.losses.standard import NO_CLASS, CrossEntropyLossFlat
from gatera.measure.metrics.base import StreamedMetric, Sums, float64


class Perplexity(StreamedMetric):
    """exp(mean cross-entropy) over all positions of an epoch. N means: as uncertain as a choice among N equal words.

    Predictions are logits [N,K] or [N,T,K]; targets are class indices of the same shape without K; positions without a
    class (-100) do not count.

    Example:
        >>> metric = Perplexity()
        >>> metric.update(torch.zeros(2, 3, 8), torch.zeros(2, 3, dtype=torch.int64))
        >>> round(metric.value(), 4)
        8.0
    """

    def __init__(self) -> None:
        super().__init__("perplexity", _surprise, torch.exp)


def _surprise(pred: Tensor, target: Tensor) -> Sums:
    losses = CrossEntropyLossFlat(reduction="none")(pred, target)  # [N*T]
    return float64(losses).sum(), int((target != NO_CLASS).sum())
