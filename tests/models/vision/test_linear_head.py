from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.models.vision.linear_head import LinearHeadOptions, PowerMeanPool2d, create_linear_head
from gatera.models.vision.model import create_vision_model


def test_a_power_mean_is_the_root_of_the_mean_power():
    x = torch.rand(2, 5, 3, 4) * 6
    pooled = PowerMeanPool2d(3)(x)
    assert pooled.shape == (2, 5, 1, 1)
    expected = (x.double() ** 3).mean(dim=(2, 3), keepdim=True) ** (1 / 3)
    torch.testing.assert_close(pooled.double(), expected, atol=1e-5, rtol=1e-5)


def test_power_one_is_the_mean_and_a_large_power_nears_the_maximum():
    x = torch.rand(2, 5, 3, 4)
    torch.testing.assert_close(PowerMeanPool2d(1)(x), nn.AdaptiveAvgPool2d(1)(x))
    assert (PowerMeanPool2d(40)(x) / nn.AdaptiveMaxPool2d(1)(x)).min() > 0.93


def test_negative_features_are_pooled_by_themselves_and_taken_away():
    x = torch.randn(2, 5, 3, 4)
    torch.testing.assert_close(PowerMeanPool2d(1)(x), nn.AdaptiveAvgPool2d(1)(x), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(PowerMeanPool2d(3)(-x), -PowerMeanPool2d(3)(x))


def test_a_map_of_zeros_gives_zero_and_a_finite_slope():
    x = torch.zeros(1, 2, 3, 3, requires_grad=True)
    pooled = PowerMeanPool2d()(x)
    pooled.sum().backward()
    assert pooled.abs().max() == 0
    assert x.grad is not None and x.grad.isfinite().all()


def test_half_precision_is_pooled_in_float32():
    x = (torch.rand(1, 4, 10, 10) * 6).bfloat16()
    assert torch.equal(PowerMeanPool2d()(x), PowerMeanPool2d()(x.float()))


def test_the_pooling_shows_its_power_and_refuses_one_below_one():
    assert repr(PowerMeanPool2d(3)) == "PowerMeanPool2d(power=3)"
    with pytest.raises(ArgumentError) as err:
        PowerMeanPool2d(0.5)
    assert str(err.value) == "power must be at least 1. Got: 0.5."


def test_a_fresh_linear_head_finds_every_class_equally_likely():
    head = create_linear_head(8, 3)
    assert torch.equal(head(torch.rand(2, 8, 5, 5)), torch.zeros(2, 3))


def test_a_linear_head_answers_alike_however_large_the_features_are():
    head = create_linear_head(8, 3)
    nn.init.normal_(head[-1].weight)
    x = torch.rand(2, 8, 5, 5)
    torch.testing.assert_close(head(x), head(100 * x), atol=1e-4, rtol=1e-4)


def test_a_linear_head_takes_pooled_features_and_a_range():
    head = create_linear_head(8, 3, pool=False, y_range=(0, 4))
    assert torch.equal(head(torch.rand(2, 8)), torch.full((2, 3), 2.0))


def test_a_linear_head_refuses_no_outputs():
    with pytest.raises(ArgumentError, match=r"the size of a layer in the head \(nf, n_out\) must be at least 1"):
        create_linear_head(8, 0)


@pytest.mark.parametrize("arch", ["resnet18", "vit_tiny_patch16_224"])
def test_a_vision_model_gets_a_linear_head_behind_maps_and_vectors_alike(arch):
    model = create_vision_model(arch, 3, pretrained=False, head=LinearHeadOptions(power=2)).eval()
    assert isinstance(model[1][-1], nn.Linear)
    assert [layer.power for layer in model[1] if isinstance(layer, PowerMeanPool2d)] == (
        [2.0] if arch == "resnet18" else []
    )
    assert torch.equal(model(torch.rand(1, 3, 224, 224)), torch.zeros(1, 3))
