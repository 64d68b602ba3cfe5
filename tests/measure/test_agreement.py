"""Agreement of people: the published example, scikit-learn as oracle, and what cannot be said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from gatera.core.errors import DataError
from gatera.measure.agreement import agreement, krippendorff

#: Three people and fifteen items, of which each labelled some: alpha is 0.691 (Krippendorff's example).
EXAMPLE = {"A": "*****34121133*3", "B": "1*213343*******", "C": "**21344*21133*4"}


def given(text: str) -> dict[str, str]:
    return {str(place): label for place, label in enumerate(text) if label != "*"}


def test_the_published_example():
    found = agreement({person: given(text) for person, text in EXAMPLE.items()})
    assert round(found.alpha, 3) == 0.691
    assert [pair.people for pair in found.pairs] == [("A", "B"), ("A", "C"), ("B", "C")]


def test_kappa_is_that_of_scikit_learn_and_lies_in_its_interval():
    draw = np.random.default_rng(0)
    ann = draw.choice(["cat", "dog", "fox"], 200)
    ben = np.where(draw.random(200) < 0.8, ann, draw.choice(["cat", "dog", "fox"], 200))
    found = agreement(
        {"Ann": dict(enumerate_texts(ann)), "Ben": dict(enumerate_texts(ben)), "Cleo": {"none": "cat"}}
    )
    (pair,) = found.pairs
    assert pair.kappa == pytest.approx(cohen_kappa_score(ann, ben))
    assert pair.interval[0] < pair.kappa < pair.interval[1] < pair.interval[0] + 0.25
    assert pair.alike == (ann == ben).sum() and pair.n == 200 == found.n
    assert sum(n for _, _, n in pair.confusions) == 200 - pair.alike == len(found.disputed)


def enumerate_texts(labels):
    return [(str(place), str(label)) for place, label in enumerate(labels)]


def test_items_with_most_opinions_come_first():
    found = agreement({"A": {"1": "x", "2": "x"}, "B": {"1": "x", "2": "y"}, "C": {"1": "y", "2": "z"}})
    assert list(found.disputed) == ["2", "1"] and found.disputed["2"] == {"A": "x", "B": "y", "C": "z"}


def test_one_label_alone_says_nothing():
    found = agreement({"A": {"1": "x", "2": "x"}, "B": {"1": "x", "2": "x"}})
    assert math.isnan(found.alpha) and math.isnan(found.pairs[0].kappa) and found.pairs[0].alike == 2
    assert krippendorff([["x", "y"], ["x", "y"]]) < 0  # worse than chance


def test_people_without_a_common_item():
    with pytest.raises(DataError, match=r"No two people labelled the same item. Got: 'A, B'"):
        agreement({"A": {"1": "x"}, "B": {"2": "x"}})


@pytest.mark.parametrize("missing", [None, "", float("nan")])
def test_an_item_without_a_label_is_not_labelled(missing):
    """An empty cell counted as a label of its own, and None was a TypeError."""
    found = agreement(
        {"Ann": {"1": "cat", "2": "dog", "3": "cat"}, "Ben": {"1": "cat", "2": "dog", "3": missing}}
    )
    assert (found.n, found.pairs[0].n, found.pairs[0].kappa, found.disputed) == (2, 2, 1.0, {})
    with pytest.raises(DataError, match="No two people"):
        agreement({"Ann": {"1": "cat"}, "Ben": {"1": missing}})
