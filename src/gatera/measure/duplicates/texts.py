"""Find texts that are copies: the same but for case, spaces and punctuation, or with most of their words in common.

Source: Broder 1997, "On the resemblance and containment of documents" (MinHash); candidates share one of several bands of
hashes (Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3), and their shingles are then compared.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from gatera.core.random import rng
from gatera.measure.duplicates.pairs import Pair

#: Words of a shingle, bands of hashes and hashes of a band.
WORDS, BANDS, PER_BAND = 3, 16, 4

#: Copies share this share of all their shingles.
LEAST_SHARED = 0.6

#: Texts with fewer words are copies only if they are the same; a letter of a script without spaces counts as half a word.
FEWEST_WORDS = 12

#: Texts with fewer words and fewer letters that are there this often are what many people say, and no copies of each other.
FEWEST_SAME, FEWEST_LETTERS, OFTEN = 3, 12, 5

#: A band that more texts share than this tells nothing of any of them.
MOST_SHARING = 50

_PRIME = (1 << 31) - 1

#: Letters of scripts that are written without spaces: Chinese, Japanese, Thai, Lao, Burmese, Khmer.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"

#: A word with the signs that belong to it (C++, C#), and emoji and other symbols, which a copy keeps.
_WORDS = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)+[+#]*|[\u2190-\u2bff\U0001f000-\U0001faff]")

#: What no reader sees: places where a word may be divided, joiners, marks of direction, the mark at the start of a file.
_UNSEEN = re.compile(r"[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def normalised(text: str) -> str:
    """Return a text without what a copy may change: case, spaces, punctuation, the form of accents, what is not seen.

    Words are separated by spaces, as are letters of scripts without spaces. Emoji stay, as they may be all that is said.

    Example:
        >>> normalised("It's  GREAT, really!"), normalised("C++ \U0001f44d")
        ('it s great really', 'c++ \U0001f44d')
    """
    return " ".join(_WORDS.findall(unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()))


def near_texts(some: Sequence[str], others: Sequence[str] | None = None) -> list[Pair]:
    """Return the pairs of texts that are copies of each other, the most alike first.

    Args:
        some: texts.
        others: the texts to compare them with; None for `some` themselves.
    """
    within = others is None
    left = [normalised(text) for text in some]
    right = left if others is None else [normalised(text) for text in others]
    found = dict.fromkeys(_equal(left, right, within), 1.0)
    shingles = [[_shingles(text) for text in texts] for texts in ((left,) if within else (left, right))]
    for one, other in set(_candidates(shingles[0], shingles[-1], within)) - found.keys():
        a, b = shingles[0][one], shingles[-1][other]
        shared = len(np.intersect1d(a, b, assume_unique=True))
        likeness = shared / max(1, len(a) + len(b) - shared)
        if likeness >= LEAST_SHARED:
            found[one, other] = likeness
    pairs = [Pair(*pair, value) for pair, value in found.items()]
    return sorted(pairs, key=lambda pair: (-pair.likeness, pair))


def _equal(left: Sequence[str], right: Sequence[str], within: bool) -> Iterator[tuple[int, int]]:
    """Yield the pairs of equal texts; of several equal ones each with the first."""
    first: dict[str, int] = {}
    counts = Counter(left if within else [*left, *right])
    for place, text in enumerate(right):
        if not text or (counts[text] >= OFTEN and not _says_enough(text)):
            continue
        if within and text in first:
            yield first[text], place
        first.setdefault(text, place)
    if not within:
        yield from ((place, first[text]) for place, text in enumerate(left) if text in first)


def _says_enough(text: str) -> bool:
    return text.count(" ") + 1 >= FEWEST_SAME or len(text) >= FEWEST_LETTERS


def _shingles(text: str) -> np.ndarray:
    """Return the hashes of all runs of three words, sorted, each once, int64 [S]; empty for short texts."""
    words = text.split()
    letters = len(re.findall(f"[{_UNSPACED}]", text))
    if len(words) - letters / 2 < FEWEST_WORDS:
        return np.zeros(0, np.int64)
    codes = np.array([zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words], np.int64) % _PRIME
    mixed = codes[: len(codes) - WORDS + 1].copy()
    for later in range(1, WORDS):
        mixed = (mixed * 1_000_003 + codes[later : len(codes) - WORDS + 1 + later]) % _PRIME
    return np.unique(mixed)


def _candidates(
    left: Sequence[np.ndarray], right: Sequence[np.ndarray], within: bool
) -> Iterator[tuple[int, int]]:
    tables = [_bands(left), _bands(left if within else right)]
    for band in range(BANDS):
        there = defaultdict(list)
        for place, key in tables[1][band]:
            there[key].append(place)
        for place, key in tables[0][band]:
            matches = there.get(key, [])
            if len(matches) <= MOST_SHARING:
                yield from ((place, other) for other in matches if not within or other > place)


def _bands(shingles: Sequence[np.ndarray]) -> list[list[tuple[int, bytes]]]:
    """Return for each band the position of every text with the bytes of its hashes."""
    draw = rng(0, BANDS * PER_BAND)
    factors = draw.integers(1, _PRIME, BANDS * PER_BAND)[:, None]
    offsets = draw.integers(0, _PRIME, BANDS * PER_BAND)[:, None]
    found: list[list[tuple[int, bytes]]] = [[] for _ in range(BANDS)]
    for place, hashes in enumerate(shingles):
        if not len(hashes):
            continue
        lowest = ((factors * hashes[None] + offsets) % _PRIME).min(axis=1)  # below 2^62: no overflow
        for band in range(BANDS):
            found[band].append((place, lowest[band * PER_BAND : (band + 1) * PER_BAND].tobytes()))
    return found
