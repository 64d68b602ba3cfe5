from __future__ import annotations

from functools import partial

import pytest
import sklearn.metrics
import torch
from public_pieces import public

from gatera.core.errors import ArgumentError
from gatera.measure.metrics.base import GatheredMetric, StreamedMetric
from gatera.measure.metrics.masks import MaskMetric
from gatera.measure.metrics.sklearn_multi import LabelMetric
from gatera.measure.metrics.sklearn_single import NumberMetric
from gatera.measure.metrics.standard import metric_names, top_k_accuracy
from gatera.testing import ContractError, check_metric, example_predictions
from gatera.testing.contract import described


def is_metric(piece: object) -> bool:
    if isinstance(piece, type):
        return issubclass(piece, GatheredMetric | StreamedMetric | MaskMetric)
    return getattr(piece, "__module__", None) == "gatera.measure.metrics.functions"


METRICS = public(is_metric)

#: Of metrics that are not for one class per item out of six.
NUMBERS = ("mse", "rmse", "mae", "msle", "exp_rmspe")
TWO_CLASSES = ("APScoreBinary", "RocAucBinary")
ARGUMENTS = {"FBeta": {"beta": 2}, "FBetaMulti": {"beta": 2}}


def task_of(name: str) -> str:
    metric = METRICS[name]
    derived = isinstance(metric, type)
    if name == "accuracy_multi" or (derived and issubclass(metric, LabelMetric)):
        return "multilabel"
    return (
        "regression"
        if name in NUMBERS or (derived and issubclass(metric, NumberMetric))
        else "classification"
    )


def test_every_metric_that_has_a_name_is_public():
    assert set(metric_names()) == set(METRICS) | {"Perplexity"}  # of language models: in the face of texts


@pytest.mark.parametrize("name", METRICS)
def test_built_in_metrics_keep_the_contract(name):
    metric = METRICS[name](**ARGUMENTS[name]) if name in ARGUMENTS else METRICS[name]
    check_metric(metric, task_of(name), n_outputs=2 if name in TWO_CLASSES else None)


def test_names_partials_lambdas_and_other_examples_are_checked_too():
    check_metric("accuracy")
    check_metric(partial(top_k_accuracy, k=2), n_outputs=3)
    check_metric(lambda pred, target: (pred.argmax(1) == target).float().mean())
    masks = (
        torch.rand(6, 3, 4, 4, generator=torch.Generator().manual_seed(0)),
        torch.arange(6 * 16).view(6, 4, 4) % 3,
    )
    check_metric(partial(METRICS["accuracy"], axis=1), examples=masks)


def test_the_metric_that_is_checked_stays_as_it_was():
    metric = METRICS["F1Score"]()
    metric.update(*example_predictions())
    before = metric.value()
    check_metric(metric)
    assert metric.value() == before


# -- broken ones -----------------------------------------------------------------------------------------------------


class Accuracy:
    """A right one, for the others to break."""

    name = "mine"

    def __init__(self) -> None:
        self.reset()

    def reset(self):
        self.right = self.n = 0

    def update(self, pred, target):
        self.right += int((pred.argmax(1) == target).sum())
        self.n += len(target)

    def value(self):
        return self.right / self.n if self.n else float("nan")


def test_a_metric_written_by_the_protocol_alone_keeps_the_contract():
    check_metric(Accuracy)


class Nameless(Accuracy):
    name = ""


class FailsWithoutBatches(Accuracy):
    def value(self):
        return self.right / self.n


class ZeroWithoutBatches(Accuracy):
    def value(self):
        return self.right / max(self.n, 1)


class WrongWayRound(Accuracy):
    def update(self, pred, target):
        if target.ndim == 1:
            raise TypeError("labels come first")
        super().update(target, pred)


class GivesTensors(Accuracy):
    def value(self):
        return torch.tensor(self.right) / self.n if self.n else float("nan")


class GivesInfinity(Accuracy):
    def value(self):
        return float("inf") if self.n else float("nan")


class UsedUp(Accuracy):
    def value(self):
        found = super().value()
        self.reset()
        return found


class MeanOfMeans(Accuracy):
    def update(self, pred, target):
        self.right += float((pred.argmax(1) == target).float().mean())
        self.n += 1


class NoBatchesOfOne(Accuracy):
    def update(self, pred, target):
        if len(pred) == 1:
            raise IndexError("too few items")
        super().update(pred, target)


class ForgetsNothing(Accuracy):
    def reset(self):
        self.right, self.n = getattr(self, "right", 0), 0


class SortsInPlace(Accuracy):
    def update(self, pred, target):
        super().update(pred, target)
        target.copy_(target.sort().values)


class InPlaceAtTheEnd(Accuracy):
    def update(self, pred, target):
        self.right = self.right + (pred.argmax(1) == target).sum()
        self.n += len(target)

    def value(self):
        return float(self.right.clamp_(min=0)) / self.n if self.n else float("nan")


class Shared(Accuracy):
    seen = []  # noqa: RUF012 - what is wrong with it

    def reset(self):
        self.seen.clear()

    def update(self, pred, target):
        self.seen.append((pred.argmax(1) == target).float())

    def value(self):
        return float(torch.cat(self.seen).mean()) if self.seen else float("nan")


class SkipsNaN(Accuracy):
    def update(self, pred, target):
        errors = (pred - target).abs()
        self.right += float(errors.nansum())
        self.n += int(errors.isfinite().sum())


class Chokes(SkipsNaN):
    def update(self, pred, target):
        if pred.isnan().any():
            raise KeyError("nan")
        super().update(pred, target)


BROKEN = {
    Nameless: (
        "Nameless breaks a rule of metrics: name is a non-empty string. Seen: name = ''. Set self.name "
        "in __init__; it heads a column of the table."
    ),
    FailsWithoutBatches: (
        "FailsWithoutBatches breaks a rule of metrics: value() is NaN after reset() without a batch. Seen: value() after "
        'reset() raised ZeroDivisionError: division by zero. Return float("nan") if the count is 0.'
    ),
    ZeroWithoutBatches: (
        "ZeroWithoutBatches breaks a rule of metrics: value() is NaN after reset() without a batch. Seen: value() = 0.0. "
        'Return float("nan") if the count is 0.'
    ),
    WrongWayRound: (
        "WrongWayRound breaks a rule of metrics: it accepts predictions and labels. Seen: predictions"
        " float32 [48, 6] with labels int64 [48] raised TypeError: labels come first. Take predictions first "
        "and labels second; for other shapes pass task=, n_outputs= or examples=."
    ),
    GivesTensors: (
        "GivesTensors breaks a rule of metrics: value() is a finite float for ordinary predictions. Seen: "
        "value() returned float32 []. End value() with `return float(...)`."
    ),
    GivesInfinity: (
        "GivesInfinity breaks a rule of metrics: value() is a finite float for ordinary predictions. Seen: "
        "value() = inf. End value() with `return float(...)`."
    ),
    UsedUp: (
        "UsedUp breaks a rule of metrics: value() can be called twice. Seen: first 0.645833, then nan. Do not change "
        "the accumulated state in value()."
    ),
    MeanOfMeans: (
        "MeanOfMeans breaks a rule of metrics: the value does not depend on how the items are split into batches. "
        "Seen: 0.645833 for one batch of 48, 0.644474 for batches of 20, 17, 11. Add up a sum and a count in "
        "update(), or keep all predictions, and divide once in value()."
    ),
    NoBatchesOfOne: (
        "NoBatchesOfOne breaks a rule of metrics: the value does not depend on how the items are split into batches. "
        "Seen: batches of one raised IndexError: too few items. Add up a sum and a count in update(), or keep all "
        "predictions, and divide once in value()."
    ),
    ForgetsNothing: (
        "ForgetsNothing breaks a rule of metrics: reset() clears everything. Seen: 0.645833 at first, 1.4375"
        " after other predictions and a reset(). Initialise in reset() every attribute that update() changes."
    ),
    SortsInPlace: (
        "SortsInPlace breaks a rule of metrics: update() does not change its arguments. Seen: labels "
        "changed. Work on copies: pred = pred.clone(), or operators that do not end in _."
    ),
    InPlaceAtTheEnd: (
        "InPlaceAtTheEnd breaks a rule of metrics: it accepts tensors created in torch.inference_mode(). Seen: "
        "update() with such tensors raised {torch_says}. Do not change such tensors in place and do not require "
        "gradients; detach() or clone() them."
    ),
    Shared: (
        "Shared breaks a rule of metrics: two metrics of the same class do not share state. Seen: value() = 0.645833 "
        "after another one's update(). Create lists and counters in __init__ or reset() (self.seen = []), not in the "
        "class body."
    ),
    SkipsNaN: (
        "SkipsNaN breaks a rule of metrics: a NaN among the predictions gives NaN or a ValueError, never a number. "
        "Seen: value() = 0.281769. Let NaN propagate through sums; do not skip or replace it."
    ),
    Chokes: (
        "Chokes breaks a rule of metrics: a NaN among the predictions gives NaN or a ValueError, never a number. "
        "Seen: KeyError: 'nan'. Let NaN propagate through sums; do not skip or replace it."
    ),
}


def run_broken(metric: type) -> None:
    check_metric(metric, "regression" if issubclass(metric, SkipsNaN) else "classification")


@pytest.mark.parametrize("broken", BROKEN, ids=lambda metric: metric.__name__)
def test_broken_metrics_are_told_which_rule_they_break(broken):
    with pytest.raises(ContractError) as err:
        run_broken(broken)
    assert str(err.value) == BROKEN[broken].format(torch_says=described(err.value.__cause__))


def test_what_is_no_metric_is_refused_as_a_learner_refuses_it():
    with pytest.raises(ArgumentError) as err:
        check_metric(3)
    assert str(err.value) == (
        "metrics got something that is not a metric. Got: 3. Expected: a function of (predictions, targets), a "
        "metric class or object, "
        'or a name. For example metrics=error_rate or metrics=["error_rate", F1Score()].'
    )


def test_an_unknown_task_is_refused():
    with pytest.raises(ArgumentError) as err:
        check_metric("accuracy", "classify")
    assert str(err.value) == (
        "task must be one of classification, multilabel, regression. Got: 'classify'. "
        "Did you mean 'classification'?"
    )


assert sklearn.metrics  # imported here, as it takes seconds that belong to no test
