"""Metrics computed by scikit-learn once per epoch over all predictions.

Each may be passed as a class (`F1Score`) or an object (`F1Score(average="micro")`). scikit-learn is imported at the
first value. An undefined score (no item predicted as the class) counts as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from torch import Tensor

from gatera.core.checks import check_at_least, check_choice, require
from gatera.core.errors import ArgumentError
from gatera.measure.losses.standard import NO_CLASS
from gatera.measure.metrics.base import GatheredMetric, float64

Average = Literal["auto", "binary", "micro", "macro", "weighted"]
AVERAGES = ("auto", "binary", "micro", "macro", "weighted")


class SklearnMetric(GatheredMetric):
    """A function of `sklearn.metrics` under its own name.

    Args:
        options: keyword arguments of that function.
    """

    function: str

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(self.function)
        self.options = options

    def compute(self, pred: Tensor, target: Tensor) -> float:
        """Call scikit-learn's function with (targets, predictions); NaN without any."""
        if not len(target):
            return float("nan")
        metrics = require("sklearn.metrics", "train", f"for the metric {type(self).__name__}")
        return float(getattr(metrics, self.function)(target.numpy(), pred.numpy(), **self.options))


# One class per item: predictions are the highest score ----------------------------------------------------------


class ClassMetric(SklearnMetric):
    """A metric of predicted and actual classes; model outputs are logits or probabilities [N,K].

    Args:
        axis: the axis of the classes.
        options: keyword arguments of scikit-learn's function.
    """

    def __init__(self, axis: int, options: dict[str, Any]) -> None:
        super().__init__(options)
        self.axis = axis

    def prepare(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Keep class indices only: [N,K] -> [N]."""
        predicted = pred.argmax(dim=self.axis)
        check_count(self, predicted, target)
        return _with_class(predicted.reshape(-1), target)


class AveragedClassMetric(ClassMetric):
    """A score per class, averaged.

    Args:
        axis: the axis of the classes.
        labels: class indices to average over; None for all that occur.
        pos_label: the class index scored with average "binary".
        average: "binary" (the class `pos_label` alone), "micro", "macro", "weighted", or "auto": "binary" for two
            classes and "macro" for more.

    Raises:
        ArgumentError: if `average` is unknown, or "binary" is used with more than two classes.
    """

    def __init__(
        self,
        axis: int = -1,
        labels: Sequence[int] | None = None,
        pos_label: int = 1,
        average: Average = "auto",
    ) -> None:
        check_choice("average", average, AVERAGES)
        super().__init__(axis, {"labels": labels, "pos_label": pos_label, "zero_division": 0})
        self.average = average

    def prepare(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Keep class indices only, and choose the average: [N,K] -> [N]."""
        n_classes = pred.shape[self.axis]
        if self.average == "binary" and n_classes > 2:
            raise ArgumentError(
                f'{type(self).__name__}(average="binary") needs two classes, and there are {n_classes}',
                remedy='Pass average="macro", or omit it.',
            )
        chosen = self.average if self.average != "auto" else "binary" if n_classes <= 2 else "macro"
        self.options["average"] = chosen
        return super().prepare(pred, target)


class Precision(AveragedClassMetric):
    """Precision: of the items predicted as a class, the share that belongs to it."""

    function = "precision_score"


class Recall(AveragedClassMetric):
    """Recall: of the items of a class, the share predicted as that class."""

    function = "recall_score"


class F1Score(AveragedClassMetric):
    """The harmonic mean of precision and recall."""

    function = "f1_score"


class Jaccard(AveragedClassMetric):
    """Jaccard index: intersection over union of the items of a class and those predicted as it."""

    function = "jaccard_score"


class FBeta(AveragedClassMetric):
    """The weighted harmonic mean of precision and recall; recall has `beta` times the weight."""

    function = "fbeta_score"

    def __init__(
        self,
        beta: float,
        axis: int = -1,
        labels: Sequence[int] | None = None,
        pos_label: int = 1,
        average: Average = "auto",
    ) -> None:
        check_at_least("beta", beta, 0)
        super().__init__(axis, labels, pos_label, average)
        self.options["beta"] = beta


class BalancedAccuracy(ClassMetric):
    """The mean recall of the classes."""

    function = "balanced_accuracy_score"

    def __init__(self, axis: int = -1, adjusted: bool = False) -> None:
        super().__init__(axis, {"adjusted": adjusted})


class CohenKappa(ClassMetric):
    """Cohen's kappa: agreement beyond chance; `weights` may be "linear" or "quadratic" for ordered classes."""

    function = "cohen_kappa_score"

    def __init__(
        self,
        axis: int = -1,
        labels: Sequence[int] | None = None,
        weights: Literal["linear", "quadratic"] | None = None,
    ) -> None:
        super().__init__(axis, {"labels": labels, "weights": weights})


class HammingLoss(ClassMetric):
    """The share of wrong items."""

    function = "hamming_loss"

    def __init__(self, axis: int = -1) -> None:
        super().__init__(axis, {})


class MatthewsCorrCoef(ClassMetric):
    """The correlation of predicted and actual classes, -1..1."""

    function = "matthews_corrcoef"

    def __init__(self, axis: int = -1) -> None:
        super().__init__(axis, {})


# One class per item: predictions are probabilities --------------------------------------------------------------


class RocAuc(SklearnMetric):
    """The area under the ROC curve, from logits [N,K]; each class against the rest if there are more than two.

    Of more than two classes, those that no item has are left out of the mean, as in `F1Score`; NaN if there is a single one.

    Args:
        axis: the axis of the classes.
        average: "macro" or "weighted" by the classes' counts.
        max_fpr: for two classes, use only the curve up to this false-positive rate, in (0, 1].
        multi_class: "ovr" (each class against the rest) or "ovo" (each pair).

    Raises:
        ArgumentError: if `average` or `multi_class` is unknown.
    """

    function = "roc_auc_score"

    def __init__(
        self,
        axis: int = -1,
        average: Literal["macro", "weighted"] = "macro",
        max_fpr: float | None = None,
        multi_class: Literal["ovr", "ovo"] = "ovr",
    ) -> None:
        check_choice("average", average, ("macro", "weighted"))
        check_choice("multi_class", multi_class, ("ovr", "ovo"))
        super().__init__({"average": average, "max_fpr": max_fpr, "multi_class": multi_class})
        self.axis = axis

    def prepare(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Keep probabilities: [N,K], or [N] of the second class if there are two."""
        probabilities, target = _with_class(_softmax(self, pred, target, self.axis), target)
        if probabilities.shape[-1] == 2:
            return probabilities[:, 1], target
        # scikit-learn gets the full list of classes, as a small validation set may lack one.
        self.options["labels"] = list(range(probabilities.shape[-1]))
        return probabilities, target

    def compute(self, pred: Tensor, target: Tensor) -> float:
        """Call scikit-learn's function; for each class against the rest, average over the classes that items have."""
        there = target.unique().long()
        if len(there) < 2:
            return float("nan")
        if pred.ndim == 1 or self.options["multi_class"] != "ovr" or len(there) == pred.shape[-1]:
            return super().compute(pred, target)
        counts = (target[:, None] == there).sum(dim=0).double()
        areas = [_area(pred[:, label], target == label) for label in there.tolist()]
        weights = counts if self.options["average"] == "weighted" else counts.clamp(1, 1)
        return float((float64(pred.new_tensor(areas)) * weights).sum() / weights.sum())


class RocAucBinary(RocAuc):
    """The area under the ROC curve of the second of two classes; arguments as in `RocAuc`."""

    def __init__(
        self,
        axis: int = -1,
        average: Literal["macro", "weighted"] = "macro",
        max_fpr: float | None = None,
    ) -> None:
        super().__init__(axis, average, max_fpr)

    def prepare(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Keep the last class's probability: [N,K] -> [N]."""
        return _with_class(_softmax(self, pred, target, self.axis)[:, -1], target)


class APScoreBinary(SklearnMetric):
    """Average precision (the area under the precision-recall curve) of the last of two classes, from logits [N,2]."""

    function = "average_precision_score"

    def __init__(self, axis: int = -1, pos_label: int = 1) -> None:
        super().__init__({"pos_label": pos_label})
        self.axis = axis

    def compute(self, pred: Tensor, target: Tensor) -> float:
        """Call scikit-learn's function; NaN where no item is of the class, as there is nothing to find."""
        found = bool((target == self.options["pos_label"]).any())
        return super().compute(pred, target) if found else float("nan")

    def prepare(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Keep the last class's probability: [N,K] -> [N]."""
        return _with_class(_softmax(self, pred, target, self.axis)[:, -1], target)


# Numbers --------------------------------------------------------------------------------------------------------


class NumberMetric(SklearnMetric):
    """A metric of predicted and actual numbers."""

    def __init__(self) -> None:
        super().__init__({})

    def prepare(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Keep all numbers in float64, flattened."""
        check_count(self, pred, target)
        return float64(pred).reshape(-1), float64(target).reshape(-1)

    def compute(self, pred: Tensor, target: Tensor) -> float:
        """Call the function; NaN for a single number, which does not vary."""
        return super().compute(pred, target) if len(target) > 1 else float("nan")


class ExplainedVariance(NumberMetric):
    """The share of the targets' variance that the predictions explain."""

    function = "explained_variance_score"


class R2Score(NumberMetric):
    """The coefficient of determination: 1 is perfect, 0 as good as always predicting the mean."""

    function = "r2_score"


class PearsonCorrCoef(NumberMetric):
    """The linear correlation of predictions and targets, -1..1. Computed by scipy."""

    function = "pearsonr"

    def compute(self, pred: Tensor, target: Tensor) -> float:
        """Call `scipy.stats`; NaN where predictions or targets do not vary."""
        if len(target) < 2 or not np.ptp(pred.numpy()) or not np.ptp(target.numpy()):
            return float("nan")
        stats = require("scipy.stats", "train", f"for the metric {type(self).__name__}")
        return float(getattr(stats, self.function)(pred.numpy(), target.numpy())[0])


class SpearmanCorrCoef(PearsonCorrCoef):
    """The correlation of the ranks of predictions and targets, -1..1. Computed by scipy."""

    function = "spearmanr"


def _area(scores: Tensor, applies: Tensor) -> float:
    metrics = require("sklearn.metrics", "train", "for the metric RocAuc")
    return float(metrics.roc_auc_score(applies.numpy(), scores.numpy()))


def _softmax(metric: SklearnMetric, pred: Tensor, target: Tensor, axis: int) -> Tensor:
    # float64, as scikit-learn checks that rows sum to 1
    probabilities = float64(pred).softmax(dim=axis).movedim(axis, -1)
    flat = probabilities.reshape(-1, probabilities.shape[-1])  # [N,K]
    check_count(metric, flat[:, 0], target)
    return flat


def _with_class(found: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return what was found at the positions that have a class, and their classes; pixels beside a photo have none."""
    target = target.reshape(-1)
    counted = target != NO_CLASS
    return found[counted.to(found.device)], target[counted]


def check_count(metric: SklearnMetric, predicted: Tensor, target: Tensor) -> None:
    """Raise ArgumentError unless predictions and targets have the same number of values."""
    if predicted.numel() != target.numel():
        raise ArgumentError(
            f"{type(metric).__name__} got {predicted.numel()} predictions and {target.numel()} targets",
            got=f"predictions {list(predicted.shape)}, targets {list(target.shape)}",
            expected="the same number of predictions and targets",
            remedy="For several labels per item, use the metrics whose names end in Multi.",
        )
