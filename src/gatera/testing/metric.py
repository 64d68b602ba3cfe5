"""The contract of metrics."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from gatera.measure.metrics.standard import Metric, MetricLike, as_metric
from gatera.testing.contract import Contract, Rule, described, piece_name, shaped
from gatera.testing.examples import Task, example_predictions

NAMED = Rule("name is a non-empty string", "Set self.name in __init__; it heads a column of the table.")
RUNS = Rule(
    "it accepts predictions and labels",
    "Take predictions first and labels second; for other shapes pass task=, n_outputs= or examples=.",
)
EMPTY = Rule("value() is NaN after reset() without a batch", 'Return float("nan") if the count is 0.')
NUMBER = Rule("value() is a finite float for ordinary predictions", "End value() with `return float(...)`.")
TWICE = Rule("value() can be called twice", "Do not change the accumulated state in value().")
SPLIT = Rule(
    "the value does not depend on how the items are split into batches",
    "Add up a sum and a count in update(), or keep all predictions, and divide once in value().",
)
RESET = Rule("reset() clears everything", "Initialise in reset() every attribute that update() changes.")
UNCHANGED = Rule(
    "update() does not change its arguments",
    "Work on copies: pred = pred.clone(), or operators that do not end in _.",
)
INFERENCE = Rule(
    "it accepts tensors created in torch.inference_mode()",
    "Do not change such tensors in place and do not require gradients; detach() or clone() them.",
)
APART = Rule(
    "two metrics of the same class do not share state",
    "Create lists and counters in __init__ or reset() (self.seen = []), not in the class body.",
)
HONEST = Rule(
    "a NaN among the predictions gives NaN or a ValueError, never a number",
    "Let NaN propagate through sums; do not skip or replace it.",
)

#: Batch sizes that the example's 48 items are split into.
BATCHES = (20, 17, 11)

#: Relative and absolute tolerance when comparing values; float32 sums may differ by that much.
TOLERANCE = 1e-5


def check_metric(
    metric: MetricLike,
    task: Task = "classification",
    *,
    n_outputs: int | None = None,
    examples: tuple[Tensor, Tensor] | None = None,
) -> None:
    """Check a metric against its contract.

    It has a name; its value is a float that does not depend on the split into batches, is NaN without any, and can be read twice;
    `reset` clears everything; `update` does not change its arguments and accepts tensors created in inference mode; two metrics
    share no state; a NaN among the predictions is never hidden.

    Args:
        metric: anything that a learner accepts: a function, class, object or name. An object is copied, not changed.
        task: the kind of predictions it is for.
        n_outputs: classes, labels or numbers per item; by default 6, 6 and 1.
        examples: predictions [N,...] and labels [N,...] to use instead of synthetic ones; at least 3 items.

    Raises:
        ContractError: if it breaks a rule; the message names the rule, what was seen, and the remedy.
        ArgumentError: if it is not a metric.

    Example:
        >>> from gatera.measure.metrics.standard import accuracy
        >>> check_metric(accuracy)
    """
    checked = copy.deepcopy(as_metric(metric))
    contract = Contract(piece_name(metric if not isinstance(metric, str) else checked), "metrics")
    pred, target = example_predictions(task, n_outputs) if examples is None else examples
    contract.require(isinstance(checked.name, str) and bool(checked.name), NAMED, f"name = {checked.name!r}")
    _check_empty(contract, checked)
    with contract.running(RUNS, f"predictions {shaped(pred)} with labels {shaped(target)}"):
        whole = _value(checked, [(pred, target)])
    _check_number(contract, checked, whole)
    _check_reset(contract, checked, (pred, target), whole)
    _check_split(contract, checked, (pred, target), whole)
    with contract.unchanged(UNCHANGED, predictions=pred, labels=target):
        checked.update(pred, target)
    _check_inference(contract, checked, (pred, target), whole)
    _check_apart(contract, checked, (pred, target))
    if task == "regression":
        _check_honest(contract, checked, (pred, target))


def _value(metric: Metric, batches: Sequence[tuple[Tensor, Tensor]]) -> float:
    metric.reset()
    for pred, target in batches:
        metric.update(pred.clone(), target.clone())
    return metric.value()


def _equal(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE) or (math.isnan(a) and math.isnan(b))


def _check_empty(contract: Contract, metric: Metric) -> None:
    with contract.running(EMPTY, "value() after reset()"):
        metric.reset()
        value = metric.value()
    contract.require(isinstance(value, float) and math.isnan(value), EMPTY, f"value() = {value!r}")


def _check_number(contract: Contract, metric: Metric, value: float) -> None:
    contract.require(isinstance(value, float), NUMBER, f"value() returned {shaped(value)}")
    contract.require(math.isfinite(value), NUMBER, f"value() = {value!r}")
    with contract.running(TWICE, "the second value()"):
        again = metric.value()
    contract.require(_equal(again, value), TWICE, f"first {value:.6g}, then {again:.6g}")


def _check_split(contract: Contract, metric: Metric, examples: tuple[Tensor, Tensor], whole: float) -> None:
    pred, target = examples
    n = len(pred)
    third = [n - 2 * (n // 3), n // 3, n // 3]
    for sizes in (list(BATCHES) if sum(BATCHES) == n else third, [1] * n):
        words = "batches of " + ", ".join(map(str, sizes)) if len(sizes) < n else "batches of one"
        with contract.running(SPLIT, words):
            found = _value(metric, list(zip(pred.split(sizes), target.split(sizes), strict=True)))
        contract.require(
            _equal(found, whole), SPLIT, f"{whole:.6g} for one batch of {n}, {found:.6g} for {words}"
        )


def _check_reset(contract: Contract, metric: Metric, examples: tuple[Tensor, Tensor], whole: float) -> None:
    pred, target = examples
    _value(metric, [(pred.flip(0), target)])
    again = _value(metric, [(pred, target)])
    contract.require(
        _equal(again, whole),
        RESET,
        f"{whole:.6g} at first, {again:.6g} after other predictions and a reset()",
    )


def _check_inference(
    contract: Contract, metric: Metric, examples: tuple[Tensor, Tensor], whole: float
) -> None:
    with contract.running(INFERENCE, "update() with such tensors"):
        metric.reset()
        with torch.inference_mode():
            metric.update(examples[0].clone(), examples[1].clone())
        found = metric.value()
    contract.require(_equal(found, whole), INFERENCE, f"{found:.6g} instead of {whole:.6g}")


def _check_apart(contract: Contract, metric: Metric, examples: tuple[Tensor, Tensor]) -> None:
    other = copy.deepcopy(metric)
    metric.reset()
    other.reset()
    other.update(*examples)
    found = metric.value()
    contract.require(math.isnan(found), APART, f"value() = {found:.6g} after another one's update()")


def _check_honest(contract: Contract, metric: Metric, examples: tuple[Tensor, Tensor]) -> None:
    pred = examples[0].clone()
    pred[0] = float("nan")
    try:
        found = _value(metric, [(pred, examples[1])])
    except ValueError:
        return
    except Exception as err:  # any other exception would not explain the problem
        raise contract.broken(HONEST, described(err)) from err
    contract.require(math.isnan(found), HONEST, f"value() = {found:.6g}")
