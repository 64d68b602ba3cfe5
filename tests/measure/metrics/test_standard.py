from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pytest
import sklearn.metrics as skm
import torch
from torch import Tensor

from gatera.core.errors import ArgumentError
from gatera.measure.metrics import standard as m
from gatera.measure.metrics.standard import Metric, as_metric, as_metrics

N, K = 53, 4
GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(N, K, generator=GENERATOR)
TARGET = torch.randint(0, K, (N,), generator=GENERATOR)
PAIR, PAIR_TARGET = LOGITS[:, :2], TARGET % 2
LABELS = (torch.rand(N, K, generator=GENERATOR) > 0.6).float()
NUMBERS = torch.randn(N, 1, generator=GENERATOR)
NUMBER_TARGET = NUMBERS[:, 0] + 0.3 * torch.randn(N, generator=GENERATOR)


def epoch_value(metric: Metric, pred: Tensor, target: Tensor, batch_size: int) -> float:
    metric.reset()
    for start in range(0, len(pred), batch_size):
        metric.update(pred[start : start + batch_size], target[start : start + batch_size])
    return metric.value()


def numpy_softmax(logits: Tensor) -> np.ndarray:
    powers = np.exp(logits.double().numpy())
    return powers / powers.sum(axis=1, keepdims=True)


# Exact values ---------------------------------------------------------------------------------------------------

CLASSES = (LOGITS, TARGET, TARGET.numpy(), LOGITS.argmax(1).numpy())
TWO = (PAIR, PAIR_TARGET, PAIR_TARGET.numpy(), PAIR.argmax(1).numpy())
MULTI = (LOGITS, LABELS, LABELS.numpy().astype(int), (LOGITS.sigmoid() > 0.5).numpy().astype(int))
SCORES = (LOGITS, LABELS, LABELS.numpy().astype(int), LOGITS.sigmoid().numpy())
PROBABILITIES = (LOGITS, TARGET, TARGET.numpy(), numpy_softmax(LOGITS))
POSITIVE = (PAIR, PAIR_TARGET, PAIR_TARGET.numpy(), numpy_softmax(PAIR)[:, 1])
REGRESSION = (NUMBERS, NUMBER_TARGET, NUMBER_TARGET.double().numpy(), NUMBERS[:, 0].double().numpy())

MACRO = {"average": "macro", "zero_division": 0}
#: metric, (our predictions, our targets, scikit-learn's targets, its predictions), what scikit-learn says of them
CASES: list[tuple[object, tuple, Callable[..., float]]] = [
    (m.accuracy, CLASSES, skm.accuracy_score),
    (m.error_rate, CLASSES, skm.zero_one_loss),
    (functools.partial(m.top_k_accuracy, k=2), PROBABILITIES, functools.partial(skm.top_k_accuracy_score, k=2)),
    (m.accuracy_multi, MULTI, lambda target, pred: (target == pred).mean()),
    (m.mse, REGRESSION, skm.mean_squared_error),
    (m.rmse, REGRESSION, skm.root_mean_squared_error),
    (m.mae, REGRESSION, skm.mean_absolute_error),
    (m.F1Score, TWO, skm.f1_score),
    (m.F1Score, CLASSES, functools.partial(skm.f1_score, **MACRO)),
    (m.F1Score(average="weighted"), CLASSES, functools.partial(skm.f1_score, average="weighted")),
    (m.F1Score(labels=[0, 2]), CLASSES, functools.partial(skm.f1_score, labels=[0, 2], **MACRO)),
    (m.FBeta(beta=2), CLASSES, functools.partial(skm.fbeta_score, beta=2, **MACRO)),
    (m.Precision, CLASSES, functools.partial(skm.precision_score, **MACRO)),
    (m.Recall(average="binary", pos_label=0), TWO, functools.partial(skm.recall_score, pos_label=0)),
    (m.Jaccard, CLASSES, functools.partial(skm.jaccard_score, **MACRO)),
    (m.BalancedAccuracy, CLASSES, skm.balanced_accuracy_score),
    (m.CohenKappa, CLASSES, skm.cohen_kappa_score),
    (m.CohenKappa(weights="quadratic"), CLASSES, functools.partial(skm.cohen_kappa_score, weights="quadratic")),
    (m.HammingLoss, CLASSES, skm.hamming_loss),
    (m.MatthewsCorrCoef, CLASSES, skm.matthews_corrcoef),
    (m.RocAuc, PROBABILITIES, functools.partial(skm.roc_auc_score, multi_class="ovr")),
    (m.RocAuc(multi_class="ovo"), PROBABILITIES, functools.partial(skm.roc_auc_score, multi_class="ovo")),
    (m.RocAuc, POSITIVE, skm.roc_auc_score),
    (m.RocAucBinary(max_fpr=0.5), POSITIVE, functools.partial(skm.roc_auc_score, max_fpr=0.5)),
    (m.APScoreBinary, POSITIVE, skm.average_precision_score),
    (m.F1ScoreMulti, MULTI, functools.partial(skm.f1_score, **MACRO)),
    (m.FBetaMulti(beta=0.5), MULTI, functools.partial(skm.fbeta_score, beta=0.5, **MACRO)),
    (m.PrecisionMulti(average="samples"), MULTI, functools.partial(skm.precision_score, average="samples", zero_division=0)),
    (m.RecallMulti, MULTI, functools.partial(skm.recall_score, **MACRO)),
    (m.JaccardMulti, MULTI, functools.partial(skm.jaccard_score, **MACRO)),
    (m.HammingLossMulti, MULTI, skm.hamming_loss),
    (m.RocAucMulti, SCORES, skm.roc_auc_score),
    (m.APScoreMulti, SCORES, skm.average_precision_score),
    (m.ExplainedVariance, REGRESSION, skm.explained_variance_score),
    (m.R2Score, REGRESSION, skm.r2_score),
    (m.PearsonCorrCoef, REGRESSION, lambda target, pred: np.corrcoef(target, pred)[0, 1]),
    (m.SpearmanCorrCoef, REGRESSION, lambda target, pred: np.corrcoef(target.argsort().argsort(), pred.argsort().argsort())[0, 1]),
]  # fmt: skip


@pytest.mark.parametrize(("metric", "data", "expected"), CASES)
def test_epoch_values_equal_scikit_learns_whatever_the_batch_size(
    metric: object, data: tuple, expected: Callable[..., float]
) -> None:
    pred, target, sk_target, sk_pred = data
    exact = float(expected(sk_target, sk_pred))
    made = as_metric(metric)
    for batch_size in (1, 7, N):
        assert epoch_value(made, pred, target, batch_size) == pytest.approx(exact, rel=1e-6, abs=1e-12)


def test_an_average_over_batches_would_be_another_number() -> None:
    batches = [m.rmse(NUMBERS[i : i + 7], NUMBER_TARGET[i : i + 7]).item() for i in range(0, N, 7)]
    assert abs(np.mean(batches) - epoch_value(as_metric("rmse"), NUMBERS, NUMBER_TARGET, 7)) > 1e-3


@pytest.mark.parametrize("func", [m.msle, m.exp_rmspe])
def test_metrics_of_logarithms_equal_their_formulas(func: Callable) -> None:
    pred, target = NUMBERS.abs()[:, 0].double(), NUMBER_TARGET.abs().double()
    by_hand = {
        "msle": ((1 + pred).log() - (1 + target).log()).square().mean(),
        "exp_rmspe": (((target.exp() - pred.exp()) / target.exp()) ** 2).mean().sqrt(),
    }[func.__name__]
    assert epoch_value(as_metric(func), pred, target, 7) == pytest.approx(by_hand.item(), rel=1e-9)


def test_counts_beyond_what_float32_can_hold_stay_exact() -> None:
    metric = m.StreamedMetric(
        "share", lambda pred, target: (torch.tensor(2**24), 2**24 + 1), lambda share: share
    )
    for _ in range(3):
        metric.update(LOGITS, TARGET)
    assert metric.value() == 2**24 / (2**24 + 1)


def test_reset_forgets_and_no_batches_give_nan() -> None:
    for name in ("accuracy", "F1Score"):
        metric = as_metric(name)
        assert np.isnan(metric.value())
        first = epoch_value(metric, LOGITS, TARGET, 7)
        assert epoch_value(metric, LOGITS, TARGET, 5) == pytest.approx(first)


# Used directly as functions -------------------------------------------------------------------------------------


def test_functions_return_a_scalar_tensor() -> None:
    value = m.accuracy(LOGITS, TARGET)
    assert value.shape == () and value.dtype is torch.float32
    assert value.item() + m.error_rate(LOGITS, TARGET).item() == pytest.approx(1)
    assert m.top_k_accuracy(LOGITS, TARGET, k=K).item() == 1.0


def test_probabilities_of_several_labels_are_taken_as_they_are_without_sigmoid() -> None:
    probabilities = torch.tensor([[0.95, 0.85], [0.2, 0.99]])
    target = torch.tensor([[1, 1], [0, 1]])
    assert m.accuracy_multi(probabilities, target, thresh=0.9, sigmoid=False).item() == 0.75


def test_metrics_over_pixels_take_the_class_axis() -> None:
    pred, target = torch.randn(2, 3, 4, 4), torch.randint(0, 3, (2, 4, 4))
    expected = (pred.argmax(1) == target).float().mean()
    torch.testing.assert_close(m.accuracy(pred, target, axis=1), expected)
    assert m.top_k_accuracy(pred, target, k=1, axis=1).item() == pytest.approx(expected.item())
    assert as_metric(functools.partial(m.accuracy, axis=1)).name == "accuracy"


def test_a_metric_object_can_be_called_and_keeps_what_it_gathered() -> None:
    metric = m.F1Score()
    metric.update(LOGITS[:7], TARGET[:7])
    before = metric.value()
    assert metric(LOGITS, TARGET) == pytest.approx(skm.f1_score(TARGET, LOGITS.argmax(1), average="macro"))
    assert metric.value() == before


# What may be passed as a metric ---------------------------------------------------------------------------------


def worst_miss(pred: Tensor, target: Tensor) -> Tensor:
    return (pred - target).abs().max()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (m.error_rate, "error_rate"),
        ("error_rate", "error_rate"),
        (functools.partial(m.accuracy_multi, thresh=0.2), "accuracy_multi"),
        (m.F1Score, "f1_score"),
        (m.F1Score(average="micro"), "f1_score"),
        ("F1Score", "f1_score"),
        (worst_miss, "worst_miss"),
        (lambda pred, target: 0.0, "lambda"),
    ],
)
def test_a_metric_may_be_function_class_object_partial_lambda_or_name(given: object, name: str) -> None:
    metric = as_metric(given)
    assert isinstance(metric, Metric) and metric.name == name


@pytest.mark.parametrize("name", m.metric_names())
def test_every_name_leads_to_a_metric(name: str) -> None:
    if name.startswith("FBeta"):  # has an argument without a default
        return
    assert isinstance(as_metric(name), Metric)


def test_known_functions_keep_sums_and_not_predictions() -> None:
    for given in (m.accuracy, functools.partial(m.accuracy_multi, thresh=0.2), "rmse"):
        assert isinstance(as_metric(given), m.StreamedMetric)


def test_a_threshold_in_a_partial_reaches_the_metric() -> None:
    metric = as_metric(functools.partial(m.accuracy_multi, thresh=0.2))
    expected = ((LOGITS.sigmoid() > 0.2) == LABELS.bool()).float().mean().item()
    assert epoch_value(metric, LOGITS, LABELS, 7) == pytest.approx(expected)


def test_a_function_of_the_users_sees_the_whole_epoch_at_once() -> None:
    metric = as_metric(worst_miss)
    whole = worst_miss(NUMBERS[:, 0], NUMBER_TARGET).item()
    assert epoch_value(metric, NUMBERS[:, 0], NUMBER_TARGET, 7) == pytest.approx(whole)
    with torch.enable_grad():
        pred = NUMBERS[:, 0].clone().requires_grad_()
        metric.update(pred, NUMBER_TARGET)  # training metrics come with a graph attached


def test_a_metric_of_the_users_own_class_is_used_as_it_is() -> None:
    class Largest:
        name = "largest"

        def reset(self) -> None:
            self.seen = -1.0

        def update(self, pred: Tensor, target: Tensor) -> None:
            self.seen = max(self.seen, pred.max().item())

        def value(self) -> float:
            return self.seen

    own = Largest()
    assert as_metric(own) is own
    assert as_metric(Largest).name == "largest"
    assert epoch_value(own, LOGITS, TARGET, 7) == LOGITS.max().item()


def test_metrics_come_alone_in_a_list_or_not_at_all() -> None:
    assert as_metrics(None) == []
    assert [metric.name for metric in as_metrics("accuracy")] == ["accuracy"]
    assert [metric.name for metric in as_metrics(m.accuracy)] == ["accuracy"]
    assert [metric.name for metric in as_metrics(m.F1Score())] == ["f1_score"]
    several = as_metrics(
        [m.accuracy_multi, functools.partial(m.accuracy_multi, thresh=0.2), m.PrecisionMulti]
    )
    assert [metric.name for metric in several] == ["accuracy_multi", "accuracy_multi_2", "precision_score"]


def test_a_score_nobody_predicted_counts_as_zero_without_a_warning() -> None:
    pred = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert m.Precision()(pred, torch.tensor([0, 1])) == 0.0


def test_metrics_print_their_name() -> None:
    assert repr(as_metric("accuracy")) == "StreamedMetric('accuracy')"
    assert repr(m.F1Score()) == "F1Score('f1_score')"


# Messages -------------------------------------------------------------------------------------------------------


def test_message_for_an_unknown_name() -> None:
    with pytest.raises(ArgumentError) as err:
        as_metric("error_rat")
    names = ", ".join(m.metric_names())
    assert (
        str(err.value) == f"unknown metric. Got: 'error_rat'. Expected: {names}. Did you mean 'error_rate'?"
    )


def test_message_for_a_name_like_no_other() -> None:
    with pytest.raises(ArgumentError) as err:
        as_metric("zzz")
    names = ", ".join(m.metric_names())
    assert str(err.value) == (
        f"unknown metric. Got: 'zzz'. Expected: {names}. "
        "You can also pass a function of (predictions, targets)."
    )


@pytest.mark.parametrize("given", [3, [m.accuracy]])
def test_message_for_something_that_is_not_a_metric(given: object) -> None:
    with pytest.raises(ArgumentError) as err:
        as_metric(given)
    assert str(err.value) == (
        f"metrics got something that is not a metric. Got: {given!r}. Expected: a function of (predictions, targets), a metric class "
        'or object, or a name. For example metrics=error_rate or metrics=["error_rate", F1Score()].'
    )


def test_message_for_a_class_that_needs_an_argument() -> None:
    with pytest.raises(ArgumentError) as err:
        as_metric(m.FBeta)
    assert str(err.value) == (
        "the metric class FBeta needs arguments (missing a required argument: 'beta'). "
        "Pass an object: FBeta(...)."
    )


def test_message_for_a_misspelt_argument_of_a_partial() -> None:
    with pytest.raises(ArgumentError) as err:
        as_metric(functools.partial(m.accuracy_multi, tresh=0.2))
    assert str(err.value) == (
        "the metric accuracy_multi cannot be called with these arguments "
        "(got an unexpected keyword argument 'tresh'). Got: {'tresh': 0.2}. Expected: thresh, sigmoid."
    )


@pytest.mark.parametrize("name", ["accuracy", "error_rate"])
def test_message_for_several_labels_given_to_a_metric_of_one(name: str) -> None:
    with pytest.raises(ArgumentError) as err:
        as_metric(name).update(LOGITS, LABELS)
    assert str(err.value) == (
        f"{name} got 53 predictions and 212 targets. Got: 'predictions [53, 4], targets [53, 4]'. "
        "Expected: the same number of predictions and targets. For several labels per item use accuracy_multi."
    )


@pytest.mark.parametrize("name", ["accuracy_multi", "mse", "rmse", "mae", "msle", "exp_rmspe"])
def test_message_for_numbers_that_would_broadcast(name: str) -> None:
    with pytest.raises(ArgumentError) as err:
        as_metric(name).update(LOGITS, TARGET)
    assert str(err.value) == (
        f"{name} got 212 predictions and 53 targets. Got: 'predictions [53, 4], targets [53]'. "
        "Expected: the same number of predictions and targets."
    )


@pytest.mark.parametrize(
    ("metric", "predicted"), [(m.F1Score, 53), (m.RocAuc, 53), (m.R2Score, 212), (m.F1ScoreMulti, 212)]
)
def test_message_for_targets_of_another_number(metric: type, predicted: int) -> None:
    with pytest.raises(ArgumentError) as err:
        metric().update(LOGITS, TARGET[:9])
    shape = "[53]" if predicted == 53 else "[53, 4]"
    assert str(err.value) == (
        f"{metric.__name__} got {predicted} predictions and 9 targets. Got: 'predictions {shape}, targets [9]'. "
        "Expected: the same number of predictions and targets. For several labels per item, use the metrics whose names end in Multi."
    )


def test_message_for_more_guesses_than_classes() -> None:
    with pytest.raises(ArgumentError) as err:
        m.top_k_accuracy(LOGITS, TARGET)
    assert str(err.value) == (
        "k of top_k_accuracy must be between 1 and the number of classes. Got: 5. Expected: 1 to 4. "
        "Pass partial(top_k_accuracy, k=...)."
    )


def test_message_for_top_k_targets_of_another_number() -> None:
    with pytest.raises(ArgumentError) as err:
        m.top_k_accuracy(LOGITS, LABELS, k=2)
    assert str(err.value) == (
        "top_k_accuracy got 53 predictions and 212 targets. Got: 'predictions [53, 4], targets [53, 4]'. "
        "Expected: the same number of predictions and targets. For several labels per item use accuracy_multi."
    )


def test_message_for_a_function_that_returns_no_number() -> None:
    def per_item(pred: Tensor, target: Tensor) -> Tensor:
        return (pred.argmax(1) == target)[:2]

    with pytest.raises(ArgumentError) as err:
        epoch_value(as_metric(per_item), LOGITS, TARGET, 7)
    shown = repr(per_item(LOGITS, TARGET))
    assert str(err.value) == (
        f"the metric per_item did not return one number. Got: {shown}. "
        "Expected: a float or a tensor of one element."
    )


def test_message_for_binary_average_of_many_classes() -> None:
    with pytest.raises(ArgumentError) as err:
        m.F1Score(average="binary").update(LOGITS, TARGET)
    assert str(err.value) == (
        'F1Score(average="binary") needs two classes, and there are 4. Pass average="macro", or omit it.'
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: m.F1Score(average="macros"),
            "average must be one of auto, binary, micro, macro, weighted. Got: 'macros'. "
            "Did you mean 'macro'?",
        ),
        (
            lambda: m.RecallMulti(average="binary"),
            "average must be one of micro, macro, weighted, samples. Got: 'binary'.",
        ),
        (
            lambda: m.RocAucMulti(average="binary"),
            "average must be one of micro, macro, weighted, samples. Got: 'binary'.",
        ),
        (
            lambda: m.APScoreMulti(average="binary"),
            "average must be one of micro, macro, weighted, samples. Got: 'binary'.",
        ),
        (
            lambda: m.RocAuc(average="micro"),
            "average must be one of macro, weighted. Got: 'micro'. Did you mean 'macro'?",
        ),
        (
            lambda: m.RocAuc(multi_class="raise"),
            "multi_class must be one of ovr, ovo. Got: 'raise'.",
        ),
        (lambda: m.FBeta(beta=-1), "beta must be at least 0. Got: -1."),
        (
            lambda: m.FBetaMulti(beta=-1),
            "beta must be at least 0. Got: -1.",
        ),
        (
            lambda: m.F1ScoreMulti(thresh=50),
            "thresh must be a number in [0, 1]. Got: 50.",
        ),
    ],
)
def test_messages_for_options_out_of_their_choices(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ArgumentError) as err:
        make()
    assert str(err.value) == message
