"""Measurements of a trained model, beside simpler ones on the same items."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from torch import Tensor

from gatera.core.checks import number_text
from gatera.core.errors import DataError
from gatera.learn.learner import Learner
from gatera.measure.intervals import (
    Interval,
    bootstrap_interval,
    interval_words,
    plain_interval,
    wilson_interval,
)
from gatera.measure.reports.baseline import most_frequent_class
from gatera.measure.reports.classes import ErrorReport, percent
from gatera.measure.reports.masks import MaskReport
from gatera.measure.reports.numbers import NumberReport

Report = ErrorReport | MaskReport | NumberReport


@dataclass(frozen=True)
class Answers:
    """What a model said of the items on one side.

    Attributes:
        predictions: probabilities [n,K], or numbers [n] or [n,K].
        targets: class indices [n], or numbers.
    """

    predictions: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True)
class Evaluation:
    """The measurements on one side of the split.

    Attributes:
        report: of a classifier, of masks, or of predicted numbers.
        baselines: the error (0..1) of simpler classifiers on the same items, by name.
        remarks: sentences on what the figures are worth.
        misses: how wrong each item is: 0 or 1 for a class, the squared error for numbers; None where it is not known.
        unleaked: the mean of those without items that are also in the training set, with its interval; None without such items.
        answers: what is known of each item, for questions about them; None where it is not.
        grouped: the interval over groups where the split keeps those together; None where items stand alone.
    """

    report: Report
    baselines: Mapping[str, float] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    misses: np.ndarray | None = None
    unleaked: Mapping[str, Any] | None = None
    answers: Answers | None = None
    grouped: Mapping[str, Any] | None = None

    def without(self, places: np.ndarray, things: str) -> Evaluation:
        """Return the same with the error without some items, which are also in the training set.

        Args:
            places: their positions on this side.
            things: what they are called.
        """
        if self.misses is None or not len(places) or len(places) == len(self.misses):
            return self
        rest = np.delete(self.misses, places)
        if isinstance(self.report, ErrorReport):
            error, wrong, ends = (
                float(rest.mean()),
                int(rest.sum()),
                wilson_interval(int(rest.sum()), len(rest)),
            )
            low, high = (percent(end, len(rest)) for end in ends)
            said = f"error {percent(error, len(rest))} ({wrong} of {len(rest)} wrong); 95 % interval {low} to {high}"
            interval: list[float] | None = list(ends)
        else:
            error, ends = float(rest.mean()), bootstrap_interval(rest)
            said = f"MSE {number_text(error, 4, grouped=True)}; {interval_words(ends, len(rest))}"
            interval = plain_interval(ends, len(rest))
        line = f"Without the {len(places):,} {things} that are also in the training set: {said}."
        facts = {"n": len(rest), "error": error, "interval95": interval, "left_out": len(places)}
        return replace(self, remarks=[*self.remarks, line], unleaked=facts)

    def over_groups(self, groups: Sequence[Hashable], name: str) -> Evaluation:
        """Return the same with the interval over groups, as items of one are not independent: that over items is too narrow.

        Args:
            groups: the group of each item; nothing changes where each stands alone, or it is not known how wrong items are.
            name: what groups them, as a column.

        Samples of groups that are equally wrong do not differ, which would give an interval of no width: the interval is
        never narrower than that over items, and where all items are right (or wrong) it is Wilson's of as many items as groups.
        """
        n = len(set(groups))
        if self.misses is None or len(groups) != len(self.misses) or n == len(groups):
            return self
        ends = _interval_over_groups(self.misses, groups, n, isinstance(self.report, ErrorReport))
        if n < 2:
            line = f"All {len(groups):,} are of one {name}: how others differ is not known, and the interval is too narrow."
        elif isinstance(self.report, ErrorReport):
            low, high = (percent(end, n) for end in ends)
            line = f"Items of one {name} are not independent: over groups, of which {n:,} are held out, the 95 % interval is {low} to {high}."
        else:
            line = f"Items of one {name} are not independent: over groups, of which {n:,} are held out: {interval_words(ends, n)}."
        facts = {"by": name, "groups": n, "interval95": plain_interval(ends, n)}
        return replace(self, remarks=[*self.remarks, line], grouped=facts)

    def lines(self) -> list[str]:
        """Return it in words, a line each."""
        more = [
            f"{name[:1].upper()}{name[1:]} would give {percent(error, self.report.n)}."
            for name, error in self.baselines.items()
        ]
        return [*self.report.lines(), *more, *self.remarks]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        more = {
            "baselines": dict(self.baselines), "remarks": list(self.remarks),
            "without_leaks": None if self.unleaked is None else dict(self.unleaked),
            "over_groups": None if self.grouped is None else dict(self.grouped),
        }  # fmt: skip
        return self.report.to_dict() | {name: value for name, value in more.items() if value}


def _interval_over_groups(
    misses: np.ndarray, groups: Sequence[Hashable], n: int, are_counts: bool
) -> Interval:
    """Return the interval over groups; see `Evaluation.over_groups`.

    Args:
        misses: how wrong each item is.
        groups: the group of each.
        n: how many groups there are.
        are_counts: whether an item is wrong (1) or right (0).
    """
    over_groups = bootstrap_interval(misses, groups=list(groups))
    if not are_counts:
        over_items = bootstrap_interval(misses)
    elif misses.min() == misses.max():
        over_items = wilson_interval(n * int(misses[0]), n)
    else:
        over_items = wilson_interval(int(misses.sum()), len(misses))
    return Interval(min(over_groups.low, over_items.low), max(over_groups.high, over_items.high))


def evaluate_classes(
    learn: Learner, side: str, baselines: Mapping[str, float] | None = None, outputs: Tensor | None = None
) -> Evaluation:
    """Return the error on one side of the split, beside that of the most frequent class of the training set.

    Args:
        learn: the trained learner.
        side: "valid" or "test".
        baselines: errors of simpler classifiers.
        outputs: the model's logits of that side, float32 [n,K], if they are known.
    """
    if outputs is None:
        predictions, targets = _predictions(learn, side)
    else:
        predictions = learn.loss_func.activation(outputs).numpy()
        targets = (learn.dls.valid_ds if side == "valid" else learn.dls.test.dataset).targets.numpy()
    if learn.dls.vocab is None:
        raise DataError(f"the items of the side {side!r} have no labels to measure with")
    baseline = most_frequent_class(learn.dls.train_ds.targets.numpy(), targets)
    report = ErrorReport.from_predictions(predictions, targets, learn.dls.vocab, baseline)
    wrong = (predictions.argmax(axis=1) != targets).astype(np.float64)
    return Evaluation(report, baselines or {}, misses=wrong, answers=Answers(predictions, targets))


def evaluate_numbers(learn: Learner, side: str, baselines: Mapping[str, float]) -> Evaluation:
    """Return the mean squared error on one side of the split, beside those of simpler predictions."""
    predictions, targets = _predictions(learn, side)
    report = NumberReport.from_predictions(predictions, targets, baselines)
    squares = np.square(np.asarray(predictions, np.float64) - targets).reshape(len(targets), -1).mean(axis=1)
    return Evaluation(report, misses=squares, answers=Answers(predictions, targets))


def _predictions(learn: Learner, side: str) -> tuple[Any, Any]:
    loader = learn.dls.valid if side == "valid" else learn.dls.test
    predictions, targets = learn.get_preds(dl=loader.for_evaluation())[:2]
    if predictions is None or targets is None:
        raise DataError(f"the items of the side {side!r} have no labels to measure with")
    return predictions.numpy(), targets.numpy()
