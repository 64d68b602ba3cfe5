"""All metrics under fastai's names, and `as_metric`, which turns anything a user may pass into a metric.

Every function here takes model outputs and targets and returns a 0-d tensor. A learner turns it into a
`StreamedMetric`, whose value over an epoch is exact for any batch size.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ArgumentError
from gatera.measure.metrics.base import FunctionMetric, GatheredMetric, Metric, StreamedMetric
from gatera.measure.metrics.functions import (
    STREAMED,
    accuracy,
    accuracy_multi,
    error_rate,
    exp_rmspe,
    foreground_acc,
    mae,
    mse,
    msle,
    rmse,
    top_k_accuracy,
)
from gatera.measure.metrics.masks import (
    Dice,
    DiceMulti,
    JaccardCoeff,
    JaccardCoeffMulti,
    PixelAccuracy,
)
from gatera.measure.metrics.perplexity import Perplexity
from gatera.measure.metrics.sklearn_multi import (
    APScoreMulti,
    F1ScoreMulti,
    FBetaMulti,
    HammingLossMulti,
    JaccardMulti,
    PrecisionMulti,
    RecallMulti,
    RocAucMulti,
)
from gatera.measure.metrics.sklearn_single import (
    APScoreBinary,
    BalancedAccuracy,
    CohenKappa,
    ExplainedVariance,
    F1Score,
    FBeta,
    HammingLoss,
    Jaccard,
    MatthewsCorrCoef,
    PearsonCorrCoef,
    Precision,
    R2Score,
    Recall,
    RocAuc,
    RocAucBinary,
    SpearmanCorrCoef,
)

__all__ = [
    "APScoreBinary",
    "APScoreMulti",
    "BalancedAccuracy",
    "CohenKappa",
    "Dice",
    "DiceMulti",
    "ExplainedVariance",
    "F1Score",
    "F1ScoreMulti",
    "FBeta",
    "FBetaMulti",
    "FunctionMetric",
    "GatheredMetric",
    "HammingLoss",
    "HammingLossMulti",
    "Jaccard",
    "JaccardCoeff",
    "JaccardCoeffMulti",
    "JaccardMulti",
    "MatthewsCorrCoef",
    "Metric",
    "PearsonCorrCoef",
    "Perplexity",
    "PixelAccuracy",
    "Precision",
    "PrecisionMulti",
    "R2Score",
    "Recall",
    "RecallMulti",
    "RocAuc",
    "RocAucBinary",
    "RocAucMulti",
    "SpearmanCorrCoef",
    "StreamedMetric",
    "accuracy",
    "accuracy_multi",
    "as_metric",
    "as_metrics",
    "error_rate",
    "exp_rmspe",
    "foreground_acc",
    "mae",
    "metric_names",
    "mse",
    "msle",
    "rmse",
    "top_k_accuracy",
]

MetricLike = Metric | Callable[..., Any] | str


def as_metric(metric: MetricLike) -> Metric:
    """Return a `Metric` for anything that a user may pass as one.

    Args:
        metric: one of the functions above, a `functools.partial` of one, a metric class or instance, the name of
            any of these, or any function of (predictions, targets) that returns one number.

    Raises:
        ArgumentError: if the name is unknown (the nearest is suggested), a class needs arguments, a partial has an argument
            that its function does not take, or `metric` is none of the above.

    Example:
        >>> import torch
        >>> metric = as_metric("error_rate")
        >>> metric.update(torch.tensor([[0.9, 0.1], [0.3, 0.7]]), torch.tensor([0, 0]))
        >>> metric.name, metric.value()
        ('error_rate', 0.5)
    """
    if isinstance(metric, str):
        metric = _by_name(metric)
    if isinstance(metric, type):
        metric = _construct(metric)
    if isinstance(metric, Metric):
        return metric
    if not callable(metric):
        raise ArgumentError(
            "metrics got something that is not a metric", got=metric,
            expected="a function of (predictions, targets), a metric class or object, or a name",
            remedy='For example metrics=error_rate or metrics=["error_rate", F1Score()].',
        )  # fmt: skip
    _check_options(metric)
    return _streamed(metric) or FunctionMetric(metric)


def as_metrics(metrics: MetricLike | Iterable[MetricLike] | None) -> list[Metric]:
    """Return a list of metrics with distinct names for one metric, several, or None.

    A repeated name gets a number: accuracy_multi, accuracy_multi_2.
    """
    if metrics is None:
        return []
    alone = isinstance(metrics, str | Metric) or not isinstance(metrics, Iterable)
    given: list[Any] = [metrics] if alone else list(metrics)  # type: ignore[arg-type]
    made = [as_metric(metric) for metric in given]
    seen: dict[str, int] = {}
    for metric in made:
        seen[metric.name] = number = seen.get(metric.name, 0) + 1
        if number > 1:
            metric.name = f"{metric.name}_{number}"
    return made


def metric_names() -> list[str]:
    """Return the names that `as_metric` knows, sorted."""
    return sorted(_NAMED)


_NAMED: dict[str, Callable[..., Any]] = {
    **{func.__name__: func for func in STREAMED},
    **{cls.__name__: cls for cls in (
        Dice, DiceMulti, JaccardCoeff, JaccardCoeffMulti, PixelAccuracy, APScoreBinary, APScoreMulti, BalancedAccuracy, CohenKappa, ExplainedVariance, F1Score, F1ScoreMulti,
        FBeta, FBetaMulti, HammingLoss, HammingLossMulti, Jaccard, JaccardMulti, MatthewsCorrCoef, PearsonCorrCoef,
        Precision, PrecisionMulti, R2Score, Recall, RecallMulti, RocAuc, RocAucBinary, RocAucMulti, SpearmanCorrCoef,
        Perplexity,
    )},
}  # fmt: skip


def _by_name(name: str) -> Callable[..., Any]:
    if name not in _NAMED:
        remedy = did_you_mean(name, _NAMED, "You can also pass a function of (predictions, targets).")
        raise ArgumentError("unknown metric", got=name, expected=listed(metric_names(), 40), remedy=remedy)
    return _NAMED[name]


def _construct(cls: type) -> Any:
    try:
        inspect.signature(cls).bind()
    except TypeError as err:
        raise ArgumentError(
            f"the metric class {cls.__name__} needs arguments ({err})",
            remedy=f"Pass an object: {cls.__name__}(...).",
        ) from err
    return cls()


def _streamed(func: Callable[..., Any]) -> StreamedMetric | None:
    core, options = (func.func, func.keywords) if isinstance(func, functools.partial) else (func, {})
    recipe = next((recipe for function, recipe in STREAMED.items() if function is core), None)
    if recipe is None or (isinstance(func, functools.partial) and func.args):
        return None
    return StreamedMetric(core.__name__, functools.partial(recipe.sums, **options), recipe.finish)


def _check_options(func: Callable[..., Any]) -> None:
    """Raise ArgumentError for a misspelt argument of a partial, before the first epoch."""
    if not isinstance(func, functools.partial):
        return
    try:
        inspect.signature(func.func).bind(*func.args, None, None, **func.keywords)
    except TypeError as err:
        options = list(inspect.signature(func.func).parameters)[2:]
        raise ArgumentError(
            f"the metric {func.func.__name__} cannot be called with these arguments ({err})",
            got=func.keywords, expected=listed(options),
        ) from err  # fmt: skip
