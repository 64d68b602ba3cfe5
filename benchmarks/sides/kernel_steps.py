"""A training step with PyTorch's own kernels and with `fast_training`, in turn, on the same model and batch."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any

import torch
from job import run_job
from torch import Tensor, nn

from gatera.data.device import autocast_dtype
from gatera.kernels.fast_training import fast_training
from gatera.models.vision.model import create_vision_model

#: Uncounted steps each time that the kernels change: memory is asked for anew, and batch norms are found again.
WARM_UP_STEPS = 1


def step_times(arch: str, precision: str, bs: int, size: int, steps: int) -> dict[str, Any]:
    """Return milliseconds for each photo of every step, by kernels.

    Args:
        arch: name of an architecture; its weights are random, which costs the same.
        precision: "auto" or "float32".
        bs, size: of the batch, in photos and pixels.
        steps: of each side.
    """
    torch.manual_seed(0)
    model = create_vision_model(arch, 2, pretrained=False).to(memory_format=torch.channels_last).train()
    for module in model[0].modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    x = torch.rand(bs, 3, size, size).to(memory_format=torch.channels_last)
    y = torch.randint(2, (bs,))
    dtype = autocast_dtype(precision, torch.device("cpu"))
    times: dict[str, list[float]] = {"fast": [], "ordinary": []}
    while len(times["fast"]) < steps:
        for name, found in times.items():
            with fast_training(model) if name == "fast" else nullcontext():
                counted = [_step(model, x, y, dtype) for _ in range(WARM_UP_STEPS + 2)][WARM_UP_STEPS:]
            found += [milliseconds / bs for milliseconds in counted]
    return times


def _step(model: nn.Module, x: Tensor, y: Tensor, dtype: torch.dtype | None) -> float:
    start = time.perf_counter()
    with torch.autocast("cpu", dtype=dtype) if dtype else nullcontext():
        predictions = model(x)
    nn.functional.cross_entropy(predictions.float(), y).backward()
    milliseconds = (time.perf_counter() - start) * 1000
    model.zero_grad()
    return milliseconds


if __name__ == "__main__":
    run_job({"step_times": step_times})
