"""Training through faster kernels is the same training: outputs, gradients, names, and whatever it was before."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gatera.models.depthwise import input_gradient, weight_gradient
from gatera.models.fast_conv import fast_training


@pytest.mark.parametrize("kernel", [3, 5, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_gradients_are_torchs_also_where_the_photo_is_smaller_than_the_kernel(kernel, stride):
    for height, width in itertools.product((1, 2, 5, 8), (1, 2, 3, 7)):
        x = torch.randn(2, 4, height, width, requires_grad=True)
        weight = torch.randn(4, 1, kernel, kernel, requires_grad=True)
        y = F.conv2d(x, weight, None, stride, kernel // 2, 1, 4)
        grad = torch.randn_like(y)
        expected_x, expected_weight = torch.autograd.grad(y, (x, weight), grad)
        sizes = (kernel, kernel), (stride, stride), (kernel // 2, kernel // 2)
        torch.testing.assert_close(
            weight_gradient(grad, x.detach(), *sizes), expected_weight, atol=1e-4, rtol=1e-4
        )
        found = input_gradient(grad, weight.detach(), (height, width), stride, sizes[2])
        torch.testing.assert_close(found, expected_x, atol=1e-4, rtol=1e-4)


def small_net() -> nn.Sequential:
    """A strided stem, a depthwise block with a wide kernel, and a head; batch norms in evaluation mode."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(),
        nn.Conv2d(8, 8, 5, 2, 2, groups=8, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 6, 1, bias=False), nn.BatchNorm2d(6),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 2),
    ).to(memory_format=torch.channels_last)  # fmt: skip
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            nn.init.normal_(module.weight)
            module.eval()
    return net


def gradients(net: nn.Module, x: torch.Tensor, fast: bool) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    net.zero_grad()
    if fast:
        with fast_training(net):
            output = net(x)
            output.square().sum().backward()
    else:
        output = net(x)
        output.square().sum().backward()
    return output.detach(), {name: p.grad.clone() for name, p in net.named_parameters()}


@pytest.mark.parametrize("side", [7, 16, 33])
def test_outputs_and_all_gradients_are_the_ordinary_ones(side):
    net, x = small_net(), torch.randn(3, 3, side, side).to(memory_format=torch.channels_last)
    (plain, expected), (fast, found) = gradients(net, x, fast=False), gradients(net, x, fast=True)
    torch.testing.assert_close(fast, plain, atol=1e-4, rtol=1e-3)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-3, rtol=1e-3, msg=name)


def test_nothing_of_the_model_is_changed_by_it():
    net = small_net()
    before, kinds = copy.deepcopy(net.state_dict()), [type(m) for m in net.modules()]
    with fast_training(net):
        net(torch.randn(2, 3, 16, 16))
        assert list(net.state_dict()) == list(before)
    assert [type(m) for m in net.modules()] == kinds
    assert not any("forward" in vars(m) for m in net.modules())
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_it_is_undone_after_an_error():
    net = small_net()
    with pytest.raises(RuntimeError, match="mine"), fast_training(net):
        raise RuntimeError("mine")
    assert not any("forward" in vars(m) for m in net.modules())


def test_batch_norms_that_learn_their_statistics_do_so_as_ever():
    plain, fast = small_net().train(), small_net().train()
    x = torch.randn(4, 3, 16, 16)
    plain(x)
    with fast_training(fast):
        fast(x)
    torch.testing.assert_close(fast[1].running_mean, plain[1].running_mean)
    assert int(fast[1].num_batches_tracked) == 1


def test_hooks_still_see_their_layer():
    net, seen = small_net(), []
    net[0].register_forward_hook(lambda module, inputs, output: seen.append(output.shape))
    with fast_training(net):
        net(torch.randn(2, 3, 16, 16))
    assert (2, 8, 8, 8) in [tuple(shape) for shape in seen]


def test_frozen_parameters_get_no_gradient():
    net = small_net()
    net[0].requires_grad_(False)
    with fast_training(net):
        net(torch.randn(2, 3, 16, 16)).sum().backward()
    assert net[0].weight.grad is None
    assert net[3].weight.grad is not None
