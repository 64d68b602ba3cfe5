from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.interpret.layers import stages
from gatera.interpret.units.deconvnet import projected, suitable_rule
from gatera.models.vision.zeiler_fergus import alexnet, zfnet


@pytest.mark.parametrize(("make", "sizes"), [(zfnet, [110, 26, 13, 13, 13]), (alexnet, [55, 27, 13, 13, 13])])
def test_maps_have_the_sizes_of_the_papers(make, sizes):
    network = make(width=0.02, n_out=7).eval()
    x, found = torch.rand(2, 3, 224, 224), []
    for name, layer in network.named_children():
        x = layer(x)
        if name.startswith("conv"):
            found.append(x.shape[2])
    assert found == sizes and x.shape == (2, 7)


def test_full_width_has_about_the_parameters_of_the_paper():
    with torch.device("meta"):
        n = sum(parameter.numel() for parameter in alexnet().parameters())
    assert 60e6 < n < 64e6  # 60 million with two halves that see only their own channels


def test_the_first_layer_is_as_told_and_photos_of_other_sizes_fit():
    network = zfnet(3, n_in=1, first_size=5, first_stride=3, width=0.02)
    assert network.conv1.kernel_size == (5, 5) and network.conv1.stride == (3, 3)
    assert network(torch.rand(1, 1, 96, 128)).shape == (1, 3)
    with pytest.raises(ArgumentError, match="first_stride must be at least 1"):
        alexnet(first_stride=0)


def test_its_stages_are_its_layers_and_a_deconvnet_shows_them():
    torch.manual_seed(0)
    network = zfnet(2, width=0.03).eval()
    assert [stage.name for stage in stages(network)] == [
        *(f"conv{n}" for n in range(1, 6)),
        "fc6",
        "fc7",
        "fc8",
    ]
    assert suitable_rule(network, torch.rand(1, 3, 96, 96)) == "deconvnet"
    found = projected(network, network.pool5, torch.rand(1, 3, 96, 96), torch.tensor([0]))
    assert found.isfinite().all() and found.abs().max() > 0


def test_the_denominator_of_local_response_norm_is_a_constant_on_the_way_back():
    norm = nn.LocalResponseNorm(3, alpha=1.0)
    network = nn.Sequential(nn.Conv2d(2, 3, 1), norm).eval()
    x = torch.rand(1, 2, 4, 4)
    with torch.no_grad():
        inner = network[0](x)
        factor = norm(inner) / inner
        value, place = norm(inner)[0, 1].flatten().max(0)
        row, column = divmod(int(place), 4)
        expected = network[0].weight[1, :, 0, 0] * value * factor[0, 1, row, column]
    found = projected(network, norm, x, torch.tensor([1]))
    torch.testing.assert_close(found[0, :, row, column], expected)
