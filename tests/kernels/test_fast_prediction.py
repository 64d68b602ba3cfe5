from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gatera.kernels.fast_prediction import folded_copy
from gatera.models.vision.model import create_vision_model


def randomise_norms(model: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.8, 1.2)
    return model


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["efficientnet_lite0", "resnet18", "mobilenet_v3_large", "convnext_tiny"])
def test_a_folded_model_predicts_the_same_with_fewer_layers(arch):
    model = randomise_norms(create_vision_model(arch, 2, pretrained=False))
    before = copy.deepcopy(model.state_dict())
    x = torch.rand(2, 3, 64, 64)
    folded = folded_copy(model, x)
    torch.testing.assert_close(folded(x), model.eval()(x), atol=1e-4, rtol=1e-3)
    norms = [m for m in folded.modules() if isinstance(m, nn.BatchNorm2d)]
    assert not norms
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_a_model_whose_layers_run_in_another_order_is_not_folded():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

        def forward(self, x):
            return self.conv(self.norm(x))

    torch.manual_seed(0)
    model = randomise_norms(Odd())
    x = torch.rand(1, 3, 4, 4)
    copied = folded_copy(model, x)
    assert isinstance(copied.norm, nn.BatchNorm2d)
    torch.testing.assert_close(copied(x), model.eval()(x))
