from __future__ import annotations

import torch
from torch import nn

from gatera.models.layers import AdaptiveConcatPool2d, SigmoidRange
from gatera.models.vision.body import Body
from gatera.models.vision.heads import HeadOptions
from gatera.models.vision.model import create_vision_model


def test_a_vision_model_is_a_body_and_a_head(tiny):
    model = create_vision_model(tiny, 5, pretrained=False)
    assert type(model) is nn.Sequential and len(model) == 2 and isinstance(model[0], Body)
    assert isinstance(model[1][0], AdaptiveConcatPool2d)
    assert model[1][-1].out_features == 5
    assert model(torch.rand(2, 3, 64, 64)).shape == (2, 5)


def test_a_body_that_pools_itself_gets_a_head_without_pooling():
    model = create_vision_model("test_vit", 5, pretrained=False)
    assert isinstance(model[1][0], nn.BatchNorm1d)
    assert model(torch.rand(2, 3, 160, 160)).shape == (2, 5)


def test_options_shape_the_head(tiny):
    model = create_vision_model(
        tiny, 1, pretrained=False, y_range=(0, 4), head=HeadOptions(lin_ftrs=[7], ps=0.1)
    )
    assert [layer.out_features for layer in model[1] if isinstance(layer, nn.Linear)] == [7, 1]
    assert [layer.p for layer in model[1] if isinstance(layer, nn.Dropout)] == [0.05, 0.1]
    assert isinstance(model[1][-1], SigmoidRange)


def test_a_head_of_ones_own_takes_its_place(tiny):
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, 2))
    model = create_vision_model(tiny, 2, pretrained=False, head=head)
    assert model[1] is head


def test_grey_photos_and_photos_normalised_before_are_taken(tiny):
    model = create_vision_model(tiny, 2, n_in=1, pretrained=False, normalize=False)
    assert isinstance(model[0].normalization, nn.Identity)
    assert model(torch.rand(2, 1, 64, 64)).shape == (2, 2)


def test_one_batch_can_be_learned_by_heart(tiny):
    torch.manual_seed(0)
    model = create_vision_model(tiny, 2, pretrained=False)
    x, y = torch.rand(8, 3, 48, 48), torch.tensor([0, 1] * 4)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(12):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1
