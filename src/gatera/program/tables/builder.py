"""Collect a column's cells block by block: as numbers while they all are numbers, else as texts, each kept once."""

from __future__ import annotations

import numpy as np

from gatera.program.tables.blocks import Block
from gatera.program.tables.columns import Column, number_cells, text_column
from gatera.program.tables.distinct import Distinct
from gatera.program.tables.numbers import PLAIN, is_identifier, is_missing_word, leaves_range, mark_in
from gatera.program.tables.numeric_cells import read_numbers


class ColumnBuilder:
    """Collects one column.

    Args:
        name: the column.
        as_text: keep its cells as they are written, also where they are numbers.
        decimal: the decimal sign of its numbers, "." or ","; None to find it.
    """

    def __init__(self, name: str, as_text: bool = False, decimal: str | None = None) -> None:
        self.name, self.as_text, self.decimal = name, as_text, decimal
        self._is_text, self._failed = as_text or decimal == ",", False  # else "1.234" would be read at once
        self._numbers: list[np.ndarray] = []
        self._words: dict[str, int] = {}
        self._marks: dict[str, int] = {}
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
        places = np.flatnonzero(bad)
        words: dict[str, int] = {}
        marks: dict[str, int] = {}
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
            if number and (mark := mark_in(text)):
                marks[mark] = marks.get(mark, 0) + 1
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
        return True

    def column(self, comma_is_decimal: bool = False) -> Column:
        """Return the column, decided from all its cells; see `text_column`."""
        if not self._is_text:
            cells, kind = number_cells(np.concatenate([np.zeros(0), *self._numbers]))
            if self._marks:  # seldom: counting the others takes time
                self._marks[""] = int(np.count_nonzero(np.abs(cells) > 0)) - sum(self._marks.values())
            return Column(self.name, cells, kind, PLAIN, self._words, marks=self._marks)
        labels, codes = self._texts.labels_and_codes()
        return text_column(self.name, labels, codes, comma_is_decimal, self.decimal, self.as_text)
