"""How a model computes: device, precision, gradient scaling, fast kernels, evaluation mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain, islice
from typing import Any

import torch
from torch import Tensor, nn

from gatera.core.random import TURN
from gatera.data.device import Precision, autocast_dtype
from gatera.data.loading.batch import moved
from gatera.kernels.fast_training import fast_training

#: A step of fewer products than this is computed by one thread: two that share it take longer, and where another program uses a core
#: they wait for each other ten times as long as they compute (see LOG.md).
SHARED_FROM = 20_000_000

#: What an update costs for each parameter, in products; an embedding of many users is read by few items, and updated whole.
PER_UPDATE = 10

#: Layers with parameters that each item uses once, or looks up.
_DENSE = (nn.Linear, nn.Embedding, nn.BatchNorm1d)


class Arithmetic:
    """Device and precision of training and batch prediction.

    Args:
        device: where the model is.
        precision: "auto", "float32", "bf16" or "fp16"; see `data.device.autocast_dtype`.
        fast_kernels: on a CPU, whether `kernels` uses the faster convolutions.
    """

    def __init__(
        self, device: torch.device, precision: Precision = "auto", fast_kernels: bool = True
    ) -> None:
        self.device, self.precision, self.dtype = device, precision, autocast_dtype(precision, device)
        self.fast_kernels = fast_kernels
        #: How many items are computed at once, by model and input; see `learn.inference.parts`.
        self.part_sizes: dict[Any, int | None] = {}
        # fp16 has 5 bits of exponent: without scaling, small gradients become zero. bf16 needs none.
        self.scaler = torch.amp.GradScaler(device.type) if self.dtype == torch.float16 else None

    def __str__(self) -> str:
        return f"{self.device}, {self.name}{' in place of fp16' if self.replaces_fp16 else ''}"

    @property
    def name(self) -> str:
        """The number format in use: "float32", "bf16" or "fp16"."""
        return {None: "float32", torch.bfloat16: "bf16", torch.float16: "fp16"}[self.dtype]

    @property
    def replaces_fp16(self) -> bool:
        """Whether fp16 was requested but a faster format is used (on a CPU)."""
        return self.precision == "fp16" and self.dtype != torch.float16

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context for a forward pass."""
        if self.dtype is None:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.dtype)

    def kernels(self, model: nn.Module) -> AbstractContextManager[Any]:
        """Return the context in which `model` uses the fast kernels, if they are switched on and the device is a CPU.

        Everything that runs the model on batches uses it, so `validate()` after a fit gives exactly the fit's numbers.
        """
        if self.fast_kernels and self.device.type == "cpu":
            return fast_training(model)
        return nullcontext()

    def threads(self, model: nn.Module, inputs: Any) -> AbstractContextManager[Any]:
        """Return the context in which a batch has as many threads as it has work for."""
        return few_threads(model, _n_vectors(inputs)) if self.device.type == "cpu" else nullcontext()

    def to_device(self, value: Any) -> Any:
        """Move a tensor, or a tuple, list or dict of them, to the device; other values pass through."""
        return moved(value, self.device)

    def backward(self, loss: Tensor) -> None:
        """Compute the gradients of a scalar loss; with fp16 they are scaled."""
        (self.scaler.scale(loss) if self.scaler else loss).backward()

    def unscale(self, optimizer: torch.optim.Optimizer) -> None:
        """Undo the scaling of the gradients, before reading or clipping them."""
        if self.scaler:
            self.scaler.unscale_(optimizer)

    def update(self, optimizer: torch.optim.Optimizer) -> None:
        """Step the optimizer; with fp16, skip a step whose gradients overflowed."""
        if self.scaler:
            self.scaler.step(optimizer)
            self.scaler.update()
        else:
            optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """Return the scale of fp16 gradients, for a checkpoint; empty in other precisions."""
        return self.scaler.state_dict() if self.scaler else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned; ignored unless both fits use fp16."""
        if self.scaler and state:
            self.scaler.load_state_dict(state)


@contextmanager
def few_threads(model: nn.Module, n: int) -> Iterator[None]:
    """Compute with one thread where `n` items are little work for more: rows of a table, ratings, a head on kept features."""
    weights, before = dense_weights(model), torch.get_num_threads()
    updated = sum(parameter.numel() for parameter in model.parameters())
    if weights is None or before == 1 or weights * n + PER_UPDATE * updated >= SHARED_FROM:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def dense_weights(model: nn.Module) -> int | None:
    """Return how many weights each item is multiplied with; None for a model with other layers than dense ones.

    Example:
        >>> dense_weights(nn.Sequential(nn.Linear(10, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)))
        48
        >>> dense_weights(nn.Conv2d(3, 8, 3)) is None
        True
    """
    total = 0
    for module in model.modules():
        if isinstance(module, nn.Linear):
            total += module.weight.numel()
        elif not isinstance(module, _DENSE) and next(module.parameters(recurse=False), None) is not None:
            return None
    return total


def _n_vectors(inputs: Any) -> int:
    """Return how many vectors, or numbers that stand for one, the first tensor of a batch holds."""
    while isinstance(inputs, dict | tuple | list) and inputs:
        inputs = next(iter(inputs.values())) if isinstance(inputs, dict) else inputs[0]
    if not isinstance(inputs, Tensor) or not inputs.ndim:
        return 0
    return inputs.numel() // (
        max(inputs.shape[-1], 1) if inputs.is_floating_point() and inputs.ndim > 1 else 1
    )


def settle(
    device: torch.device, model: nn.Module, loss_func: object, optimizer: torch.optim.Optimizer | None
) -> None:
    """Put a model, its loss and the memory of its optimizer on the device of its data, unless they are there."""
    where = torch.empty(0, device=device).device  # "cuda" has a number then
    moving = [
        module
        for module in (model, loss_func)
        if isinstance(module, nn.Module)
        and any(tensor.device != where for tensor in islice(chain(module.parameters(), module.buffers()), 1))
    ]
    with torch.inference_mode(False), torch.no_grad():  # what is moved in inference mode could not be trained
        for module in moving:
            module.to(device)
        if optimizer is not None and model in moving:
            optimizer.load_state_dict(optimizer.state_dict())  # which puts it where the parameters are


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode for a block, then give each of its modules its mode back; meanwhile no other thread trains."""
    with TURN:
        modes = {module: module.training for module in model.modules()}
        model.eval()
        try:
            yield
        finally:
            for module, mode in modes.items():
                module.training = mode


def as_float32(value: Any) -> Any:
    """Return floating-point tensors (also inside tuples and lists) as float32; everything else unchanged."""
    if isinstance(value, Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, tuple | list):
        return type(value)(as_float32(part) for part in value)
    return value
