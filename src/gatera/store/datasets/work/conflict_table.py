"""The table of conflicts, which somebody fills in, perhaps in several sittings."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError, GateraError
from gatera.core.files import atomic_write
from gatera.core.lazy import later
from gatera.store.datasets.labels.rows import escape, unescape
from gatera.store.datasets.labels.three_way import Conflict
from gatera.store.datasets.work.workspace import OPEN_TABLE

#: A path as users write it.
AnyPath = str | PathLike[str]

#: The table's name.
CONFLICTS = "conflicts.csv"

#: Its columns that say what is asked. Spreadsheets write TRUE for the label "true" in the first three, but leave the last as it is.
_SHOWN = ("mine", "theirs", "before", "what")


class Answers(dict[str, str]):
    """Answers: item -> "mine", "theirs", or a label.

    Attributes:
        asked: item -> what was asked, in words, where a table says it: by now it may be another question.
    """

    def __init__(self, given: Mapping[str, str], asked: Mapping[str, str] | None = None) -> None:
        super().__init__(given)
        self.asked = asked or {}

    def to(self, conflicts: Iterable[Conflict]) -> dict[str, str]:
        """Return those that are answers to these conflicts."""
        return {
            each.file: self[each.file]
            for each in conflicts
            if self.get(each.file) and not self._is_stale(each)
        }

    @property
    def labels(self) -> set[str]:
        """The answers that are labels."""
        return set(self.values()) - {"mine", "theirs"}

    def words(self, conflicts: Iterable[Conflict]) -> str | None:
        """Return what there is to say of answers that were to other conflicts, and are not taken; None for nothing."""
        stale = [each.file for each in conflicts if self.get(each.file) and self._is_stale(each)]
        if not stale:
            return None
        return f"{counted(len(stale), 'answer')} of the table {'is' if len(stale) == 1 else 'are'} not taken, because the conflict has changed since, e.g. of {stale[0]}."

    def _is_stale(self, conflict: Conflict) -> bool:
        asked = _asked(conflict)
        return self.asked.get(conflict.file, asked) != asked


def write_conflicts(path: Path, conflicts: Sequence[Conflict], given: Answers) -> Path:
    """Write a table of conflicts with a column for the answers; returns its path.

    Args:
        path: where. The answers that stand there stay, where they are of the same labels.
        conflicts: all of a merge, those that have an answer, too: nothing is merged before all have one.
        given: the answers: item -> answer.
    """
    stood = _answers_in(path)
    fresh = given.to(conflicts)
    with atomic_write(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file", "answer", *_SHOWN])
        for conflict in conflicts:
            answer = fresh.get(conflict.file) or stood.get((conflict.file, _asked(conflict)), "")
            table.writerow([escape(conflict.file), answer, *_cells(conflict)])
    return path


def _cells(conflict: Conflict) -> list[str]:
    sides = [("(removed)" if row is None else row.label) for row in (conflict.mine, conflict.theirs)]
    base = "" if conflict.base is None else conflict.base.label
    return [escape(text) for text in (*sides, base, conflict.words())]


def _asked(conflict: Conflict) -> str:
    return escape(conflict.words()).strip()


def _answers_in(path: Path) -> dict[tuple[str, str], str]:
    """Return the answers of a table of before: item and what was asked -> answer."""
    found = {}
    with suppress(GateraError, OSError, KeyError):
        for _, row in later(*OPEN_TABLE)(path).numbered_rows() if path.is_file() else ():
            found[unescape(row["file"]), row["what"].strip()] = row["answer"].strip()
    return found


def answers_of(answers: Mapping[str, str] | AnyPath | None, say: Callable[[str], None]) -> Answers:
    """Return the answers in a mapping or a table; `say` is told how the table was read."""
    if answers is None or isinstance(answers, Mapping):
        return Answers(answers or {})
    table = later(*OPEN_TABLE)(Path(answers))
    for note in table.notes:
        say(note.without_options())
    if "file" not in table.names or "answer" not in table.names:
        raise DataError(
            f"{answers} is not a table of answers",
            available=listed(table.names),
            expected="columns file and answer",
        )
    found: dict[str, str] = {}
    asked: dict[str, str] = {}
    for line, row in table.numbered_rows():
        answer, name = row["answer"].strip(), unescape(row["file"])
        if answer and found.setdefault(name, answer) != answer:
            raise DataError(
                f"{answers} has two answers for {name}, one of them in line {line}", remedy="Keep one."
            )
        if what := row.get("what", "").strip():  # a table of one's own need not say it
            asked[name] = what
    return Answers(found, asked)
