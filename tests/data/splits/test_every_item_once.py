"""Every splitter uses each item at most once and leaves neither side empty; groups stay whole, whatever they are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatera.core.errors import GateraError
from gatera.data.splits.by_class import split_by_class
from gatera.data.splits.by_group_and_class import keep_together, split_groups_by_class
from gatera.data.splits.by_position import EndSplitter, RandomSplitter, RandomSubsetSplitter
from gatera.data.splits.by_value import GroupSplitter
from gatera.data.splits.split import Splits

SHARES = st.floats(0.01, 0.99) | st.sampled_from([0.1, 0.2, 0.5, 0.75, 0.9])
ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 8)), min_size=1, max_size=60)


def check_whole(splits: Splits, groups: list[int]) -> None:
    assert splits.used.tolist() == list(range(len(groups)))
    assert not {groups[place] for place in splits.train} & {groups[place] for place in splits.valid}


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=60), SHARES, st.integers(0, 5))
def test_each_class_is_held_out_in_its_share(labels, share, seed):
    most = len(labels) - len(set(labels))
    if not most:
        with pytest.raises(GateraError, match="leaves the validation set empty"):
            split_by_class(labels, share, seed)
        return
    splits = split_by_class(labels, share, seed)
    assert splits.used.tolist() == list(range(len(labels)))
    assert {labels[place] for place in splits.train} == set(labels)
    assert len(splits.valid) == min(max(1, int(len(labels) * share)), most)


@given(ROWS, SHARES, st.integers(0, 5))
def test_groups_stay_whole(rows, share, seed):
    labels, groups = map(list, zip(*rows, strict=True))
    if len(set(groups)) < 2:
        with pytest.raises(GateraError):
            GroupSplitter(groups, share, seed)(rows)
        return
    splits = GroupSplitter(groups, share, seed)(rows)
    check_whole(splits, groups)
    try:
        by_class = split_groups_by_class(labels, groups, share, seed)
    except GateraError:  # each group has all items of a class
        return
    check_whole(by_class, groups)
    assert {labels[place] for place in by_class.valid} <= {labels[place] for place in by_class.train}
    check_whole(keep_together(splits, labels, groups, share, seed), groups)
    check_whole(keep_together(by_class, labels, groups, share, seed), groups)

    named = [f"patient {group}" for group in groups]
    assert split_groups_by_class(labels, named, share, seed).valid.tolist() == by_class.valid.tolist()
    assert GroupSplitter(named, share, seed)(rows).valid.tolist() == splits.valid.tolist()


@given(st.integers(0, 30), SHARES, SHARES)
def test_parts_by_position_are_refused_in_words_or_hold_each_item_once(n, share, other):
    for make in (
        lambda: RandomSplitter(share, seed=1),
        lambda: EndSplitter(share),
        lambda: EndSplitter(share, valid_last=False),
        lambda: RandomSubsetSplitter(share, other, seed=1),
    ):
        try:
            splits = make()(range(n))
        except GateraError:
            continue
        assert len(splits.train) and len(splits.valid) and splits.used.max() < n
        assert len(set(splits.used.tolist())) == len(splits.used)
