"""A text that is copied with what a copy may change is found, from either side, in any order of the others."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from hypothesis import assume, given
from hypothesis import strategies as st

from gatera.measure.duplicates.pairs import groups_of
from gatera.measure.duplicates.texts import near_texts, normalised

WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "and",
    "looked",
    "at",
    "every",
    "dog",
    "that",
    "came",
    "along",
    "this",
    "long",
    "road",
    "to",
    "see",
    "what",
    "was",
    "there",
    "before",
    "it",
    "went",
    "away",
    "again",
    "été",
    "C++",
    "喵",
    "กา",
]

#: What a copy may change, whatever the text.
SAME: list[Callable[[str], str]] = [
    str.upper,
    lambda text: text.replace(" ", "   ").replace("   ", "\r\n", 1),
    lambda text: f'"{text}!!"',
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: "\ufeff" + text.replace(" ", "\u00a0"),
    lambda text: text.replace("e", "e\u00ad"),  # where a word may be divided
    lambda text: text.replace(" ", "\u200b "),
    lambda text: "\u200f" + text,
]


@st.composite
def texts(draw: st.DrawFn) -> tuple[list[str], str, str]:
    """Return texts, one of them, and a copy of that one."""
    word = st.sampled_from(WORDS) | st.text("abcdefghijklmnop", min_size=2, max_size=7)
    one = st.lists(word, min_size=4, max_size=40).map(" ".join)
    every = draw(st.lists(one, min_size=1, max_size=6))
    copied = draw(st.sampled_from(every))
    if draw(st.booleans()):
        return every, copied, draw(st.sampled_from(SAME))(copied)
    assume(len(copied.split()) >= 25)
    return every, copied, draw(st.sampled_from(["<p>", "Re: ", "4. "])) + copied


@given(texts(), st.randoms())
def test_copies_are_found_from_either_side_in_any_order(drawn, random):
    every, copied, copy = drawn
    mine = [copy, "nothing in here is like the others at all"]
    there = {pair.second for pair in near_texts(mine, every) if pair.first == 0}
    assert any(normalised(every[place]) == normalised(copied) for place in there)

    back = {pair.first for pair in near_texts(every, mine) if pair.second == 0}
    assert {normalised(every[place]) for place in back} == {normalised(every[place]) for place in there}

    order = random.sample(range(len(every)), len(every))
    again = {
        order[pair.second] for pair in near_texts(mine, [every[place] for place in order]) if pair.first == 0
    }
    assert {normalised(every[place]) for place in again} == {normalised(every[place]) for place in there}

    groups = groups_of(len(every) + 2, [pair[:2] for pair in near_texts(every + mine)])
    assert groups[every.index(copied)] == groups[len(every)] != groups[-1]
