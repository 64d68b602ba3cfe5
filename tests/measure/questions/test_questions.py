from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from gatera.core.errors import ArgumentError
from gatera.measure.intervals import bootstrap_interval
from gatera.measure.questions.label_errors import suspects
from gatera.measure.questions.paired import paired_test
from gatera.measure.questions.slices import worst_slices


def test_a_clear_difference_is_claimed_and_named():
    a, b = np.zeros(200), np.zeros(200)
    a[:5], b[:25] = 1, 1
    found = paired_test(a, b)
    assert found.p == pytest.approx(binomtest(0, 20).pvalue)
    assert found.differ
    assert found.difference == pytest.approx(-0.1)
    assert found.interval.low < -0.1 < found.interval.high < 0
    assert found.sentence("a.gatera", "b.gatera") == "a.gatera is better than b.gatera (p = 1.9e-06)."


def test_no_difference_can_be_claimed_and_how_many_more_items_would_tell():
    a, b = np.zeros(100), np.zeros(100)
    a[:4], b[3:8] = 1, 1
    found = paired_test(a, b)
    assert not found.differ
    assert found.needed == int(np.ceil((1.959964 + 0.841621) ** 2 * 0.07 / 0.01**2))
    assert found.sentence() == (
        "No difference can be claimed (p = 1); about 5,395 more items would be needed to confirm a difference "
        "of this size."
    )
    assert (
        paired_test(a, a).sentence() == "No difference can be claimed (p = 1); both are wrong equally often."
    )


@pytest.mark.parametrize("groups", [None, list(range(12))])
def test_where_nobody_errs_a_dozen_items_still_leave_room_for_a_difference(groups):
    right, wrong = np.zeros(12), np.ones(12)
    low, high = paired_test(right, right, groups=groups).interval
    assert (low, high) == pytest.approx((-0.242494, 0.242494), abs=1e-5)  # Wilson: 0 of 12
    assert paired_test(wrong, right, groups=groups).interval == pytest.approx((0.757506, 1), abs=1e-5)
    prices = np.full(12, 3.5)
    assert paired_test(prices, prices, groups=groups).interval == (0, 0)


@pytest.mark.slow
def test_false_alarms_are_as_rare_as_said_and_needed_items_have_the_power_said():
    draw = np.random.default_rng(0)
    alarms = [paired_test(draw.normal(size=30), draw.normal(size=30), seed=i).differ for i in range(25)]
    assert sum(alarms) <= 5
    needed = paired_test(draw.normal(0.5, 1, 1000), np.zeros(1000)).needed
    found = [paired_test(draw.normal(0.5, 1, needed), np.zeros(needed), seed=i).differ for i in range(15)]
    assert 0.5 <= np.mean(found) <= 1.0


def test_items_of_a_group_count_as_one():
    a, groups = np.repeat([1.0, 1.0, 0.0, 0.0], 30), np.repeat([0, 1, 2, 3], 30)
    assert paired_test(a, np.zeros(120)).differ
    assert not paired_test(a, np.zeros(120), groups=groups).differ
    narrow, wide = bootstrap_interval(a), bootstrap_interval(a, groups=groups)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    with pytest.raises(ArgumentError, match="groups must name the group of each row"):
        bootstrap_interval(a, groups=[1])


def test_other_items_cannot_be_compared():
    with pytest.raises(ArgumentError, match="same items"):
        paired_test([1, 0], [1])


def test_planted_label_errors_come_first():
    draw = np.random.default_rng(1)
    truth = draw.integers(0, 3, 300)
    scores = 6 * np.eye(3)[truth] + draw.normal(size=(300, 3))
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    labels = truth.copy()
    planted = draw.choice(300, 15, replace=False)
    labels[planted] = (truth[planted] + 1) % 3
    found = suspects(p, labels)
    assert len({suspect.place for suspect in found[:15]} & set(planted.tolist())) >= 13
    assert all(suspect.looks_like != suspect.label for suspect in found)
    with pytest.raises(ArgumentError, match="two classes"):
        suspects(p, np.zeros(300, int))


def test_a_planted_slice_comes_first_whatever_it_is_by():
    draw = np.random.default_rng(2)
    brightness, breed = draw.uniform(0, 255, 400), draw.choice(list("abcdefgh"), 400)
    misses = draw.random(400) < np.where(brightness < 60, 0.5, 0.03)
    other = draw.normal(size=400)
    found = worst_slices(misses, {"noise": other, "breed": breed, "brightness": brightness})
    assert found[0].name.startswith("brightness below")
    assert found[0].clear
    assert not any(part.clear for part in found[1:])
    wrong = draw.random(400) < np.where(breed == "c", 0.6, 0.03)
    assert worst_slices(wrong, {"brightness": brightness, "breed": breed})[0].name == "breed: c"


def test_without_a_bad_slice_none_is_clear_though_many_are_looked_at():
    draw = np.random.default_rng(3)
    many = {f"column {i}": draw.normal(size=300) for i in range(60)}
    assert not any(part.clear for part in worst_slices(draw.random(300) < 0.1, many))
    numbers = worst_slices(draw.normal(1, 1, 300) ** 2, {"a": draw.choice(["x", "y"], 300)})
    assert {part.name for part in numbers} == {"a: x", "a: y"}
    with pytest.raises(ArgumentError, match="has 2 values for 300 items"):
        worst_slices(np.zeros(300), {"b": [1, 2]})


def test_items_that_are_needed_count_groups_where_items_of_a_group_are_alike() -> None:
    # 8 groups of 25 equal items: what is needed is 25 times what 8 items of these differences would need
    effects, groups = np.array([0.3, -0.2, 0.4, -0.1, 0.2, -0.3, 0.1, 0.2]), np.repeat(np.arange(8), 25)
    found = paired_test(np.repeat(effects, 25), np.zeros(200), groups=groups)
    alone = paired_test(effects, np.zeros(8)).needed
    assert found.needed == pytest.approx(25 * alone, abs=25)
    assert f"about {found.needed - 200:,} more items would be needed" in found.sentence()


def test_rare_chances_are_told_by_more_flips_or_refused() -> None:
    clear = np.random.default_rng(0).normal(1, 0.1, 60)
    assert paired_test(
        clear, np.zeros(60), confidence=0.999
    ).differ  # 2,000 flips cannot show less than 1 in 2,001
    assert paired_test(clear, np.zeros(60), confidence=0.9999).differ
    with pytest.raises(ArgumentError, match=r"confidence=0.99999.*at most 0.9999"):
        paired_test(clear, np.zeros(60), confidence=0.99999)


def test_no_slice_of_a_few_equal_numbers_is_clear_and_infinite_values_lie_at_an_end() -> None:
    shares = np.concatenate([np.full(8, 0.2), np.random.default_rng(0).random(92) * 0.3])
    found = worst_slices(shares, {"a": ["x"] * 8 + ["y"] * 92})[0]
    assert found.name == "a: x" and found.interval.low < 0.17 and not found.clear
    depth = np.concatenate([np.full(40, np.inf), [-np.inf], np.arange(59.0)])
    names = {part.name: part.n for part in worst_slices(np.arange(100) % 2, {"depth": depth.tolist()})}
    assert names == {
        "depth below 14.5": 16,
        "depth 14.5 to 29": 14,
        "depth 29 to 43.5": 15,
        "depth 43.5 or more": 55,
    }
