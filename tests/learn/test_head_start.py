from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gatera.learn import head_start
from gatera.learn.head_start import fit_ridge, scale_of_scores
from gatera.models.groups import parameter_groups
from gatera.models.vision.linear_head import LinearHeadOptions, create_linear_head
from gatera.models.vision.model import create_vision_model


def plain_ridge(x, targets, weights, strength):
    share = weights / weights.mean()
    mean_x, mean_t = (share[:, None] * x).mean(0), (share[:, None] * targets).mean(0)
    xc, tc = x - mean_x, targets - mean_t
    left = xc.T @ (share[:, None] * xc) + strength * torch.eye(x.shape[1], dtype=x.dtype)
    weight = torch.linalg.solve(left, xc.T @ (share[:, None] * tc))
    return weight, mean_t - mean_x @ weight


@pytest.mark.parametrize(("n", "f"), [(12, 30), (40, 6)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_ridge_solves_the_normal_equations(n, f, weighted):
    torch.manual_seed(0)
    x, targets = torch.randn(n, f, dtype=torch.float64), torch.randn(n, 2, dtype=torch.float64)
    weights = torch.rand(n, dtype=torch.float64) + 0.5 if weighted else torch.ones(n, dtype=torch.float64)
    found = fit_ridge(x, targets, weights if weighted else None)
    # the gradient of the penalised error is penalty * weight, with one penalty for all of it
    share = (weights / weights.mean())[:, None]
    residual = targets - x @ found.weight - found.bias
    centred = x - (share * x).mean(0)
    slope = centred.T @ (share * residual)
    penalty = (slope / found.weight).mean()
    torch.testing.assert_close(slope, penalty * found.weight, atol=1e-8, rtol=1e-5)
    weight, bias = plain_ridge(x, targets, weights, penalty)
    torch.testing.assert_close(found.weight, weight, atol=1e-8, rtol=1e-5)
    torch.testing.assert_close(found.bias, bias, atol=1e-8, rtol=1e-5)


def test_predictions_of_items_left_out_are_those_of_a_fit_without_them():
    torch.manual_seed(1)
    n, f = 9, 4
    x, targets = torch.randn(n, f, dtype=torch.float64), torch.randn(n, 1, dtype=torch.float64)
    found = fit_ridge(x, targets)
    centred = x - x.mean(0)
    penalty = ((centred.T @ (targets - x @ found.weight - found.bias)) / found.weight).mean()
    for item in range(n):
        rest = [i for i in range(n) if i != item]
        weight, bias = plain_ridge(x[rest], targets[rest], torch.ones(n - 1, dtype=torch.float64), penalty)
        torch.testing.assert_close(found.left_out[item], x[item] @ weight + bias, atol=1e-8, rtol=1e-6)


def test_sure_scores_are_scaled_up_and_numbers_stay():
    classes = torch.eye(2, dtype=torch.float64).repeat(20, 1)
    assert 3 < scale_of_scores(classes, classes, "classification")[0] < 8  # not certain: there are 40 items
    assert (
        scale_of_scores(1 - classes, classes, "classification")[0] == 0.5
    )  # wrong all the time: as unsure as can be
    assert scale_of_scores(classes, classes, "regression") == (1.0, 0.0)
    rare = torch.tensor([[0.0]] * 18 + [[1.0]] * 2, dtype=torch.float64)
    assert scale_of_scores(rare * 0.3, rare, "multilabel")[1] < 0.3


def test_a_linear_head_learns_at_the_rates_that_are_given():
    model = create_vision_model("resnet18", 3, pretrained=False, head=LinearHeadOptions())
    assert [(group.name, group.lr_mult) for group in parameter_groups(model)] == [
        ("body_early", 1.0), ("body_late", 1.0), ("head", 1.0),
    ]  # fmt: skip


def test_a_linear_head_knows_whether_it_is_trained():
    head = create_linear_head(4, 2, y_range=(0, 1))
    assert head.untrained
    nn.init.ones_(head.linear.bias)
    assert not head.untrained
    assert isinstance(head.features[-1], nn.RMSNorm)


def test_the_penalty_of_thousands_of_columns_is_chosen_on_some_of_them(monkeypatch):
    x, few = (
        torch.randn(60, 8, generator=torch.Generator().manual_seed(0)),
        torch.randn(60, 2, generator=torch.Generator().manual_seed(1)),
    )
    monkeypatch.setattr(head_start, "COLUMNS_TRIED", 2)
    expected = fit_ridge(x, few)
    with FlopCounterMode(display=False) as counter:
        found = fit_ridge(x, few.repeat_interleave(300, dim=1))
    torch.testing.assert_close(found.weight, expected.weight.repeat_interleave(300, dim=1))
    torch.testing.assert_close(found.left_out, expected.left_out.repeat_interleave(300, dim=1))
    assert (
        counter.get_total_flops() < 10 * 60 * 8 * 600
    )  # once over all columns for each of the 29 penalties: 58 times that
