from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.data.splits.by_class import split_by_class


@pytest.mark.parametrize("seed", range(20))
def test_every_class_is_held_out_in_its_share_and_one_row_stays(seed):
    labels = ["a"] * 50 + ["b"] * 10 + ["c"] * 3 + ["d"]
    split = split_by_class(labels, 0.2, seed)
    held = Counter(np.array(labels)[split.valid].tolist())
    assert (held["a"], held["b"], held["d"]) == (10, 2, 0)
    assert sorted([*split.train, *split.valid]) == list(range(64))


def test_seeds_differ_and_are_kept():
    labels = [n % 3 for n in range(90)]
    first = split_by_class(labels, 0.2, 1)
    assert first.valid.tolist() == split_by_class(labels, 0.2, 1).valid.tolist()
    assert sorted(first.valid) != sorted(split_by_class(labels, 0.2, 2).valid)


def test_classes_of_one_row_leave_nothing_to_hold_out():
    with pytest.raises(DataError, match="leaves the validation set empty"):
        split_by_class(range(20_000), 0.2, 0)


def test_two_rows():
    assert len(split_by_class(["a", "a"], 0.2, 0).valid) == 1


def test_the_share_is_checked():
    with pytest.raises(ArgumentError):
        split_by_class(["a", "b"], 1.0, 0)
