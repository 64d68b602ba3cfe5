from __future__ import annotations

import json

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.measure.reports.masks import MaskReport

NAMES = ["ground", "disc", "void"]


def pairs(n: int = 20, wrong: float = 0.1) -> list[tuple[np.ndarray, np.ndarray]]:
    draw = np.random.default_rng(0)
    true = draw.choice([0, 1, 2], (n, 10, 10), p=[0.6, 0.3, 0.1])
    said = np.where(draw.random(true.shape) < wrong, 1 - np.minimum(true, 1), true)
    return list(zip(said, true, strict=True))


def test_pixels_overlap_and_baseline_are_counted_by_hand():
    report = MaskReport.from_masks([([[0, 1, 1]], [[0, 0, 1]]), ([[0, 0, 0]], [[0, 0, 1]])], NAMES)
    assert report.error == pytest.approx(2 / 6)
    assert report.overlaps == {"ground": 3 / 5, "disc": 1 / 3}  # void occurs nowhere
    assert report.mean_overlap == pytest.approx((3 / 5 + 1 / 3) / 2)
    assert (report.baseline_label, report.baseline) == ("ground", pytest.approx(2 / 6))


def test_a_class_that_is_ignored_counts_nowhere():
    whole, without = (MaskReport.from_masks(pairs(), NAMES, ignored) for ignored in (None, "void"))
    assert set(whole.overlaps) == set(NAMES) and set(without.overlaps) == {"ground", "disc"}
    assert without.error != whole.error
    assert "(void is ignored)" in without.lines()[0]


def test_pixels_outside_the_classes_do_not_count():
    report = MaskReport.from_masks([([[0, 1]], [[0, -100]])], NAMES)
    assert report.error == 0


def test_the_interval_holds_the_error_and_widens_with_fewer_photos():
    many, few = (MaskReport.from_masks(pairs(n), NAMES) for n in (100, 5))
    for report in (many, few):
        assert report.interval[0] <= report.error <= report.interval[1]
    assert few.interval[1] - few.interval[0] > many.interval[1] - many.interval[0]


def test_the_mean_iou_has_an_interval_over_photos():
    report, ignoring = (MaskReport.from_masks(pairs(40), NAMES, ignored) for ignored in (None, "void"))
    for one in (report, ignoring):
        low, high = one.overlap_interval
        assert low < one.mean_overlap < high and high - low < 0.1
        assert (
            f"Mean IoU {one.mean_overlap:.3f} (95 % interval {low:.3f} to {high:.3f}); lowest"
            in one.lines()[-1]
        )
    alone = MaskReport.from_masks(pairs(1), NAMES)
    assert alone.to_dict()["mean_iou_interval95"] is None and "interval" not in alone.lines()[-1]


def test_it_says_when_the_baseline_is_not_beaten():
    good, bad = MaskReport.from_masks(pairs(), NAMES), MaskReport.from_masks(pairs(wrong=0.7), NAMES)
    assert good.beats_baseline and "not clearly better" not in "".join(good.lines())
    assert not bad.beats_baseline and "The model is clearly worse." in bad.lines()


def test_the_card_has_both_intervals_and_the_verdict():
    good, bad = MaskReport.from_masks(pairs(), NAMES), MaskReport.from_masks(pairs(wrong=0.7), NAMES)
    low, high = good.overlap_interval
    mean = f"Mean intersection over union {good.mean_overlap:.3f}; 95 % interval {low:.3f} to {high:.3f}."
    assert good.card_remarks == [good.lines()[0], mean]
    assert bad.card_remarks[1] == "The model is clearly worse than always predicting the most frequent class."
    assert MaskReport.from_masks(pairs(1), NAMES).card_remarks[1:] == [
        "The model is not clearly better than always predicting the most frequent class."
    ]


def test_it_is_json():
    told = json.loads(json.dumps(MaskReport.from_masks(pairs(), NAMES).to_dict()))
    assert told["n"] == 20 and told["baseline"]["label"] == "ground" and set(told["iou"]) == set(NAMES)


@pytest.mark.parametrize(
    ("masks", "what"),
    [
        ([([[0, 1]], [[0]])], "must have the same size"),
        ([([[0]], [[-100]])], "at least one pixel that is not ignored"),
    ],
)
def test_what_cannot_be_compared_is_refused(masks, what):
    with pytest.raises(ArgumentError, match=what):
        MaskReport.from_masks(masks, NAMES)


def test_one_photo_gives_no_interval_and_beats_nothing():
    report = MaskReport.from_masks(pairs(1, wrong=0.0), NAMES)
    assert report.error < report.baseline and not report.beats_baseline
    assert report.lines()[0] == (
        "0.0 % of the pixels are wrong, on 1 photo; 1 photo is too few for an interval."
    )
