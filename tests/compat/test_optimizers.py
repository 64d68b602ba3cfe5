"""The steps of which optimizers are made, each by its formula."""

from __future__ import annotations

import torch

from gatera.compat.optimizers import (
    Lookahead,
    Optimizer,
    OptimWrapper,
    average_grad,
    average_sqr_grad,
    l2_reg,
    momentum_step,
    ranger,
    sgd_step,
    step_stat,
    weight_decay,
)


def parameter(value: float = 2.0, grad: float = 0.5) -> torch.nn.Parameter:
    made = torch.nn.Parameter(torch.tensor([value]))
    made.grad = torch.tensor([grad])
    return made


def test_weights_shrink_by_rate_times_decay():
    p = parameter()
    weight_decay(p, lr=0.1, wd=0.5)
    assert torch.isclose(p.data, torch.tensor(2 * (1 - 0.05)))
    weight_decay(p, lr=0.1, wd=0.5, do_wd=False)
    assert torch.isclose(p.data, torch.tensor(2 * (1 - 0.05)))


def test_weights_are_added_to_the_gradient():
    p = parameter()
    l2_reg(p, lr=0.1, wd=0.25)
    assert p.grad.item() == 1.0 and p.item() == 2
    l2_reg(p, lr=0.1, wd=0.25, do_wd=False)
    l2_reg(p, lr=0.1, wd=0)
    assert p.grad.item() == 1.0


def test_moving_sums_and_averages():
    p, before = parameter(), torch.tensor([1.0])
    assert average_grad(p, mom=0.9, grad_avg=before)["grad_avg"].item() == torch.tensor(1.4).item()
    assert torch.isclose(average_grad(p, 0.9, True, before)["grad_avg"], torch.tensor(0.95))
    assert average_grad(p, mom=0.9)["grad_avg"].item() == 0.5
    squared = average_sqr_grad(p, sqr_mom=0.8, sqr_avg=before)["sqr_avg"]
    assert torch.isclose(squared, torch.tensor(0.8 + 0.2 * 0.25))
    assert torch.isclose(average_sqr_grad(p, 0.8, False)["sqr_avg"], torch.tensor(0.25))


def test_updates_are_counted():
    assert step_stat(parameter()) == {"step": 1} and step_stat(parameter(), step=4) == {"step": 5}


def test_an_optimizer_of_decay_and_momentum():
    p, frozen = parameter(), torch.nn.Parameter(torch.ones(1))
    opt = Optimizer([p, frozen], [weight_decay, average_grad, momentum_step], lr=0.1, mom=0.9, wd=0.5)
    opt.step()
    first = 2 * 0.95 - 0.1 * 0.5
    opt.step()
    assert torch.isclose(p.data, torch.tensor(first * 0.95 - 0.1 * (0.9 * 0.5 + 0.5)))
    assert frozen.item() == 1 and opt.param_groups[0]["weight_decay"] == 0.5
    Optimizer([p], sgd_step, lr=1.0).step()  # one function alone


def test_slow_weights_pull_the_fast_ones_back():
    p = parameter()
    opt = Lookahead(torch.optim.SGD([p], lr=1.0), k=2, alpha=0.5)
    opt.step()
    assert p.item() == 1.5
    opt.step()
    assert p.item() == 1.5  # 2 + (1 - 2) / 2
    opt.zero_grad()
    assert p.grad is None and opt.state_dict()["state"][0]["updates"] == 2


def test_ranger_is_rectified_adam_looking_ahead():
    opt = ranger([parameter()], lr=0.01)
    assert (opt.k, opt.alpha) == (6, 0.5) and opt.param_groups[0]["lr"] == 0.01


def test_a_torch_optimizer_in_fastai_s_wrapper():
    p = parameter()
    made = OptimWrapper([p], torch.optim.SGD, lr=0.5)
    assert isinstance(made, torch.optim.SGD) and made.param_groups[0]["lr"] == 0.5
    assert OptimWrapper(made) is made and OptimWrapper(None, made) is made
    assert OptimWrapper(torch.optim.AdamW) is torch.optim.AdamW


def test_an_optimizer_without_momentum_averages_nothing():
    p = torch.nn.Parameter(torch.ones(1))
    made = Optimizer([p], [average_grad, momentum_step], lr=0.5)
    for gradient in (1.0, 3.0):
        p.grad = torch.tensor([gradient])
        made.step()
    assert p.item() == 1 - 0.5 * 1 - 0.5 * 3
