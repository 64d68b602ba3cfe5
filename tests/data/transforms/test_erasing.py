from __future__ import annotations

import numpy as np
import pytest
import torch

from gatera.core.errors import ArgumentError
from gatera.data.transforms.erasing import RandomErasing

KEY, INDEX = (1, 0), np.arange(200)


def grey(size: tuple[int, int] = (20, 30)) -> torch.Tensor:
    return torch.full((200, 3, *size), 0.5)


def erased(x: torch.Tensor) -> torch.Tensor:
    return (x != 0.5).all(1)  # [N,H,W]


def test_half_of_the_photos_get_a_rectangle_of_noise():
    where = erased(RandomErasing(sl=0.1)(grey(), INDEX, KEY))
    assert 80 < where.flatten(1).any(1).sum() < 120
    for mask in where[where.flatten(1).any(1)]:
        rows, columns = mask.any(1).nonzero().flatten(), mask.any(0).nonzero().flatten()
        assert mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()


def test_its_area_is_within_its_range():
    share = erased(RandomErasing(p=1, sl=0.1, sh=0.3)(grey((100, 100)), INDEX, KEY)).float().mean((1, 2))
    assert share.min() > 0.05  # long ones are cut off by the edge
    assert share.max() < 0.32


def test_noise_stays_within_the_colours():
    x = RandomErasing(p=1, sl=0.3)(grey(), INDEX, KEY)
    assert x.min() >= 0
    assert x.max() <= 1
    assert x[erased(x)[:, None].expand_as(x)].std() == pytest.approx(12**-0.5, abs=0.01)


def test_several_rectangles_share_the_area():
    one = erased(RandomErasing(p=1, sl=0.3, sh=0.3)(grey((60, 60)), INDEX, KEY)).float().mean()
    many = erased(RandomErasing(p=1, sl=0.3, sh=0.3, max_count=5)(grey((60, 60)), INDEX, KEY)).float().mean()
    assert many < one + 0.02


def test_draws_belong_to_the_item():
    whole = RandomErasing(p=1)(grey(), INDEX, KEY)
    part = RandomErasing(p=1)(grey()[:2], np.array([7, 3]), KEY)
    assert torch.equal(part, whole[[7, 3]])


def test_at_validation_nothing_is_erased():
    assert torch.equal(RandomErasing(p=1)(grey(), INDEX, None), grey())
    assert RandomErasing().config() == []


@pytest.mark.parametrize(
    "bad", [{"p": 2}, {"sl": -1}, {"sh": 2}, {"sl": 0.5, "sh": 0.2}, {"min_aspect": 0}, {"max_count": 0}]
)
def test_values_out_of_range_are_refused(bad):
    with pytest.raises(ArgumentError):
        RandomErasing(**bad)
