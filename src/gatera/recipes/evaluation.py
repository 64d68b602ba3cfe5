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
from gatera.measure.intervals import bootstrap_interval
from gatera.measure.reports.baseline import most_frequent_class
from gatera.measure.reports.classes import ErrorReport, percent
from gatera.measure.reports.masks import MaskReport
from gatera.measure.reports.numbers import NumberReport
from gatera.measure.reports.shows_lines import ShowsLines

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


@dataclass(frozen=True, repr=False)
class Evaluation(ShowsLines):
    """The measurements on one side of the split.

    Attributes:
        report: of a classifier, of masks, or of predicted numbers.
        baselines: the error (0..1) of simpler classifiers on the same items, by name.
        remarks: sentences on what the figures are worth.
        misses: how wrong each item is: 0 or 1 for a class, the squared error for numbers; None where it is not known.
        unleaked: the mean of those without items that are also in the training set, with its interval; None without such items.
        answers: what is known of each item, for questions about them; None where it is not.
        groups: the group of each item, and what groups them, where the split keeps those together; None where items stand alone.
    """

    report: Report
    baselines: Mapping[str, float] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    misses: np.ndarray | None = None
    unleaked: Mapping[str, Any] | None = None
    answers: Answers | None = None
    groups: tuple[Sequence[Hashable], str] | None = None

    def without(self, places: np.ndarray, things: str) -> Evaluation:
        """Return the same with the error without some items, which are also in the training set.

        Args:
            places: their positions on this side.
            things: what they are called.
        """
        if self.misses is None or not len(places) or len(places) == len(self.misses):
            return self
        rest = np.delete(self.misses, places)
        left = _report_of(rest, isinstance(self.report, ErrorReport))
        if self.groups is not None:
            names, by = self.groups
            left = left.over_groups(rest, np.delete(np.array(names, object), places).tolist(), by)
        said = left.lines()[0].rstrip(".")
        said = said[:1].lower() + said[1:] if isinstance(left, ErrorReport) else said
        one = len(places) == 1
        which = f"{things.removesuffix('s')} that is" if one else f"{len(places):,} {things} that are"
        line = f"Without the {which} also in the training set: {said}."
        error = left.error if isinstance(left, ErrorReport) else left.mse
        facts = {
            "n": len(rest),
            "error": error,
            "interval95": left.to_dict()["interval95"],
            "left_out": len(places),
        }
        return replace(self, remarks=[*self.remarks, line], unleaked=facts)

    def over_groups(self, groups: Sequence[Hashable], by: str) -> Evaluation:
        """Return the same with the interval over groups, as items of one are not independent: that over items is too narrow.

        Args:
            groups: the group of each item; nothing changes where each stands alone, or it is not known how wrong items are.
            by: what groups them, as a column.
        """
        report: Report
        if isinstance(self.report, MaskReport):
            report = self.report if len(groups) != self.report.n else self.report.over_groups(groups, by)
        elif self.misses is None or len(groups) != len(self.misses):
            return self
        else:
            report = self.report.over_groups(self.misses, groups, by)
        if report.grouped is None:
            return self
        line = f"Items of one {by} are not independent; as if they were, the interval would be {_over_items(report)}."
        return replace(self, report=report, remarks=[*self.remarks, line], groups=(groups, by))

    def lines(self) -> list[str]:
        """Return it in words, a line each."""
        more = [
            f"{name[:1].upper()}{name[1:]} would give {percent(error, self.report.n)}. {self._worse_than(error)}".rstrip()
            for name, error in self.baselines.items()
        ]
        return [*self.report.lines(), *more, *self.remarks]

    def _worse_than(self, error: float) -> str:
        """Return that the model is clearly worse than a simpler classifier; "" if it is not."""
        # for the type checker: only classifiers have such baselines
        assert isinstance(self.report, ErrorReport)
        return "The model is clearly worse." if self.report.clearly_worse_than(error) else ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        more = {
            "baselines": dict(self.baselines), "remarks": list(self.remarks),
            "without_leaks": None if self.unleaked is None else dict(self.unleaked),
        }  # fmt: skip
        return self.report.to_dict() | {name: value for name, value in more.items() if value}


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
        targets = getattr(learn.dls, side).dataset.targets.numpy()
    if learn.dls.vocab is None:
        raise DataError(f"the items of the side {side!r} have no labels to measure with")
    baseline = most_frequent_class(learn.dls.train_ds.targets.numpy(), targets)
    report = ErrorReport.from_predictions(predictions, targets, learn.dls.vocab, baseline)
    wrong = (predictions.argmax(axis=1) != targets).astype(np.float64)
    return Evaluation(report, baselines or {}, misses=wrong, answers=Answers(predictions, targets))


def evaluate_numbers(learn: Learner, side: str, baselines: Mapping[str, np.ndarray]) -> Evaluation:
    """Return the mean squared error on one side of the split, beside those of simpler predictions: the squared error of each item, [n]."""
    predictions, targets = _predictions(learn, side)
    report = NumberReport.from_predictions(predictions, targets, baselines)
    squares = np.square(np.asarray(predictions, np.float64) - targets).reshape(len(targets), -1).mean(axis=1)
    return Evaluation(report, misses=squares, answers=Answers(predictions, targets))


def _report_of(misses: np.ndarray, rates: bool) -> ErrorReport | NumberReport:
    """Return a report of how wrong items are: 0 or 1 for a class, else the squared error."""
    if rates:
        return ErrorReport(len(misses), int(misses.sum()), (), ())
    return NumberReport(len(misses), float(misses.mean()), bootstrap_interval(misses))


def _over_items(report: Report) -> str:
    """Return the ends of the interval over items."""
    assert report.grouped is not None  # for the type checker
    write = (
        (lambda end: number_text(end, 4, grouped=True))
        if isinstance(report, NumberReport)
        else (lambda end: percent(end, report.n))
    )
    return " to ".join(map(write, report.grouped.over_items))


def _predictions(learn: Learner, side: str) -> tuple[Any, Any]:
    predictions, targets = learn.get_preds(dl=getattr(learn.dls, side).for_evaluation())[:2]
    if predictions is None or targets is None:
        raise DataError(f"the items of the side {side!r} have no labels to measure with")
    return predictions.numpy(), targets.numpy()
