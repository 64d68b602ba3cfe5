from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.models.groups import ParameterGroup, parameter_groups
from gatera.models.vision.model import create_vision_model


def sizes(model: nn.Module) -> dict[str, int]:
    return {group.name: len(group.parameters) for group in parameter_groups(model)}


def covered_once(model: nn.Module) -> bool:
    grouped = [id(p) for group in parameter_groups(model) for p in group.parameters]
    return len(grouped) == len(set(grouped)) and set(grouped) == {id(p) for p in model.parameters()}


def test_the_groups_of_resnet34_are_fastais():
    with torch.device("meta"):
        model = create_vision_model("resnet34", 37, pretrained=False)
    # fastai 2.8.12, vision_learner(dls, resnet34).opt: 48, 60 and 6 tensors, cut between layer2 and layer3.
    assert sizes(model) == {"body_early": 48, "body_late": 60, "head": 6}
    names = {id(p): name for name, p in model.named_parameters()}
    early, late, head = ([names[id(p)] for p in group.parameters] for group in parameter_groups(model))
    assert {name.split(".")[2] for name in early} == {"conv1", "bn1", "layer1", "layer2"}
    assert {name.split(".")[2] for name in late} == {"layer3", "layer4"}
    assert all(name.startswith("1.") for name in head)
    millions = [sum(p.numel() for p in group.parameters) / 1e6 for group in parameter_groups(model)]
    assert [round(n, 2) for n in millions] == [1.35, 19.94, 0.55]


@pytest.mark.parametrize("name", ["efficientnet_lite0", "vit_small", "convnext_tiny", "mobilenet_v3_large"])
def test_every_parameter_is_in_exactly_one_group(name):
    with torch.device("meta"):
        model = create_vision_model(name, 2, pretrained=False)
    assert list(sizes(model)) == ["body_early", "body_late", "head"]
    assert covered_once(model)


def test_the_groups_of_lite0_are_cut_in_the_middle_of_its_stages():
    with torch.device("meta"):
        model = create_vision_model("efficientnet_lite0", 2, pretrained=False)
    names = {id(p): name for name, p in model.named_parameters()}
    early = {".".join(names[id(p)].split(".")[2:4]) for p in parameter_groups(model)[0].parameters}
    assert early == {"conv_stem.weight", "bn1.weight", "bn1.bias", "blocks.0", "blocks.1", "blocks.2"}


def test_an_architecture_without_groups_of_its_own_is_cut_in_the_middle():
    with torch.device("meta"):
        model = create_vision_model("caformer_s18", 2, pretrained=False)
    assert sizes(model) == {"body_early": 100, "body_late": 100, "head": 6} and covered_once(model)


def test_a_plain_module_is_one_group():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    assert sizes(model) == {"all": 4} and covered_once(model)


def test_what_is_added_to_a_body_later_learns_with_its_late_half(tiny):
    model = create_vision_model(tiny, 2, pretrained=False)
    late = sizes(model)["body_late"]
    model[0].adapter = nn.Linear(2, 2)
    assert sizes(model)["body_late"] == late + 2 and covered_once(model)


def test_a_head_without_parameters_is_no_group(tiny):
    model = create_vision_model(tiny, 2, pretrained=False, head=nn.Flatten())
    assert list(sizes(model)) == ["body_early", "body_late"]


def test_a_splitter_decides_alone():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    groups = parameter_groups(model, lambda m: [m[1].parameters(), [], m[0].parameters()])
    assert [group.name for group in groups] == ["group_0", "group_2"]
    assert groups[0].parameters == tuple(model[1].parameters())


def test_a_splitter_that_leaves_parameters_out_is_refused():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    with pytest.raises(ArgumentError) as err:
        parameter_groups(model, lambda m: [list(m[0].parameters())])
    assert str(err.value) == (
        "splitter omitted 2 parameters. Got: ['1.weight', '1.bias']. "
        "Every parameter of the model belongs in one group."
    )


def test_a_splitter_that_gives_a_parameter_twice_is_refused():
    model = nn.Linear(2, 2)
    with pytest.raises(ArgumentError) as err:
        parameter_groups(model, lambda m: [[m.weight], [m.weight, m.bias]])
    assert str(err.value) == (
        "splitter returned a parameter twice. Got: 'weight'. Every parameter of the model belongs in one group."
    )


def test_a_splitter_that_gives_a_foreign_parameter_is_refused():
    with pytest.raises(ArgumentError) as err:
        parameter_groups(nn.Linear(2, 2), lambda m: [[*m.parameters(), torch.zeros(1)]])
    assert str(err.value) == (
        "splitter returned something in group 0 that is not a parameter of the model. Got: 'Tensor'. "
        "Expected: the tensors of model.parameters()."
    )


def test_a_splitter_that_gives_no_lists_is_refused():
    with pytest.raises(ArgumentError) as err:
        parameter_groups(nn.Linear(2, 2), lambda m: list(m.parameters()))
    assert str(err.value) == (
        "splitter must return lists of parameters, one per group. Got: 'Parameter'. "
        "Expected: for example [list(model[0].parameters()), list(model[1].parameters())]."
    )


def test_a_splitter_may_name_its_groups_and_slow_them_down():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    given = [ParameterGroup("first", tuple(model[0].parameters()), 0.1), list(model[1].parameters())]
    found = parameter_groups(model, lambda model: given)
    assert [(group.name, group.lr_mult) for group in found] == [("first", 0.1), ("group_1", 1.0)]
