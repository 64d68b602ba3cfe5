from __future__ import annotations

import pytest
import torch
from public_pieces import subclasses_of
from torch import nn
from torch.nn import functional as F

from gatera.core.errors import ArgumentError
from gatera.measure.losses.standard import CrossEntropyLossFlat, FlatLoss, Loss, MSELossFlat
from gatera.testing import ContractError, check_loss, example_predictions
from gatera.testing.contract import described

LOSSES = subclasses_of(Loss, FlatLoss)

#: Of losses that are not for one class per item.
TASKS = {
    "BCELossFlat": "multilabel",
    "BCEWithLogitsLossFlat": "multilabel",
    "MSELossFlat": "regression",
    "L1LossFlat": "regression",
}


def examples_for(name: str):
    pred, target = example_predictions(TASKS.get(name, "classification"))
    return (pred.sigmoid(), target) if name == "BCELossFlat" else (pred, target)


@pytest.mark.parametrize("name", LOSSES)
def test_built_in_losses_keep_the_contract(name):
    check_loss(LOSSES[name], examples=examples_for(name))


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in TASKS])
def test_losses_with_class_weights_keep_the_contract(name):
    check_loss(LOSSES[name](weight=[1, 2, 3, 1, 2, 3]), weighted=True)


@pytest.mark.parametrize("name", ["MSELossFlat", "L1LossFlat"])
def test_losses_of_several_numbers_keep_the_contract(name):
    check_loss(LOSSES[name], "regression", n_outputs=3)


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in TASKS])
def test_losses_of_masks_keep_the_contract(name):
    pred = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    check_loss(LOSSES[name](axis=1), examples=(pred, torch.arange(100).view(4, 5, 5) % 3))


@pytest.mark.parametrize(
    ("loss", "task"),
    [
        (F.cross_entropy, "classification"),
        (nn.CrossEntropyLoss, "classification"),
        (nn.CrossEntropyLoss(label_smoothing=0.1), "classification"),
        (F.binary_cross_entropy_with_logits, "multilabel"),
        (nn.SmoothL1Loss(), "regression"),
        (lambda pred, target: (pred - target).abs().mean(), "regression"),
    ],
)
def test_what_else_a_learner_takes_keeps_the_contract(loss, task):
    check_loss(loss, task)


# -- broken ones -----------------------------------------------------------------------------------------------------


class Mine(Loss):
    """A right one, for the others to break."""

    activation_name = "softmax"

    def per_item(self, pred, target):
        return F.cross_entropy(pred, target, reduction="none")

    def forward(self, pred, target):
        return self.per_item(pred, target).mean()


def test_a_loss_that_implements_the_two_methods_keeps_the_contract():
    check_loss(Mine)


class OnlyForMasks(Mine):
    def forward(self, pred, target):
        raise ValueError("no masks")


class NotReduced(Mine):
    def forward(self, pred, target):
        return self.per_item(pred, target)


class Infinite(Mine):
    def forward(self, pred, target):
        return super().forward(pred, target) / 0


class Noisy(Mine):
    count = 0

    def forward(self, pred, target):
        self.count += 1
        return super().forward(pred, target) + self.count


class Detached(Mine):
    def forward(self, pred, target):
        return super().forward(pred.detach(), target)


class Rounded(Mine):
    def forward(self, pred, target):
        return super().forward(pred, target) + 0 * pred.sum() - super().forward(pred.detach(), target)

    def per_item(self, pred, target):
        return super().per_item(pred.round(), target)


class BrokenGradient(Mine):
    def forward(self, pred, target):
        return super().forward(pred, target) + (pred - pred).abs().sqrt().sum()


class Uphill(Mine):
    def per_item(self, pred, target):
        return -super().per_item(pred, target)


class WrongBackward(Mine):
    def forward(self, pred, target):
        loss = super().forward(pred, target)
        return 2 * loss.detach() - loss


class ChangesLabels(Mine):
    def forward(self, pred, target):
        loss = super().forward(pred, target)
        target.zero_()
        return loss


class OneForAll(Mine):
    def per_item(self, pred, target):
        return super().per_item(pred, target).mean()


class NaNPerItem(Mine):
    def forward(self, pred, target):
        return super().per_item(pred, target).mean()

    def per_item(self, pred, target):
        return super().per_item(pred, target) * float("nan")


class NoPerItem(Loss):
    activation_name = "softmax"

    def forward(self, pred, target):
        return F.cross_entropy(pred, target)


class CentredOnTheBatch(Mine):
    def forward(self, pred, target):
        return super().per_item(pred, target).mean()

    def per_item(self, pred, target):
        losses = super().per_item(pred, target)
        return losses - losses.mean()


class SumInstead(Mine):
    def forward(self, pred, target):
        return super().forward(pred, target) * len(pred)


class Misnamed(Mine):
    activation_name = "Softmax"


class KeepsLogits(Mine):
    def activation(self, pred):
        return pred


class DropsTheShape(Mine):
    def activation(self, pred):
        return pred.softmax(-1).amax(-1)


class DecodesScores(Mine):
    def decodes(self, pred):
        return pred.amax(-1)


class DecodesNoMask(Mine):
    activation_name = "sigmoid"
    threshold = 0.5

    def per_item(self, pred, target):
        return F.binary_cross_entropy_with_logits(pred, F.one_hot(target, 6).float(), reduction="none").mean(
            1
        )

    def decodes(self, pred):
        return pred


BROKEN = {
    OnlyForMasks: (
        "OnlyForMasks breaks a rule of losses: it accepts predictions and labels. Seen: predictions "
        "float32 [48, 6] with labels int64 [48] raised ValueError: no masks. Take predictions first and "
        "labels second; for other shapes pass task=, n_outputs= or examples=."
    ),
    NotReduced: (
        "NotReduced breaks a rule of losses: the loss is one finite number, a 0-d float tensor. Seen: float32"
        ' [48]. Average over the items: .mean(), or reduction="mean".'
    ),
    Infinite: (
        "Infinite breaks a rule of losses: the loss is one finite number, a 0-d float tensor. Seen: inf. "
        'Average over the items: .mean(), or reduction="mean".'
    ),
    Noisy: (
        "Noisy breaks a rule of losses: the same predictions give the same loss. Seen: first 2.04465, then "
        "3.04465. Draw no random numbers and keep no state in forward()."
    ),
    Detached: (
        "Detached breaks a rule of losses: gradients reach the predictions, all finite and not all zero. "
        "Seen: backward() raised {torch_says}. Use torch's operators on the predictions: no .item(), "
        ".numpy(), .detach(), argmax or comparison on the way."
    ),
    Rounded: (
        "Rounded breaks a rule of losses: gradients reach the predictions, all finite and not all zero. Seen:"
        " a gradient of zeros. Use torch's operators on the predictions: no .item(), .numpy(), .detach(), "
        "argmax or comparison on the way."
    ),
    BrokenGradient: (
        "BrokenGradient breaks a rule of losses: gradients reach the predictions, all finite and not all "
        "zero. Seen: a gradient that is not finite. Use torch's operators on the predictions: no .item(), "
        ".numpy(), .detach(), argmax or comparison on the way."
    ),
    Uphill: (
        "Uphill breaks a rule of losses: predictions nearer to the labels have a lower loss. Seen: -1.04465, "
        "and -0.57102 nearer to the labels. Check the sign: training makes it smaller."
    ),
    WrongBackward: (
        "WrongBackward breaks a rule of losses: a small step against the gradient lowers the loss. Seen: "
        "1.04465 before the step, 1.04994 after it. Check the backward() that you wrote; torch's own "
        "operators have the right one."
    ),
    ChangesLabels: (
        "ChangesLabels breaks a rule of losses: the loss does not change its arguments. Seen: labels "
        "changed. Work on copies: pred = pred.clone(), or operators that do not end in _."
    ),
    OneForAll: (
        "OneForAll breaks a rule of losses: per_item returns one finite float per item, [N]. Seen: float32 [] "
        "for 48 items. Average over everything but the first axis: .flatten(1).mean(1)."
    ),
    NaNPerItem: (
        "NaNPerItem breaks a rule of losses: per_item returns one finite float per item, [N]. Seen: a loss that"
        " is not finite. Average over everything but the first axis: .flatten(1).mean(1)."
    ),
    NoPerItem: (
        "NoPerItem breaks a rule of losses: per_item returns one finite float per item, [N]. Seen: per_item() "
        "raised NotImplementedError. Average over everything but the first axis: .flatten(1).mean(1)."
    ),
    CentredOnTheBatch: (
        "CentredOnTheBatch breaks a rule of losses: the loss of an item does not depend on the other items in the "
        "batch. Seen: -0.260261 among 48 items, 0 among 1. Do not compute per_item along the first axis."
    ),
    SumInstead: (
        "SumInstead breaks a rule of losses: the loss is the mean of per_item. Seen: loss 50.1433, mean of "
        "per_item 1.04465. Let forward() return per_item(...).mean(). Check a loss that weights items with weighted=True."
    ),
    Misnamed: (
        "Misnamed breaks a rule of losses: activation returns float32 in the shape of the predictions, as "
        "activation_name states. Seen: activation_name = 'Softmax'. Set activation_name to "
        '"softmax", "sigmoid"'
        ' or "none", and leave activation() to the base class.'
    ),
    KeepsLogits: (
        "KeepsLogits breaks a rule of losses: activation returns float32 in the shape of the predictions, as "
        "activation_name states. Seen: values that differ from those of activation_name='softmax'. Set "
        "activation_name "
        'to "softmax", "sigmoid" or "none", and leave activation() to the base class.'
    ),
    DropsTheShape: (
        "DropsTheShape breaks a rule of losses: activation returns float32 in the shape of the predictions, as "
        "activation_name states. Seen: float32 [48] for predictions float32 [48, 6]. Set activation_name to "
        '"softmax", "sigmoid" or "none", and leave activation() to the base class.'
    ),
    DecodesScores: (
        "DecodesScores breaks a rule of losses: decodes converts activations to class indices (softmax), a mask "
        "(threshold) or the values themselves. Seen: float32 [48] instead of int64 [48], or other values. Leave "
        "decodes() to the base class, and set threshold for several labels per item."
    ),
    DecodesNoMask: (
        "DecodesNoMask breaks a rule of losses: decodes converts activations to class indices (softmax), a mask "
        "(threshold) or the values themselves. Seen: float32 [48, 6] instead of bool [48, 6], or other values. Leave "
        "decodes() to the base class, and set threshold for several labels per item."
    ),
}


def run_broken(loss: type) -> None:
    check_loss(loss)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda loss: loss.__name__)
def test_broken_losses_are_told_which_rule_they_break(broken):
    with pytest.raises(ContractError) as err:
        run_broken(broken)
    assert str(err.value) == BROKEN[broken].format(torch_says=described(err.value.__cause__))


def test_a_loss_that_weighs_items_must_say_so():
    with pytest.raises(ContractError) as err:
        check_loss(CrossEntropyLossFlat(weight=[1, 2, 3, 4, 5, 6]))
    assert str(err.value) == (
        "CrossEntropyLossFlat breaks a rule of losses: the loss is the mean of per_item. Seen: loss 0.981121, mean "
        "of per_item 3.43392. Let forward() return per_item(...).mean(). Check a loss that weights items with "
        "weighted=True."
    )


def test_predictions_of_another_kind_are_told_apart_from_a_broken_loss():
    with pytest.raises(ContractError) as err:
        check_loss(MSELossFlat)
    assert str(err.value) == (
        "MSELossFlat breaks a rule of losses: it accepts predictions and labels. Seen: predictions float32 [48, 6] "
        "with labels int64 [48] raised ArgumentError: MSELossFlat got 288 predictions and 48 targets: 'predictions [48, 6], "
        "targets [48]'. Take predictions first and labels second; for other shapes pass task=, n_outputs= or examples=."
    )


def test_what_is_no_loss_is_refused_as_a_learner_refuses_it():
    with pytest.raises(ArgumentError) as err:
        check_loss(3)
    assert str(err.value) == (
        "loss_func must be a loss. Got: 3. Expected: a Loss, a torch loss, or a function of (predictions, targets). "
        "For example CrossEntropyLossFlat() or F.cross_entropy."
    )
