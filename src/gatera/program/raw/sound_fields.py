"""Check the fields of "read_sound" of a program file, which may come from a stranger."""

from __future__ import annotations

from typing import Any

from gatera.program.raw.sound import HIGHEST_RATE, LOWEST_RATE
from gatera.program.raw.spectrogram import LARGEST_PICTURE, LONGEST_SECONDS, LONGEST_WINDOW

#: What each field takes, in words.
RATES = f"a whole number from {LOWEST_RATE} to {HIGHEST_RATE}"
SECONDS = f"a number above 0, at most {LONGEST_SECONDS:g}"
WINDOWS = f"a number above 0, at most {LONGEST_WINDOW:g}"
PICTURES = "[height, width], whole numbers above 0, at most {} and {}".format(*LARGEST_PICTURE)


def rate_config(value: Any) -> int:
    """Return a sample rate; ValueError where it is none."""
    if not (type(value) is int and LOWEST_RATE <= value <= HIGHEST_RATE):
        raise ValueError(value)
    return value


def seconds_config(value: Any) -> float:
    """Return the length of a recording; ValueError where it is none."""
    return _positive(value, LONGEST_SECONDS)


def window_config(value: Any) -> float:
    """Return the length of a frame; ValueError where it is none."""
    return _positive(value, LONGEST_WINDOW)


def picture_config(value: Any) -> tuple[int, int]:
    """Return the size of a spectrogram; ValueError where it is none."""
    if not (isinstance(value, list | tuple) and len(value) == 2):
        raise ValueError(value)
    for side, most in zip(value, LARGEST_PICTURE, strict=True):
        if not (type(side) is int and 1 <= side <= most):
            raise ValueError(value)
    return value[0], value[1]


def _positive(value: Any, at_most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= at_most:
        raise ValueError(value)
    return float(value)
