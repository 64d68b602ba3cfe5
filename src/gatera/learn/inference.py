"""Predictions of a learner: for a whole loader, for one raw input, and averaged over augmented views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from gatera.core.progress import track
from gatera.data.loading.loader import DataLoader
from gatera.learn.arithmetic import Arithmetic, as_float32
from gatera.measure.losses.base import Loss
from gatera.program.decode import Decoder
from gatera.program.tasks import Task


@dataclass(frozen=True)
class Predicted:
    """A batch and what the model makes of it: labels [N, ...] or None, outputs float32 [N, ...], dataset positions [N]."""

    inputs: Any
    labels: Any
    outputs: Any
    index: Tensor | None


def run_batches(
    model: nn.Module, batches: Iterable[Any], arithmetic: Arithmetic, quiet: bool = False
) -> Iterator[Predicted]:
    """Run a model in evaluation mode over batches, as validation inside a fit does."""
    model.eval()
    for batch in track(batches, "predicting", quiet=quiet):
        x, y = batch if len(batch) == 2 else (batch[0], None)
        with torch.inference_mode(), arithmetic.autocast():
            outputs = as_float32(model(arithmetic.to_device(x)))
        labels = None if y is None else arithmetic.to_device(y)
        yield Predicted(x, labels, outputs, getattr(batch, "index", None))


def predict_batches(
    model: nn.Module,
    batches: Iterable[Any],
    arithmetic: Arithmetic,
    quiet: bool = False,
    with_input: bool = False,
) -> tuple[Tensor, Tensor | None, Any]:
    """Run a model in evaluation mode over batches.

    Returns:
        Raw predictions (float32 [N, ...], on the CPU), labels [N, ...] or None where batches have none, and inputs
        or None (a list of them, batch by batch, where they cannot be joined to one tensor).
    """
    predictions: list[Tensor] = []
    labels: list[Tensor] = []
    inputs: list[Any] = []
    rows: list[Tensor] = []
    for batch in run_batches(model, batches, arithmetic, quiet):
        predictions.append(batch.outputs.cpu())
        if batch.labels is not None:
            labels.append(batch.labels.cpu())
        if with_input:
            inputs.append(to_cpu(batch.inputs))
        if batch.index is not None and isinstance(batches, DataLoader) and batches.sorts:
            rows.append(batch.index)
    order = torch.cat(rows).argsort() if rows else None

    def joined(parts: list[Tensor]) -> Tensor | None:
        if not parts:
            return None
        whole = torch.cat(parts)
        return whole.clone() if order is None else whole[order]

    can_join = all(isinstance(part, Tensor) for part in inputs) and order is None
    return cast(Tensor, joined(predictions)), joined(labels), joined(inputs) if can_join else inputs


def to_cpu(value: Any) -> Any:
    """Return a tensor, or each of a tuple, on the CPU."""
    return tuple(map(to_cpu, value)) if isinstance(value, tuple) else value.cpu()


def decoder(loss_func: Loss, task: str | None, vocab: Sequence[Any] | None) -> Decoder:
    """Return how one raw prediction becomes an answer: the same object that a program uses."""
    threshold = 0.5 if loss_func.threshold is None else loss_func.threshold
    return Decoder(
        cast(Task, task or "regression"),
        loss_func.activation_name,
        list(vocab or []),
        threshold,
        temperature=1.0,
    )
