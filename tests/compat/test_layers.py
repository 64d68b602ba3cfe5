"""Layers and what is asked of modules, in fastai's names."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from gatera.compat.hooks import Hook, has_params, hook_output, hook_outputs
from gatera.compat.layers import (
    Flatten,
    LinBnDrop,
    MergeLayer,
    SequentialEx,
    View,
    apply_init,
    flatten_model,
    get_c,
    init_linear,
    num_features_model,
    params,
    requires_grad,
    sequential,
    total_params,
    trainable_params,
)


def kinds(layers: nn.Module) -> list[str]:
    return [type(layer).__name__ for layer in layers.children()]


def test_shapes():
    x = torch.arange(12.0).reshape(2, 3, 2)
    assert Flatten()(x).shape == (2, 6) and Flatten(full=True)(x).shape == (12,)
    assert View(3, 4)(x).tolist() == x.reshape(3, 4).tolist()


def test_norm_dropout_and_linear_layer():
    assert kinds(LinBnDrop(3, 2)) == ["BatchNorm1d", "Linear"] and LinBnDrop(3, 2)[1].bias is None
    assert kinds(LinBnDrop(3, 2, bn=False)) == ["Linear"] and LinBnDrop(3, 2, bn=False)[0].bias is not None
    made = LinBnDrop(3, 2, p=0.5, act=nn.ReLU(), lin_first=True)
    assert kinds(made) == ["Linear", "ReLU", "BatchNorm1d", "Dropout"] and made[2].num_features == 2
    assert kinds(LinBnDrop(3, 2, p=0.5, act=nn.ReLU())) == ["BatchNorm1d", "Dropout", "Linear", "ReLU"]


def test_layers_that_read_the_whole_input():
    double = sequential(lambda x: 2 * x)
    x = torch.ones(1, 2, 1, 1)
    assert SequentialEx(double, double, MergeLayer())(x).flatten().tolist() == [5, 5]
    assert SequentialEx(double, MergeLayer(dense=True))(x).flatten().tolist() == [2, 2, 1, 1]


def test_parameters_of_one_module_and_of_several():
    linear, norm = nn.Linear(3, 2), nn.BatchNorm1d(2)
    assert [len(params(each)) for each in (linear, [linear, norm], (norm,), nn.ReLU())] == [2, 4, 2, 0]
    model = nn.Sequential(linear, norm, nn.ReLU())
    linear.weight.requires_grad_(False)
    assert [tuple(each.shape) for each in trainable_params(model)] == [(2,), (2,), (2,)]
    assert not requires_grad(model) and requires_grad(norm) and not requires_grad(nn.ReLU())
    assert total_params(linear) == (8, True) and total_params(nn.ReLU()) == (0, False)
    assert has_params(model) and not has_params(nn.ReLU())
    assert [type(each).__name__ for each in flatten_model(model)] == ["Linear", "BatchNorm1d", "ReLU"]


def test_new_weights_for_all_layers_but_norms():
    model = nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3), nn.Conv2d(1, 2, 3, bias=False))
    apply_init(model, lambda weight: nn.init.constant_(weight, 7))
    assert (model[0].weight == 7).all() and (model[0].bias == 0).all() and (model[2].weight == 7).all()
    assert (model[1].weight == 1).all()


def test_new_weights_for_one_layer():
    layer = nn.Linear(50, 40)
    assert init_linear(layer, init=nn.init.ones_, bias_std=0) is layer
    assert (layer.weight == 1).all() and (layer.bias == 0).all()
    torch.manual_seed(0)
    init_linear(layer)
    assert layer.weight.abs().max() <= (6 / 50) ** 0.5 and 0.005 < layer.bias.std() < 0.02


def test_the_number_of_outputs_that_data_need():
    assert get_c(SimpleNamespace(c=3)) == 3 and get_c(SimpleNamespace(c=None, vocab="abcd")) == 4


def test_the_channels_of_a_body():
    body = nn.Sequential(nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6)).train()
    assert num_features_model(body, (8, 8), n_in=1) == 6 and body.training
    assert num_features_model(body.eval(), n_in=1) == 6 and not body.training


def test_hooks_keep_what_layers_give():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with hook_outputs(list(model)) as hooks:
        given = model(torch.ones(4, 2))
        assert len(hooks) == 2 and [tuple(hook.stored.shape) for hook in hooks] == [(4, 3), (4, 3)]
        assert torch.equal(hooks[1].stored, given) and not hooks[1].stored.requires_grad
        assert hooks.stored == [hooks[0].stored, hooks[1].stored]
    with hook_output(model[0], detach=False) as hook:
        model(torch.ones(1, 2))
    assert hook.removed and hook.stored.requires_grad
    hook.remove()  # again, which does nothing


def test_hooks_keep_gradients():
    layer = nn.Linear(2, 1)
    with hook_output(layer, grad=True, cpu=True) as hook:
        layer(torch.ones(1, 2, requires_grad=True)).sum().backward()
    assert hook.stored[0].tolist() == [[1]]


@pytest.mark.parametrize("cpu", [False, True])
def test_a_hook_gets_several_outputs_detached(cpu):
    class Two(nn.Module):
        def forward(self, x):
            return x * 2, [x * 3, "text"]

    layer, seen = Two(), []
    with Hook(layer, lambda module, inputs, outputs: seen.append((inputs, outputs)), cpu=cpu):
        layer(torch.ones(1, requires_grad=True))
    inputs, (first, (second, text)) = seen[0]
    assert [each.requires_grad for each in (inputs[0], first, second)] == [False] * 3 and text == "text"
