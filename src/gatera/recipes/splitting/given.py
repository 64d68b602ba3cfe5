"""A column of a table that says on which side of the split each row is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import counted, is_missing, listed
from gatera.data.folders.label_columns import IS_VALID, OTHER_SIDE_COLUMNS, SIDE_COLUMNS, sides_of_rows
from gatera.data.folders.split_folders import SIDE_OF
from gatera.data.splits.split import Splits
from gatera.program.tables.notes import Note
from gatera.recipes.events import Events
from gatera.recipes.settings import TrainSettings


@dataclass(frozen=True)
class GivenSides:
    """The sides that a column names.

    Attributes:
        column: the column.
        splits: the positions of training and validation rows.
        n_unused: rows of the test side, where there is a validation side too; they are in neither.
        n_blank: rows for which it says nothing; they are trained on.
    """

    column: str
    splits: Splits
    n_unused: int
    n_blank: int

    @property
    def words(self) -> str:
        """How rows are split."""
        return f"as column {self.column!r} says"

    @property
    def note(self) -> Note:
        """What was decided, in a line."""
        text = f"Column {self.column!r} says which rows are held out; it is not an input"
        if self.n_blank:
            text += f". The {self.n_blank:,} rows where it is blank are trained on"
        if self.n_unused:
            text += f". Its {self.n_unused:,} test rows are not used"
        return Note(text, "split", "random")


def say_share_unused(settings: TrainSettings, events: Events, split_by: str) -> None:
    """Say that the share of the validation set that was asked for is not used, where something else gives that set.

    Args:
        settings: what was asked for.
        events: where to report.
        split_by: what gives it, in words: "by the folders train and valid".
    """
    if settings.valid_pct is not None:
        option = events.argument("valid_pct")
        events.on_note(Note(f"{option} is not used: the validation set is given, {split_by}"))


def warn_of_ids_on_both_sides(
    seen: Mapping[str, Sequence[Hashable]], held_out: Sequence[bool | None], things: str, events: Events
) -> None:
    """Warn of ids (patients, cameras, authors) of which some items are trained on and others are held out.

    Args:
        seen: where ids are, such as "column 'patient_id'" -> the id of each item.
        held_out: whether each item is; None for one on neither side.
        things: what they are called: "photos".
        events: where to report.
    """
    for where, ids in seen.items():
        sides: dict[bool | None, set[Any]] = {True: set(), False: set()}
        for name, held in zip(ids, held_out, strict=True):
            sides.setdefault(held, set()).add(name)
        if both := sorted((sides[True] & sides[False]) - {""}, key=str):
            are = "is" if len(both) == 1 else "are"
            events.on_warning(
                f"{counted(len(both), 'id')} in {where} {are} on both sides of the split: {listed(both, 3)}. "
                f"The error on {things} of new ones may be larger."
            )


def given_sides(frame: Any, target: str, events: Events | None = None) -> GivenSides | None:
    """Return the sides that a column named `split`, `is_valid` or alike gives every row; None without one.

    Args:
        frame: a pandas DataFrame.
        target: the column to predict, which is never taken.
        events: is told of a column that seems to name sides, where none is taken.
    """
    for name in frame.columns:
        if name == target or str(name).strip().lower() not in (*SIDE_COLUMNS, *OTHER_SIDE_COLUMNS):
            continue
        cells = ["" if is_missing(cell) else str(cell) for cell in frame[name].tolist()]
        sides = sides_of_rows(str(name), cells)
        if sides is not None:
            marks = str(name).strip().lower() == IS_VALID  # blank cells are the others there
            n_blank = 0 if marks else sum(not cell.strip() for cell in cells)
            return _split(str(name), np.array(sides), n_blank)
    if events is not None:
        _tell_of_untaken(frame, target, events)
    return None


def _tell_of_untaken(frame: Any, target: str, events: Events) -> None:
    """Say which columns have the words of sides, or are called so, and nevertheless do not say what is held out."""
    for name in frame.columns:
        called = str(name).strip().lower() == SIDE_COLUMNS[0]
        if name == target or not (called or str(frame[name].iloc[0]).strip().lower() in SIDE_OF):
            continue
        words = list(
            dict.fromkeys(str(cell).strip() for cell in frame[name].tolist() if not is_missing(cell))
        )
        sides = {SIDE_OF.get(word.lower(), "") for word in words}
        others = [word for word in words if word.lower() not in SIDE_OF]
        if called and others and "train" in sides:
            why, remedy = (
                f"it also has {listed(others, 3)}",
                "Name the side in each cell: train, valid or test",
            )
        elif not called and not others and "train" in sides and len(sides) > 1:
            why, remedy = "it is not called so", "To hold these rows out, rename it to 'split'"
        else:
            continue
        events.on_warning(
            f"Column {name!r} has words such as {listed(words, 2)}, but does not say which rows are held out: {why}. {remedy}."
        )


def _split(column: str, sides: np.ndarray, n_blank: int) -> GivenSides:
    held_out = "valid" if (sides == "valid").any() else "test"
    train, valid = np.flatnonzero(sides == "train"), np.flatnonzero(sides == held_out)
    return GivenSides(
        column, Splits(train, valid, made_by=column), len(sides) - len(train) - len(valid), n_blank
    )
