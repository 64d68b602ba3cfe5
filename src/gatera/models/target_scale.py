"""Give predicted numbers in the unit of the data, while the network before it works with numbers near zero."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from gatera.core.errors import ArgumentError


class HasTargets(Protocol):
    """The part of loaders that `scale_for` uses."""

    @property
    def task(self) -> str | None:
        """The kind of task."""

    @property
    def train_ds(self) -> Any:
        """The training set; its `targets` are a tensor, or something else where items have no targets of one size."""


class TargetScale(nn.Module):
    """Multiply outputs by the targets' standard deviation and add their mean; the last layer of a model of numbers.

    It is part of the model, so that losses, metrics, predictions and the exported program are in the unit of the data. In
    training the gradient is what it would be on standardised targets: a mistake of one standard deviation weighs the same
    for prices, ratios and each of several targets; see `balance`.

    Args:
        mean: one value per output.
        std: one value per output; 0, of a target that is always the same, counts as 1.

    Raises:
        ArgumentError: if the two differ in length or are empty.

    Example:
        >>> TargetScale([300.0], [50.0])(torch.tensor([[-1.0], [0.0]]))
        tensor([[250.],
                [300.]])
    """

    target_scale: Tensor  # float32 [2,K]: means, then standard deviations
    pull: Tensor  # float32 [K]

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        if len(mean) != len(std) or not mean:
            raise ArgumentError(
                "mean and std must each have one value per output", got=(tuple(mean), tuple(std)),
                expected="two lists of the same length, not empty",
            )  # fmt: skip
        positive = [value if value > 0 else 1.0 for value in std]
        self.register_buffer("target_scale", torch.tensor([list(mean), positive], dtype=torch.float32))
        # what gradients are multiplied by; of the loss, not of the model, so it is not saved
        self.register_buffer("pull", torch.ones(len(mean)), persistent=False)

    @classmethod
    def of(cls, targets: Tensor) -> TargetScale:
        """Return the scale of training targets, [n] or [n,K]."""
        columns = targets.double().reshape(len(targets), -1)
        return cls(columns.mean(0).tolist(), columns.std(0, correction=0).tolist())

    def forward(self, x: Tensor) -> Tensor:
        """Turn [N,K] into numbers in the unit of the data, float32."""
        if self.training and x.requires_grad:
            x.register_hook(lambda gradient: gradient * self.pull.to(gradient.dtype))
        mean, std = self.target_scale
        return x.float() * std + mean

    def standardised(self, targets: Tensor) -> Tensor:
        """Turn numbers in the unit of the data, [N,K], into what the network before this layer should give."""
        mean, std = self.target_scale.to(targets.device).double()
        return (targets.double() - mean) / std

    def balance(self, loss_func: Callable[..., Any]) -> None:
        """Scale gradients so that a mistake of one standard deviation has the gradient of a squared error on standardised
        targets, whatever the loss. Where a loss gives no such gradient, they stay as they are.
        """
        mean, std = self.target_scale
        off = (mean + std).detach().clone()[None].requires_grad_()  # [1,K]
        try:
            with torch.enable_grad():
                loss = loss_func(off, mean.detach().clone()[None])
                (gradient,) = torch.autograd.grad(loss.mean(), off)
        except (RuntimeError, ValueError):  # e.g. a loss of probabilities, which takes no other numbers
            self.pull = torch.ones_like(self.pull)
            return
        pull = 2 / len(mean) / (gradient[0].abs() * std)
        self.pull = torch.where(torch.isfinite(pull), pull, torch.ones_like(pull))

    def extra_repr(self) -> str:
        """Show mean and standard deviation in the printed model."""
        mean, std = self.target_scale.tolist()
        return f"mean={mean}, std={std}"

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Load; weights saved before there was this layer give numbers in the unit of the data by themselves."""
        if prefix + "target_scale" not in state_dict:
            state_dict[prefix + "target_scale"] = torch.stack(
                [torch.zeros_like(self.target_scale[0]), torch.ones_like(self.target_scale[1])]
            )
        super()._load_from_state_dict(state_dict, prefix, *rest)


def scale_for(dls: HasTargets, n_out: int, y_range: tuple[float, float] | None = None) -> TargetScale | None:
    """Return the scale of the numbers that a model is to predict.

    Args:
        dls: the loaders.
        n_out: number of the model's outputs.
        y_range: the range that its outputs are kept in already.

    Returns:
        A `TargetScale`; None where a range is given, the task is another, or outputs and targets differ in number.
    """
    targets = dls.train_ds.targets if dls.task == "regression" and y_range is None else None
    if not isinstance(targets, Tensor) or not len(targets) or targets[0].numel() != n_out:
        return None
    return TargetScale.of(targets)


def balance_gradients(model: nn.Module, loss_func: Callable[..., Any]) -> None:
    """Fit the gradients of a model's `TargetScale`, if it has one, to a loss."""
    for module in model.modules():
        if isinstance(module, TargetScale):
            module.balance(loss_func)
