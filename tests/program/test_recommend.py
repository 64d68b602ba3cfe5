from __future__ import annotations

import numpy as np
import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.program.raw.row import PairReader
from gatera.program.recommend import best_items

READ = PairReader(["user", "film"], [7, 9], ["Alien", "Brazil", "Casablanca", "Diva"], [[1, 3], []])


def rate(pairs: np.ndarray) -> np.ndarray:
    """Later films are better."""
    return pairs[:, 1:].astype(np.float32)


@pytest.mark.parametrize(
    ("user", "options", "expected"),
    [
        (9, {}, ["Diva", "Casablanca", "Brazil"]),
        ("7", {}, ["Diva", "Brazil"]),
        (7, {"rated": True}, ["Diva", "Casablanca", "Brazil"]),
        (9, {"exclude": ["Diva", "Unheard of"]}, ["Casablanca", "Brazil", "Alien"]),
    ],
)
def test_the_best_come_first_without_those_rated(user, options, expected):
    found = best_items(READ, rate, user, 3, **{"exclude": (), "rated": False, **options})
    assert [item for item, _ in found] == expected and found[0].rating >= found[-1].rating


def test_an_unknown_user_is_a_sentence():
    with pytest.raises(DataError) as err:
        best_items(READ, rate, 8, 3, (), False)
    assert "knows no such value of user. Got: 8. Expected: one of the 2" in str(err.value)


def test_only_programs_of_ratings_recommend():
    with pytest.raises(ArgumentError, match="does not rate items"):
        best_items(lambda raw: raw, rate, 7, 3, (), False)
