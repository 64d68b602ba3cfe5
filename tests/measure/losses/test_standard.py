from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gatera.core.errors import ArgumentError, DataError
from gatera.measure.losses.standard import (
    BCELossFlat,
    BCEWithLogitsLossFlat,
    CrossEntropyLossFlat,
    FocalLoss,
    FocalLossFlat,
    L1LossFlat,
    LabelSmoothingCrossEntropy,
    LabelSmoothingCrossEntropyFlat,
    MSELossFlat,
    as_loss,
    balanced_weights,
    default_loss,
)

torch.manual_seed(0)
LOGITS = torch.randn(6, 3)
TARGET = torch.tensor([0, 2, 1, 1, 0, 2])
SOFT = torch.rand(6, 3).softmax(dim=1)
WEIGHT = [0.5, 2.0, 1.0]
LABELS = torch.tensor([[1, 0, 1], [0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0]])


# Parity with torch ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("target", [TARGET, SOFT], ids=["indices", "probabilities"])
def test_cross_entropy_equals_torchs(
    target: torch.Tensor, weight: list[float] | None, smoothing: float, reduction: str
) -> None:
    ours = CrossEntropyLossFlat(weight=weight, label_smoothing=smoothing, reduction=reduction)(LOGITS, target)
    tensor = None if weight is None else torch.tensor(weight)
    theirs = F.cross_entropy(LOGITS, target, weight=tensor, label_smoothing=smoothing, reduction=reduction)
    assert torch.equal(ours, theirs)


def test_label_smoothing_is_the_written_out_formula_and_torchs() -> None:
    eps, log_p = 0.2, LOGITS.log_softmax(dim=1)
    by_hand = (1 - eps) * F.nll_loss(log_p, TARGET) - eps * log_p.mean(dim=1).mean()
    ours = LabelSmoothingCrossEntropy(eps=eps)(LOGITS, TARGET)
    torch.testing.assert_close(ours, by_hand)
    assert torch.equal(ours, nn.CrossEntropyLoss(label_smoothing=eps)(LOGITS, TARGET))
    assert LabelSmoothingCrossEntropyFlat is LabelSmoothingCrossEntropy
    assert LabelSmoothingCrossEntropy().label_smoothing == 0.1


def test_cross_entropy_over_pixels_flattens_the_class_axis() -> None:
    pred, target = torch.randn(2, 3, 4, 5), torch.randint(0, 3, (2, 4, 5))
    loss = CrossEntropyLossFlat(axis=1)
    torch.testing.assert_close(loss(pred, target), F.cross_entropy(pred, target))
    each = F.cross_entropy(pred, target, reduction="none").mean(dim=(1, 2))
    torch.testing.assert_close(loss.per_item(pred, target), each)
    assert loss.activation(pred).sum(dim=1).allclose(torch.ones(2, 4, 5))
    assert loss.decodes(pred).shape == (2, 4, 5)


@pytest.mark.parametrize("dtype", [torch.int8, torch.int32, torch.uint8])
def test_small_integer_targets_are_accepted(dtype: torch.dtype) -> None:
    assert torch.equal(CrossEntropyLossFlat()(LOGITS, TARGET.to(dtype)), F.cross_entropy(LOGITS, TARGET))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("target", [TARGET, SOFT], ids=["indices", "probabilities"])
def test_focal_loss_with_gamma_zero_is_cross_entropy(
    target: torch.Tensor, weight: list[float] | None, reduction: str
) -> None:
    focal = FocalLoss(gamma=0, weight=weight, reduction=reduction)(LOGITS, target)
    torch.testing.assert_close(
        focal, CrossEntropyLossFlat(weight=weight, reduction=reduction)(LOGITS, target)
    )


def test_focal_loss_is_the_papers_formula() -> None:
    p = LOGITS.softmax(dim=1)[torch.arange(6), TARGET]
    torch.testing.assert_close(FocalLoss()(LOGITS, TARGET), (-((1 - p) ** 2) * p.log()).mean())
    assert FocalLossFlat is FocalLoss


def test_focal_loss_of_a_certain_prediction_has_a_finite_gradient() -> None:
    logits = torch.tensor([[100.0, -100.0]], requires_grad=True)
    FocalLoss(gamma=0.5)(logits, torch.tensor([0])).backward()
    assert logits.grad is not None and logits.grad.isfinite().all()


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_binary_cross_entropy_equals_torchs(reduction: str) -> None:
    theirs = F.binary_cross_entropy_with_logits(LOGITS, LABELS.float(), reduction=reduction)
    torch.testing.assert_close(BCEWithLogitsLossFlat(reduction=reduction)(LOGITS, LABELS), theirs)
    torch.testing.assert_close(BCELossFlat(reduction=reduction)(LOGITS.sigmoid(), LABELS), theirs)


def test_binary_cross_entropy_weighs_positives_per_label() -> None:
    theirs = F.binary_cross_entropy_with_logits(LOGITS, LABELS.float(), pos_weight=torch.tensor(WEIGHT))
    torch.testing.assert_close(BCEWithLogitsLossFlat(pos_weight=WEIGHT)(LOGITS, LABELS), theirs)


def test_regression_losses_flatten_a_trailing_axis_of_one() -> None:
    pred, target = torch.randn(5, 1), torch.randn(5)
    torch.testing.assert_close(MSELossFlat()(pred, target), F.mse_loss(pred[:, 0], target))
    torch.testing.assert_close(L1LossFlat()(pred, target), F.l1_loss(pred[:, 0], target))
    torch.testing.assert_close(as_loss(F.mse_loss)(pred, target), F.mse_loss(pred[:, 0], target))


def test_losses_of_several_numbers_per_item_are_averaged_within_the_item() -> None:
    pred, target = torch.randn(4, 2), torch.randn(4, 2)
    assert MSELossFlat(reduction="none")(pred, target).shape == (8,)
    torch.testing.assert_close(MSELossFlat().per_item(pred, target), (pred - target).square().mean(dim=1))


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (CrossEntropyLossFlat(), TARGET),
        (FocalLoss(), TARGET),
        (BCEWithLogitsLossFlat(), LABELS),
        (MSELossFlat(), LABELS),
        (L1LossFlat(), LABELS),
        (as_loss(F.cross_entropy), TARGET),
        (as_loss(nn.CrossEntropyLoss()), TARGET),
        (as_loss(nn.MSELoss), LABELS.float()),
        (as_loss(lambda pred, target: F.cross_entropy(pred, target)), TARGET),
    ],
)
def test_losses_of_items_average_to_the_loss_of_the_batch(loss: nn.Module, target: torch.Tensor) -> None:
    each = loss.per_item(LOGITS, target)
    assert each.shape == (6,)
    torch.testing.assert_close(each.mean(), loss(LOGITS, target))


def test_half_precision_predictions_are_computed_in_float32() -> None:
    half = LOGITS.bfloat16()
    for loss in (CrossEntropyLossFlat(), FocalLoss(), as_loss(F.cross_entropy)):
        assert torch.equal(loss(half, TARGET), loss(half.float(), TARGET))
    assert CrossEntropyLossFlat().activation(half).dtype is torch.float32
    assert BCEWithLogitsLossFlat().activation(half).dtype is torch.float32
    assert MSELossFlat().activation(half).dtype is torch.float32


# Activations and decoding ---------------------------------------------------------------------------------------


def test_activation_and_decoding_belong_to_the_loss() -> None:
    softmax, sigmoid, none = CrossEntropyLossFlat(), BCEWithLogitsLossFlat(thresh=0.7), MSELossFlat()
    assert [loss.activation_name for loss in (softmax, sigmoid, none)] == ["softmax", "sigmoid", "none"]
    assert [loss.threshold for loss in (softmax, sigmoid, none)] == [None, 0.7, None]
    assert torch.equal(softmax.activation(LOGITS), LOGITS.softmax(dim=1))
    assert torch.equal(softmax.decodes(softmax.activation(LOGITS)), LOGITS.argmax(dim=1))
    assert torch.equal(sigmoid.decodes(torch.tensor([[0.6, 0.8]])), torch.tensor([[False, True]]))
    assert torch.equal(none.decodes(none.activation(LOGITS)), LOGITS)


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        ("classification", CrossEntropyLossFlat),
        ("multilabel", BCEWithLogitsLossFlat),
        ("regression", MSELossFlat),
    ],
)
def test_each_task_has_its_default_loss(task: str, kind: type) -> None:
    assert type(default_loss(task)) is kind


# Class weights --------------------------------------------------------------------------------------------------


def test_balanced_weights_equal_scikit_learns() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    labels = np.repeat([0, 1, 2], [5, 2, 13])
    theirs = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    np.testing.assert_allclose(balanced_weights(np.bincount(labels)).numpy(), theirs, rtol=1e-6)


@pytest.mark.parametrize("kind", [CrossEntropyLossFlat, LabelSmoothingCrossEntropy, FocalLoss])
def test_balanced_becomes_numbers_in_a_copy(kind: type) -> None:
    loss = kind(weight="balanced")
    resolved = loss.with_class_weights([1, 2, 3])
    assert loss.weight == "balanced" and torch.equal(resolved.weight, balanced_weights([1, 2, 3]))
    torch.testing.assert_close(
        resolved(LOGITS, TARGET), kind(weight=balanced_weights([1, 2, 3]))(LOGITS, TARGET)
    )


def test_losses_without_class_weights_come_back_as_they_are() -> None:
    for loss in (CrossEntropyLossFlat(), MSELossFlat(), as_loss(F.cross_entropy)):
        assert loss.with_class_weights([1, 2, 3]) is loss


# Losses from elsewhere ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("func", "activation", "threshold"),
    [
        (F.cross_entropy, "softmax", None),
        (functools.partial(F.cross_entropy, label_smoothing=0.1), "softmax", None),
        (nn.CrossEntropyLoss(), "softmax", None),
        (nn.CrossEntropyLoss, "softmax", None),
        (F.nll_loss, "softmax", None),
        (nn.BCEWithLogitsLoss(), "sigmoid", 0.5),
        (F.binary_cross_entropy, "none", 0.5),
        (nn.MSELoss(), "none", None),
        (lambda pred, target: pred.mean(), "none", None),
        (CrossEntropyLossFlat, "softmax", None),
    ],
)
def test_the_activation_of_a_known_loss_is_found(
    func: object, activation: str, threshold: float | None
) -> None:
    loss = as_loss(func)
    assert (loss.activation_name, loss.threshold) == (activation, threshold)


def test_a_torch_loss_keeps_its_own_settings() -> None:
    func = nn.CrossEntropyLoss(weight=torch.tensor(WEIGHT), label_smoothing=0.1)
    assert torch.equal(as_loss(func)(LOGITS, TARGET), func(LOGITS, TARGET))
    assert as_loss(func).per_item(LOGITS, TARGET).shape == (6,)
    assert func.reduction == "mean"


def test_softmax_of_log_probabilities_gives_the_probabilities() -> None:
    log_p = LOGITS.log_softmax(dim=1)
    torch.testing.assert_close(as_loss(nn.NLLLoss()).activation(log_p), LOGITS.softmax(dim=1))


def test_a_loss_is_passed_through_unchanged() -> None:
    loss = FocalLoss()
    assert as_loss(loss) is loss


def test_a_loss_of_several_outputs_gets_them_untouched() -> None:
    loss = as_loss(lambda pred, target: (pred[0] + pred[1] - target).abs().mean())
    assert loss((torch.ones(2), torch.ones(2)), torch.zeros(2)).item() == 2.0


def test_a_function_of_unknown_kind_is_named_in_the_print() -> None:
    def my_loss(pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (pred - target).abs().mean()

    assert repr(as_loss(my_loss)) == "PlainLoss(my_loss)"


# Messages -------------------------------------------------------------------------------------------------------


def test_message_for_an_unknown_reduction() -> None:
    with pytest.raises(ArgumentError) as err:
        CrossEntropyLossFlat(reduction="men")
    assert str(err.value) == ("reduction must be one of mean, sum, none. Got: 'men'. Did you mean 'mean'?")


def test_message_for_an_unknown_task() -> None:
    with pytest.raises(ArgumentError) as err:
        default_loss("clasification")
    assert str(err.value) == (
        "task must be one of classification, multilabel, regression, segmentation, points. Got: 'clasification'. "
        "Did you mean 'classification'?"
    )


def test_message_for_label_smoothing_out_of_range() -> None:
    with pytest.raises(ArgumentError) as err:
        LabelSmoothingCrossEntropy(eps=1.5)
    assert str(err.value) == ("label_smoothing must be a number in [0, 1]. Got: 1.5.")


def test_message_for_a_negative_gamma() -> None:
    with pytest.raises(ArgumentError) as err:
        FocalLoss(gamma=-1)
    assert str(err.value) == "gamma must be at least 0. Got: -1."


@pytest.mark.parametrize("kind", [BCEWithLogitsLossFlat, BCELossFlat])
def test_message_for_a_threshold_out_of_range(kind: type) -> None:
    with pytest.raises(ArgumentError) as err:
        kind(thresh=50)
    assert str(err.value) == "thresh must be a number in [0, 1]. Got: 50."


def test_message_for_an_unknown_weight_word() -> None:
    with pytest.raises(ArgumentError) as err:
        CrossEntropyLossFlat(weight="balance")
    assert str(err.value) == (
        "weight is unknown. Got: 'balance'. Expected: None, \"balanced\", or one number per class."
    )


@pytest.mark.parametrize(
    ("weight", "shown"), [([1.0, -1.0], "[1.0, -1.0]"), ([1.0, float("nan")], "[1.0, nan]")]
)
def test_message_for_weights_that_cannot_weigh(weight: list[float], shown: str) -> None:
    with pytest.raises(ArgumentError) as err:
        CrossEntropyLossFlat(weight=weight)
    assert str(err.value) == (
        f"weight holds invalid numbers. Got: {shown}. Expected: one finite number >= 0 per class."
    )


def test_message_for_a_class_without_training_items() -> None:
    with pytest.raises(DataError) as err:
        CrossEntropyLossFlat(weight="balanced").with_class_weights([3, 0, 2], vocab=["cat", "dog", "fox"])
    assert str(err.value) == (
        'weight="balanced" is not possible: no training items of the class dog. Add items of that class to the '
        "training set, remove the class from the vocabulary, or pass the weights as numbers."
    )


def test_message_for_weights_of_another_number_of_classes() -> None:
    with pytest.raises(ArgumentError) as err:
        CrossEntropyLossFlat(weight=[1, 2]).with_class_weights([3, 1, 2])
    assert str(err.value) == (
        "weight must have one number per class. Got: [1.0, 2.0]. Expected: 3 numbers. "
        'Pass weight="balanced" to compute them.'
    )


def test_message_for_balanced_weights_that_nobody_worked_out() -> None:
    with pytest.raises(ArgumentError) as err:
        CrossEntropyLossFlat(weight="balanced")(LOGITS, TARGET)
    assert str(err.value) == (
        'weight="balanced" has not been computed yet. Call loss.with_class_weights(counts) with the number of '
        "training items of each class, or pass the loss to a learner, which calls it."
    )


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (TARGET[:4], "int64 targets [4]"),
        (TARGET.float(), "float32 targets [6]"),
        (LABELS, "int64 targets [6, 3]"),
    ],
)
def test_message_for_targets_that_are_not_classes(target: torch.Tensor, shown: str) -> None:
    with pytest.raises(ArgumentError) as err:
        CrossEntropyLossFlat()(LOGITS, target)
    assert str(err.value) == (
        f"CrossEntropyLossFlat cannot compare these predictions and targets. Got: 'predictions [6, 3], {shown}'. "
        "Expected: 6 class indices (int64), or probabilities in the predictions' shape. "
        "For several labels per item use BCEWithLogitsLossFlat, for numbers MSELossFlat."
    )


@pytest.mark.parametrize(
    ("loss", "name"),
    [(MSELossFlat(), "MSELossFlat"), (as_loss(F.mse_loss), "mse_loss"), (as_loss(nn.L1Loss), "L1Loss")],
)
def test_message_for_as_many_targets_as_would_broadcast(loss: nn.Module, name: str) -> None:
    with pytest.raises(ArgumentError) as err:
        loss(LOGITS, TARGET)
    assert str(err.value) == (
        f"{name} got 18 predictions and 6 targets. Got: 'predictions [6, 3], targets [6]'. "
        "Expected: the same number of predictions and targets. "
        "Set n_out to the number of values in one target."
    )


def test_message_for_something_that_is_not_a_loss() -> None:
    with pytest.raises(ArgumentError) as err:
        as_loss("cross_entropy")
    assert str(err.value) == (
        "loss_func must be a loss. Got: 'cross_entropy'. Expected: a Loss, a torch loss, or a function of "
        "(predictions, targets). For example CrossEntropyLossFlat() or F.cross_entropy."
    )


# -- positions that do not count


def test_ignored_positions_have_no_part_in_the_mean():
    draw = torch.Generator().manual_seed(0)
    pred, mask = torch.randn(2, 3, 4, 5, generator=draw), torch.randint(0, 3, (2, 4, 5), generator=draw)
    mask[0, :2] = 9
    loss = CrossEntropyLossFlat(axis=1, ignore_index=9)
    every = torch.nn.functional.cross_entropy(pred, mask.where(mask != 9, torch.tensor(0)), reduction="none")
    torch.testing.assert_close(loss(pred, mask), every[mask != 9].mean())
    torch.testing.assert_close(loss.per_item(pred, mask), torch.stack([every[0, 2:].mean(), every[1].mean()]))


def test_an_item_of_which_nothing_counts_has_no_loss():
    loss = CrossEntropyLossFlat(axis=1, ignore_index=2)
    assert loss.per_item(torch.randn(1, 3, 2, 2), torch.full((1, 2, 2), 2)).tolist() == [0]


@pytest.mark.parametrize(
    "loss",
    [
        CrossEntropyLossFlat(axis=1, ignore_index=2),
        FocalLoss(axis=1),
        FocalLoss(axis=1, weight=[1.0, 2.0, 0.5]),
    ],
    ids=repr,
)
def test_pixels_beyond_the_photo_never_count(loss):
    draw = torch.Generator().manual_seed(0)
    pred, mask = torch.randn(2, 3, 4, 5, generator=draw), torch.randint(0, 3, (2, 4, 5), generator=draw)
    padded, beyond = torch.nn.functional.pad(mask, (2, 2), value=-100), torch.nn.functional.pad(pred, (2, 2))
    torch.testing.assert_close(loss(beyond, padded), loss(pred, mask))
    torch.testing.assert_close(loss.per_item(beyond, padded), loss.per_item(pred, mask))


def test_masks_and_points_have_a_loss():
    pred, mask = torch.randn(2, 3, 4, 5), torch.randint(0, 3, (2, 4, 5))
    torch.testing.assert_close(
        default_loss("segmentation")(pred, mask), torch.nn.functional.cross_entropy(pred, mask)
    )
    assert isinstance(default_loss("points"), MSELossFlat)
