"""The doctor says nothing of made trainings in which nothing is wrong, and finds what is planted in them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gatera.learn.doctor.findings import _chance_of, _chance_of_side, from_curves, from_errors


@pytest.mark.parametrize(
    ("classes", "each", "error", "by_class"),
    [
        (10, 15, 0.2, True),
        (40, 15, 0.25, True),
        (200, 8, 0.3, False),
        (500, 5, 0.3, False),
        (37, 100, 0.1, False),
    ],
)
def test_nothing_is_said_of_classes_that_differ_by_chance(classes, each, error, by_class):
    draw, said = np.random.default_rng(0), 0
    for _ in range(20):
        labels = np.repeat(np.arange(classes), each + max(3, each // 4))
        valid = np.tile(np.arange(each + max(3, each // 4)) >= each, classes)
        valid = valid if by_class else draw.permutation(valid)
        wrong = draw.random(valid.sum()) < error
        said += bool(
            from_errors(labels[~valid].tolist(), wrong, labels[valid].tolist(), list(range(classes)))
        )
    assert said <= 1


@given(st.integers(2, 60), st.integers(0, 2**32 - 1), st.integers(5, 15))
def test_a_small_class_that_is_mostly_wrong_is_found_among_others(classes, seed, few):
    train = [*np.repeat(np.arange(1, classes), 100).tolist(), *[0] * few]
    actual = np.repeat(np.arange(classes), 12)
    wrong = (np.random.default_rng(seed).random(len(actual)) < 0.05) | (np.arange(len(actual)) < 10)
    names = [
        each.name
        for each in from_errors(train, wrong, actual.tolist(), [f"class {k}" for k in range(classes)])
    ]
    assert "too few examples of a class" in names or "labels that look shuffled" in names


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.01, 0.99))
def test_chances_are_scipys(counts, rate):
    wrong, n = counts
    assert _chance_of(wrong, n, rate) == pytest.approx(stats.binom.sf(wrong - 1, n, rate), abs=1e-12)


@given(st.integers(2, 60), st.data())
def test_chances_of_sides_are_scipys(n, data):
    members, held_out = data.draw(st.integers(1, n)), data.draw(st.integers(1, n))
    there = data.draw(st.integers(max(0, members + held_out - n), min(members, held_out)))
    tails = (
        stats.hypergeom.cdf(there, n, members, held_out),
        stats.hypergeom.sf(there - 1, n, members, held_out),
    )
    assert _chance_of_side(there, members, held_out, n) == pytest.approx(min(tails), abs=1e-9)


LOSSES = st.lists(st.floats(0.01, 100), min_size=1, max_size=8)


@given(LOSSES, st.sampled_from([1e-6, 1000.0]))
def test_curves_in_another_unit_tell_the_same(losses, unit):
    def said(times: float) -> list[str]:
        rows = [
            {"train_loss": times / (1 + place), "valid_loss": times * loss}
            for place, loss in enumerate(losses)
        ]
        return [each.name for each in from_curves(rows, [times * loss for loss in losses * 10])]

    assert said(unit) == said(1.0)


def test_losses_below_0_are_no_overfitting_and_a_loss_that_ends_in_nan_is_said_in_words():
    rows = [
        {"train_loss": -5.0 - place, "valid_loss": loss} for place, loss in enumerate([-9, -10, -9.99, -9.99])
    ]
    assert from_curves(rows, []) == []
    assert [each.name for each in from_curves([*rows, {"train_loss": -9.0, "valid_loss": -8.0}], [])] == [
        "overfitting"
    ]
    [broken] = from_curves([], [1.0, 0.5, float("nan")])
    assert broken.evidence == "the loss fell to 0.5 and then was not a finite number."
    [never] = from_curves([], [float("nan")])
    assert never.evidence == "the loss was not a finite number."
