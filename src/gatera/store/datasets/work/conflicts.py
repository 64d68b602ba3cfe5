"""The table of conflicts, which somebody fills in, perhaps in several sittings."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path

from gatera.core.checks import listed
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


def write_conflicts(path: Path, conflicts: Sequence[Conflict], given: Mapping[str, str]) -> Path:
    """Write a table of conflicts with a column for the answers; returns its path.

    Args:
        path: where. The answers that stand there stay, where they are of the same labels.
        conflicts: all of a merge, those that have an answer, too: nothing is merged before all have one.
        given: the answers: item -> answer.
    """
    stood = _answers_in(path)
    with atomic_write(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file", "answer", "mine", "theirs", "before", "what"])
        for conflict in conflicts:
            sides = [("(removed)" if row is None else row.label) for row in (conflict.mine, conflict.theirs)]
            cells = [*map(escape, (*sides, "" if conflict.base is None else conflict.base.label))]
            answer = given.get(conflict.file) or stood.get((conflict.file, *map(str.strip, cells)), "")
            table.writerow([escape(conflict.file), answer, *cells, escape(conflict.words())])
    return path


def _answers_in(path: Path) -> dict[tuple[str, ...], str]:
    """Return the answers of a table of before: item and its labels -> answer."""
    found = {}
    with suppress(GateraError, OSError, KeyError):
        for _, row in later(*OPEN_TABLE)(path).numbered_rows() if path.is_file() else ():
            labels = [row[name].strip() for name in ("mine", "theirs", "before")]
            found[unescape(row["file"]), *labels] = row["answer"].strip()
    return found


def answers_of(answers: Mapping[str, str] | AnyPath | None) -> dict[str, str]:
    """Return the answers in a mapping or a table: item -> "mine", "theirs", or a label."""
    if answers is None:
        return {}
    if isinstance(answers, Mapping):
        return dict(answers)
    table = later(*OPEN_TABLE)(Path(answers))
    if "file" not in table.names or "answer" not in table.names:
        raise DataError(
            f"{answers} is not a table of answers",
            available=listed(table.names),
            expected="columns file and answer",
        )
    found: dict[str, str] = {}
    for line, row in table.numbered_rows():
        answer, name = row["answer"].strip(), unescape(row["file"])
        if answer and found.setdefault(name, answer) != answer:
            raise DataError(
                f"{answers} has two answers for {name}, one of them in line {line}", remedy="Keep one."
            )
    return found
