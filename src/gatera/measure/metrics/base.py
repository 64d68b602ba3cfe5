"""The interface of a metric, and its two kinds: one keeps exact sums, the other all predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from gatera.core.errors import ArgumentError
from gatera.core.signatures import call, each, joined, one_target
from gatera.measure.function_names import callable_name


@runtime_checkable
class Metric(Protocol):
    """A number computed over a whole epoch, independent of the batch size.

    Per epoch: `reset()` once, `update` once per batch, then `value()`. Subclassing is optional.

    Attributes:
        name: the column heading in the history table.
    """

    name: str

    def reset(self) -> None:
        """Start a new epoch."""

    def update(self, pred: Tensor, target: Tensor, /) -> None:
        """Add one batch: model outputs `pred` [N,...] (logits for classes) and `target` [N,...]."""

    def value(self) -> float:
        """Return the metric over all batches since `reset`; NaN if there were none."""


#: One batch of a streamed metric: the sum over its positions (0-d tensor, int64 or float64) and their number.
Sums = tuple[Tensor, int]


class StreamedMetric:
    """A metric computed from one sum and one count.

    Args:
        name: the column heading.
        sums: batch -> (sum, count); sums are added as integers or in float64.
        finish: turns total / count into the value, e.g. a square root.
    """

    def __init__(
        self, name: str, sums: Callable[[Tensor, Tensor], Sums], finish: Callable[[Tensor], Tensor]
    ) -> None:
        self.name, self._sums, self._finish = name, sums, finish
        self.reset()

    def reset(self) -> None:
        """Start a new epoch."""
        self._total: Tensor | None = None
        self._count = 0

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add one batch; the sum stays on its device, so that nothing waits for a GPU."""
        total, count = self._sums(pred.detach(), one_target(self.name, target).detach())
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

    A subclass implements `compute`, and `prepare` to keep less than the model's whole output.

    Args:
        name: the column heading.

    Attributes:
        takes_several: whether `compute` takes several targets of each item, as `Several`.
    """

    takes_several = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.reset()

    def prepare(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the part of a batch to keep; first axis N."""
        return pred, target

    def compute(self, pred: Tensor, target: Tensor) -> float:
        """Return the metric of everything kept, concatenated along the first axis."""
        raise NotImplementedError

    def reset(self) -> None:
        """Start a new epoch."""
        self._preds: list[Tensor] = []
        self._targets: list[Any] = []

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Keep the needed part of one batch."""
        pred, target = self._kept(pred, target)
        self._preds.append(pred)
        self._targets.append(target)

    def value(self) -> float:
        """Return the metric over all batches since `reset`; NaN if there were none."""
        if not self._preds:
            return float("nan")
        return self.compute(torch.cat(self._preds), joined(torch.cat, self._targets))

    def __call__(self, pred: Tensor, target: Tensor) -> float:
        """Return the metric of these predictions only, without changing the epoch's state."""
        return self.compute(*self._kept(pred, target))

    def _kept(self, pred: Tensor, target: Any) -> tuple[Tensor, Any]:
        alone = target if self.takes_several else one_target(self.name, target)
        pred, target = self.prepare(pred.detach(), each(Tensor.detach, alone))
        return pred.cpu(), each(Tensor.cpu, target)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class FunctionMetric(GatheredMetric):
    """Any function of (predictions, targets), called once per epoch with all of them.

    Averaging over batches, as other libraries do, is wrong for functions that are not averages themselves. Several targets
    become several arguments.

    Args:
        func: takes model outputs [N,...] and targets [N,...] on the CPU, returns one number.
    """

    takes_several = True

    def __init__(self, func: Callable[..., Any]) -> None:
        super().__init__(callable_name(func))
        self.func = func

    def compute(self, pred: Tensor, target: Any) -> float:
        """Call the function.

        Raises:
            ArgumentError: if it does not return one number.
        """
        result = call(self.func, pred, target)
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
    """Return `values` as float64, moved to the CPU from devices without float64 (Apple's MPS)."""
    return (values.cpu() if values.device.type == "mps" else values).double()
