"""Sets keep their promise for any items, grow with the level, and agree with the label and with `sure=`."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gatera.core.errors import ArgumentError
from gatera.program.certain.certainty import Certainty
from gatera.program.certain.conformal import Answers, Scores, highest_level, least_items
from gatera.program.prediction import Prediction

LEVELS = st.floats(0.001, 0.9999) | st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 2 / 3, 1 / 3, 0.29, 0.57])
SCORES = st.sampled_from([0.0, 0.1, 0.11, 0.3, 0.5, 1 / 3, 1.0]) | st.floats(0, 1, width=32)

#: Shares of an item's labels: one, halves, thirds, sevenths.
SIZES = st.sampled_from([1, 2, 3, 7])


def scores_of(values: list[float]) -> Scores:
    return Scores(np.sort(np.array(values, np.float32)), len(values))


@given(st.lists(SCORES, min_size=2, max_size=60), LEVELS)
def test_of_items_left_out_one_by_one_at_least_the_level_lies_below_the_cutoff(values, level):
    """Whichever of n + 1 items is the new one: this is the promise itself, without chance."""
    values = np.array(values, np.float32).tolist()
    assume(least_items(level) <= len(values) - 1)
    below = [
        value <= scores_of(values[:place] + values[place + 1 :]).cutoff("level", level)
        for place, value in enumerate(values)
    ]
    assert sum(below) >= level * len(values) - 1e-6


@given(
    st.lists(
        SIZES.flatmap(lambda size: st.lists(SCORES, min_size=size, max_size=size)), min_size=2, max_size=30
    ),
    LEVELS,
)
def test_of_items_with_several_labels_that_share_of_the_labels_does(items, level):
    assume(least_items(level) <= len(items) - 1)

    def scores(chosen: list[list[float]]) -> Scores:
        values = np.array([value for item in chosen for value in item], np.float32)
        weights = np.array([1 / len(item) for item in chosen for _ in item], np.float32)
        order = np.argsort(values, kind="stable")
        return Scores(values[order], len(chosen), weights[order])

    held = [
        np.mean(
            np.array(item, np.float32) <= scores(items[:place] + items[place + 1 :]).cutoff("level", level)
        )
        for place, item in enumerate(items)
    ]
    assert sum(held) >= level * len(items) - 1e-4


@given(st.lists(SCORES, min_size=1, max_size=130), LEVELS, LEVELS)
def test_a_higher_level_never_has_a_lower_cutoff_and_levels_that_are_offered_are_taken(values, one, other):
    scores, n = scores_of(values), len(values)
    for level in (one, other):
        if least_items(level) > n:
            with pytest.raises(ArgumentError, match="needs more held-out items"):
                scores.cutoff("level", level)
        else:
            assert scores.cutoff("level", level) == scores.values[math.ceil((n + 1) * level - 1e-9) - 1]
    low, high = sorted((one, other))
    assert least_items(high) > n or scores.cutoff("level", low) <= scores.cutoff("level", high)
    assert scores.cutoff("level", highest_level(n)) == scores.values[-1]


@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.6, 0.9, 1.0]), st.booleans()), min_size=1, max_size=60
    ),
    LEVELS,
)
def test_from_the_least_probability_on_enough_answers_were_right(rows, level):
    p, right = np.array([each for each, _ in rows], np.float32), np.array([good for _, good in rows])
    enough = [
        least
        for least in sorted(set(p.tolist()))
        if (1 + (~right[p >= least]).sum()) / (1 + (p >= least).sum()) <= 1 - level + 1e-9
    ]
    found = Answers(np.sort(p[right]), np.sort(p[~right])).least_probability(level)
    assert found == (enough[0] if enough else 2.0)


@given(st.integers(1, 4), st.integers(20, 60), st.integers(0, 2**32 - 1), st.booleans(), LEVELS, LEVELS)
def test_sets_grow_with_the_level_and_a_sure_answer_is_the_whole_set(k, n, seed, with_ties, one, other):
    draw = np.random.default_rng(seed)
    p = draw.dirichlet(np.ones(k), n)
    p = np.round(4 * p) + 1 if with_ties else p
    p = (p / p.sum(axis=1, keepdims=True)).astype(np.float32)
    labels = draw.integers(0, k, n)
    right, sure = p.argmax(axis=1) == labels, p.max(axis=1)
    scores = np.sort((1 - p[np.arange(n), labels]).astype(np.float32))
    certainty = Certainty(n, Scores(scores, n), Answers(np.sort(sure[right]), np.sort(sure[~right])))
    low, high = sorted((one, other))
    assume(least_items(high) <= n)
    vocab = [f"class {number}" for number in range(k)]
    for row in p[:5]:
        answer = Prediction(vocab[row.argmax()], int(row.argmax()), row, vocab)
        answer.certainty = certainty
        smaller, larger = answer.set_at(low), answer.set_at(high)
        assert smaller[0] == larger[0] == answer.label
        assert set(answer.set_at(low, exact=True)) <= set(smaller) <= set(larger)
        asked = answer.at(high)
        assert (asked.label is None) == (asked.reason is not None) and asked.set == larger
        assert asked.label is None or larger == [asked.label]
