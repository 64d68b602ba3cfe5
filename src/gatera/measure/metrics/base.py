"""What a metric is, and the two ways to be one: keep exact sums, or keep all predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from gatera.core.errors import ArgumentError
from gatera.measure.function_names import callable_name


@runtime_checkable
class Metric(Protocol):
    """A number computed over a whole epoch, the same whatever the batch size.

    Per epoch: `reset()` once, `update` once per batch, then `value()`. Subclassing is welcome, not needed.

    Attributes:
        name: the column heading in the history table.
    """

    name: str

    def reset(self) -> None:
        """Forget everything seen so far."""

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Take in one batch: model outputs `pred` [N,...] (logits for classes) and `target` [N,...]."""

    def value(self) -> float:
        """Return the metric over all batches since `reset`; NaN if there were none."""


#: What a batch adds to a streamed metric: the sum over its positions (0-d tensor, int64 or float64) and their number.
Sums = tuple[Tensor, int]


class StreamedMetric:
    """A metric that is a function of one sum and one count, so that nothing else is kept.

    Args:
        name: the column heading.
        sums: batch -> (sum, count); sums are added up as integers or in float64.
        finish: turns total / count into the value, e.g. a square root.
    """

    def __init__(
        self, name: str, sums: Callable[[Tensor, Tensor], Sums], finish: Callable[[Tensor], Tensor]
    ) -> None:
        self.name, self._sums, self._finish = name, sums, finish
        self.reset()

    def reset(self) -> None:
        """Forget everything seen so far."""
        self._total: Tensor | None = None
        self._count = 0

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add one batch; the sum stays on its device, so that a GPU need not be waited for."""
        total, count = self._sums(pred.detach(), target.detach())
        self._total = total if self._total is None else self._total + total
        self._count += count

    def value(self) -> float:
        """Return the metric over all batches since `reset`; NaN if there were none."""
        if self._total is None:
            return float("nan")
        return ratio((self._total, self._count), self._finish).item()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class GatheredMetric:
    """A metric that needs all predictions at once; they are kept on the CPU until the epoch ends.

    A subclass implements `compute`, and `prepare` where less than the model's whole output must be kept.

    Args:
        name: the column heading.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.reset()

    def prepare(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return what to keep of a batch; first axis N."""
        return pred, target

    def compute(self, pred: Tensor, target: Tensor) -> float:
        """Return the metric of all that was kept, concatenated along the first axis."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget everything seen so far."""
        self._preds: list[Tensor] = []
        self._targets: list[Tensor] = []

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Keep what is needed of one batch."""
        pred, target = self.prepare(pred.detach(), target.detach())
        self._preds.append(pred.cpu())
        self._targets.append(target.cpu())

    def value(self) -> float:
        """Return the metric over all batches since `reset`; NaN if there were none."""
        return self.compute(torch.cat(self._preds), torch.cat(self._targets)) if self._preds else float("nan")

    def __call__(self, pred: Tensor, target: Tensor) -> float:
        """Return the metric of these predictions alone; what was gathered before stays as it is."""
        pred, target = self.prepare(pred.detach(), target.detach())
        return self.compute(pred.cpu(), target.cpu())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class FunctionMetric(GatheredMetric):
    """Any function of (predictions, targets), called once per epoch with all of them.

    An average over batches, which other libraries take, is wrong for whatever is not itself an average.

    Args:
        func: takes model outputs [N,...] and targets [N,...] on the CPU, returns one number.
    """

    def __init__(self, func: Callable[..., Any]) -> None:
        super().__init__(callable_name(func))
        self.func = func

    def compute(self, pred: Tensor, target: Tensor) -> float:
        """Call the function.

        Raises:
            ArgumentError: if it returns anything but one number.
        """
        result = self.func(pred, target)
        try:
            return float(result)
        except (TypeError, ValueError, RuntimeError) as err:
            raise ArgumentError(
                f"the metric {self.name} did not return one number", got=result,
                expected="a float or a tensor of one element",
            ) from err  # fmt: skip


def ratio(sums: Sums, finish: Callable[[Tensor], Tensor]) -> Tensor:
    """Return finish(total / count) as a 0-d float64 tensor on the CPU; NaN for a count of 0."""
    total, count = sums
    return finish(total.cpu().double() / count)


def float64(values: Tensor) -> Tensor:
    """Return `values` as float64, moved to the CPU from devices that have no such numbers (Apple's MPS)."""
    return (values.cpu() if values.device.type == "mps" else values).double()
