import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.models.target_scale import TargetScale, balance_gradients


def gradients(scale: nn.Module, targets: torch.Tensor, loss) -> torch.Tensor:
    torch.manual_seed(0)
    linear = nn.Linear(4, targets.shape[1])
    x = torch.randn(len(targets), 4)
    loss(scale(linear(x)), targets).backward()
    return linear.weight.grad


def test_outputs_have_the_unit_of_the_targets():
    targets = torch.tensor([[100.0, 0.1], [300.0, 0.3]])
    scale = TargetScale.of(targets)
    assert torch.allclose(scale(torch.tensor([[-1.0, 1.0]])), torch.tensor([[100.0, 0.3]]))
    assert torch.allclose(scale.standardised(targets).float(), torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_gradients_are_those_of_standardised_targets(unit):
    torch.manual_seed(1)
    wanted = torch.randn(32, 2)
    wanted = (wanted - wanted.mean(0)) / wanted.std(0, correction=0)
    targets = wanted * torch.tensor([unit, 7.0]) + torch.tensor([5 * unit, 0.0])
    scale = TargetScale.of(targets)
    balance_gradients(nn.Sequential(scale), F.mse_loss)
    expected = gradients(nn.Identity(), wanted, F.mse_loss)
    assert torch.allclose(gradients(scale, targets, F.mse_loss), expected, rtol=1e-3, atol=1e-5)


def test_absolute_errors_pull_as_hard_in_every_unit():
    wanted = torch.linspace(-1, 1, 32)[:, None]
    found = []
    for unit in (1e-5, 1e5):
        scale = TargetScale.of(wanted * unit)
        scale.balance(F.l1_loss)
        found.append(gradients(scale, wanted * unit, F.l1_loss))
    assert torch.allclose(*found, rtol=1e-3)
    assert found[0].abs().max() > 1e-3


def test_a_loss_that_takes_no_such_numbers_leaves_gradients_as_they_are():
    scale = TargetScale([300.0], [50.0])
    scale.balance(F.binary_cross_entropy)
    assert scale.pull.tolist() == [1.0]


def test_a_constant_target_has_no_unit():
    scale = TargetScale.of(torch.full((3, 1), 7.0))
    assert scale(torch.tensor([[0.5]])).item() == 7.5


def test_weights_saved_without_a_scale_still_mean_what_they_meant():
    model = nn.Sequential(nn.Linear(2, 1), TargetScale([300.0], [50.0]))
    old = {name: value for name, value in model.state_dict().items() if "target_scale" not in name}
    model.load_state_dict(old)
    x = torch.ones(1, 2)
    assert torch.allclose(model(x), model[0](x))


def test_means_and_deviations_belong_together():
    with pytest.raises(ArgumentError, match="one value per output"):
        TargetScale([1.0, 2.0], [1.0])
