"""Device and precision of a fit: where tensors go, in which numbers the model computes, how gradients are scaled."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from gatera.core.device import Precision, autocast_dtype


class Arithmetic:
    """Computes in the chosen precision on the chosen device.

    Args:
        device: where the model is.
        precision: "auto", "float32", "bf16" or "fp16"; see `core.device.autocast_dtype`.
    """

    def __init__(self, device: torch.device, precision: Precision = "auto") -> None:
        self.device, self.precision, self.dtype = device, precision, autocast_dtype(precision, device)
        # fp16 has 5 bits of exponent: without scaling, small gradients become zero. bf16 needs none.
        self.scaler = torch.amp.GradScaler(device.type) if self.dtype == torch.float16 else None

    def __str__(self) -> str:
        return f"{self.device}, {self.name}{' in place of fp16' if self.replaces_fp16 else ''}"

    @property
    def name(self) -> str:
        """The numbers that the model computes in: "float32", "bf16" or "fp16"."""
        return {None: "float32", torch.bfloat16: "bf16", torch.float16: "fp16"}[self.dtype]

    @property
    def replaces_fp16(self) -> bool:
        """Whether fp16 was asked for and something quicker is computed in."""
        return self.precision == "fp16" and self.dtype != torch.float16

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context in which the model runs."""
        if self.dtype is None:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.dtype)

    def to_device(self, value: Any) -> Any:
        """Move a tensor, or a tuple, list or dict of them, to the device; other values pass through."""
        if isinstance(value, Tensor):
            return value.to(self.device, non_blocking=True)
        if isinstance(value, tuple | list):
            return type(value)(self.to_device(part) for part in value)
        if isinstance(value, dict):
            return {key: self.to_device(part) for key, part in value.items()}
        return value

    def backward(self, loss: Tensor) -> None:
        """Compute gradients of a scalar loss, scaled where the precision asks for it."""
        (self.scaler.scale(loss) if self.scaler else loss).backward()

    def unscale(self, optimizer: torch.optim.Optimizer) -> None:
        """Bring gradients to their true size before they are looked at or clipped."""
        if self.scaler:
            self.scaler.unscale_(optimizer)

    def update(self, optimizer: torch.optim.Optimizer) -> None:
        """Step the optimizer; with fp16 a step whose gradients overflowed is skipped."""
        if self.scaler:
            self.scaler.step(optimizer)
            self.scaler.update()
        else:
            optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """Return what must survive an interruption: by how much fp16's gradients are scaled. Empty for other numbers."""
        return self.scaler.state_dict() if self.scaler else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` returned; an interrupted fit in other numbers has left nothing of use."""
        if self.scaler and state:
            self.scaler.load_state_dict(state)


def as_float32(value: Any) -> Any:
    """Return floating-point tensors (also inside tuples and lists) as float32; everything else unchanged."""
    if isinstance(value, Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, tuple | list):
        return type(value)(as_float32(part) for part in value)
    return value
