"""First and last items, and pieces of lists."""

from __future__ import annotations

from gatera.compat.lists import chunked, coll_repr, first, last, range_of


def test_first_and_last():
    assert (first([4, 5, 6]), last([4, 5, 6])) == (4, 6)
    assert first([4, 5, 6], lambda item: item > 4) == 5
    assert first([4, 5, 6], lambda item: item > 4, negate=True) == 4
    assert first([]) is None


def test_ranges():
    assert range_of("abc") == [0, 1, 2]
    assert range_of(2, 8, 3) == [2, 5]


def test_the_last_piece_may_be_shorter_or_left_out():
    assert list(chunked(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(chunked(range(5), 2, drop_last=True)) == [[0, 1], [2, 3]]


def test_only_the_first_items_are_shown():
    assert coll_repr([1, 2], max_n=2) == "(#2) [1,2]"
    assert coll_repr([1, 2, 3], max_n=2) == "(#3) [1,2...]"
