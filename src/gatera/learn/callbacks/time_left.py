"""Say after the first batches how long a fit will take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from gatera.learn.state import Callback, LoopState

#: The estimate is made after this time, and this many batches: the first ones are slower.
PATIENCE_SECONDS, LEAST_BATCHES = 5.0, 4

#: Shorter fits need no estimate (seconds).
LEAST_SECONDS = 30.0

#: Time of a batch in validation, as a share of one in training.
VALIDATION_SHARE = 0.35


class TimeLeft(Callback):
    """Say once in each fit about how long it will take, unless that is soon.

    Args:
        say: takes the line.
    """

    order: ClassVar[int] = 80
    reads_only = True
    in_lr_find = False

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._batches, self._began, self._said = 0, 0.0, False

    def before_fit(self, state: LoopState) -> None:
        """Start over."""
        self._batches, self._said = 0, False

    def before_batch(self, state: LoopState) -> None:
        """Start the clock after the first batch, which is slower than others."""
        if state.training and self._batches == 1:
            self._began = time.monotonic()

    def after_batch(self, state: LoopState) -> None:
        """Say it once enough batches were seen."""
        if not state.training or self._said:
            return
        self._batches += 1
        seconds = time.monotonic() - self._began
        if self._batches <= LEAST_BATCHES or seconds < PATIENCE_SECONDS:
            return
        self._said = True
        left = seconds_left(state, seconds / (self._batches - 1))
        if left >= LEAST_SECONDS:
            epochs = "" if state.epochs == 1 else f" for {state.epochs} epochs"
            self._say(f"About {in_words(left)} left{epochs}.")


def seconds_left(state: LoopState, batch: float) -> float:
    """Return the expected time until a fit is done.

    Args:
        state: the loop's, in the training part of an epoch.
        batch: seconds a training batch takes.
    """
    validation = 0 if state.valid is None else VALIDATION_SHARE * len(state.valid)
    epochs = state.epochs - state.epoch
    return batch * (epochs * (state.steps + validation) - state.step)


def in_words(seconds: float) -> str:
    """Return a time in words, rounded: "40 s", "3 minutes", "2 hours".

    Example:
        >>> in_words(44), in_words(170), in_words(7000)
        ('40 s', '3 minutes', '1 h 57 min')
    """
    if seconds < 90:
        return f"{round(seconds, -1):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds // 3600:.0f} h {seconds % 3600 / 60:.0f} min"
