"""`L` and its kin: first and last items, pieces, chains of calls."""

from __future__ import annotations

from itertools import islice

import pytest

from gatera.compat.lists import (
    Inf,
    L,
    Self,
    chunked,
    coll_repr,
    first,
    last,
    mapped,
    range_of,
    uniqueify,
)
from gatera.core.errors import ArgumentError


def test_first_and_last():
    assert (first([4, 5, 6]), last([4, 5, 6])) == (4, 6)
    assert (first([]), last([])) == (None, None)
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


def test_lists_grow_on_both_sides():
    made = L(1, 2)
    more, pair = [3], (0,)
    assert made + more == [1, 2, 3] and more + made == [3, 1, 2] and pair + made == [0, 1, 2]
    assert made * 2 == [1, 2, 1, 2] and isinstance(made * 2, L)
    made += (3,)
    assert made == L(1, 2, 3) == (1, 2, 3) and made != [1, 2]
    assert ~L(True, False) == [False, True]


def test_places_of_items():
    words = L("cat", "dog", "cow")
    assert words.argwhere(lambda word: word[0] == "c") == [0, 2]
    assert words.argfirst(lambda word: word[0] == "d") == 1 and words.argfirst(str.isdigit) is None
    assert words.val2idx() == {"cat": 0, "dog": 1, "cow": 2}
    assert L(3, 1, 3).unique(sort=True, bidir=True) == ([1, 3], {1: 0, 3: 1})
    assert L("a").unique(start=["none"]) == ["none", "a"]
    assert words.enumerate()[1] == (1, "dog")


def test_items_that_are_lists():
    pairs = L((1, 2), (3, 4))
    assert pairs.map_zip(lambda a, b, c: a * b + c, 1) == [3, 13] and pairs.starmap(max) == [2, 4]
    assert pairs.concat() == [1, 2, 3, 4] and pairs.zip() == [(1, 3), (2, 4)] and pairs.itemgot(1) == [2, 4]
    assert L([1, 2, 3], [4]).zip() == [(1, 4)] and L([1, 2, 3], [4]).zip(cycled=True) == [
        (1, 4),
        (2, 4),
        (3, 4),
    ]
    assert L("ab", use_list=True).zipwith([1, 2]) == [("a", 1), ("b", 2)]
    assert L(1, 2).map_dict(str) == {1: "1", 2: "2"} and L(1).map_dict() == {1: 1}


def test_functions_may_be_formats_and_tables():
    assert L(1, 2).map("photo {}") == ["photo 1", "photo 2"]
    assert L("a", "b").map({"a": 1, "b": 2}) == [1, 2] and L(1, 0).map(["no", "yes"]) == ["yes", "no"]
    assert mapped(str, [1, 2]) == ["1", "2"] and mapped(str, 1) == "1"
    assert L(0, 1, 2).filter(negate=True) == [0]


def test_order_and_chance():
    numbers = L(range(50))
    mixed = numbers.shuffle()
    assert mixed != numbers and mixed.sorted() == numbers and len(mixed) == 50
    assert L((2, "b"), (1, "a")).sorted(0) == [(1, "a"), (2, "b")] and L("b", "a").sorted(reverse=True) == [
        "b",
        "a",
    ]
    assert list(islice(L(1, 2).cycle(), 5)) == [1, 2, 1, 2, 1] and list(L().cycle()) == []
    assert uniqueify([2, 1, 2]) == [2, 1] and uniqueify([2, 1, 2], sort=True) == [1, 2]


def test_sums_and_plain_lists():
    assert (L(1, 2).sum(), L().sum(), L("a", "b").reduce(str.__add__)) == (3, 0, "ab")
    assert L(2, 3).reduce(lambda a, b: a * b, 10) == 60
    assert type(L(1).items) is list


def test_several_items_are_set_at_once():
    made = L(0, 0, 0)
    made[[0, 2]] = [1, 2]
    made[[False, True, False]] = 5
    made[-1] += 1
    assert made == [1, 5, 3]
    with pytest.raises(ArgumentError, match="differ in length"):
        made[[True]]


def test_endless_iterators():
    assert list(islice(Inf.count, 3)) == [0, 1, 2]
    assert [next(each) for each in (Inf.zeros, Inf.ones, Inf.nones)] == [0, 1, None]


def test_chains_are_run_item_by_item():
    assert L("a-b", "c-d").map(Self.split("-")[1].upper()) == ["B", "D"]
    assert L((1, 2), (3, 4)).map(Self[0]) == [1, 3] and L(1 + 2j).map(Self.imag()) == [2]
