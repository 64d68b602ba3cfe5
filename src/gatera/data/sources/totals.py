"""Tell rows that add up other rows: what they are called, and whether their numbers are sums of the rows above."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: What rows are called that add up others; in subtotals it comes before or behind what is added up: "Summe 03", "Berlin Total".
_TOTALS = frozenset((
    "total", "totals", "grand total", "subtotal", "sub-total", "sub total", "sum", "summe", "gesamt", "gesamtsumme", "total général",
    "totale", "suma", "somme", "totaal", "zwischensumme", "teilsumme", "gesamtergebnis", "ergebnis", "subtotale", "sous-total",
))  # fmt: skip

#: Words of a subtotal's name at most.
_MOST_WORDS = 5

#: Sums of rounded numbers may differ by this share of the largest of them.
SAME_SUM = 1e-3

#: A last row adds up columns of at least this many numbers other than zero.
FEWEST_SUMMANDS = 3


def is_total(name: str) -> bool:
    """Whether a row's name is a word for totals.

    Example:
        >>> is_total("Summe:"), is_total("Summe 03")
        (True, False)
    """
    return name.strip(" :").casefold() in _TOTALS


def is_subtotal(name: str) -> bool:
    """Whether a row's name begins or ends with a word for totals, as spreadsheets write subtotals.

    Example:
        >>> is_subtotal("Summe 03"), is_subtotal("Berlin Total"), is_subtotal("Sumatra")
        (True, True, False)
    """
    words = name.split(maxsplit=_MOST_WORDS)
    return 0 < len(words) <= _MOST_WORDS and (is_total(words[0]) or is_total(words[-1]))


def is_sum_above(cells: np.ndarray) -> bool | None:
    """Whether the last number is the sum of all above it; None where that cannot be told, as it is missing or all are zero.

    Args:
        cells: a column, float64 [n]; NaN where it is empty.
    """
    above = cells[:-1][np.isfinite(cells[:-1])]
    if not np.isfinite(cells[-1]) or not (above.any() or cells[-1]):
        return None  # zeros add up to zero
    largest = np.abs(above).max(initial=0.0)
    if np.count_nonzero(above) < FEWEST_SUMMANDS or not abs(cells[-1]) > largest:
        return False
    return bool(abs(above.sum() - cells[-1]) <= SAME_SUM * largest)


def add_up(cells: np.ndarray, places: Sequence[int]) -> bool:
    """Whether at least half of some rows, called totals, are the sum of the rows since the one before, or of all above; or of those below.

    Args:
        cells: a column, float64 [n]; NaN where it is empty.
        places: the rows, in order.
    """
    upwards = [len(cells) - 1 - place for place in reversed(places)]
    return _add_up(cells, places) or _add_up(cells[::-1], upwards)


def _add_up(cells: np.ndarray, places: Sequence[int]) -> bool:
    numbers = np.where(np.isfinite(cells), cells, 0.0)
    numbers[list(places)] = 0.0  # what they say is not added up once more
    sums, counts = np.cumsum(numbers), np.cumsum(numbers != 0)
    largest = np.maximum.accumulate(np.abs(numbers))
    before, right, several, asked = -1, 0, False, 0
    for place in places:
        if np.isfinite(cells[place]):
            asked += 1
            since = sums[place] - (sums[before] if before >= 0 else 0.0)
            many = counts[place] - (counts[before] if before >= 0 else 0)
            away = min(abs(since - cells[place]), abs(sums[place] - cells[place]))
            found = many > 0 and away <= SAME_SUM * largest[place]
            right, several = right + found, several or (found and counts[place] > 1)
        before = place
    return several and 2 * right >= asked
