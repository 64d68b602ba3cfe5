"""Clip or accumulate gradients."""

from __future__ import annotations

from typing import Any

import torch

from gatera.core.checks import check_at_least, check_count
from gatera.core.signatures import count
from gatera.learn.state import Callback, CancelStepException, LoopState


class GradientClip(Callback):
    """Scale gradients down if their norm over all parameters exceeds `max_norm`.

    Args:
        max_norm: the largest allowed norm.
    """

    order = 20
    reads_only = True

    def __init__(self, max_norm: float = 1.0) -> None:
        check_at_least("max_norm", max_norm, 0)
        self.max_norm = max_norm

    def before_step(self, state: LoopState) -> None:
        """Clip the gradients, after undoing fp16's scaling."""
        state.arithmetic.unscale(state.optimizer)
        parameters = [p for group in state.optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, self.max_norm)


class GradientAccumulation(Callback):
    """Update the parameters only once per `n_acc` items, as if the batch were that large.

    Each batch's loss is weighted by its share of the items, so the gradient equals that of one large batch up to rounding
    (except for batch normalisation, which sees the small batches).

    Args:
        n_acc: items per update (not batches).
    """

    order = 10
    reads_only = True

    def __init__(self, n_acc: int = 32) -> None:
        check_count("n_acc", n_acc, 1)
        self.n_acc, self.items = n_acc, 0
        self._parameters: list[torch.nn.Parameter] = []
        self._gradients: list[torch.Tensor | None] = []  # of an interrupted fit

    def before_train(self, state: LoopState) -> None:
        """Reset the count, or restore the gradients of an interrupted fit."""
        self._parameters = [p for group in state.optimizer.param_groups for p in group["params"]]
        if state.step == 0:
            self.items, self._gradients = 0, []
        for parameter, gradient in zip(self._parameters, self._gradients, strict=False):
            # in the parameter's own layout, as autograd would have it
            parameter.grad = None if gradient is None else torch.empty_like(parameter).copy_(gradient)
        self._gradients = []

    def before_backward(self, state: LoopState) -> None:
        """Weight this batch's loss by its share of the items."""
        self.items += count(state.labels)
        state.loss = state.loss * (count(state.labels) / self.n_acc)

    def after_backward(self, state: LoopState) -> None:
        """Undo the weighting, for the recorder."""
        state.loss = state.loss.detach() * (self.n_acc / count(state.labels))

    def before_step(self, state: LoopState) -> None:
        """Skip the update until there are enough items; the last batch of an epoch always updates."""
        if self.items < self.n_acc and state.step + 1 < state.steps:
            raise CancelStepException
        if self.items != self.n_acc:
            self._rescale(self.n_acc / self.items)
        self.items = 0

    def _rescale(self, factor: float) -> None:
        # more or fewer items than requested: make the gradient the mean over the items actually seen
        for parameter in self._parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(factor)

    def state_dict(self) -> dict[str, Any]:
        """Return the number of items since the last update, and their gradients."""
        now = [None if p.grad is None else p.grad.clone() for p in self._parameters]
        return {"items": self.items, "gradients": self._gradients or now}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the number of items; their gradients are restored when training begins."""
        self.items, self._gradients = state["items"], state["gradients"]
