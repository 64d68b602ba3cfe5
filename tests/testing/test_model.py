from __future__ import annotations

import pytest
import timm  # noqa: F401 - imported here, as it takes seconds that belong to no test
import torch
from public_pieces import public
from torch import nn
from torch.nn import functional as F

from gatera.core.errors import ArgumentError
from gatera.models.backbones.architectures import ARCHITECTURES, Architecture
from gatera.testing import ContractError, check_architecture, check_model
from gatera.testing.contract import described

#: Photos of 32 pixels are enough for each but vit_small, which takes one size only.
SIZES = {"vit_small": None}


def test_every_architecture_of_ours_is_public():
    assert set(public(lambda piece: isinstance(piece, Architecture))) == set(ARCHITECTURES)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_our_architectures_keep_the_contract(name):
    check_architecture(name, SIZES.get(name, 32))


@pytest.mark.slow
def test_an_architecture_can_be_exported():
    check_architecture("resnet18", 32, onnx=True)


def test_an_architecture_that_cannot_be_built_breaks_the_contract():
    with pytest.raises(ContractError) as err:
        check_architecture(Architecture("mine", "resnet43"), 32)
    assert str(err.value) == (
        "mine breaks a rule of architectures: it can be built without pretrained weights. Seen: "
        "create_vision_model(..., pretrained=False) raised ArgumentError: timm has no architecture with the "
        "timm_name of mine: 'resnet43'. Use a name that timm knows, and a size that it accepts."
    )


def test_an_unknown_architecture_is_refused_as_a_learner_refuses_it():
    with pytest.raises(ArgumentError) as err:
        check_architecture("resnet43")
    assert str(err.value) == (
        "arch is unknown. Got: 'resnet43'. Expected: efficientnet_lite0, efficientnet_lite1, efficientnet_lite2, "
        "efficientnet_lite3, efficientnet_lite4, resnet18, resnet34, resnet50, resnet101, resnet152, mobilenet_v3_large, "
        "convnext_tiny and 1 more, or any name of timm's. Did you mean 'resnet34'?"
    )


@pytest.mark.slow
def test_a_size_that_an_architecture_does_not_take_breaks_its_contract():
    with pytest.raises(ContractError) as err:
        check_architecture("vit_small", 64)
    assert str(err.value) == (
        "vit_small breaks a rule of architectures: it runs on a batch of photos. Seen: photos float32 [3, 3, 64, 64] "
        "raised ArgumentError: vit_small accepts only photos of 224 x 224 pixels: (64, 64). Accept float32 "
        "[N,C,H,W]; pass the size it was made for."
    )


# -- models of one's own ---------------------------------------------------------------------------------------------


class Small(nn.Module):
    """A right one, for the others to break."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.norm = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 2)

    def features(self, x):
        return F.relu(self.norm(self.stem(x))).mean((2, 3))

    def forward(self, x):
        return self.head(self.features(x))


def parts(model):
    return [[*model.stem.parameters(), *model.norm.parameters()], list(model.head.parameters())]


def test_a_model_of_ones_own_keeps_the_contract():
    check_model(Small(), 8)
    check_model(Small(), (8, 10), splitter=parts)


@pytest.mark.slow
def test_a_model_of_ones_own_can_be_exported():
    check_model(Small(), 8, onnx=True)


def test_the_model_that_is_checked_stays_as_it_was():
    model = Small().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    check_model(model, 8)
    assert model.training
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_a_frozen_model_is_asked_for_no_gradients():
    model = Small()
    model.stem.requires_grad_(False)
    model.norm.requires_grad_(False)
    check_model(model, 8, splitter=parts)


class TakesLists(Small):
    def forward(self, x):
        raise TypeError("not a list")


class GivesMaps(Small):
    def forward(self, x):
        return self.stem(x)


class GivesTuples(Small):
    def forward(self, x):
        return super().forward(x), x


class OneForAll(Small):
    def forward(self, x):
        return super().forward(x).mean(0, keepdim=True)


class DividesByZero(Small):
    def forward(self, x):
        return super().forward(x) / 0


class AlwaysDropsOut(Small):
    def forward(self, x):
        return self.head(F.dropout(self.features(x)))


class Counts(Small):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        return super().forward(x)


class CentredOnTheBatch(Small):
    def forward(self, x):
        outputs = super().forward(x)
        return outputs - outputs.mean(0)


class Unused(Small):
    def __init__(self):
        super().__init__()
        self.forgotten = nn.Linear(2, 2)


def three_groups(model):
    return [*parts(model), list(model.forgotten.parameters())]


class OnlyInTraining(Small):
    def forward(self, x):
        if self.training:
            raise ValueError("not trained")
        return super().forward(x)


BROKEN = {
    "TakesLists": (
        "TakesLists breaks a rule of models: it runs on a batch of photos. Seen: photos float32 [3, 3, 8, 8] "
        "raised TypeError: not a list. Accept float32 [N,C,H,W]; pass the size it was made for."
    ),
    "GivesMaps": (
        "GivesMaps breaks a rule of models: it returns one row of finite float32 numbers per photo, [N,K]. "
        "Seen: float32 [3, 8, 6, 6] for 3 photos. End with a linear layer, after .flatten(1)."
    ),
    "GivesTuples": (
        "GivesTuples breaks a rule of models: it returns one row of finite float32 numbers per photo, [N,K]. "
        "Seen: a tuple for 3 photos. End with a linear layer, after .flatten(1)."
    ),
    "OneForAll": (
        "OneForAll breaks a rule of models: it returns one row of finite float32 numbers per photo, [N,K]. "
        "Seen: float32 [1, 2] for 3 photos. End with a linear layer, after .flatten(1)."
    ),
    "DividesByZero": (
        "DividesByZero breaks a rule of models: it returns one row of finite float32 numbers per photo, [N,K]. "
        "Seen: numbers that are not finite. End with a linear layer, after .flatten(1)."
    ),
    "AlwaysDropsOut": (
        "AlwaysDropsOut breaks a rule of models: in evaluation mode the same photos give the same outputs. Seen: "
        "outputs that differ by 0.14. Use random numbers only `if self.training`, and nn.Dropout rather than "
        "F.dropout(x)."
    ),
    "Counts": (
        "Counts breaks a rule of models: in evaluation mode parameters and buffers do not change. Seen: "
        "calls changed. Update buffers only `if self.training`."
    ),
    "CentredOnTheBatch": (
        "CentredOnTheBatch breaks a rule of models: in evaluation mode a photo's output does not depend on the other "
        "photos in the batch. Seen: outputs that differ by 0.004. Use nn.BatchNorm's running statistics, and do not "
        "compute along the first axis."
    ),
    "Unused": (
        "Unused breaks a rule of models: gradients reach every parameter group. Seen: none in group_2. Use all "
        "layers in forward(), and do not detach their outputs."
    ),
    "OnlyInTraining": (
        "OnlyInTraining breaks a rule of models: it runs on a batch of photos. Seen: a pass in training mode "
        "raised ValueError: not trained. Accept float32 [N,C,H,W]; pass the size it was made for."
    ),
    "head first": (
        "Small breaks a rule of models: parameter groups are in the order in which data passes through them, "
        "earliest first. Seen: a layer of group_1 is used before one of group_0. Return the lists in that order: the "
        "first group is frozen first and trained with the lowest rate."
    ),
    "left out": (
        "Small breaks a rule of models: parameter groups contain every parameter exactly once. Seen: splitter "
        "omitted 4 parameters: ['stem.weight', 'stem.bias', 'norm.weight']. Let the splitter return each "
        "part's list(part.parameters())."
    ),
    "twice": (
        "Small breaks a rule of models: parameter groups contain every parameter exactly once. Seen: splitter "
        "returned a parameter twice: 'head.weight'. Let the splitter return each part's list(part.parameters())."
    ),
}

SPLITTERS = {
    "Unused": three_groups,
    "head first": lambda model: parts(model)[::-1],
    "left out": lambda model: parts(model)[1:],
    "twice": lambda model: [*parts(model), list(model.head.parameters())],
}


def run_broken(name: str) -> None:
    check_model(globals().get(name, Small)(), 8, splitter=SPLITTERS.get(name))


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_models_are_told_which_rule_they_break(broken):
    with pytest.raises(ContractError) as err:
        run_broken(broken)
    assert str(err.value) == BROKEN[broken].format(torch_says=described(err.value.__cause__))


class BranchesOnValues(Small):
    def forward(self, x):
        return super().forward(x if float(x.amax()) < 2 else x / 2)


@pytest.mark.slow
def test_a_model_that_cannot_be_exported_is_told_so():
    with pytest.raises(ContractError) as err:
        check_model(BranchesOnValues(), 8, onnx=True)
    assert err.value.rule.text == "it can be exported to ONNX, with the same outputs as in PyTorch"
    assert err.value.seen.startswith("cannot translate the network (PhotoGraph) to ONNX: ")
