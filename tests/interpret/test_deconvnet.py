from __future__ import annotations

import pytest
import timm
import torch
import torch.nn.functional as F
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.interpret.units.deconvnet import projected, suitable_rule


def conv_net(act: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 5, 3, padding=1), act(), nn.MaxPool2d(2), nn.Conv2d(5, 4, 3, padding=1), act()
    ).eval()


PHOTOS = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(3))
CHANNELS = torch.tensor([1, 2])


def start_of(maps: torch.Tensor) -> torch.Tensor:
    """The strongest activation of each photo's channel, all others 0."""
    start = torch.zeros_like(maps)
    for row, channel in enumerate(CHANNELS.tolist()):
        own = maps[row, channel]
        place = divmod(int(own.argmax()), own.shape[1])
        start[row, channel][place] = own[place]
    return start


def test_it_is_the_deconvnet_of_the_paper_built_from_unpooling_rectifying_and_transposed_filters():
    model = conv_net()
    with torch.no_grad():
        first = F.relu(model[0](PHOTOS))
        pooled, switches = F.max_pool2d(first, 2, return_indices=True)
        back = F.relu(start_of(F.relu(model[3](pooled))))
        back = F.conv_transpose2d(back, model[3].weight, padding=1)
        back = F.relu(F.max_unpool2d(back, switches, 2))
        expected = F.conv_transpose2d(back, model[0].weight, padding=1)
    found = projected(model, model[4], PHOTOS, CHANNELS)
    assert expected.abs().max() > 0
    torch.testing.assert_close(found, expected)


def test_the_plain_gradient_is_another_one_and_the_guided_rule_a_third():
    model = conv_net()
    x = PHOTOS.clone().requires_grad_()
    maps = model(x)
    maps.backward(start_of(maps.detach()))
    deconvnet, guided = (
        projected(model, model[4], PHOTOS, CHANNELS, rule=rule) for rule in ("deconvnet", "guided")
    )
    for one, other in ((deconvnet, x.grad), (guided, x.grad), (deconvnet, guided)):
        assert not torch.allclose(one, other)


def test_the_model_computes_as_ever_and_its_parameters_get_no_gradients():
    model = conv_net()
    before = model(PHOTOS)
    projected(model, model[4], PHOTOS, CHANNELS)
    torch.testing.assert_close(model(PHOTOS), before)
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("act", [nn.ReLU6, nn.SiLU, nn.GELU, nn.LeakyReLU, nn.Hardswish])
def test_any_rectifier_lets_nothing_negative_pass(act):
    model = nn.Sequential(nn.Identity(), act(), nn.Conv2d(3, 3, 1, bias=False))
    with torch.no_grad():
        model[2].weight.copy_(torch.tensor([[1.0, -1, 1], [-1, -1, -1], [1, 1, 1]]).reshape(3, 3, 1, 1))
    found = projected(model, model[2], 0.5 + PHOTOS[:1], torch.tensor([0]))
    assert found[:, 1].abs().max() == 0 and found[:, 0].max() > 0


def test_the_factors_of_squeeze_excite_are_constants():
    class SqueezeExcite(nn.Module):
        """As timm's: a factor for each channel, of all of its map."""

        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Conv2d(5, 5, 1)

        def forward(self, x):
            return x * self.fc(x.mean((2, 3), keepdim=True)).clamp(0, 1)

    class Fixed(nn.Module):
        def __init__(self, factors):
            super().__init__()
            self.register_buffer("factors", factors)

        def forward(self, x):
            return x * self.factors

    model = conv_net()
    gate = SqueezeExcite()
    model.insert(2, gate)
    with torch.no_grad():
        inner = model[1](model[0](PHOTOS))
        factors = gate.fc(inner.mean((2, 3), keepdim=True)).clamp(0, 1)
    found = projected(model, model[5], PHOTOS, CHANNELS)
    model[2] = Fixed(factors)
    torch.testing.assert_close(found, projected(model, model[5], PHOTOS, CHANNELS))
    assert found.abs().max() > 0


def test_a_layer_norm_keeps_its_mean_and_deviation():
    class Norm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(5)

        def forward(self, x):
            return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    model = conv_net(nn.GELU)
    model.insert(1, Norm())
    torch.testing.assert_close(model(PHOTOS), model(PHOTOS))
    found = projected(model, model[5], PHOTOS, CHANNELS)
    assert found.abs().max() > 0 and found.isfinite().all()


def test_attention_is_refused_with_the_reason():
    class Attention(nn.Module):
        def forward(self, x):
            tokens = x.flatten(2).transpose(1, 2)
            return (
                F.scaled_dot_product_attention(tokens, tokens, tokens)
                .transpose(1, 2)
                .unflatten(2, x.shape[2:])
            )

    model = nn.Sequential(nn.Conv2d(3, 4, 1), Attention())
    with pytest.raises(ArgumentError) as caught:
        projected(model, model[1], PHOTOS, CHANNELS)
    said = str(caught.value)
    assert (
        "no deconvnet projection" in said
        and "attention mixes all positions" in said
        and "integrated_gradients" in said
    )
    projected(model, model[0], PHOTOS, CHANNELS)  # layers before it are fine


def test_the_rule_is_the_one_that_the_network_suits():
    strided = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 4, 3, stride=2))
    photo = torch.rand(1, 3, 24, 24)
    assert suitable_rule(conv_net(), photo) == "deconvnet" and suitable_rule(strided, photo) == "guided"

    class Functions(nn.Module):
        """Pools by a function, twice."""

        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, x):
            x = F.max_pool2d(F.relu(self.first(x)), 2)
            return F.max_pool2d(F.relu(self.second(x)), kernel_size=2)

    class Twice(Functions):
        """One strided convolution, and one pooling layer that runs twice."""

        def __init__(self):
            super().__init__()
            self.first, self.pool = nn.Conv2d(3, 4, 3, stride=2), nn.MaxPool2d(2)

        def forward(self, x):
            return self.pool(self.second(self.pool(self.first(x))))

    assert suitable_rule(Functions(), photo) == suitable_rule(Twice(), photo) == "deconvnet"
    averaged = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AvgPool2d(2), nn.MaxPool2d(2), nn.AvgPool2d(2))
    assert suitable_rule(averaged, photo) == "guided"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arch", "layer"),
    [
        ("tf_efficientnet_lite0", "blocks.2"), ("mobilenetv3_small_050", "blocks.2"), ("convnext_atto", "stages.1"),
        ("efficientnet_b0", "blocks.1"), ("resnet10t", "layer2"),
    ],
)  # fmt: skip
def test_networks_of_many_kinds_are_projected_through(arch, layer):
    torch.manual_seed(0)
    model = timm.create_model(arch, pretrained=False).eval()
    found = projected(
        model, model.get_submodule(layer), torch.rand(1, 3, 64, 64), torch.tensor([0]), rule="guided"
    )
    assert found.isfinite().all() and found.abs().max() > 0


@pytest.mark.slow
def test_a_vision_transformer_is_refused():
    model = timm.create_model("vit_tiny_patch16_224", pretrained=False, img_size=32).eval()
    with pytest.raises(ArgumentError, match="attention"):
        projected(model, model.blocks[0], torch.rand(1, 3, 32, 32), torch.tensor([0]))
