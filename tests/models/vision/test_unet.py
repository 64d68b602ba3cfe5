from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.core.random import torch_seeded
from gatera.kernels.fast_prediction import folded_copy
from gatera.kernels.fast_training import fast_training
from gatera.models.groups import parameter_groups
from gatera.models.vision.body import create_body
from gatera.models.vision.unet import OUTPUT_GAIN, DynamicUnet, create_unet_model, feature_levels


@pytest.fixture
def unet(tiny) -> DynamicUnet:
    """A U-Net for 4 classes on timm's smallest ResNet, random values from a fixed seed."""
    with torch_seeded(0):
        return create_unet_model(tiny, 4, pretrained=False)


def photos(height: int = 40, width: int = 56, n: int = 2) -> torch.Tensor:
    return torch.rand(n, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", [(32, 32), (40, 56), (37, 51), (90, 33)])
def test_every_pixel_gets_a_number_for_each_class(unet, size):
    assert unet.eval()(photos(*size)).shape == (2, 4, *size)


def test_each_level_is_the_last_map_of_its_size(tiny):
    body = create_body(tiny, pretrained=False)
    levels = feature_levels(body)
    assert [level.reduction for level in levels] == [2, 4, 8, 16, 32]
    maps = body.eval().feature_maps(photos(64, 64), [level.index for level in levels])
    assert [(m.shape[1], 64 // m.shape[2]) for m in maps] == [
        (level.channels, level.reduction) for level in levels
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "arch", ["efficientnet_lite0", "convnext_tiny", "vgg11_bn", "mobilenet_v3_large", "densenet121"]
)
def test_architectures_of_many_kinds_carry_a_unet(arch):
    with torch.device("meta"):
        unet = DynamicUnet(create_body(arch, pretrained=False), 3)
        assert unet.eval()(torch.zeros(1, 3, 72, 104)).shape == (1, 3, 72, 104)
        assert [group.name for group in parameter_groups(unet)] == ["body_early", "body_late", "decoder"]


def test_grey_photos_and_bounded_outputs(tiny):
    unet = create_unet_model(tiny, 2, n_in=1, pretrained=False, y_range=(0, 3)).eval()
    found = unet(photos()[:, :1])
    assert found.shape == (2, 2, 40, 56)
    assert 0 < found.min() < found.max() < 3


def test_there_are_three_groups_and_nothing_that_gets_no_gradient(unet):
    groups = parameter_groups(unet)
    assert [group.name for group in groups] == ["body_early", "body_late", "decoder"]
    unet(photos(64, 64)).square().mean().backward()
    assert all(parameter.grad is not None for group in groups for parameter in group.parameters)
    assert sum(len(group.parameters) for group in groups) == len(list(unet.parameters()))


def test_the_last_layer_begins_larger_than_usual(unet):
    fan_in = unet.decoder.output.in_channels
    assert unet.decoder.output.weight.std().item() == pytest.approx(
        OUTPUT_GAIN * (2 / fan_in) ** 0.5, rel=0.15
    )
    assert unet.decoder.output.bias.abs().max() == 0


def test_fast_kernels_give_the_same_outputs_and_gradients(unet):
    x, plain = photos(64, 64).contiguous(memory_format=torch.channels_last), copy.deepcopy(unet)
    for model in (unet, plain):
        model.to(
            memory_format=torch.channels_last
        ).eval()  # statistics of a few pixels would multiply rounding
    expected = plain(x)
    expected.square().mean().backward()
    with fast_training(unet):
        found = unet(x)
        found.square().mean().backward()
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
    for mine, theirs in zip(unet.parameters(), plain.parameters(), strict=True):
        assert (mine.grad - theirs.grad).norm() <= 1e-3 * theirs.grad.norm()


def test_a_folded_copy_predicts_the_same(unet):
    x = photos(64, 64, 1)
    unet.train()(photos(64, 64))  # statistics other than 0 and 1
    folded = folded_copy(unet.eval(), x)
    assert sum(isinstance(module, nn.BatchNorm2d) for module in folded.modules()) < 12
    torch.testing.assert_close(folded(x), unet(x), rtol=1e-4, atol=1e-4)


def test_one_batch_can_be_learned_by_heart(tiny):
    with torch_seeded(0):
        unet = create_unet_model(tiny, 2, pretrained=False)
    rows, columns = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    target = torch.stack([rows + columns > 32, (rows - 16) ** 2 + (columns - 12) ** 2 < 80]).long()
    x = 0.5 * photos(32, 32) + 0.5 * target[:, None]
    optimizer = torch.optim.Adam(unet.parameters(), 1e-3)
    for _ in range(12):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(unet(x), target)
        loss.backward()
        optimizer.step()
    assert loss < 0.1


@pytest.mark.parametrize("arch", ["vit_small", "test_vit"])
def test_an_architecture_without_maps_of_several_sizes_is_refused(arch):
    with pytest.raises(ArgumentError) as err, torch.device("meta"):
        DynamicUnet(create_body(arch, pretrained=False), 3)
    assert str(err.value) == (
        f"{arch} has no feature maps of several sizes, which a U-Net needs. Choose a convolutional architecture, "
        "e.g. efficientnet_lite0 or resnet34."
    )


def test_there_must_be_a_class(tiny):
    with pytest.raises(ArgumentError) as err:
        create_unet_model(tiny, 0, pretrained=False)
    assert str(err.value) == "n_out must be at least 1. Got: 0."
