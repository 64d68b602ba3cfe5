"""Read the numbers in thousands of cells at once; the values are those that Python's `float` gives."""

from __future__ import annotations

import numpy as np

from gatera.program.tables.blocks import Block
from gatera.program.tables.numbers import MOST_DIGITS

#: float64 holds every whole number of 15 digits and these powers of ten, so that one division rounds as `float` does.
_POWERS = np.array([float(10**power) for power in range(25)])

#: Digits of a number that are read here: int64 holds them.
LONGEST = 18

#: Extended precision holds these powers of ten exactly, and where it has 64 bits all whole numbers of 18 digits.
_LONG_POWERS = np.cumprod(np.array([1] + 24 * [10], np.longdouble))
_LONG_BITS = int(np.finfo(np.longdouble).nmant)

#: How near to the middle between two float64 a number is left to `float` (in steps of float64).
_DOUBT = 0.001

#: Longer cells are left to Python.
WIDEST = 24

_MINUS, _PLUS, _POINT, _ZERO = 45, 43, 46, 48


def read_numbers(block: Block, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read cells written as plain decimals ("-12.5"); all others are left to the caller.

    Args:
        block: what the cells are in.
        starts: where each begins, int64 [n].
        ends: the first byte after it, int64 [n].

    Returns:
        Numbers, float64 [n], NaN for empty cells; and which cells could not be read here, bool [n].
    """
    n, widths = len(starts), ends - starts
    too_wide = widths > WIDEST
    whole: np.ndarray = np.zeros(
        n, np.int32 if widths.max(initial=0) < 10 else np.int64
    )  # nine digits fit into int32
    negative, leading_zero = np.zeros(n, bool), np.zeros(n, bool)
    digits, fraction = np.zeros(n, np.int8), np.zeros(n, np.int8)
    seen_point, has_point, bad = np.zeros(n, bool), False, too_wide.copy()
    for place, byte in enumerate(block.bytes_at(starts, widths, WIDEST)):
        digit = byte - np.uint8(_ZERO)  # wraps round for what is not a digit
        is_digit, is_point = digit < 10, byte == _POINT
        other = ~(is_digit | is_point | (byte == 0))
        if place == 0:
            negative = byte == _MINUS
            other &= ~(negative | (byte == _PLUS))
            leading_zero = digit == 0
        elif place == 1:
            leading_zero &= is_digit
        if other.any():
            bad |= other
        whole = np.where(
            is_digit & (digits < LONGEST) if place > LONGEST else is_digit, whole * 10 + digit, whole
        )
        digits += is_digit
        if has_point:
            fraction += is_digit & seen_point
        if is_point.any():
            bad |= is_point & seen_point
            seen_point |= is_point
            has_point = True
    empty = widths == 0
    bad |= (leading_zero & (widths > 1)) | (~empty & (digits == 0))  # 007 is an identifier
    long = ~bad & ((digits > MOST_DIGITS) | too_wide)
    bad |= long & (~seen_point | too_wide)
    numbers = whole / _POWERS[fraction]
    places = np.flatnonzero(long & ~bad)
    numbers[places] = _long_numbers(block, starts[places], ends[places], whole[places], fraction[places])
    np.negative(numbers, out=numbers, where=negative)
    numbers[empty | bad] = np.nan
    return numbers, bad


def _long_numbers(
    block: Block, starts: np.ndarray, ends: np.ndarray, whole: np.ndarray, fraction: np.ndarray
) -> np.ndarray:
    """Return numbers of more than 15 digits without their sign, float64 [n], rounded once as `float` rounds.

    Extended precision is a little too short for that in one case of about a thousand, and not there on every processor:
    these are left to `float` itself.

    Args:
        block: what the cells are in.
        starts: where each begins.
        ends: the first byte after it.
        whole: its first digits, at most `LONGEST`, as a whole number, int64 [n].
        fraction: digits behind its point.
    """
    exact = whole.astype(np.longdouble) / _LONG_POWERS[fraction]
    numbers = exact.astype(np.float64)
    off, step = np.abs(exact - numbers), np.spacing(numbers)
    near_half = np.abs(off / step - 0.5) < _DOUBT
    digits = ends - starts
    hard = near_half | (digits - 1 > LONGEST) | (_LONG_BITS < 63)  # a sign may be among the digits
    edges = zip(starts[hard].tolist(), ends[hard].tolist(), strict=True)
    numbers[hard] = [abs(float(block.data[a:b])) for a, b in edges]
    return numbers
