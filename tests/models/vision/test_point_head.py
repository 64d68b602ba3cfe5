from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.models.layers import AdaptiveConcatPool2d
from gatera.models.vision.heads import HeadOptions
from gatera.models.vision.model import create_vision_model
from gatera.models.vision.point_head import PointHead


def pointing(n_points: int = 1, y_range: tuple[float, float] = (-1.0, 1.0)) -> PointHead:
    """A head whose maps are its features: the layers before them do nothing."""
    head = PointHead(n_points, n_points, y_range)
    head.maps = nn.Identity()
    return head.eval()


@pytest.mark.parametrize(
    ("row", "column", "place"),
    [(0, 0, [-1, -1]), (0, 6, [1, -1]), (4, 0, [-1, 1]), (2, 3, [0, 0]), (1, 6, [1, -0.5])],
)
def test_a_single_warm_cell_is_found_where_it_is(row, column, place):
    maps = torch.zeros(1, 1, 5, 7)
    maps[0, 0, row, column] = 50
    assert torch.allclose(pointing()(maps), torch.tensor([place]).float(), atol=1e-5)


def test_two_warm_cells_give_the_place_between():
    maps = torch.zeros(1, 1, 5, 5)
    maps[0, 0, 2, 1] = maps[0, 0, 2, 3] = 50
    assert torch.allclose(pointing()(maps), torch.zeros(1, 2), atol=1e-5)


def test_several_points_come_x_and_y_by_turns():
    maps = torch.zeros(1, 2, 3, 3)
    maps[0, 0, 0, 2] = maps[0, 1, 2, 1] = 50
    assert torch.allclose(pointing(2)(maps), torch.tensor([[1.0, -1, 0, 1]]), atol=1e-5)


def test_places_lie_within_the_range():
    maps = torch.zeros(1, 1, 3, 3)
    maps[0, 0, 0, 2] = 50
    assert torch.allclose(pointing(y_range=(0, 10))(maps), torch.tensor([[10.0, 0]]), atol=1e-4)


def test_places_are_float32_in_mixed_precision():
    with torch.autocast("cpu", torch.bfloat16):
        assert PointHead(8, 1)(torch.rand(2, 8, 4, 4)).dtype == torch.float32


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (dict(nf=0, n_points=1), "size of a layer"),
        (dict(nf=8, n_points=0), "size of a layer"),
        (dict(nf=8, n_points=1, dropout=2.0), "dropout"),
        (dict(nf=8, n_points=1, y_range=(1, -1)), "y_range must be a pair"),
    ],
)
def test_wrong_arguments_are_named(arguments, what):
    with pytest.raises(ArgumentError, match=what):
        PointHead(**arguments)


def test_models_of_points_get_it_and_others_do_not(tiny):
    model = create_vision_model(tiny, 4, pretrained=False, points=True)
    assert isinstance(model[1], PointHead) and model(torch.rand(2, 3, 64, 64)).shape == (2, 4)
    assert isinstance(create_vision_model(tiny, 4, pretrained=False)[1][0], AdaptiveConcatPool2d)
    chosen = create_vision_model(tiny, 4, pretrained=False, points=True, head=HeadOptions())
    assert isinstance(chosen[1][0], AdaptiveConcatPool2d)


def test_a_body_without_feature_maps_gets_the_usual_head():
    model = create_vision_model("test_vit", 2, pretrained=False, points=True)
    assert isinstance(model[1][0], nn.BatchNorm1d)


def test_it_learns_where_a_spot_is():
    torch.manual_seed(0)
    head = PointHead(4, 1, dropout=0.0)
    optimizer = torch.optim.Adam(head.parameters(), 1e-2)
    spots = torch.randint(0, 9, (64, 2))
    x = torch.randn(64, 4, 9, 9) * 0.1
    x[torch.arange(64), 2, spots[:, 1], spots[:, 0]] += 3
    y = spots / 4 - 1
    for _ in range(60):
        loss = nn.functional.mse_loss(head(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02
