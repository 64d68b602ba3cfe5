"""Run a model over batches, and join or decode what it predicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from gatera.core.errors import ArgumentError
from gatera.core.progress import track
from gatera.core.signatures import each, joined
from gatera.data.loading.batch import as_pair
from gatera.learn.arithmetic import Arithmetic, evaluating
from gatera.learn.inference.parts import outputs
from gatera.measure.losses.base import Loss
from gatera.program.decode import Decoder
from gatera.program.tasks import Task


@dataclass(frozen=True)
class PredictedBatch:
    """A batch and the model's raw outputs for it.

    Attributes:
        inputs: as the loader gave them.
        labels: [N, ...] on the model's device, or None.
        outputs: float32 [N, ...] on the model's device.
        index: dataset positions, int64 [N], or None.
    """

    inputs: Any
    labels: Any
    outputs: Any
    index: Tensor | None


def run_batches(
    model: nn.Module, batches: Iterable[Any], arithmetic: Arithmetic, quiet: bool = False
) -> Iterator[PredictedBatch]:
    """Yield each batch with the model's outputs, computed as validation inside a fit computes them."""
    with arithmetic.kernels(model):
        for batch in track(batches, "predicting", quiet=quiet):
            x, y = as_pair(batch)
            with evaluating(model), torch.inference_mode():
                found = outputs(model, arithmetic.to_device(x), arithmetic)
            labels = None if y is None else arithmetic.to_device(y)
            yield PredictedBatch(x, labels, found, getattr(batch, "index", None))


def join_batches(
    batches: Iterable[PredictedBatch], in_order: bool = True, with_input: bool = False
) -> tuple[Tensor, Tensor | None, Any]:
    """Join predicted batches in dataset order.

    Args:
        batches: from `run_batches`.
        in_order: whether they are in dataset order already; if not, they are sorted by their `index`.
        with_input: also join the inputs.

    Returns:
        Raw outputs (float32 [N, ...], on the CPU), labels [N, ...] or None if the batches have none, and inputs or None
        (a list with one entry per batch, if they cannot be joined to one tensor).
    """
    outputs: list[Tensor] = []
    labels: list[Any] = []
    inputs: list[Any] = []
    rows: list[Tensor] = []
    for batch in batches:
        if not isinstance(batch.outputs, Tensor):
            raise ArgumentError(
                "predictions need a model that returns one tensor", got=type(batch.outputs).__name__,
                remedy="Wrap the model in a module that returns only what is predicted.",
            )  # fmt: skip
        outputs.append(batch.outputs.cpu())
        if batch.labels is not None:
            labels.append(each(Tensor.cpu, batch.labels))
        if with_input:
            inputs.append(to_cpu(batch.inputs))
        if batch.index is not None and not in_order:
            rows.append(batch.index)
    order = torch.cat(rows).argsort() if rows else None

    def whole(parts: list[Tensor]) -> Tensor:
        found = torch.cat(parts)
        return found.clone() if order is None else found[order]

    def whole_or_none(parts: list[Any]) -> Any:
        return joined(whole, parts) if parts else None

    can_join = all(isinstance(part, Tensor) for part in inputs) and order is None
    return whole(outputs), whole_or_none(labels), whole_or_none(inputs) if can_join else inputs


def to_cpu(value: Any) -> Any:
    """Return a tensor, or each of a tuple, on the CPU."""
    return tuple(map(to_cpu, value)) if isinstance(value, tuple) else value.cpu()


def decoder(loss_func: Loss, task: str | None, vocab: Sequence[Any] | None) -> Decoder:
    """Return the decoder of raw outputs into predictions: the same object that a program uses."""
    threshold = 0.5 if loss_func.threshold is None else loss_func.threshold
    return Decoder(
        cast(Task, task or "regression"),
        loss_func.activation_name,
        list(vocab or []),
        threshold,
        temperature=1.0,
    )
