"""Keep each text of a column once: short ones are compared as numbers of eight bytes, long ones by a dictionary."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from gatera.program.tables.blocks import Block

#: Cells of at most this many bytes are compared as numbers.
WIDEST_COMPARED = 32

#: Odd numbers that mix the numbers of one cell into a key; any would do, for equal keys are checked.
_FACTORS = np.array([1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)

#: An odd number whose multiples spread keys over the high bits.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


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
