from __future__ import annotations

import pytest

from gatera.learn.callbacks import time_left
from gatera.learn.callbacks.time_left import TimeLeft, in_words, seconds_left


class State:
    training, valid, epochs, epoch, steps, step = True, [0] * 10, 3, 0, 100, 0


class Clock:
    now = 0.0

    def monotonic(self):
        return self.now


@pytest.mark.parametrize(
    ("batch", "lines"),
    [
        (1.0, ["About 5 minutes left for 3 epochs."]),
        (4.0, ["About 20 minutes left for 3 epochs."]),
        (0.02, []),
    ],
)
def test_it_is_said_once_after_some_batches_and_only_where_it_is_long(monkeypatch, batch, lines):
    clock, said, state = Clock(), [], State()
    monkeypatch.setattr(time_left, "time", clock)
    callback = TimeLeft(said.append)
    callback.before_fit(state)
    for state.step in range(50):
        callback.before_batch(state)
        clock.now += batch + (10 if state.step == 0 else 0)  # the first one is slow
        callback.after_batch(state)
    assert said == lines


def test_times_in_words():
    assert [in_words(seconds) for seconds in (30, 44, 170, 7000)] == [
        "30 s",
        "40 s",
        "3 minutes",
        "1 h 57 min",
    ]


def test_what_is_left_of_a_fit_that_goes_on_is_counted_from_its_epoch_and_step():
    """Two of three epochs of 100 batches and of ten that are judged (each a third of the time), without the first 20."""
    state = State()
    state.epoch, state.step = 1, 20
    assert seconds_left(state, 2.0) == pytest.approx(2 * (2 * 103.5 - 20))
    state.valid = None
    assert seconds_left(state, 2.0) == pytest.approx(2 * (2 * 100 - 20))
