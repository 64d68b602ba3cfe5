"""Metrics of several labels per item that scikit-learn computes, once per epoch, over all predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from gatera.core.checks import check_at_least, check_choice, check_fraction
from gatera.measure.sklearn_metrics import SklearnMetric, check_count

LabelAverage = Literal["micro", "macro", "weighted", "samples"]
LABEL_AVERAGES = ("micro", "macro", "weighted", "samples")


class LabelMetric(SklearnMetric):
    """A metric of several yes-or-no labels per item; logits and targets [N,K].

    Args:
        sigmoid: whether to turn logits into probabilities first.
        thresh: the probability above which a label counts as predicted; None keeps the probabilities.
        options: keyword arguments of the function of scikit-learn.
    """

    def __init__(self, sigmoid: bool, thresh: float | None, options: dict[str, Any]) -> None:
        if thresh is not None:
            check_fraction("thresh", thresh)
        super().__init__(options)
        self.sigmoid, self.thresh = sigmoid, thresh

    def prepare(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Keep yes-or-no answers, or probabilities: [N,K]."""
        check_count(self, pred, target)
        scores = pred.float().sigmoid() if self.sigmoid else pred
        kept = scores if self.thresh is None else (scores > self.thresh).to(torch.uint8)
        return kept, target.reshape(pred.shape).to(torch.uint8)


class AveragedLabelMetric(LabelMetric):
    """A score per label, averaged.

    Args:
        thresh: the probability above which a label counts as predicted, 0..1.
        sigmoid: whether to turn logits into probabilities first.
        labels: label indices to average over; all by default.
        average: "micro", "macro", "weighted" or "samples".

    Raises:
        ArgumentError: if `average` is none of these, or `thresh` not in 0..1.
    """

    def __init__(
        self,
        thresh: float = 0.5,
        sigmoid: bool = True,
        labels: Sequence[int] | None = None,
        average: LabelAverage = "macro",
    ) -> None:
        check_choice("average", average, LABEL_AVERAGES)
        super().__init__(sigmoid, thresh, {"labels": labels, "average": average, "zero_division": 0})


class PrecisionMulti(AveragedLabelMetric):
    """`Precision` for several labels per item."""

    function = "precision_score"


class RecallMulti(AveragedLabelMetric):
    """`Recall` for several labels per item."""

    function = "recall_score"


class F1ScoreMulti(AveragedLabelMetric):
    """`F1Score` for several labels per item."""

    function = "f1_score"


class JaccardMulti(AveragedLabelMetric):
    """`Jaccard` for several labels per item."""

    function = "jaccard_score"


class FBetaMulti(AveragedLabelMetric):
    """`FBeta` for several labels per item."""

    function = "fbeta_score"

    def __init__(
        self,
        beta: float,
        thresh: float = 0.5,
        sigmoid: bool = True,
        labels: Sequence[int] | None = None,
        average: LabelAverage = "macro",
    ) -> None:
        check_at_least("beta", beta, 0)
        super().__init__(thresh, sigmoid, labels, average)
        self.options["beta"] = beta


class HammingLossMulti(LabelMetric):
    """The share of single yes-or-no answers that is wrong."""

    function = "hamming_loss"

    def __init__(self, thresh: float = 0.5, sigmoid: bool = True) -> None:
        super().__init__(sigmoid, thresh, {})


class RocAucMulti(LabelMetric):
    """The area under the ROC curve of each label, averaged."""

    function = "roc_auc_score"

    def __init__(
        self,
        sigmoid: bool = True,
        average: LabelAverage = "macro",
        max_fpr: float | None = None,
    ) -> None:
        check_choice("average", average, LABEL_AVERAGES)
        super().__init__(sigmoid, None, {"average": average, "max_fpr": max_fpr})


class APScoreMulti(LabelMetric):
    """Average precision (the area under the precision-recall curve) of each label, averaged."""

    function = "average_precision_score"

    def __init__(self, sigmoid: bool = True, average: LabelAverage = "macro") -> None:
        check_choice("average", average, LABEL_AVERAGES)
        super().__init__(sigmoid, None, {"average": average})
