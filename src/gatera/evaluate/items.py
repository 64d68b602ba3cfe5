"""Labelled items to measure a program on, and where they came from."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatera.data.sources.items import BadFile
from gatera.program.raw.cells import is_empty
from gatera.program.tables.notes import Note

#: Folders and name of a file that tell it from others: side, class, name.
PARTS = 3


def source_name(source: Path) -> str:
    """Return the name of a file or folder, also of the current folder, ".", whose path has none."""
    return source.name or source.absolute().name


def item_name(raw: object, position: int, source: Path | None = None) -> str:
    """Return how messages call an item: "train/cat/3.jpg", or "row 7" for what has no file.

    Args:
        raw: the item.
        position: its place in the whole table, from 0.
        source: the folder that holds the files; None for the last three parts of a path.

    Example:
        >>> item_name(Path("/data/pets/train/cat/3.jpg"), 5), item_name("a good film", 6)
        ('train/cat/3.jpg', 'row 7')
    """
    if not isinstance(raw, Path):
        return f"row {position + 1}"
    if source is not None:
        return raw.relative_to(source).as_posix() if raw.is_relative_to(source) else raw.name
    return "/".join(raw.parts[-PARTS:])


@dataclass(frozen=True)
class Example:
    """One labelled item.

    Attributes:
        name: how people call it: "cat/1.jpg", "row 7". Never a whole path.
        raw: what the program gets.
        truth: its label; a list of labels, a number or several, points, or a mask as class numbers.
        group: what it belongs to (a patient, a speaker), where training kept such items together; None where that is not known, "" for none.
    """

    name: str
    raw: Any
    truth: Any
    group: Hashable | None = None


@dataclass(frozen=True)
class LabelledItems:
    """Items to measure a program on.

    Attributes:
        examples: the items. The truth of a mask may be a function that reads it, so that masks are not all in memory.
        things: what messages call them: "photos".
        how: which items these are and how they were chosen, in words.
        skipped: what is not measured, and why.
        training: the labelled items of the training set, where the source names one that is not measured itself.
        side: "valid" or "test", if that is known.
        remark: a sentence on what an error on them is worth; "" for none.
        grouped_by: what grouped the items of training: a column, or a regular expression over file names; "" where that is not known.
    """

    examples: Sequence[Example]
    things: str
    how: str
    skipped: Sequence[BadFile] = ()
    training: Sequence[Example] = ()
    side: str = ""
    remark: str = ""
    grouped_by: str = ""


def groups_by(by: str, examples: Sequence[Example]) -> list[Hashable] | None:
    """Return the group of each item, "" of one that has none; None where that is not known.

    Args:
        by: what groups them: a column, or a regular expression over file names whose first group is taken.
        examples: items with their group, rows that have the column, or files of which some names fit.
    """
    if not by or not examples:
        return None
    if any(each.group is not None for each in examples):
        return ["" if is_empty(each.group) else each.group for each in examples]
    raws: list[Any] = [each.raw for each in examples]
    if all(isinstance(raw, Mapping) and by in raw for raw in raws):
        return ["" if is_empty(raw[by]) else str(raw[by]).strip() for raw in raws]
    if not all(isinstance(raw, Path) for raw in raws):
        return None
    try:
        found = [re.search(by, raw.name) for raw in raws]
    except re.error:  # a column, of a program of rows
        return None
    names = [match.group(1) or "" if match is not None and match.re.groups else "" for match in found]
    return list(names) if any(names) else None


@dataclass(frozen=True)
class Asked:
    """What a user says about labelled items.

    Attributes:
        target: the column or columns with the labels, separated by commas; None to find them.
        label_from: a regular expression over file names, whose first group is the label.
        side: "train", "valid", "test" or "all"; None for the test set, else the validation set, else all.
        reading: how a table is read; see `gatera.program.tables.reader.open_table`.
        on_note: is called with each decision; None to keep quiet.
        check_leaks: whether a report looks for copies of the training set's items.
        trained_on: the folder or table that the program was trained on: what of it is among the items is named; None where it is not here.
    """

    target: str | None = None
    label_from: str | None = None
    side: str | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    on_note: Callable[[Note], None] | None = None
    check_leaks: bool = True
    trained_on: Path | None = None

    def tell(self, decision: Note) -> None:
        """Tell of a decision."""
        if self.on_note is not None:
            self.on_note(decision)

    @property
    def targets(self) -> list[str]:
        """The columns named in `target`."""
        return [name.strip() for name in (self.target or "").split(",") if name.strip()]


def choose_side(split: Sequence[str], asked: Asked) -> tuple[list[int], str]:
    """Return the positions of the items to measure, and which they are in words ("" for all of them).

    Args:
        split: "train", "valid", "test" or "" for each item.
        asked: the side that is asked for.
    """
    there = [side for side in ("test", "valid", "train") if side in split]
    if not there or asked.side == "all":
        return list(range(len(split))), ""
    side = asked.side or there[0]
    if asked.side is None:
        asked.tell(
            Note(
                f"Only the {side} set is measured, {split.count(side):,} of {len(split):,} items",
                "side",
                "all",
            )
        )
    return [i for i, each in enumerate(split) if each == side], f" of the {side} set"


def training_beside(split: Sequence[str], chosen: Sequence[int]) -> list[int]:
    """Return the positions of the training items, if none of them is measured; else []. Items beside a side, on none, are for training.

    Args:
        split: the side of each item, as in `choose_side`.
        chosen: the positions of the items that are measured.
    """
    training = [i for i, side in enumerate(split) if side in ("train", "")]
    return [] if set(training) & set(chosen) else training


def side_of(split: Sequence[str], chosen: Sequence[int]) -> str:
    """Return the side that all chosen items are on; "" where they have none, or are on several."""
    sides = {split[i] for i in chosen}
    return sides.pop() if len(sides) == 1 else ""
