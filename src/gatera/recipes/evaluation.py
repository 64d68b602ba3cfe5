"""Measurements of a trained model, beside simpler ones on the same items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from gatera.core.errors import DataError
from gatera.learn.learner import Learner
from gatera.measure.reports.baseline import most_frequent_class
from gatera.measure.reports.classes import ErrorReport, percent
from gatera.measure.reports.masks import MaskReport
from gatera.measure.reports.numbers import NumberReport

Report = ErrorReport | MaskReport | NumberReport


@dataclass(frozen=True)
class Evaluation:
    """The measurements on one side of the split.

    Attributes:
        report: of a classifier, of masks, or of predicted numbers.
        baselines: the error (0..1) of simpler classifiers on the same items, by name.
        remarks: sentences on what the figures are worth.
    """

    report: Report
    baselines: Mapping[str, float] = field(default_factory=dict)
    remarks: Sequence[str] = ()

    def lines(self) -> list[str]:
        """Return it in words, a line each."""
        more = [
            f"{name[:1].upper()}{name[1:]} would give {percent(error, self.report.n)}."
            for name, error in self.baselines.items()
        ]
        return [*self.report.lines(), *more, *self.remarks]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        more = {"baselines": dict(self.baselines), "remarks": list(self.remarks)}
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
        targets = (learn.dls.valid_ds if side == "valid" else learn.dls.test.dataset).targets.numpy()
    if learn.dls.vocab is None:
        raise DataError(f"the items of the side {side!r} have no labels to measure with")
    baseline = most_frequent_class(learn.dls.train_ds.targets.numpy(), targets)
    report = ErrorReport.from_predictions(predictions, targets, learn.dls.vocab, baseline)
    return Evaluation(report, baselines or {})


def evaluate_numbers(learn: Learner, side: str, baselines: Mapping[str, float]) -> Evaluation:
    """Return the mean squared error on one side of the split, beside those of simpler predictions."""
    predictions, targets = _predictions(learn, side)
    return Evaluation(NumberReport.from_predictions(predictions, targets, baselines))


def _predictions(learn: Learner, side: str) -> tuple[Any, Any]:
    loader = learn.dls.valid if side == "valid" else learn.dls.test
    predictions, targets = learn.get_preds(dl=loader.for_evaluation())[:2]
    if predictions is None or targets is None:
        raise DataError(f"the items of the side {side!r} have no labels to measure with")
    return predictions.numpy(), targets.numpy()
