from __future__ import annotations

import numpy as np
import pytest

from gatera.core.errors import DataError
from gatera.data.splits.by_class import split_by_class
from gatera.data.splits.by_group_and_class import keep_together, split_groups_by_class

LABELS = ["cat"] * 30 + ["dog"] * 20


def sides(splits, groups):
    return [{groups[i] for i in part} for part in splits]


@pytest.mark.parametrize("seed", range(3))
def test_groups_stay_whole_and_classes_keep_their_share(seed):
    groups = [i // 5 for i in range(50)]
    splits = split_groups_by_class(LABELS, groups, 0.2, seed)
    train, valid = sides(splits, groups)
    assert not train & valid
    assert [sum(LABELS[i] == label for i in splits.valid) for label in ("cat", "dog")] == [5, 5]


def test_a_class_of_one_group_is_trained_on():
    splits = split_groups_by_class(["a"] * 8 + ["b"] * 4, [0, 0, 1, 1, 2, 2, 3, 3, 9, 9, 9, 9], 0.25, 0)
    assert {"a"} == {(["a"] * 8 + ["b"] * 4)[i] for i in splits.valid}


def test_one_group_cannot_be_split():
    with pytest.raises(DataError, match="leaves the validation set empty"):
        split_groups_by_class(LABELS, [0] * 50, 0.2, 0)


def test_a_split_without_groups_across_it_stays_as_it_is():
    splits = split_by_class(LABELS, 0.2, 0)
    assert keep_together(splits, LABELS, list(range(50)), 0.2, 0) is splits


def test_a_few_copies_move_to_the_training_set_and_many_draw_whole_groups():
    splits = split_by_class(LABELS, 0.2, 0)
    groups = list(range(50))
    groups[int(splits.valid[0])] = groups[int(splits.train[0])]
    few = keep_together(splits, LABELS, groups, 0.2, 0)
    assert set(splits.valid) - set(few.valid) == {splits.valid[0]}
    pairs = [i // 2 for i in range(50)]
    many = keep_together(splits, LABELS, pairs, 0.2, 0)
    train, valid = sides(many, pairs)
    assert not train & valid
    assert 8 <= len(many.valid) <= 12
    assert np.array_equal(np.sort(np.concatenate([many.train, many.valid])), np.arange(50))


def test_a_few_large_groups_leave_both_sides_something():
    two = split_groups_by_class(["a", "b"] * 50, [0] * 50 + [1] * 50, 0.2, 0)
    assert (len(two.train), len(two.valid)) == (50, 50)
    large = split_groups_by_class(["a", "b"] * 50, [0] * 90 + [1] * 6 + [2] * 4, 0.5, 0)
    assert (len(large.train), len(large.valid)) == (90, 10)
    with pytest.raises(DataError, match="each group has all items of a class"):
        split_groups_by_class(["a"] * 5 + ["b"] * 5, [0] * 5 + [1] * 5, 0.2, 0)


@pytest.mark.parametrize("labels", [[0] * 1000, ["cat", "dog"] * 500])
def test_groups_of_every_size_are_held_out(labels):
    """The largest always were, whatever the seed: 4 of 60 patients, and of a table with many rows twice nothing but these."""
    groups = [i // 20 for i in range(400)] + [20 + i // 2 for i in range(400)] + list(range(220, 420))
    held = [split_groups_by_class(labels, groups, 0.2, seed).valid for seed in range(5)]
    large = [float(np.mean(places < 400)) for places in held]
    assert 0.3 < np.mean(large) < 0.5 and len(set(large)) > 1
    assert all(0.18 < len(places) / 1000 < 0.25 for places in held)
