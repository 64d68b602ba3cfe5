"""The Learner's step beside loops that somebody would write by hand in PyTorch, step by step in turn.

All see the same batches, which are in memory, so that only the loops are compared. The Learner asks its loader for the
next batch after every step: there the hand-written loops take their turn, and there the clock of the Learner stops.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

import torch
from job import run_job
from torch import Tensor, nn

from gatera.data.device import autocast_dtype
from gatera.data.loading.loaders import DataLoaders
from gatera.kernels.fast_training import fast_training
from gatera.learn.learner import Learner
from gatera.models.vision.model import create_vision_model

#: Steps before the clock counts.
WARM_UP_STEPS = 3


class HandWritten:
    """What one would write: bf16 if the processor supports it, channels last, AdamW, body statistics fixed.

    Args:
        model: a copy of the Learner's.
        device: where it is.
    """

    def __init__(self, model: nn.Sequential, device: torch.device) -> None:
        self.model, self.device, self.dtype = model, device, autocast_dtype("auto", device)
        model.train()
        for module in model[0].modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        groups = [
            {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.01},
            {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.99), eps=1e-5, fused=True)

    def autocast(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.dtype is None else torch.autocast(self.device.type, dtype=self.dtype)

    def step(self, x: Tensor, y: Tensor) -> None:
        with self.autocast():
            predictions = self.model(x)
        loss = nn.functional.cross_entropy(predictions.float(), y)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()


class TakingTurns:
    """A loader of batches in memory that lets every loop take its turn before each batch.

    Args:
        batches: (x, y) on the device.
        others: the other loops by name.
        device: waited for before the clock is read.
    """

    def __init__(
        self,
        batches: list[tuple[Tensor, Tensor]],
        others: dict[str, Callable[[Tensor, Tensor], None]],
        device: torch.device,
    ) -> None:
        self.batches, self.others, self.device = batches, others, device
        self.times: dict[str, list[float]] = {name: [] for name in (*others, "Learner")}

    def __len__(self) -> int:
        return len(self.batches)

    def now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for x, y in self.batches:
            for name, step in self.others.items():
                start = self.now()
                step(x, y)
                self.times[name].append((self.now() - start) * 1000)
            start = self.now()
            yield x, y
            self.times["Learner"].append((self.now() - start) * 1000)


def make_batches(count: int, bs: int, size: int, device: torch.device) -> list[tuple[Tensor, Tensor]]:
    torch.manual_seed(0)
    layout = torch.channels_last
    return [
        (
            torch.rand(bs, 3, size, size, device=device).to(memory_format=layout),
            torch.randint(2, (bs,), device=device),
        )
        for _ in range(count)
    ]


def step_times(steps: int, bs: int, size: int, device: str) -> dict[str, Any]:
    """Return milliseconds of every step of each loop."""
    place = torch.device(device)
    batches = make_batches(steps + WARM_UP_STEPS, bs, size, place)
    model = create_vision_model("efficientnet_lite0", 2).to(place, memory_format=torch.channels_last)
    hand = {
        "hand-written": HandWritten(copy.deepcopy(model), place),
        "hand-written, plain kernels": HandWritten(copy.deepcopy(model), place),
    }
    loader = TakingTurns(batches, {name: loop.step for name, loop in hand.items()}, place)
    learn = Learner(
        DataLoaders(loader, None, device=place), model, loss_func=nn.functional.cross_entropy, body=model[0]
    )
    learn.unfreeze()
    with ExitStack() as open_until_done:
        if place.type == "cpu":
            open_until_done.enter_context(fast_training(hand["hand-written"].model))
        with learn.no_bar(), learn.no_logging():
            learn.fit(1, 1e-4)
    return {name: times[WARM_UP_STEPS:] for name, times in loader.times.items()}


if __name__ == "__main__":
    run_job({"step_times": step_times})
