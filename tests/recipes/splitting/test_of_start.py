"""What is said of sides that are drawn at random from the data that the program to start from was trained on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gatera.learn.learner import Learner
from gatera.recipes.settings import TrainSettings
from gatera.recipes.splitting.of_start import SEEN, seen_by_start

THEN = {"program": "a.gatera", "source": "cats", "seed": 1, "n_train": 80, "valid": {"n": 20}}


def learner(n_train: int, n_valid: int) -> Learner:
    dls = SimpleNamespace(train=SimpleNamespace(n=n_train), valid=SimpleNamespace(n=n_valid))
    return cast(Learner, SimpleNamespace(dls=dls))


@pytest.mark.parametrize("sides", [(), ("valid",), ("test",), ("valid", "test")])
def test_each_side_that_is_drawn_at_random_may_have_been_trained_on(sides):
    settings = TrainSettings(Path("cats"), Path("b.gatera"), seed=2)
    said = [SEEN.format("a.gatera", "cats")]
    assert seen_by_start(THEN, learner(80, 20), settings, sides, {}) == dict.fromkeys(sides, said)


def test_nothing_is_said_of_the_same_split_nor_of_other_data():
    again = TrainSettings(Path("cats"), Path("b.gatera"), seed=1)
    assert seen_by_start(THEN, learner(80, 20), again, ("valid",), {}) == {}
    assert seen_by_start(THEN, learner(81, 20), again, ("valid",), {}) != {}
    other = TrainSettings(Path("dogs"), Path("b.gatera"), seed=2)
    assert seen_by_start(THEN, learner(80, 20), other, ("valid",), {}) == {}
