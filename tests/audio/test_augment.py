from __future__ import annotations

import numpy as np
import pytest
import torch

from gatera.audio.augment import SpectrogramMask, SpectrogramShift
from gatera.core.errors import ArgumentError
from gatera.testing import check_transform

INDEX = np.arange(6)


def pictures() -> torch.Tensor:
    return torch.rand((6, 1, 40, 50), generator=torch.Generator().manual_seed(0)) + 0.1


@pytest.mark.parametrize("transform", [SpectrogramMask(), SpectrogramShift()])
def test_they_keep_the_contract_of_batch_transforms(transform):
    check_transform(transform)


@pytest.mark.parametrize("transform", [SpectrogramMask(), SpectrogramShift()])
def test_draws_depend_on_seed_epoch_and_item_alone(transform):
    x = pictures()
    once = transform(x.clone(), INDEX, (1, 0))
    assert torch.equal(once, transform(x.clone(), INDEX, (1, 0)))
    assert not torch.equal(once, transform(x.clone(), INDEX, (1, 1)))
    assert torch.equal(once[3:], transform(x[3:].clone(), INDEX[3:], (1, 0)))
    assert transform(x, INDEX, None) is x


def test_a_mask_blanks_whole_rows_and_columns():
    x = pictures()
    masked = SpectrogramMask(time=0.3, pitch=0.3, count=1)(x.clone(), INDEX, (0, 0))
    for before, after in zip(x[:, 0], masked[:, 0], strict=True):
        changed = after != before
        rows, columns = changed.all(dim=1), changed.all(dim=0)
        assert torch.equal(changed, rows[:, None] | columns)
        assert rows.sum() <= 12
        assert columns.sum() <= 15
        assert len(after[changed].unique()) <= 1


def test_masks_of_no_length_change_nothing():
    x = pictures()
    assert torch.equal(SpectrogramMask(time=0, pitch=0)(x.clone(), INDEX, (0, 0)), x)


def test_a_shift_moves_everything_and_fills_with_silence():
    x = pictures()
    moved = SpectrogramShift(time=0.2, pitch=0.1)(x, INDEX, (0, 0))
    ways = set()
    for before, after in zip(x[:, 0], moved[:, 0], strict=True):
        heard = after > 0
        rows, columns = heard.any(1).nonzero().ravel(), heard.any(0).nonzero().ravel()
        kept = after[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        up = int(rows[0]) or -(40 - 1 - int(rows[-1]))
        right = int(columns[0]) or -(50 - 1 - int(columns[-1]))
        source = before[max(0, -up) : 40 - max(0, up), max(0, -right) : 50 - max(0, right)]
        assert torch.equal(kept, source)
        assert abs(up) <= 4
        assert abs(right) <= 10
        ways.add((up, right))
    assert len(ways) == 6


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: SpectrogramMask(time=2),
            "time must be a number in [0, 1]. Got: 2.",
        ),
        (
            lambda: SpectrogramMask(pitch=-1),
            "pitch must be a number in [0, 1]. Got: -1.",
        ),
        (
            lambda: SpectrogramMask(count=0),
            "count must be at least 1. Got: 0.",
        ),
        (
            lambda: SpectrogramShift(time=2),
            "time must be a number in [0, 1]. Got: 2.",
        ),
        (
            lambda: SpectrogramShift(pitch=2),
            "pitch must be a number in [0, 1]. Got: 2.",
        ),
    ],
)
def test_arguments_that_are_not_usable(make, text):
    with pytest.raises(ArgumentError) as err:
        make()
    assert str(err.value) == text
