"""Multi-label metrics, computed by scikit-learn once per epoch over all predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from gatera.core.checks import check_at_least, check_choice
from gatera.measure.metrics.sklearn_single import SklearnMetric, check_count
from gatera.measure.thresholds import Thresholds, above, checked_thresholds

LabelAverage = Literal["micro", "macro", "weighted", "samples"]
LABEL_AVERAGES = ("micro", "macro", "weighted", "samples")


class LabelMetric(SklearnMetric):
    """A metric for several labels per item; logits and targets [N,K].

    Args:
        sigmoid: apply a sigmoid to the logits first.
        thresh: the probability above which a label counts as predicted, or one per label; None keeps the probabilities.
        options: keyword arguments of scikit-learn's function.
    """

    def __init__(self, sigmoid: bool, thresh: Thresholds | None, options: dict[str, Any]) -> None:
        super().__init__(options)
        self.sigmoid = sigmoid
        self.thresh = None if thresh is None else checked_thresholds("thresh", thresh)

    def prepare(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Keep binary decisions, or probabilities: [N,K]."""
        check_count(self, pred, target)
        scores = pred.float().sigmoid() if self.sigmoid else pred
        kept = scores if self.thresh is None else above(scores, self.thresh).to(torch.uint8)
        return kept, target.reshape(pred.shape).to(torch.uint8)


class AveragedLabelMetric(LabelMetric):
    """A score per label, averaged.

    Args:
        thresh: the probability above which a label counts as predicted, 0..1; or one per label.
        sigmoid: apply a sigmoid to the logits first.
        labels: label indices to average over; all by default.
        average: "micro", "macro", "weighted" or "samples".

    Raises:
        ArgumentError: if `average` is none of these, or `thresh` not in 0..1.
    """

    def __init__(
        self,
        thresh: Thresholds = 0.5,
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
        thresh: Thresholds = 0.5,
        sigmoid: bool = True,
        labels: Sequence[int] | None = None,
        average: LabelAverage = "macro",
    ) -> None:
        check_at_least("beta", beta, 0)
        super().__init__(thresh, sigmoid, labels, average)
        self.options["beta"] = beta


class HammingLossMulti(LabelMetric):
    """The share of wrong binary decisions."""

    function = "hamming_loss"

    def __init__(self, thresh: Thresholds = 0.5, sigmoid: bool = True) -> None:
        super().__init__(sigmoid, thresh, {})


class RankedLabelMetric(LabelMetric):
    """A ranking metric of each label's probabilities, averaged.

    If labels are scored separately ("macro", "weighted"), those without items are skipped; if `needs_both`, also those that
    every item has.

    Args:
        sigmoid: apply a sigmoid to the logits first.
        options: keyword arguments of scikit-learn's function.
    """

    needs_both: bool

    def __init__(self, sigmoid: bool, options: dict[str, Any]) -> None:
        check_choice("average", options["average"], LABEL_AVERAGES)
        super().__init__(sigmoid, None, options)

    def compute(self, pred: Tensor, target: Tensor) -> float:
        """Return the score of the labels that can be scored; NaN if there are none."""
        if self.options["average"] == "samples":
            return super().compute(pred, target)
        each = self.options["average"] != "micro"
        have = target.sum(0) if each else target.sum().reshape(1)  # [K], or [1] for all labels together
        least = len(target) if each else target.numel()
        usable = (have > 0) & (have < least) if self.needs_both else have > 0
        if not usable.any():
            return float("nan")
        return super().compute(pred[:, usable], target[:, usable]) if each else super().compute(pred, target)


class RocAucMulti(RankedLabelMetric):
    """The area under the ROC curve of each label, averaged; labels that no item or every item has are skipped."""

    needs_both = True

    function = "roc_auc_score"

    def __init__(
        self,
        sigmoid: bool = True,
        average: LabelAverage = "macro",
        max_fpr: float | None = None,
    ) -> None:
        super().__init__(sigmoid, {"average": average, "max_fpr": max_fpr})


class APScoreMulti(RankedLabelMetric):
    """Average precision (area under the precision-recall curve) of each label, averaged; labels without items are skipped.

    Random predictions score about the share of items with the label: see `label_scores`.
    """

    needs_both = False

    function = "average_precision_score"

    def __init__(self, sigmoid: bool = True, average: LabelAverage = "macro") -> None:
        super().__init__(sigmoid, {"average": average})
