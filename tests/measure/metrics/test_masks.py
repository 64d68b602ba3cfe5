from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import one_hot

from gatera.core.errors import ArgumentError
from gatera.measure.metrics.functions import foreground_acc
from gatera.measure.metrics.masks import (
    Dice,
    DiceMulti,
    JaccardCoeff,
    JaccardCoeffMulti,
    PixelAccuracy,
)
from gatera.testing import check_metric

#: True and predicted classes of eight pixels.
TRUE, SAID = torch.tensor([[[0, 0, 0, 1], [1, 1, 2, 2]]]), torch.tensor([[[0, 0, 1, 1], [1, 2, 2, 0]]])


def logits(mask, k=3):
    return one_hot(mask, k).movedim(-1, 1).float()  # [N,H,W] -> [N,K,H,W]


EXPECTED = {
    PixelAccuracy: 5 / 8,
    JaccardCoeffMulti: (2 / 4 + 2 / 4 + 1 / 3) / 3,
    DiceMulti: (4 / 6 + 4 / 6 + 2 / 4) / 3,
    Dice: 2 * 4 / 10,
    JaccardCoeff: 4 / 6,
}


@pytest.mark.parametrize("cls", EXPECTED, ids=lambda cls: cls.__name__)
def test_the_value_is_that_of_the_definition(cls):
    assert cls()(logits(SAID), TRUE) == pytest.approx(EXPECTED[cls])


@pytest.mark.parametrize("cls", EXPECTED, ids=lambda cls: cls.__name__)
def test_the_contract_of_metrics_is_kept(cls):
    check_metric(cls)


def test_ignored_pixels_do_not_count():
    assert PixelAccuracy(ignore=0)(logits(SAID), TRUE) == pytest.approx(3 / 5)
    # of the pixels that are not 0: class 1 is 2 of 3, class 2 is 1 of 3
    assert JaccardCoeffMulti(ignore=0)(logits(SAID), TRUE) == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert foreground_acc(logits(SAID), TRUE).item() == pytest.approx(3 / 5)
    # with 1 as the background, class 0 counts: 2 of 3, and class 2: 1 of 2
    assert foreground_acc(logits(SAID), TRUE, bkg_idx=1).item() == pytest.approx(3 / 5)


def test_void_may_lie_beyond_the_classes():
    mask = torch.where(TRUE == 2, 255, TRUE)
    assert PixelAccuracy(ignore=255)(logits(SAID), mask) == pytest.approx(4 / 6)


@pytest.mark.parametrize("cls", EXPECTED, ids=lambda cls: cls.__name__)
def test_pixels_beyond_the_photo_never_count(cls):
    beyond, padded = (
        torch.nn.functional.pad(logits(SAID), (0, 3)),
        torch.nn.functional.pad(TRUE, (0, 3), value=-100),
    )
    assert cls()(beyond, padded) == pytest.approx(EXPECTED[cls])
    assert foreground_acc(beyond, padded) == foreground_acc(logits(SAID), TRUE)


def test_classes_that_never_occur_have_no_part_in_the_mean():
    assert JaccardCoeffMulti()(logits(SAID, 9), TRUE) == JaccardCoeffMulti()(logits(SAID), TRUE)


def test_without_a_pixel_the_value_is_nan():
    metric = JaccardCoeffMulti(ignore=0)
    assert math.isnan(metric.value())
    metric.update(logits(SAID), torch.zeros_like(TRUE))
    assert math.isnan(metric.value())


def test_masks_of_another_size_are_refused():
    with pytest.raises(ArgumentError) as err:
        PixelAccuracy().update(logits(SAID), TRUE[:, :1])
    assert str(err.value) == (
        "pixel_accuracy got predictions and masks of different sizes. Got: 'predictions [1, 3, 2, 4], masks "
        "[1, 1, 4]'. Expected: masks [1, 2, 4] for such predictions."
    )


def test_a_label_that_is_no_class_is_refused():
    with pytest.raises(ArgumentError) as err:
        PixelAccuracy().update(logits(SAID), torch.where(TRUE == 2, 7, TRUE))
    assert str(err.value) == (
        "pixel_accuracy got a label that is not a class index. Got: 7. Expected: 0 to 2. "
        "Pass ignore= for the index of void pixels."
    )
