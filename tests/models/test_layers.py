from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.models.layers import AdaptiveConcatPool2d, Normalization, SigmoidRange, sigmoid_range


def test_normalization_takes_mean_away_and_divides_by_std_per_channel():
    x = torch.rand(2, 3, 4, 5)
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.25, 0.5)
    expected = torch.stack([(x[:, c] - mean[c]) / std[c] for c in range(3)], dim=1)
    assert torch.equal(Normalization(mean, std)(x), expected)


def test_normalization_leaves_nothing_in_a_checkpoint():
    layer = Normalization([0.5], [0.5])
    assert layer.state_dict() == {} and list(layer.parameters()) == []


def test_normalization_shows_its_numbers():
    assert repr(Normalization([0.5], [0.25])) == "Normalization(mean=[0.5], std=[0.25])"


def test_normalization_refuses_different_lengths():
    with pytest.raises(ArgumentError) as err:
        Normalization([0.5, 0.5], [0.5])
    assert str(err.value) == (
        "mean and std must each have one value per channel. Got: ((0.5, 0.5), (0.5,)). "
        "Expected: two lists of the same length, not empty."
    )


def test_normalization_refuses_a_std_of_zero():
    with pytest.raises(ArgumentError) as err:
        Normalization([0.5, 0.5], [0.5, 0.0])
    assert str(err.value) == "std must be above 0 in every channel. Got: (0.5, 0.0)."


@pytest.mark.parametrize("size", [None, 1, 2, (3, 2)])
def test_concat_pool_puts_the_maximum_before_the_mean(size):
    x = torch.rand(2, 3, 4, 5)
    pooled = AdaptiveConcatPool2d(size)(x)
    size = size or 1
    expected = torch.cat([nn.AdaptiveMaxPool2d(size)(x), nn.AdaptiveAvgPool2d(size)(x)], dim=1)
    assert pooled.shape == (2, 6, *(size if isinstance(size, tuple) else (size, size)))
    torch.testing.assert_close(pooled, expected)


def test_sigmoid_range_stays_inside_its_interval():
    x = torch.linspace(-8, 8, 50)
    y = sigmoid_range(x, -1.0, 2.0)
    assert y.min() > -1 and y.max() < 2
    assert torch.equal(SigmoidRange(-1.0, 2.0)(x), y)
    assert repr(SigmoidRange(-1.0, 2.0)) == "SigmoidRange(low=-1.0, high=2.0)"


def test_sigmoid_range_tells_apart_what_lies_close_together_in_half_precision():
    x = torch.linspace(-1, 1, 300).to(torch.bfloat16).unique()
    assert len(SigmoidRange(0, 1e6)(x).unique()) == len(x)


def test_sigmoid_range_refuses_an_empty_interval():
    with pytest.raises(ArgumentError) as err:
        SigmoidRange(5, 1)
    assert str(err.value) == "y_range must be a pair (low, high) with low < high. Got: (5, 1)."
