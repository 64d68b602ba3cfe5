"""Predictions of a learner: for a whole loader, for one raw input, and averaged over augmented views."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.progress import track
from gatera.learn.arithmetic import Arithmetic, as_float32
from gatera.measure.loss import Loss
from gatera.program.program import Prediction


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


def as_batch(array: np.ndarray, device: torch.device) -> Tensor:
    """Turn one preprocessed photo, uint8 [H,W,C], into a model's input, float32 [1,C,H,W] in 0..1."""
    photo = torch.from_numpy(np.ascontiguousarray(array)).to(device)
    # [H,W,C] -> [1,C,H,W]; the permuted view is channels_last memory, which convolutions like best
    return photo.unsqueeze(0).permute(0, 3, 1, 2).to(torch.float32).div_(255)


def decode(output: Tensor, loss_func: Loss, vocab: Any) -> Prediction:
    """Turn one raw prediction [1,K] into a Prediction, by the loss's activation and decoding."""
    activated = loss_func.activation(output)
    probabilities, decoded = activated[0].numpy(), loss_func.decodes(activated)[0]
    if loss_func.activation_name == "softmax":
        index = int(decoded)
        return Prediction(vocab[index] if vocab is not None else index, index, probabilities)
    if loss_func.activation_name == "sigmoid":
        mask = decoded.numpy().astype(bool)
        labels = [name for name, on in zip(vocab or range(len(mask)), mask, strict=True) if on]
        return Prediction(labels, mask, probabilities)
    return Prediction(probabilities, probabilities, probabilities)
