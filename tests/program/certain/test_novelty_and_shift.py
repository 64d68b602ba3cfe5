from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.program.certain.certainty import Certainty
from gatera.program.certain.conformal import Answers
from gatera.program.certain.novelty import Novelty, distances
from gatera.program.certain.shift import (
    SMALL_SHARE,
    auc_parts,
    critical,
    effect_of,
    effect_of_share,
    judge_batch,
    told_by_features,
)

D = 6


def normal(seed: int, n: int, shift: float = 0.0, wide: float = 1.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(shift, wide, (n, D))).astype(np.float32)


def known(held_out: int = 140) -> Certainty:
    reference, held = normal(0, 200), normal(1, held_out)
    sure = np.sort(np.random.default_rng(5).uniform(0.5, 1, held_out)).astype(np.float32)
    novelty = Novelty(reference, held, np.sort(distances(held, reference)))
    return Certainty(held_out, answers=Answers(sure, sure[:0]), novelty=novelty)


def test_distances_are_those_of_a_plain_loop():
    rows, reference = normal(2, 7), normal(3, 30)
    plain = [np.sort(np.linalg.norm(reference - row, axis=1))[:5].mean() for row in rows]
    assert distances(rows, reference) == pytest.approx(plain, rel=1e-5)
    few = [np.linalg.norm(reference[:2] - row, axis=1).mean() for row in rows]
    assert distances(rows, reference[:2]) == pytest.approx(few, rel=1e-5)


def test_novelty_of_usual_inputs_is_spread_evenly_and_of_odd_ones_is_near_one():
    novelty = known(400).novelty
    usual = np.array([novelty.of(row) for row in normal(4, 300)])
    assert np.quantile(usual, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.1)
    assert (usual > novelty.alarm).mean() < 0.03
    assert min(novelty.of(row) for row in normal(5, 50, shift=4.0)) > novelty.alarm
    assert novelty.of(np.full(D, np.nan, np.float32)) > novelty.alarm


def test_few_held_out_items_alarm_only_beyond_all_of_them():
    novelty = known(19).novelty
    assert novelty.alarm < 19 / 20
    assert novelty.of(np.full(D, 50, np.float32)) == 0.95


def test_an_auc_is_the_share_of_pairs_in_order():
    batch, held_out = np.array([3.0, 1.0, 2.0]), np.array([0.0, 2.0])
    pairs = [(b > h) + 0.5 * (b == h) for b in batch for h in held_out]
    above, below = auc_parts(batch, held_out)
    assert above.mean() == below.mean() == pytest.approx(np.mean(pairs))


def test_an_interval_holds_the_true_effect_and_narrows_with_the_batch():
    true, held, widths = 0.7602, 0, []  # of N(1, 1) against N(0, 1)
    for seed in range(200):
        rng = np.random.default_rng(seed)
        found = effect_of(*auc_parts(rng.normal(1, 1, 100), rng.normal(0, 1, 100)), 1.96)
        held += found.low <= true <= found.high
        widths.append(found.high - found.low)
    assert held >= 186
    rng = np.random.default_rng(0)
    large = effect_of(*auc_parts(rng.normal(1, 1, 10_000), rng.normal(0, 1, 10_000)), 1.96)
    assert large.high - large.low < np.mean(widths) / 5
    assert large.auc == pytest.approx(true, abs=0.01)


def test_features_of_one_source_cannot_be_told_apart():
    found = [told_by_features(normal(seed, 60), normal(seed + 500, 60))[0].mean() for seed in range(40)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.04)
    assert told_by_features(normal(1, 60, shift=1.0), normal(2, 60))[0].mean() > 0.9


@pytest.mark.parametrize("n", [32, 128, 1_000])
def test_same_source_batches_do_not_alarm(n):
    certainty, rng = known(), np.random.default_rng(3)
    found = [
        certainty.shift(normal(1_000 + seed, n), rng.uniform(0.5, 1, n).astype(np.float32), 100)
        for seed in range(30)
    ]
    assert not any(each.drifted for each in found)
    assert all(each.interval[0] <= each.effect <= each.interval[1] for each in found)


def test_drift_is_found_and_its_effect_does_not_grow_with_the_batch():
    certainty = known()
    small, large = (certainty.shift(normal(9, n, shift=0.6), None, 100) for n in (128, 4_000))
    assert small.drifted and large.drifted
    assert large.effect == pytest.approx(small.effect, abs=0.05)
    assert large.effect - large.interval[0] < small.effect - small.interval[0]
    assert set(small.by) == {"features", "novelty", "odd items"}


def test_a_difference_of_no_importance_is_not_an_alarm_however_large_the_batch():
    assert not known(5_000).shift(normal(9, 20_000, shift=0.05), None, 1).drifted


def test_a_few_items_of_a_new_class_among_usual_ones_are_found():
    certainty, found = known(), 0
    for seed in range(10):
        some = np.concatenate([normal(seed, 90), normal(seed + 50, 38, wide=4.0)])
        found += certainty.shift(some, None, 100).drifted
    assert found >= 9


def test_less_odd_and_less_sure_are_drift_too():
    certainty = known()
    tame = certainty.shift(normal(9, 300, wide=0.05), None, 100)
    assert tame.drifted and tame.by["novelty"].auc > 0.9
    unsure = certainty.shift(normal(9, 128), np.full(128, 0.5, np.float32), 100)
    assert unsure.drifted and unsure.by["sureness"].auc > 0.9


def test_features_that_are_no_numbers_are_refused_with_their_item():
    features = normal(8, 32)
    features[[5, 9], 2] = np.nan
    with pytest.raises(ArgumentError, match=r"not finite numbers.*item 5 of 32"):
        known().shift(features, None, 1)


def test_looking_often_asks_for_more_evidence():
    certainty, batch = known(), normal(9, 128, shift=0.3)
    once, often = (certainty.shift(batch, None, looks) for looks in (1, 100_000))
    assert once.effect == often.effect
    assert often.interval[0] < once.interval[0]
    assert critical(100, 5) > critical(1, 5)


def test_it_says_so_in_words_beside_a_rule_that_always_alarms():
    lines = known().shift(normal(9, 128, shift=1.0), None, 100).lines()
    assert lines[0].startswith(
        "The batch has drifted: its items can be told apart from held-out ones with an AUC of 0.9"
    )
    assert lines[1].endswith("; 128 items against 140 held-out ones.")
    assert (
        "A rule that always raises an alarm would find every drift too, and be wrong on all of these."
        in lines[3]
    )
    calm = known().shift(normal(8, 128), None, 100)
    assert str(calm).startswith("No drift was detected")
    assert calm.to_dict()["always_alarming"] == {"drifted": True, "false_alarms": 1.0}


def test_a_small_batch_and_a_program_without_features_are_refused():
    with pytest.raises(
        ArgumentError, match=r"too small to tell whether it has drifted\. Got: 3\. Expected: at least 10"
    ):
        known().shift(normal(9, 3), None, 100)
    with pytest.raises(
        ArgumentError, match=r"does not know what its training inputs looked like.*at least 19 held-out items"
    ):
        Certainty(50).shift(normal(9, 30), None, 100)


def test_copies_tell_nothing_new():
    few = normal(9, 15)
    once, often = (known().shift(batch, None, 100) for batch in (few, np.tile(few, (50, 1))))
    assert (often.n, often.copies) == (750, 735) and once.copies == 0
    assert not often.drifted and (often.effect, often.interval) == (once.effect, once.interval)
    assert "750 items, of which 735 are copies of others and not counted, against 140 held-out ones" in str(
        often
    )
    with pytest.raises(ArgumentError, match=r"too small.*Got: '300, of which 299 are copies of others'"):
        known().shift(np.tile(few[:1], (300, 1)), None, 100)


def test_rows_of_few_categories_are_alike_and_all_count():
    values = np.array([[0.0], [1.0]], np.float32)
    held = values[np.arange(200) % 2]
    certainty = Certainty(200, novelty=Novelty(values, held, distances(held, values)))
    assert not certainty.shift(held[:100], None, 100).drifted
    assert certainty.shift(values[np.zeros(100, int)], None, 100).drifted


def test_empty_cells_that_training_never_had_are_drift():
    batch, gaps = normal(7, 200), np.arange(200) % 2 == 0
    found = known().shift(batch, None, 100, gaps)
    assert found.drifted and found.by["empty cells"].auc == 0.75
    assert not known().shift(batch, None, 100, gaps & False).drifted
    few = known().shift(normal(7, 128), None, 100, np.arange(128) % 5 == 0)
    assert few.drifted  # a fifth of the rows; the spread of so few said that it may be chance


def test_any_number_of_looks_has_an_interval():
    assert critical(10**9, 6) > critical(100, 6) and np.isfinite(critical(10**30, 6))


def test_a_quarter_of_a_new_class_is_found_where_the_spread_of_its_own_share_would_hide_it():
    z = critical(100, 6)
    new, old = (
        effect_of_share(37, 128, 7, 140, z),
        effect_of(*auc_parts(np.arange(128) < 37, np.arange(140) < 7), z),
    )
    assert new.auc == pytest.approx(old.auc) and old.low < SMALL_SHARE < new.low < new.auc < new.high
    assert effect_of_share(128, 128, 7, 140, z).low > 0.8
    for seen, all_but in ((0, 0), (0, 7), (12, 7), (128, 0)):  # of none, the interval was 0 to 1
        effect = effect_of_share(seen, 128, all_but, 140, z)
        assert 0 <= effect.low <= effect.auc <= effect.high <= 1 and effect.high - effect.low < 0.25


@pytest.mark.parametrize(("n", "held"), [(32, 30), (32, 700), (128, 140)])
def test_false_alarms_of_odd_items_are_rarer_than_is_allowed(n, held):
    beyond, chance = held // 20, 1e-3
    z = NormalDist().inv_cdf(1 - chance)
    first = next(count for count in range(n + 1) if effect_of_share(count, n, beyond, held, z).low > 0.5)
    shares = np.random.default_rng(0).beta(beyond + 1, held - beyond, 200_000)
    alarms = (np.random.default_rng(1).binomial(n, shares) >= first).mean()
    assert chance / 8 < alarms < 1.15 * chance


def test_the_usual_share_of_novel_inputs_is_that_of_so_few_held_out_items():
    assert known(19).novelty.usually == pytest.approx(1 / 20)  # beyond all 19
    assert known(1000).novelty.usually == pytest.approx(10 / 1001)
    found = judge_batch(normal(7, 60), known(19).novelty, None, None, 1, None)
    assert "about 5.0 % is expected" in str(found) and found.to_dict()["novel_usually"] == 0.05


def rows_of_few_categories() -> tuple[Novelty, np.ndarray]:
    """Return what is known of rows that are one of six each, and 200 more of the same."""
    rng = np.random.default_rng(3)
    kinds = (rng.normal(size=(6, 8)) * rng.uniform(1, 6, size=(6, 1))).astype(np.float16).astype(np.float32)
    reference, held_out, new = (kinds[rng.integers(0, 6, n)] for n in (500, 180, 200))
    return Novelty(reference, held_out, np.sort(distances(held_out, reference))), new


def test_rows_that_training_had_are_not_novel_by_rounding() -> None:
    """Of one row alone the squares are summed in another order than of many: 13 % were "more unusual than 99 %"."""
    novelty, new = rows_of_few_categories()
    assert not any(novelty.of(row) > novelty.alarm for row in new)


def test_rounding_is_no_drift() -> None:
    novelty, new = rows_of_few_categories()
    held_sure = np.where(np.arange(180) < 90, 0.8, 0.9).astype(np.float32)
    sure = np.where(np.arange(200) < 100, 0.8, 0.9).astype(np.float32)
    other = np.nextafter(new, np.float32(9))  # as another engine computes them
    for batch, answers in ((new, sure), (other, np.nextafter(sure, np.float32(0)))):
        found = judge_batch(batch, novelty, answers, held_sure, 1, None)
        assert not found.drifted and found.novel == 0
        assert found.by["sureness"].auc == pytest.approx(0.5) and found.by["odd items"].auc == pytest.approx(
            0.5
        )
