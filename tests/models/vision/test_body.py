from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.models.backbones.timm_backbone import backbone_facts
from gatera.models.layers import Normalization
from gatera.models.vision.body import channel_statistics, create_body


def test_a_body_normalises_and_gives_a_feature_map(tiny):
    body = create_body(tiny, pretrained=False).eval()
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        features = body(x)
        assert torch.equal(features, body.backbone((x - 0.5) / 0.5))
    assert features.shape == (2, 96, 2, 2)
    assert (body.num_features, body.spatial, body.architecture) == (96, True, tiny)
    assert body.source == "random values (pretrained=False)"


def test_normalisation_can_be_left_to_the_data(tiny):
    body = create_body(tiny, pretrained=False, normalize=False)
    assert isinstance(body.normalization, nn.Identity)


def test_an_architecture_of_tokens_gives_its_own_pooled_features():
    body = create_body("test_vit", pretrained=False).eval()
    assert not body.spatial
    assert body(torch.rand(2, 3, 160, 160)).shape == (2, body.num_features)


def test_an_architecture_of_one_size_says_so():
    body = create_body("test_vit", pretrained=False)
    with pytest.raises(ArgumentError) as err:
        body(torch.rand(2, 3, 128, 160))
    assert str(err.value) == (
        "test_vit accepts only photos of 160 x 160 pixels. Got: (128, 160). "
        "Use item_tfms=Resize(160), or another architecture."
    )


def test_a_body_drops_nothing_while_it_trains(tiny):
    assert not [
        m for m in create_body(tiny, pretrained=False).modules() if isinstance(m, nn.Dropout) and m.p > 0
    ]


@pytest.mark.parametrize("n_in", [1, 2, 4, 5])
def test_a_body_takes_other_numbers_of_channels(tiny, n_in):
    body = create_body(tiny, n_in, pretrained=False)
    assert isinstance(body.normalization, Normalization) and body.normalization.mean.shape == (n_in, 1, 1)
    assert body(torch.rand(2, n_in, 64, 64)).shape == (2, 96, 2, 2)


def test_channels_beyond_rgb_are_normalised_by_the_average_of_rgb():
    from gatera.models.backbones.architectures import resnet34

    facts = backbone_facts(resnet34)
    grey_mean, grey_std = (
        pytest.approx((0.485 + 0.456 + 0.406) / 3),
        pytest.approx((0.229 + 0.224 + 0.225) / 3),
    )
    assert channel_statistics(facts, 1) == ([grey_mean], [grey_std])
    assert channel_statistics(facts, 2) == ([0.485, 0.456], [0.229, 0.224])
    assert channel_statistics(facts, 3) == ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    assert channel_statistics(facts, 5) == (
        [0.485, 0.456, 0.406, grey_mean, grey_mean], [0.229, 0.224, 0.225, grey_std, grey_std],
    )  # fmt: skip


def test_no_channels_are_refused(tiny):
    with pytest.raises(ArgumentError) as err:
        create_body(tiny, n_in=0)
    assert str(err.value) == "n_in must be at least 1. Got: 0."


def test_a_body_can_be_copied(tiny):
    body = create_body(tiny, pretrained=False).eval()
    x = torch.rand(1, 3, 64, 64)
    assert torch.equal(copy.deepcopy(body)(x), body(x))


def test_the_same_seed_gives_the_same_random_body(tiny):
    def weights_of(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return next(create_body(tiny, pretrained=False).parameters())

    assert torch.equal(weights_of(3), weights_of(3)) and not torch.equal(weights_of(3), weights_of(4))
