"""What the columns of a table say of how to split its rows: ids that repeat, and dates along which the target changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gatera.core.checks import counted, is_missing
from gatera.core.errors import DataError
from gatera.core.random import rng
from gatera.evaluate.splitting.alike import more_alike, vectors
from gatera.evaluate.splitting.names import CLEARLY, OWNERS
from gatera.evaluate.splitting.suggestion import Suggestion
from gatera.program.raw.dates import date_in, is_whole_day
from gatera.program.tables.known_texts import is_date_text

#: Fewer ids than this are categories.
FEWEST_GROUPS = 10

#: The target of rows with one id, or next to each other in time, agrees beyond chance by this much (0..1) ...
AGREES = 0.2

#: ... and by this many standard deviations of what chance gives.
SIGMAS = 4.0

#: A time is told apart from a category by at least this many different values.
FEWEST_TIMES = 20

#: Shuffles that show what chance gives.
SHUFFLES = 30

#: The column of a table of labels that says which files belong together, as in a data repository.
GROUP = "group"

_ID = re.compile(r"(.+?)[ _.-]?(?:id|no|nr|num|number|key|code)?", re.IGNORECASE)


def names_owner(column: str) -> bool:
    """Whether a column is called as ids of people and things are.

    Example:
        >>> names_owner("patient_id"), names_owner("speaker"), names_owner("PatientID"), names_owner("colour")
        (True, True, True, False)
    """
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", column).lower()
    match = _ID.fullmatch(words)
    stem = re.split(r"[ _.-]", match[1])[-1] if match else words
    return stem in OWNERS and words != "id"


def group_column(
    name: str, cells: Sequence[Hashable], target: Sequence[Any], is_class: bool, thing: str = "row"
) -> Suggestion | None:
    """Suggest to keep the rows of each id together; None if a column is not of ids that repeat.

    Args:
        name: the column.
        cells: its cells; rows without an id stand alone.
        target: what is predicted, one for each row.
        is_class: whether that is a class; else it is a number.
        thing: what messages call one of them.
    """
    places = [place for place, cell in enumerate(cells) if not is_missing(cell)]
    counts = Counter(cells[place] for place in places)
    if (
        not (names_owner(name) or (thing != "row" and name.lower() == GROUP))
        or not FEWEST_GROUPS <= len(counts) <= len(places) / 1.5
    ):
        return None
    numbers = {cell: number for number, cell in enumerate(counts)}
    groups = np.array([numbers[cells[place]] for place in places])
    order = np.argsort(groups, kind="stable")
    known = [target[place] for place in places]
    excess, sigmas = _beyond_chance(_codes(known, is_class), order, groups[order], is_class)
    text = f"Column {name!r} has {len(counts):,} ids for {counted(len(places), thing)}"
    if len(places) < len(cells):
        text += f" ({len(cells) - len(places):,} more have none and stand alone)"
    strong = excess >= AGREES and sigmas >= SIGMAS
    if strong:
        text += f", and {thing}s with the same id have similar {'targets' if thing == 'row' else 'labels'}"
    return Suggestion("groups", alone_without_id(cells), text, strong, "group_by", name)


def group_columns_of_files(
    columns: Mapping[str, Sequence[str]], labels: Sequence[str], thing: str, looks: Sequence[Any] = ()
) -> list[Suggestion]:
    """Suggest to keep the files of each id in a table of labels together, strong reasons first.

    Args:
        columns: the cells of each column, one for each file.
        labels: the classes of the files.
        thing: what messages call a file.
        looks: their thumbnails, or none.
    """
    seen = vectors(looks) if looks and not isinstance(looks[0], str) else None
    found = []
    for name, cells in columns.items():
        told = group_column(name, cells, labels, True, thing)
        if told is not None and not told.strong and seen is not None:
            alike = more_alike(seen, told.values, labels)
            if alike is not None and alike >= CLEARLY:
                told = replace(told, seen=f"{told.seen}, whose pictures are alike", strong=True)
        found += [] if told is None else [told]
    return sorted(found, key=lambda suggestion: not suggestion.strong)


def date_columns_of_files(columns: Mapping[str, Sequence[str]]) -> list[Suggestion]:
    """Suggest to measure on the newest files where a column of a table of labels holds a date for each.

    Args:
        columns: the cells of each column, one for each file.
    """
    found = []
    for name, cells in columns.items():
        if len(set(cells)) < FEWEST_TIMES or not all(map(is_date_text, cells)):
            continue
        try:
            times = [date for cell in cells if (date := date_in(cell, name)) is not None]
        except DataError:  # 30 February
            continue
        days = [time.date() for time in times]
        text = f"Column {name!r} has dates, {min(days)} to {max(days)}"
        whole = all(map(is_whole_day, cells))
        found.append(Suggestion("time", days if whole else times, text, False, "split", "time"))
    return found


def alone_without_id(cells: Sequence[Hashable]) -> list[Hashable]:
    """Return the group of each row: its cell, or where that is empty one of its own.

    Example:
        >>> groups = alone_without_id(["a", None, None])
        >>> groups[0], groups[1] == groups[2]
        ('a', False)
    """
    return [("no id in row", place) if is_missing(cell) else cell for place, cell in enumerate(cells)]


def time_column(name: str, times: Sequence[Any], target: Sequence[Any], is_class: bool) -> Suggestion | None:
    """Suggest to measure on the newest rows; None if there are hardly any different times.

    Args:
        name: the column.
        times: when each row was, as something that can be sorted.
        target: what is predicted, one for each row.
        is_class: whether that is a class; else it is a number.
    """
    if len(set(times)) < FEWEST_TIMES:
        return None
    shuffled = rng(0, len(times)).permutation(len(times)).tolist()  # rows of the same time are in no order
    order = np.array(sorted(shuffled, key=lambda place: times[place]))
    excess, sigmas = _beyond_chance(_codes(target, is_class), order, np.zeros(len(order)), is_class)
    strong = excess >= AGREES and sigmas >= SIGMAS
    text = f"Column {name!r} has dates"
    if strong:
        text += ", and rows close in time have similar targets"
    return Suggestion("time", list(times), text, strong, "time_by", name)


def _codes(target: Sequence[Any], is_class: bool) -> np.ndarray:
    if not is_class:
        values = np.asarray(target, np.float64)
        return np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(np.float64)  # ranks
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in target], np.float64)


def _beyond_chance(
    target: np.ndarray, order: np.ndarray, groups: np.ndarray, is_class: bool
) -> tuple[float, float]:
    """Return how much neighbours of one group agree beyond chance, 0..1, and in standard deviations of chance."""
    together = groups[1:] == groups[:-1]
    if together.sum() < FEWEST_TIMES:
        return 0.0, 0.0

    def agreement(values: np.ndarray) -> float:
        one, other = values[:-1][together], values[1:][together]
        if is_class:
            return float((one == other).mean())
        return float(1 - np.square(one - other).mean() / (2 * values.var()))  # ranks: not all the same

    seen, draw = agreement(target[order]), rng(1, len(order))
    chance = [agreement(draw.permutation(target)) for _ in range(SHUFFLES)]
    usual, spread = float(np.mean(chance)), max(float(np.std(chance)), 1e-9)
    return (seen - usual) / max(1 - usual, 1e-9), (seen - usual) / spread
