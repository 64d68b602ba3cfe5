"""Texts in a column of a table: find the column, skip rows that cannot be used, split, and make loaders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed, listed_columns, missing_column
from gatera.core.errors import ArgumentError, DataError, TextError
from gatera.data.blocks.base import InputBlock
from gatera.data.blocks.category import CategoryBlock
from gatera.data.datablock import DataBlock
from gatera.data.loading.loaders import DataLoaders
from gatera.data.loading.row_tables import check_varies, unusable_targets, value_column_of
from gatera.data.sources.labels import ItemGetter
from gatera.data.sources.tables import read_table
from gatera.data.splits.split import Splits
from gatera.program.raw.text import read_text
from gatera.program.tables.columns import Kind
from gatera.program.tables.notes import Note
from gatera.recipes.events import Events
from gatera.recipes.find_task import OF_TEXTS, means_texts
from gatera.recipes.labelled_files import report_sides
from gatera.recipes.settings import TrainSettings
from gatera.recipes.splitting.rows import RowsToSplit, SplitRows, split_rows, without_label_facts
from gatera.tabular.frames import as_names
from gatera.tabular.roles import ColumnChoices, is_class_as_asked, target_note

#: Cells of free text have this many words on average, and more than this share of them differ.
LEAST_WORDS, LEAST_DIFFERENT = 4.0, 0.5

#: Settings that only folders have.
OF_FOLDERS = ("label_from", "class_level", "test_pct")


def text_columns(frame: Any, target: str) -> list[str]:
    """Return the columns of free text, the longest texts first.

    Args:
        frame: a pandas DataFrame.
        target: the column to predict, which is not among them.
    """
    found: dict[str, float] = {}
    for name in frame.columns:
        if name == target or value_column_of(frame[name]).kind is not Kind.TEXT:
            continue
        cells = [cell for cell in frame[name].tolist() if isinstance(cell, str) and cell.strip()]
        if not cells or len(set(cells)) <= LEAST_DIFFERENT * len(cells):
            continue
        if sum(len(cell.split()) for cell in cells) >= LEAST_WORDS * len(cells):
            found[str(name)] = sum(map(len, cells)) / len(cells)
    return sorted(found, key=lambda name: -found[name])


def numbers_from_texts(target: str) -> str:
    """Return what to do where `target` is a number, and there are texts to learn from."""
    return (
        f"Numbers are not learned from texts: add a column that says which of a few ranges {target} lies in, such as low and "
        "high, and predict that."
    )


def named_target(frame: Any, settings: TrainSettings) -> str:
    """Return the column to predict.

    Raises:
        ArgumentError: if none is named.
        DataError: if the table does not have it, or not the column of the texts, where that is named.
    """
    columns = [str(name) for name in frame.columns]
    if settings.target is None:
        raise ArgumentError(
            f"target= must name the column of {settings.source} to predict", available=listed_columns(columns)
        )
    for role, name in (("target=", settings.target), ("text=", settings.text)):
        if name is not None and name not in columns:
            raise missing_column(name, columns, str(settings.source), role)
    return settings.target


class TableOfTexts:
    """The rows of a table that have a text and a class.

    Args:
        settings: how the table is read, and which of its columns are what.
        events: where to report.

    Attributes:
        text: the column of the texts.
        target: the column of the classes.
        texts, labels: those of each row.
        rows: the row in the table of each, from 0, int64.
        n_skipped: rows without a text or a class.

    Raises:
        ArgumentError: if the target is not named, a setting is for folders, or the target is a number.
        DataError: if the table cannot be read, or has no such column or no texts.
    """

    def __init__(self, settings: TrainSettings, events: Events) -> None:
        refuse_settings(settings, OF_FOLDERS, "folders", "a table")
        asked = means_texts(settings)  # else the recipe for tables has told
        frame = read_table(settings.source, on_note=events.on_note if asked else None, **settings.reading)
        target = named_target(frame, settings)
        frame = without_label_facts(frame, settings, events if asked else None)
        columns = [str(name) for name in frame.columns]
        self.settings, self.target = settings, target
        self.text = settings.text or self._find(frame, target)
        if self.text == target:
            raise ArgumentError("text= and target= name the same column", got=target)
        self._tell(columns, events)
        usable = ~unusable_targets(frame[target])
        texts = np.array([_has_text(cell) for cell in frame[self.text].tolist()], bool)
        if not texts.any():
            raise DataError(
                f"Column {self.text!r} of {settings.source} holds no texts",
                got=next(iter(frame[self.text].tolist()), None),
                remedy="Name another column: text=. To learn from columns of categories and numbers, pass task='table'.",
            )
        usable &= texts
        self.n_skipped, self.rows = int((~usable).sum()), np.flatnonzero(usable)
        frame = frame[usable]
        check_varies(frame[target], settings.source)
        self._check_classes(frame[target], events)
        self.texts, self.labels, self.frame = frame[self.text].tolist(), frame[target].tolist(), frame

    def _find(self, frame: Any, target: str) -> str:
        dropped = as_names(self.settings.drop)
        found = [name for name in text_columns(frame, target) if name not in dropped]
        if not found:
            asked = next((name for name in OF_TEXTS if getattr(self.settings, name) is not None), None)
            why = f", and {asked}= is for texts" if asked else ""
            raise DataError(
                f"{self.settings.source} has no column of texts beside {target}{why}",
                available=listed(str(name) for name in frame.columns if name != target),
                remedy="Name the column: text=. To learn from columns of categories and numbers, "
                + (f"leave {asked}= out." if asked else "pass task='table'."),
            )
        return found[0]

    def _tell(self, columns: list[str], events: Events) -> None:
        others = [name for name in columns if name not in (self.text, self.target)]
        rest = f"; not used: {listed(others, 8)}" if others else ""
        events.on_note(
            Note(f"{self.target} is learned from the texts in column {self.text!r}{rest}", "text", self.text)
        )

    def _check_classes(self, target: Any, events: Events) -> None:
        choices = ColumnChoices(as_names(self.settings.classes))
        note = target_note(target, choices)
        if not is_class_as_asked(target, choices):
            raise ArgumentError(
                f"{self.target} holds numbers, and texts can only be sorted into classes",
                got=f"{target.nunique():,} different numbers",
                remedy=f"If they are classes, pass classes={self.target!r}. {numbers_from_texts(self.target)}",
            )
        if note is not None:
            events.on_note(Note(note.text))

    def split(self, events: Events) -> SplitRows:
        """Hold out a share of every class, or what ids and dates call for, and report it."""
        others = [name for name in self.frame.columns if name != self.text]
        dates = [name for name in others if value_column_of(self.frame[name]).kind is Kind.DATE]
        rows = RowsToSplit(self.frame[others], self.rows, self.target, True, dates, self.texts)
        split = split_rows(rows, self.settings, events)
        splits = split.splits
        if not len(splits.train) or not len(splits.valid):
            raise DataError(
                f"{self.settings.source} has too few texts for a training and a validation set", got=len(self.labels),
                remedy="Add rows, or raise valid_pct=.",
            )  # fmt: skip
        counts = {"train": len(splits.train), "valid": len(splits.valid)}
        n_classes = len(set(self.labels))
        events.on_line(f"{len(self.texts):,} texts of {n_classes} classes (column {self.target})")
        report_sides(events, counts)
        if self.n_skipped:
            events.on_warning(
                f"Skipped {counted(self.n_skipped, 'row')} without a text or a value in {self.target}."
            )
        events.on_event(
            "texts", {"text": self.text, "target": self.target, "rows_skipped": self.n_skipped, **counts}
        )
        return split

    def loaders(self, block: InputBlock, splits: Splits, bs: int) -> DataLoaders:
        """Return loaders of the texts."""
        recipe = DataBlock(
            (block, CategoryBlock), splitter=lambda items: splits, get_x=ItemGetter(0), get_y=ItemGetter(1)
        )
        return recipe.dataloaders(
            list(zip(self.texts, self.labels, strict=True)), self.settings.out.parent, bs=min(bs, len(splits.train)),
            val_bs=64, seed=self.settings.seed, device=self.settings.device,
        )  # fmt: skip


def refuse_settings(settings: TrainSettings, names: Sequence[str], things: str, source: str) -> None:
    """Raise ArgumentError if a setting is given that is for other sources.

    Args:
        settings: as given.
        names: the settings.
        things: what they are for: "folders".
        source: what the source is instead: "a table".
    """
    for name in names:
        if getattr(settings, name) is not None:
            raise ArgumentError(
                f"{name}= is for {things}",
                got=getattr(settings, name),
                remedy=f"Omit {name}=: {settings.source} is {source}.",
            )


def _has_text(cell: Any) -> bool:
    """Whether something is left of a cell when it is read as a text: of tags alone there is not; "None" is an answer."""
    if not isinstance(cell, str) or not cell.strip():
        return False
    # reading takes far longer, and would take nothing away
    if cell.isprintable() and not {"<", "&"} & set(cell):
        return True
    try:
        return bool(read_text(cell))
    except TextError:
        return False
