from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.learn.optimizer import (
    SGD,
    Adam,
    group_lrs,
    load_named_state,
    make_optimizer,
    named_state,
    set_hyper,
)
from gatera.models.groups import ParameterGroup


def two_groups(model: nn.Sequential) -> list[ParameterGroup]:
    return [
        ParameterGroup("body", list(model[0].parameters())),
        ParameterGroup("head", list(model[1].parameters())),
    ]


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


def test_rates_are_spread_by_equal_ratios():
    assert group_lrs(slice(1e-6, 1e-4), 3) == [1e-6, 1e-5, 1e-4]


def test_a_slice_with_one_end_gives_a_tenth_to_all_but_the_head():
    assert group_lrs(slice(2e-3), 3) == [2e-4, 2e-4, 2e-3]


def test_one_rate_is_for_all_groups_and_a_list_for_each():
    assert group_lrs(0.1, 2) == [0.1, 0.1]
    assert group_lrs([0.1, 0.2], 2) == [0.1, 0.2]


@pytest.mark.parametrize("lr", [[0.1], -1.0, [0.1, 0.2, 0.3], float("inf"), slice(1e-4, float("inf"))])
def test_rates_that_do_not_fit_are_refused(lr):
    with pytest.raises(ArgumentError) as err:
        group_lrs(lr, 2)
    assert str(err.value) == (
        f"lr does not fit the model's parameter groups. Got: {lr!r}. Expected: a finite number >= 0, "
        "slice(low, high), slice(high), or 2 numbers."
    )


def test_biases_are_not_decayed(model):
    optimizer = make_optimizer(two_groups(model), Adam, 1e-3, 0.3, wd_bn_bias=False)
    decay = {tuple(p.shape): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert decay == {(4, 3): 0.3, (4,): 0.0, (2, 4): 0.3, (2,): 0.0}


def test_biases_are_decayed_on_request(model):
    optimizer = make_optimizer(two_groups(model), Adam, 1e-3, 0.3, wd_bn_bias=True)
    assert {g["weight_decay"] for g in optimizer.param_groups} == {0.3}


def test_the_schedule_reaches_every_parameter_of_a_group(model):
    optimizer = make_optimizer(two_groups(model), Adam, 1e-3, None, wd_bn_bias=False)
    set_hyper(optimizer, "lr", [0.1, 0.2])
    set_hyper(optimizer, "mom", [0.85])
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.1, 0.2, 0.2]
    assert all(g["betas"] == (0.85, 0.99) for g in optimizer.param_groups)


def test_momentum_stays_off_in_plain_sgd(model):
    optimizer = make_optimizer(two_groups(model), SGD, 1e-3, None, wd_bn_bias=False)
    set_hyper(optimizer, "mom", [0.95])
    assert {g["momentum"] for g in optimizer.param_groups} == {0.0}


def test_any_torch_optimizer_will_do(model):
    optimizer = make_optimizer(two_groups(model), torch.optim.NAdam, 1e-3, None, wd_bn_bias=False)
    assert isinstance(optimizer, torch.optim.NAdam)


def test_the_memory_is_kept_by_name_and_comes_back_whatever_is_frozen(model):
    optimizer = make_optimizer(two_groups(model), Adam, 1e-3, None, wd_bn_bias=False)
    model(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    kept = named_state(optimizer, model)
    model[0].requires_grad_(False)
    other = make_optimizer(two_groups(model), Adam, 1e-3, None, wd_bn_bias=False)
    load_named_state(other, model, kept)
    assert set(kept) == {"0.weight", "0.bias", "1.weight", "1.bias"}
    torch.testing.assert_close(
        other.state[model[0].weight]["exp_avg"], optimizer.state[model[0].weight]["exp_avg"]
    )


def test_the_memory_of_another_model_is_refused(model):
    optimizer = make_optimizer(two_groups(model), Adam, 1e-3, None, wd_bn_bias=False)
    with pytest.raises(ArgumentError) as err:
        load_named_state(optimizer, model, {"7.weight": {}})
    assert str(err.value) == (
        "the optimizer state belongs to another model: this one has no parameter '7.weight'."
    )


def test_a_model_without_parameters_is_refused():
    with pytest.raises(ArgumentError) as err:
        make_optimizer([ParameterGroup("all", [])], Adam, 1e-3, None, wd_bn_bias=False)
    assert str(err.value) == "the model has no parameters to train."


def test_a_groups_rates_are_multiplied():
    layers = [nn.Linear(1, 1), nn.Linear(1, 1)]
    groups = [
        ParameterGroup(f"{n}", tuple(layer.parameters()), mult)
        for n, (layer, mult) in enumerate(zip(layers, (0.1, 1.0)))
    ]
    optimizer = make_optimizer(groups, Adam, 1e-3, None, False)
    set_hyper(optimizer, "lr", [0.2, 0.3])
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.02, 0.02, 0.3, 0.3])
