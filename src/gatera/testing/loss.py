"""The contract of losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from gatera.measure.losses.standard import Loss, as_loss
from gatera.measure.thresholds import above
from gatera.testing.contract import Contract, Rule, piece_name, same, shaped
from gatera.testing.examples import Task, example_predictions

RUNS = Rule(
    "it accepts predictions and labels",
    "Take predictions first and labels second; for other shapes pass task=, n_outputs= or examples=.",
)
SCALAR = Rule(
    "the loss is one finite number, a 0-d float tensor",
    'Average over the items: .mean(), or reduction="mean".',
)
STEADY = Rule(
    "the same predictions give the same loss", "Draw no random numbers and keep no state in forward()."
)
GRADIENT = Rule(
    "gradients reach the predictions, all finite and not all zero",
    "Use torch's operators on the predictions: no .item(), .numpy(), .detach(), argmax or comparison on the way.",
)
DOWNHILL = Rule(
    "a small step against the gradient lowers the loss",
    "Check the backward() that you wrote; torch's own operators have the right one.",
)
BETTER = Rule(
    "predictions nearer to the labels have a lower loss", "Check the sign: training makes it smaller."
)
UNCHANGED = Rule(
    "the loss does not change its arguments",
    "Work on copies: pred = pred.clone(), or operators that do not end in _.",
)
PER_ITEM = Rule(
    "per_item returns one finite float per item, [N]",
    "Average over everything but the first axis: .flatten(1).mean(1).",
)
OWN = Rule(
    "the loss of an item does not depend on the other items in the batch",
    "Do not compute per_item along the first axis.",
)
MEAN = Rule(
    "the loss is the mean of per_item",
    "Let forward() return per_item(...).mean(). Check a loss that weights items with weighted=True.",
)
ACTIVATION = Rule(
    "activation returns float32 in the shape of the predictions, as activation_name states",
    'Set activation_name to "softmax", "sigmoid" or "none", and leave activation() to the base class.',
)
DECODES = Rule(
    "decodes converts activations to class indices (softmax), a mask (threshold) or the values themselves",
    "Leave decodes() to the base class, and set threshold for several labels per item.",
)

#: Length of the step against the gradient, as a share of the predictions' norm: small enough to be linear.
STEP = 1e-2


def check_loss(
    loss: Loss | Callable[..., Any] | type,
    task: Task = "classification",
    *,
    n_outputs: int | None = None,
    examples: tuple[Tensor, Tensor] | None = None,
    weighted: bool = False,
) -> None:
    """Check a loss against its contract.

    It returns one finite number, the same for the same predictions, with a gradient along which it decreases; it does not change
    its arguments; it is the mean of `per_item`, the loss of every item; `activation` and `decodes` match `activation_name` and
    `threshold`.

    Args:
        loss: anything that a learner accepts: a loss of Gatera's or torch's, or a function.
        task: the kind of predictions it is for.
        n_outputs: classes, labels or numbers per item; by default 6, 6 and 1.
        examples: predictions [N,...] and labels [N,...] to use instead of synthetic ones.
        weighted: it weights items (e.g. by class), so that it need not be the plain mean of `per_item`.

    Raises:
        ContractError: if it breaks a rule; the message names the rule, what was seen, and the remedy.
        ArgumentError: if it is not a loss.

    Example:
        >>> from torch.nn import functional as F
        >>> check_loss(F.cross_entropy)
        >>> check_loss(F.mse_loss, "regression")
    """
    checked = as_loss(loss)
    contract = Contract(piece_name(loss), "losses")
    pred, target = example_predictions(task, n_outputs) if examples is None else examples
    with contract.unchanged(UNCHANGED, predictions=pred, labels=target):
        value = _check_value(contract, checked, pred, target)
        _check_gradient(contract, checked, pred, target)
        _check_better(contract, checked, pred, target)
        per_item = _check_per_item(contract, checked, pred, target)
    if not weighted:
        mean = per_item.mean()
        contract.require(_close(mean, value), MEAN, f"loss {value:.6g}, mean of per_item {mean:.6g}")
    _check_reading(contract, checked, pred)


def _close(a: Tensor, b: Tensor) -> bool:
    return torch.allclose(a, b, rtol=1e-4, atol=1e-6)


def _check_value(contract: Contract, loss: Loss, pred: Tensor, target: Tensor) -> Tensor:
    words = f"predictions {shaped(pred)} with labels {shaped(target)}"
    with contract.unchanged(UNCHANGED, predictions=pred, labels=target), contract.running(RUNS, words):
        value = loss(pred, target)
    scalar = isinstance(value, Tensor) and value.ndim == 0 and value.is_floating_point()
    contract.require(scalar, SCALAR, shaped(value))
    contract.require(bool(value.isfinite()), SCALAR, f"{value:.6g}")
    again = loss(pred, target)
    contract.require(same(again, value), STEADY, f"first {value:.6g}, then {again:.6g}")
    return value.detach()


def _check_better(contract: Contract, loss: Loss, pred: Tensor, target: Tensor) -> None:
    nearer = _nearer(loss, pred, target)
    if nearer is not None:
        value, lower = loss(pred, target), loss(nearer, target)
        contract.require(bool(lower < value), BETTER, f"{value:.6g}, and {lower:.6g} nearer to the labels")


def _nearer(loss: Loss, pred: Tensor, target: Tensor) -> Tensor | None:
    """Return predictions that are one step closer to the labels; None if that is undefined."""
    if loss.activation_name == "softmax" and not target.is_floating_point():
        return pred + F.one_hot(target, pred.shape[loss.axis]).movedim(-1, loss.axis)
    if target.numel() != pred.numel():
        return None
    right = target.reshape(pred.shape).to(pred)
    return pred.lerp(right, 0.5) if loss.activation_name == "none" else pred + 2 * right - 1


def _check_gradient(contract: Contract, loss: Loss, pred: Tensor, target: Tensor) -> None:
    leaf = pred.clone().requires_grad_()
    value = loss(leaf, target)
    with contract.running(GRADIENT, "backward()"):
        value.backward()
    gradient = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
    contract.require(bool(gradient.isfinite().all()), GRADIENT, "a gradient that is not finite")
    contract.require(bool(gradient.any()), GRADIENT, "a gradient of zeros")
    step = STEP * pred.abs().mean() * gradient / gradient.abs().max()
    lower = loss(pred - step, target)
    contract.require(bool(lower < value), DOWNHILL, f"{value:.6g} before the step, {lower:.6g} after it")


def _check_per_item(contract: Contract, loss: Loss, pred: Tensor, target: Tensor) -> Tensor:
    with contract.running(PER_ITEM, "per_item()"), torch.no_grad():
        losses = loss.per_item(pred, target)
    shape_kept = isinstance(losses, Tensor) and losses.shape == (len(pred),) and losses.is_floating_point()
    contract.require(shape_kept, PER_ITEM, f"{shaped(losses)} for {len(pred)} items")
    contract.require(bool(losses.isfinite().all()), PER_ITEM, "a loss that is not finite")
    for chosen in (slice(0, 1), slice(1, 4)):
        with contract.running(OWN, "per_item() of some of the items"):
            found = loss.per_item(pred[chosen], target[chosen])
        contract.require(
            _close(found, losses[chosen]), OWN,
            f"{float(losses[chosen][0]):.6g} among {len(pred)} items, {float(found[0]):.6g} among {len(found)}",
        )  # fmt: skip
    return losses


def _check_reading(contract: Contract, loss: Loss, pred: Tensor) -> None:
    """Check `activation` and `decodes`."""
    name = loss.activation_name
    contract.require(name in ("softmax", "sigmoid", "none"), ACTIVATION, f"activation_name = {name!r}")
    with contract.running(ACTIVATION, "activation()"):
        found = loss.activation(pred)
    expected = {"softmax": pred.softmax(loss.axis), "sigmoid": pred.sigmoid(), "none": pred}[name]
    fits = isinstance(found, Tensor) and (found.dtype, found.shape) == (torch.float32, pred.shape)
    contract.require(fits, ACTIVATION, f"{shaped(found)} for predictions {shaped(pred)}")
    contract.require(
        _close(found, expected), ACTIVATION, f"values that differ from those of activation_name={name!r}"
    )
    with contract.running(DECODES, "decodes()"):
        decoded = loss.decodes(found)
    if name == "softmax":
        right = found.argmax(loss.axis)
    else:
        right = found if loss.threshold is None else above(found, loss.threshold)
    contract.require(
        same(decoded, right), DECODES, f"{shaped(decoded)} instead of {shaped(right)}, or other values"
    )
