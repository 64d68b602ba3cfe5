"""Compute a batch in parts where all of it at once would need too much memory.

A batch of 64 photos of 320 px takes 5 GB in a training step of EfficientNet-Lite0, four photos 0.4 GB, in the same time. The
gradients of the parts add up to those of the batch, up to rounding, because the loss of a batch is a weighted mean over its
items. Where that does not hold, the batch is computed whole: in a batch norm that learns its statistics, in a loss that is not
one of ours, with a callback that changes predictions or loss, and in a model with hooks, which expect whole batches.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from gatera.core.signatures import call
from gatera.learn.arithmetic import Arithmetic, as_float32, evaluating
from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.state import LoopState
from gatera.measure.losses.standard import mean_divisor

#: What the layers of a model may put out for one part (bytes) where gradients are computed: all of it is kept for them. Four photos
#: of 320 px are as fast as 32 (see LOG.md).
LIMIT_BYTES = 450 * 10**6

#: What may be there at one time where they are not. Few photos are slow then: 32 take two thirds of the time of four, and 10 a tenth
#: more than 22 (see LOG.md). With this a training on 5,000 photos stays below 2 GB.
PEAK_BYTES = 200 * 10**6

#: Layers put out more than 20 times the bytes of a photo, and less than 400 times: a smaller batch need not be looked at.
MOST_GROWTH = 400

#: Events between predictions and update: who listens there wants the whole batch. The recorder only reads the loss.
BETWEEN = ("after_pred", "after_loss", "before_backward")


def gradients_in_parts(state: LoopState) -> bool:
    """Compute predictions, loss and gradients of a training batch part by part.

    Afterwards the state has the predictions and the loss of the whole batch, detached.

    Returns:
        False, with nothing done, if the batch is small enough, or its parts would not add up to it.
    """
    n = part_size(state.model, state.inputs, state.arithmetic)
    divisor = (
        mean_divisor(state.loss_func, state.labels) if n is not None and _nobody_between(state) else None
    )
    if n is None or divisor is None:
        return False
    found, total = [], torch.zeros((), device=state.inputs.device)
    for inputs, labels in zip(_split(state.inputs, n), _split(state.labels, n), strict=True):
        with state.arithmetic.autocast():
            predictions = state.model(inputs)
        predictions = as_float32(predictions)
        loss = state.loss_func.compute(predictions, labels, "sum") / divisor
        state.arithmetic.backward(loss)
        found.append(predictions.detach())
        total += loss.detach()
    state.predictions, state.loss = torch.cat(found), total
    for event in (*BETWEEN, "after_backward"):
        state.call(event)
    return True


def outputs(model: nn.Module, inputs: Any, arithmetic: Arithmetic) -> Any:
    """Return a model's outputs for a batch, float32 [N, ...], computed in parts where gradients are off.

    Args:
        model: in evaluation mode.
        inputs: on the right device.
        arithmetic: the precision.
    """
    n = part_size(model, inputs, arithmetic)
    with arithmetic.autocast(), arithmetic.threads(model, inputs):
        if n is None:
            return as_float32(call(model, inputs))
        return torch.cat([as_float32(model(part)) for part in _split(inputs, n)])


def part_size(model: nn.Module, inputs: Any, arithmetic: Arithmetic) -> int | None:
    """Return how many items of a batch of photos are computed at once; None for all.

    Args:
        model: what is to run, in the mode in which it will.
        inputs: a batch; whatever is not photos, [N,C,H,W], is never divided.
        arithmetic: precision; it remembers what was found.
    """
    photos = isinstance(inputs, Tensor) and inputs.ndim == 4 and inputs.is_floating_point()
    if not photos or inputs.device.type != "cpu" or inputs.nbytes * MOST_GROWTH <= LIMIT_BYTES:
        return None
    key = (model, inputs.shape[1:], model.training, torch.is_grad_enabled())
    if key not in arithmetic.part_sizes:
        arithmetic.part_sizes[key] = _fitting(model, inputs, arithmetic) if _item_by_item(model) else None
    n = arithmetic.part_sizes[key]
    return None if n is None or n >= len(inputs) else n


def _split(values: Tensor, n: int) -> Sequence[Tensor]:
    """Split a batch into parts of at most n items, of one size where it can be: what one part frees then fits the next."""
    return values.tensor_split(math.ceil(len(values) / n))


def _fitting(model: nn.Module, inputs: Tensor, arithmetic: Arithmetic) -> int | None:
    """Return how many items keep to the limit, by trying one."""
    all_kept = torch.is_grad_enabled()
    with evaluating(model), torch.no_grad(), arithmetic.autocast(), _Counting() as counted:
        output = model(inputs[:1])
    if not isinstance(output, Tensor) or len(output) != 1:
        return None
    n = LIMIT_BYTES // max(counted.total, 1) if all_kept else PEAK_BYTES // max(counted.peak, 1)
    return max(1, n)


class _Counting(TorchDispatchMode):
    """Counts the bytes of new tensors: of all of them, and of the most that were there at one time."""

    def __init__(self) -> None:
        super().__init__()
        self.total = self.peak = self._there = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        old = {_storage(value) for value in args if isinstance(value, Tensor)}
        for value in result if isinstance(result, tuple | list) else (result,):
            if isinstance(value, Tensor) and _storage(value) not in old:
                self._count(value)
        return result

    def _count(self, value: Tensor) -> None:
        self.total += value.nbytes
        self._there += value.nbytes
        self.peak = max(self.peak, self._there)
        weakref.finalize(value, self._gone, value.nbytes)

    def _gone(self, n_bytes: int) -> None:
        self._there -= n_bytes


def _storage(value: Tensor) -> int:
    return value.untyped_storage().data_ptr()


def _item_by_item(model: nn.Module) -> bool:
    """Whether a model computes each item as if it were alone, and nobody watches it do so."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and (
            module.training or module.running_mean is None
        ):
            return False
        if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks:
            return False
    return True


def _nobody_between(state: LoopState) -> bool:
    return not any(
        hasattr(callback, event) and not isinstance(callback, Recorder)
        for callback in state.callbacks
        for event in BETWEEN
    )
