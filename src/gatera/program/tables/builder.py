"""Collect a column's cells block by block: as numbers while they all are numbers, else as texts, each kept once.

Short texts are compared as numbers of eight bytes, long ones by a dictionary.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from gatera.program.tables.blocks import Block
from gatera.program.tables.columns import Column, number_cells, text_column, written_twice
from gatera.program.tables.known_texts import is_missing_word
from gatera.program.tables.numbers import PLAIN, is_code, is_identifier, leaves_range, mark_in
from gatera.program.tables.numeric_cells import end_in_zero, read_numbers
from gatera.program.tables.typed import without_plain_point

#: Cells of at most this many bytes are compared as numbers.
WIDEST_COMPARED = 32

#: Rows that show whether a column of numbers has one with and without a zero at its end: looking at all takes time.
_LOOKED_AT = 100_000

#: Odd numbers that mix the numbers of one cell into a key; any would do, for equal keys are checked.
_FACTORS = np.array([1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)

#: An odd number whose multiples spread keys over the high bits.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


class ColumnBuilder:
    """Collects one column.

    Args:
        name: the column.
        as_text: keep its cells as they are written, also where they are numbers.
        decimal: the decimal sign of its numbers, "." or ","; None to find it.
        typed: whether the file has types, so that points of its numbers are known; see `with_plain_point`.
    """

    def __init__(
        self, name: str, as_text: bool = False, decimal: str | None = None, typed: bool = False
    ) -> None:
        self.name, self.as_text, self.decimal, self.typed = name, as_text, decimal, typed
        self._is_text, self._failed = as_text or decimal == ",", False  # else "1.234" would be read at once
        self._numbers: list[np.ndarray] = []
        self._words: dict[str, int] = {}
        self._marks: dict[str, int] = {}
        self._with_zero: list[np.ndarray] = []  # of the first blocks; see `end_in_zero`
        self._texts = Distinct()

    def add(self, block: Block, starts: np.ndarray, ends: np.ndarray) -> None:
        """Add the column's cells in a block; one that is not a number ends reading as numbers."""
        if self._failed:
            return
        if not self._is_text:
            numbers = self._read_numbers(block, starts, ends)
            if numbers is not None:
                self._numbers.append(numbers)
                return
            self._is_text, self._failed = True, bool(self._numbers)
        if not self._failed:
            self._texts.add(block, starts, ends)

    def _read_numbers(self, block: Block, starts: np.ndarray, ends: np.ndarray) -> np.ndarray | None:
        """Return numbers, NaN for missing ones; None if a cell is something else."""
        numbers, bad = read_numbers(block, starts, ends)
        if sum(map(len, self._with_zero)) < _LOOKED_AT:
            self._with_zero.append(end_in_zero(block, ends, numbers))
        places = np.flatnonzero(bad)
        words: dict[str, int] = {}
        marks: dict[str, int] = {}
        codes = 0
        for place in places:
            text = block.text(starts[place], ends[place])
            if is_missing_word(text):
                if text.strip():
                    words[text] = words.get(text, 0) + 1
                continue
            number = None if is_identifier(text) or leaves_range(text) else PLAIN.number(text)
            if number is None:
                return None
            numbers[place] = number
            codes += is_code(text)
            if number and (mark := mark_in(text)):
                marks[mark] = marks.get(mark, 0) + 1
        if codes and codes == np.count_nonzero(~np.isnan(numbers)):
            return None
        for mark, count in marks.items():
            self._marks[mark] = self._marks.get(mark, 0) + count
        for word, count in words.items():
            self._words[word] = self._words.get(word, 0) + count
        return numbers

    def restart(self) -> bool:
        """Begin again as texts if cells that came late are not numbers; whether that is so."""
        if not self._failed:
            return False
        self._failed = False
        self._numbers.clear()
        self._words.clear()
        self._marks.clear()
        self._with_zero.clear()
        return True

    def column(self, comma_is_decimal: bool = False) -> Column:
        """Return the column, decided from all its cells; see `text_column`."""
        if not self._is_text:
            cells, kind = number_cells(np.concatenate([np.zeros(0), *self._numbers]))
            if self._marks:  # seldom: counting the others takes time
                self._marks[""] = int(np.count_nonzero(np.abs(cells) > 0)) - sum(self._marks.values())
            with_zero = np.concatenate([np.zeros(0, bool), *self._with_zero])
            twice = written_twice(cells[: len(with_zero)], with_zero)
            return Column(self.name, cells, kind, PLAIN, self._words, marks=self._marks, twice=twice)
        labels, codes = self._texts.labels_and_codes()
        if self.typed:
            labels, codes = _without_plain_points(labels, codes)
        return text_column(self.name, labels, codes, comma_is_decimal, self.decimal, self.as_text)


def _without_plain_points(labels: list[str], codes: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return the texts of `Distinct` as the file has them; a number and a text may be written alike."""
    place = dict[str, int]()
    merged = [place.setdefault(label, len(place)) for label in map(without_plain_point, labels)]
    return [*place], np.array(merged, np.int32)[codes]


class Distinct:
    """The different texts of a column, and which of them each cell is."""

    def __init__(self) -> None:
        self._codes: list[np.ndarray] = []  # of each block: >= 0 for short texts, < 0 for long ones
        self._short: list[np.ndarray] = []  # uint64 [k,4] of each block
        self._n_short = 0
        self._long: dict[bytes, int] = {}
        self._recent: dict[int, _Recent] = {}  # eights of a cell -> texts of that length

    def add(self, block: Block, starts: np.ndarray, ends: np.ndarray) -> None:
        """Add the cells of a block."""
        widths = ends - starts
        if block.escaped or widths.max(initial=0) > WIDEST_COMPARED:
            self._codes.append(self._add_long(block, starts, ends))
            return
        eights = list(block.eights(starts, widths, WIDEST_COMPARED)) or [np.zeros(len(starts), np.uint64)]
        recent = self._recent.setdefault(len(eights), _Recent(len(eights)))
        keys = _keys(eights)
        codes = recent.codes(keys, eights)
        new = np.flatnonzero(codes < 0)
        if len(new):
            eights, keys = [eight[new] for eight in eights], keys[new]
            first, which = _unique(keys, eights)
            codes[new] = which + self._n_short
            words = np.zeros((len(first), len(_FACTORS)), np.uint64)
            words[:, : len(eights)] = np.stack([eight[first] for eight in eights], axis=1)
            recent.remember(keys[first], words, self._n_short)
            self._short.append(words)
            self._n_short += len(first)
        self._codes.append(codes)

    def _add_long(self, block: Block, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        data, known = block.data, self._long
        cells = [data[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        if block.escaped:
            cells = [cell.replace(b'""', b'"') for cell in cells]
        return -1 - np.fromiter((known.setdefault(cell, len(known)) for cell in cells), np.int32, len(cells))

    def labels_and_codes(self) -> tuple[list[str], np.ndarray]:
        """Return the different texts, and the place in them of each cell, int32 [n]."""
        codes = np.concatenate([np.zeros(0, np.int32), *self._codes])
        words = np.concatenate([np.zeros((0, len(_FACTORS)), np.uint64), *self._short])
        eights = [words[:, place] for place in range(len(_FACTORS)) if place == 0 or words[:, place].any()]
        first, which = _unique(_keys(eights), eights)
        short = (
            np.ascontiguousarray(words[first]).astype("<u8", copy=False).view(f"S{WIDEST_COMPARED}").ravel()
        )
        if not self._long:
            return _decoded(short.tolist()), which[codes].astype(np.int32)
        known = {label: place for place, label in enumerate(short.tolist())}
        of_long = np.array([known.setdefault(label, len(known)) for label in self._long], np.int32)
        is_short = codes >= 0
        found = np.empty(len(codes), np.int32)
        found[is_short] = which[codes[is_short]]
        found[~is_short] = of_long[-1 - codes[~is_short]]
        return _decoded(known), found


class _Recent:
    """Some of the texts that a column had so far, found by their keys: most cells of a category are one of few.

    Args:
        n_eights: eights of bytes that its cells have.
    """

    #: Texts that are kept, as a power of two; a later one takes the place of another.
    BITS = 12

    def __init__(self, n_eights: int) -> None:
        self._words = np.zeros((n_eights, 1 << self.BITS), np.uint64)
        self._codes = np.full(1 << self.BITS, -1, np.int32)

    def codes(self, keys: np.ndarray, eights: Sequence[np.ndarray]) -> np.ndarray:
        """Return the code of each cell, int32 [n]; -1 where it is not among these."""
        places = self._places(keys)
        codes = self._codes[places]
        for words, eight in zip(self._words, eights, strict=True):
            codes[words[places] != eight] = -1
        return codes

    def remember(self, keys: np.ndarray, words: np.ndarray, first_code: int) -> None:
        """Keep texts whose codes count from `first_code` on."""
        places = self._places(keys)
        self._words[:, places] = words[:, : len(self._words)].T
        self._codes[places] = np.arange(first_code, first_code + len(keys), dtype=np.int32)

    def _places(self, keys: np.ndarray) -> np.ndarray:
        return (keys * _SPREAD) >> np.uint64(64 - self.BITS)


def _keys(eights: Sequence[np.ndarray]) -> np.ndarray:
    """Return a number for each cell, uint64 [n]: equal cells have equal ones."""
    keys = eights[0]
    for eight, factor in zip(eights[1:], _FACTORS[1:], strict=False):
        keys = keys + eight * factor  # wraps round
    return keys


def _unique(keys: np.ndarray, eights: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of cells that differ, and which of these each cell equals.

    Args:
        keys: see `_keys`.
        eights: the first eight bytes of each cell, uint64 [n], the next eight, and so on.
    """
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    if len(eights) > 1 and any((eight[first][which] != eight).any() for eight in eights):
        # Two different cells with one key.
        _, first, which = np.unique(np.stack(eights, axis=1), axis=0, return_index=True, return_inverse=True)
    return first, which.ravel()


def _decoded(labels: Collection[bytes]) -> list[str]:
    joined = b"\0".join(labels).decode()  # a text file holds no NUL
    return joined.split("\0") if labels else []
