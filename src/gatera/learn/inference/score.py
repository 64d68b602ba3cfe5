"""Compute loss and metrics over a data set, for the table of epochs and for `validate`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gatera.core.signatures import count
from gatera.measure.metrics.standard import Metric


class Score:
    """Accumulates loss and metrics batch by batch. The same batches give the same numbers, to the last bit.

    Args:
        metrics: computed besides the loss.
    """

    def __init__(self, metrics: Sequence[Metric] = ()) -> None:
        self.metrics = list(metrics)
        self.items, self._sum = 0, 0.0
        for metric in self.metrics:
            metric.reset()

    def add(self, loss_func: Any, predictions: Any, labels: Any) -> None:
        """Add a batch: the model's raw outputs [N, ...] and the labels [N, ...]."""
        self._sum += float(loss_func.per_item(predictions, labels).sum())
        self.items += count(labels)
        for metric in self.metrics:
            metric.update(predictions, labels)

    @property
    def loss(self) -> float:
        """Mean loss per item; NaN without items."""
        return self._sum / self.items if self.items else math.nan

    def values(self) -> list[float]:
        """Return the loss and each metric; NaN without items."""
        return [self.loss, *(metric.value() if self.items else math.nan for metric in self.metrics)]
