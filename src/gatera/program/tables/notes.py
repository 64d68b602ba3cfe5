"""What people read of a table: decisions about it, each in one line with the option that says otherwise, and cells as they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gatera.core.checks import counted, in_list, listed, number_text
from gatera.core.escape import SHELL_QUOTE, shell_quote
from gatera.program.tables.numbers import is_time, mixed_marks, plain_number

if TYPE_CHECKING:
    from gatera.program.tables.columns import Column

#: Options that take a list of columns, separated by commas on the command line.
COLUMN_LISTS = ("classes", "numbers", "drop")

#: Fractions of more characters are shown with six digits.
_SHOWN_WHOLE = 8


class Note(NamedTuple):
    """A decision about a table.

    Attributes:
        text: the decision, a sentence without a full stop.
        option: the argument that changes it, as Python writes it ("delimiter"); None where there is none.
        value: an example of its value.

    Example:
        >>> note = Note("Columns are separated by ';'", "delimiter", ",")
        >>> str(note), note.for_shell()
        ("Columns are separated by ';' (to change: delimiter=',').", "Columns are separated by ';' (to change: --delimiter ',').")
    """

    text: str
    option: str | None = None
    value: object = None

    def __str__(self) -> str:
        return f"{self.text} (to change: {self.option}={self.value!r})." if self.option else f"{self.text}."

    def for_shell(self) -> str:
        """Return the line with the option as the command line has it."""
        if self.option is None:
            return f"{self.text}."
        if self.value is False:
            return f"{self.text} (to change: --no-{self.option.replace('_', '-')})."
        text = ",".join(map(in_list, names)) if (names := self._names()) else str(self.value)
        value = shell_quote(text)
        quoted = (
            value if value[0] == SHELL_QUOTE or value[0].isalnum() else f"{SHELL_QUOTE}{value}{SHELL_QUOTE}"
        )  # a lone comma is easily overlooked
        return f"{self.text} (to change: --{self.option.replace('_', '-')} {quoted})."

    def without_options(self) -> str:
        """Return the line for a place that has no option for it: labelling, data repositories, the studio."""
        return f"{self.text} (to change: save the table as CSV in UTF-8)." if self.option else f"{self.text}."

    def _names(self) -> list[str]:
        """Return the columns that the value names, where the option takes a list of them."""
        if self.option not in COLUMN_LISTS:
            return []
        return [*map(str, self.value)] if isinstance(self.value, list | tuple) else [str(self.value)]

    def values(self) -> dict[str, Any]:
        """Return the decision as plain values."""
        return {"text": self.text, "option": self.option, "value": self.value}


def note_of_empty_rows(lines: Sequence[int]) -> Note:
    """Return what is said of rows between others that are left out, as all their cells are empty.

    Example:
        >>> note_of_empty_rows([7]).text
        'A row between others is left out, as all its cells are empty: line 7'
    """
    which = f"{'line' if len(lines) == 1 else 'lines'} {listed(lines, 3)}"
    if len(lines) == 1:
        return Note(f"A row between others is left out, as all its cells are empty: {which}")
    return Note(f"{len(lines):,} rows between others are left out, as all their cells are empty: {which}")


def notes_of(columns: Iterable[Column], lines: np.ndarray) -> Iterator[Note]:
    """Yield what was decided of columns, where it may surprise.

    Args:
        columns: the columns of a file.
        lines: the line in which each row begins, int64 [n].
    """
    kept = []
    for column in columns:
        if column.kind == "empty":
            yield Note(f"Column {column.name!r} is empty")
        if column.format.decimal == "," or column.format.thousands:
            other = "." if column.format.decimal == "," else ","
            yield Note(f"Column {column.name!r} is read as numbers with {column.format}", "decimal", other)
        if unit := column.format.unit:
            how = (
                f"times ({unit}), in hours"
                if is_time(unit)
                else f"numbers; the unit behind them, {unit!r}, is left off"
            )
            yield Note(f"Column {column.name!r} is read as {how}", "classes", column.name)
        if column.units:
            units = listed(
                (
                    f"{unit!r} ({counted(n, 'cell')})" if unit else f"none ({counted(n, 'cell')})"
                    for unit, n in column.units.items()
                ),
                6,
            )
            yield Note(
                f"Column {column.name!r} is read as text, as its numbers have units or signs: {units}. Write all in one unit, without signs, to learn from the numbers"
            )
        if mixed := mixed_marks(column.marks):
            marks = listed(f"{mark or 'no sign'} ({counted(n, 'cell')})" for mark, n in mixed.items())
            yield Note(
                f"Column {column.name!r} has numbers with {marks}: read without the signs, not converted"
            )
        if code := column.code:
            yield Note(
                f"Column {column.name!r} has codes such as {code}, read as text, not as powers of ten",
                "numbers",
                column.name,
            )
        if column.twice is not None:
            yield Note(
                f"Column {column.name!r} has {column.twice} with and without a zero at its end: one number, and one category. If these are versions or codes, write them with a letter, such as 'v{column.twice}'"
            )
        if len(infinite := column.infinite):
            many = "a number that is" if len(infinite) == 1 else f"{len(infinite):,} numbers that are"
            where = f"first in line {lines[infinite[0]]}"
            yield Note(f"Column {column.name!r} holds {many} not finite, {where}; it counts as missing")
        if column.words and column.kind != "empty":
            words = listed(f"{word!r} ({counted(count, 'cell')})" for word, count in column.words.items())
            yield Note(f"Column {column.name!r} holds {column.kind}; {words} counts as missing there")
        if column.stray:
            yield Note(
                f"Column {column.name!r} is read as text, not as numbers, because of {listed(map(repr, column.stray), 3)}"
            )
        kept += [
            f"{word!r} in {column.name} ({counted(count, 'cell')})" for word, count in column.kept.items()
        ]
    if kept:
        yield Note(f"In columns of text these are values, not gaps: {listed(kept, 4)}")


def cell_word(cell: object) -> str:
    """Return a cell as a word; "" for an empty one."""
    return "" if cell is None or (isinstance(cell, float) and cell != cell) else str(cell)


def shown_cell(cell: object) -> str:
    """Return a cell as pages and figures show it: fractions with six digits, and "(empty)" where nothing is in it.

    Example:
        >>> shown_cell("0.7308894225311937"), shown_cell("02116"), shown_cell(float("nan")), shown_cell("1234567890123456")
        ('0.730889', '02116', '(empty)', '1234567890123456')
    """
    text = cell_word(cell)
    if not text.strip():
        return "(empty)"
    number = plain_number(text) if len(text) > _SHOWN_WHOLE and "." in text else None
    return text if number is None else number_text(number)
