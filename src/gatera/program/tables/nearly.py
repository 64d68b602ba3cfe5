"""Columns of text that are nearly columns of numbers: which cells, units or signs keep them from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from gatera.core.lazy import LazyPattern
from gatera.program.tables.numbers import (
    FORMATS,
    LONGEST_UNIT,
    PLAIN,
    NumberFormat,
    find_format,
    is_identifier,
    parted,
    shape_of,
)

#: How whatever can be read as a number begins; other texts, which are most, need no closer look.
_BEGINS = LazyPattern(r"[\s(+\-\u2212$€£¥₹]*(?:[.,]?[0-9]|[iI][nN][fF])")

#: What stands behind numbers that only count: "1st", "2nd", "3rd", "4th".
_ORDINALS = frozenset(("", "st", "nd", "rd", "th"))

#: Letters that are units. Others behind numbers are parts of names.
_LETTERS = frozenset("kKmMgGhHdDsSyYwWlLtTvVBCF")

#: What people write around numbers: "<0.01" of laboratories, "~12", "USD 12", an estimate "6806*"; and spreadsheets to keep them text: '12, ="12".
_SIGNED = LazyPattern(
    r"(?:('|=\"|<=?|>=?|[≤≥~≈±]|[Cc]a\.?|US\$|Rs\.?|(?:USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL|MXN|ZAR)(?=\s))\s*)?"
    r"([-+]?\d[\d.,' ]*)([*+†‡-]*|\")"
)

#: A text column in which at least this share of the cells are numbers is probably one of numbers with typing errors.
NEARLY_ALL = 0.9

#: Of a column with more different texts than this, the first ones show whether it can be one of numbers.
FIRST_LABELS = 1000

#: Whole numbers of at most this many different values are categories, and as texts they keep their units.
MOST_NAMED = 20


def unit_of(text: str) -> str | None:
    """Return the unit behind a number, "" for a number alone; None for what is not a number.

    Example:
        >>> unit_of("1,200 kg"), unit_of("1,200"), unit_of("14:35"), unit_of("room 5 a")
        ('kg', '', 'h:mm', None)
    """
    if not _BEGINS.match(text):
        return None
    if PLAIN.number(text) is not None or (
        len(text) <= 4 * LONGEST_UNIT and _is_written(shape_of(text.strip()))
    ):
        return ""
    pair = parted(text)
    return None if pair is None or (pair[0] and not _is_written(shape_of(pair[0]))) else pair[1]


@lru_cache(4096)
def _is_written(shape: str) -> bool:
    return find_format([shape]) is not None


def usual_format(texts: Iterable[str]) -> NumberFormat:
    """Return the format in which most texts are numbers.

    Example:
        >>> usual_format(["12.5", "12,5", "3.5"]) == PLAIN, usual_format(["1,200", "12.5", "3,000"]).thousands
        (True, ',')
    """
    shapes = Counter(map(shape_of, texts))
    return max(FORMATS, key=lambda known: sum(n for shape, n in shapes.items() if known.fits(shape)))


def units_of_cells(labels: Sequence[str], counts: np.ndarray) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return what is told of texts nearly all of which are numbers with something behind or before them.

    Returns:
        How many cells have each unit or sign, the most frequent first, where there are several units or a sign; and the cells that
        are no numbers, where all others have one and the same unit.
    """
    found: dict[str, int] = {}
    others, words, signed = 0, [], False
    for place, (label, count) in enumerate(zip(labels, counts.tolist(), strict=True)):
        if place == FIRST_LABELS and 2 * others > counts[:place].sum():
            return {}, ()  # plainly text: there is no need to look at every label
        if not label.strip():
            continue
        unit = unit_of(label)
        if unit is None and (sign := _sign_of(label)):
            unit, signed = sign, True
        if unit is None:
            others += count
            words.append(label)
        else:
            found[unit] = found.get(unit, 0) + count
    if others > (1 - NEARLY_ALL) * sum(found.values()) or len(found) > MOST_NAMED or set(found) <= _ORDINALS:
        return {}, ()
    if any(len(unit) == 1 and unit.isascii() and unit.isalpha() and unit not in _LETTERS for unit in found):
        return {}, ()  # seats such as "12A", houses such as "7b"
    if len(found) > 1 or signed:
        return dict(sorted(found.items(), key=lambda pair: (not pair[0], -pair[1]))), ()
    return {}, tuple(words) if len(labels) > MOST_NAMED else ()


def _sign_of(text: str) -> str:
    """Return what stands before or behind a number that is neither unit nor currency sign; "" for other texts."""
    found = _SIGNED.fullmatch(text.strip())
    if found is None or unit_of(found[2].strip()) != "" or is_identifier(found[2]):
        return ""
    return found[1] or found[3]


def stray_cells(labels: Sequence[str], counts: np.ndarray) -> tuple[str, ...]:
    """Return the cells that keep a column from being one of numbers, if nearly all others are.

    They are no numbers, or numbers of which most others are written in another way: "12,5" among "12.5".

    Args:
        labels: the different cells of a column of text.
        counts: how many cells each is, int [n].
    """
    first = labels[:FIRST_LABELS]
    written = [label for label in first if unit_of(label) == ""]
    if not written or (len(labels) > FIRST_LABELS and 2 * len(written) < len(first)):
        return ()  # plainly text: there is no need to look at every label
    usual = usual_format(written)
    total, words, others = int(counts.sum()), 0, []
    for label, count in zip(labels, counts.tolist(), strict=True):
        if not label.strip():
            total -= count
        elif not usual.fits(label):
            words += 0 if unit_of(label) == "" else count
            others.append(label)
        if words > (1 - NEARLY_ALL) * total:
            return ()
    return tuple(others)
