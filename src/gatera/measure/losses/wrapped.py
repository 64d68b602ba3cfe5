"""Adapt torch's losses, and any function of (predictions, targets), to the interface of `Loss`."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.errors import ArgumentError
from gatera.core.signatures import Several, call, each
from gatera.measure.function_names import callable_name
from gatera.measure.losses.base import ActivationName, Loss, in_float32, target_like

LossFunction = Callable[..., Any]


class _Known(NamedTuple):
    """The properties of a torch loss: the activation it contains, and whether it is element-wise."""

    activation: ActivationName
    elementwise: bool
    threshold: float | None = None


_CLASSES = _Known("softmax", elementwise=False)
_LABELS = _Known("sigmoid", elementwise=True, threshold=0.5)
_PROBABILITIES = _Known("none", elementwise=True, threshold=0.5)
_NUMBERS = _Known("none", elementwise=True)
_UNKNOWN = _Known("none", elementwise=False)

#: Softmax of log-probabilities gives the probabilities, so nll_loss is in the same group.
_KNOWN: dict[object, _Known] = {
    F.cross_entropy: _CLASSES, nn.CrossEntropyLoss: _CLASSES, F.nll_loss: _CLASSES, nn.NLLLoss: _CLASSES,
    F.binary_cross_entropy_with_logits: _LABELS, nn.BCEWithLogitsLoss: _LABELS,
    F.binary_cross_entropy: _PROBABILITIES, nn.BCELoss: _PROBABILITIES,
    F.mse_loss: _NUMBERS, nn.MSELoss: _NUMBERS, F.l1_loss: _NUMBERS, nn.L1Loss: _NUMBERS,
    F.smooth_l1_loss: _NUMBERS, nn.SmoothL1Loss: _NUMBERS, F.huber_loss: _NUMBERS, nn.HuberLoss: _NUMBERS,
}  # fmt: skip


def as_loss(func: Loss | LossFunction | type) -> Loss:
    """Return a `Loss` for anything that a user may pass as one.

    Args:
        func: a `Loss`, a torch loss (`F.cross_entropy`, `nn.CrossEntropyLoss()` or the class itself,
            a `functools.partial` of either), or any function of (predictions, targets) that returns a scalar.
            The activation of torch's losses is known; of any other function it is "none".

    Raises:
        ArgumentError: if `func` cannot be called.

    Example:
        >>> as_loss(F.cross_entropy).activation_name
        'softmax'
        >>> as_loss(lambda pred, target: (pred - target).abs().mean()).activation_name
        'none'
    """
    if isinstance(func, type):
        func = func()
    if isinstance(func, Loss):
        return func
    if not callable(func):
        raise ArgumentError(
            "loss_func must be a loss", got=func,
            expected="a Loss, a torch loss, or a function of (predictions, targets)",
            remedy="For example CrossEntropyLossFlat() or F.cross_entropy.",
        )  # fmt: skip
    return PlainLoss(func)


class PlainLoss(Loss):
    """A torch loss, or any function of (predictions, targets), with the interface of `Loss`.

    Args:
        func: computes the loss. Its own arguments (weights, reduction) are kept.
    """

    def __init__(self, func: LossFunction) -> None:
        super().__init__()
        self.func = func
        core = func.func if isinstance(func, functools.partial) else func
        kind = type(core) if isinstance(core, nn.Module) else core
        known = next((known for loss, known in _KNOWN.items() if loss is kind), _UNKNOWN)
        self.activation_name, self.threshold = known.activation, known.threshold
        self._elementwise = known.elementwise
        self._name = type(core).__name__ if isinstance(core, nn.Module) else callable_name(core)
        # torch's classification losses have the classes on axis 1, which for [N,K] is also the last
        self.axis = 1 if known.activation == "softmax" else -1

    def extra_repr(self) -> str:
        """Return the name of the wrapped function, for torch's repr of modules."""
        return self._name

    def forward(self, pred: Tensor, target: Any) -> Tensor:
        """Return `func(pred, target)`; half-precision predictions are converted to float32 first.

        Several targets become several arguments.
        """
        return call(self.func, *self._prepared(pred, target))

    def per_item(self, pred: Tensor, target: Any) -> Tensor:
        """Return the loss of each item, float [N].

        A function that takes no `reduction` is called once per item.
        """
        pred, target = self._prepared(pred, target)
        if isinstance(self.func, nn.modules.loss._Loss):
            unreduced = copy.copy(self.func)
            unreduced.reduction = "none"
            losses = call(unreduced, pred, target)
        elif not isinstance(self.func, nn.Module) and "reduction" in inspect.signature(self.func).parameters:
            losses = call(self.func, pred, target, reduction="none")
        else:
            losses = torch.stack([self._of_item(i, pred, target) for i in range(len(pred))])
        return losses.reshape(len(pred), -1).mean(dim=1)  # [N,...] -> [N,P] -> [N]

    def _of_item(self, place: int, pred: Tensor, target: Any) -> Tensor:
        return call(self.func, pred[[place]], each(lambda values: values[[place]], target)).mean()

    def _prepared(self, pred: Tensor, target: Any) -> tuple[Tensor, Any]:
        if not isinstance(pred, Tensor):  # a model may return several tensors for a loss of its own
            return pred, target
        pred = in_float32(pred)
        alone = self._elementwise and not isinstance(target, Several)
        return pred, target_like(self._name, pred, target) if alone else target
