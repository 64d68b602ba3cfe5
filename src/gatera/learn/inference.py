"""Predictions of a learner: for a whole loader, for one raw input, and averaged over augmented views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from gatera.core.progress import track
from gatera.learn.arithmetic import Arithmetic, as_float32
from gatera.measure.loss import Loss
from gatera.program.description import Decoder
from gatera.program.prediction import Task


def predict_batches(
    model: nn.Module,
    batches: Iterable[Any],
    arithmetic: Arithmetic,
    quiet: bool = False,
    with_input: bool = False,
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Run a model in evaluation mode over batches.

    Returns:
        Raw predictions (float32 [N, ...], on the CPU), labels [N, ...] or None where batches have none, and inputs
        or None.
    """
    predictions: list[Tensor] = []
    labels: list[Tensor] = []
    inputs: list[Tensor] = []
    model.eval()
    with torch.inference_mode():
        for batch in track(batches, "predicting", quiet=quiet):
            x, y = batch if len(batch) == 2 else (batch[0], None)
            with arithmetic.autocast():
                part = model(arithmetic.to_device(x))
            predictions.append(as_float32(part).cpu())
            if y is not None:
                labels.append(y.cpu())
            if with_input:
                inputs.append(x.cpu())
    cat = lambda parts: torch.cat(parts).clone() if parts else None  # noqa: E731 - three uses, one line
    return torch.cat(predictions).clone(), cat(labels), cat(inputs)


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
