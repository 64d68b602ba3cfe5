"""Decide how the rows of a table are split: as asked, by ids or time where the values call for it, and copies on one side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gatera.core.checks import counted, is_missing, listed, missing_column
from gatera.core.errors import ArgumentError, DataError
from gatera.data.sources.who_labelled import facts_of_labels, label_sources, source_columns
from gatera.data.splits.by_class import not_measured, split_by_class
from gatera.data.splits.by_group_and_class import keep_together, split_groups_by_class
from gatera.data.splits.by_position import RandomSplitter
from gatera.data.splits.by_value import TimeSplitter
from gatera.data.splits.split import Splits
from gatera.evaluate.items import item_name
from gatera.evaluate.leaking.contents import COMPARE
from gatera.evaluate.leaking.find import Side, find_leaks
from gatera.evaluate.leaking.found import Leaks
from gatera.evaluate.splitting.columns import alone_without_id, group_column, time_column
from gatera.evaluate.splitting.suggestion import Suggestion, first_of_each_kind
from gatera.measure.duplicates.pairs import groups_of
from gatera.measure.grouped import COPIES
from gatera.program.raw.dates import date_in
from gatera.program.tables.notes import Note
from gatera.recipes.events import Events
from gatera.recipes.repositories.groups import report_sources
from gatera.recipes.settings import SplitKind, TrainSettings
from gatera.recipes.splitting.files import report_leaks, say_copies, warn_of_two_labels
from gatera.recipes.splitting.given import given_sides, say_share_unused, warn_of_ids_on_both_sides
from gatera.tabular.frames import as_names


@dataclass(frozen=True)
class RowsToSplit:
    """The rows of a table.

    Attributes:
        frame: a pandas DataFrame.
        rows: the row in its table of each row here, from 0, int64 [n]; lines of a file are others, where cells hold line breaks.
        target: the column to predict.
        is_class: whether that is a class; else it is a number.
        dates: columns of dates.
        texts: the texts, where one column of them is what is learned from; None for rows.
    """

    frame: Any
    rows: np.ndarray
    target: str
    is_class: bool
    dates: Sequence[str]
    texts: Sequence[str] | None = None

    @property
    def things(self) -> str:
        """What they are called: "rows" or "texts"."""
        return "rows" if self.texts is None else "texts"

    @cached_property
    def contents(self) -> Sequence[Any]:
        """What is compared to find copies: texts, or the cells of each row without the target."""
        if self.texts is not None:
            return self.texts
        return list(self.frame.drop(columns=self.target).itertuples(index=False, name=None))

    def name(self, place: int) -> str:
        """Return what messages call the row at a position: its number in the table, also where rows before it were skipped."""
        return item_name(None, int(self.rows[place]))

    @property
    def labels(self) -> list[Any]:
        """What each row is labelled; the same for all where the target is a number."""
        return self.frame[self.target].tolist() if self.is_class else [0] * len(self.frame)


#: The sides that are drawn at random, where any is: tables have no test set.
DRAWN = ("valid",)


@dataclass(frozen=True)
class SplitRows:
    """Rows that are split.

    Attributes:
        splits: the positions of each side.
        words: how they were split.
        at_random: the sides that were drawn at random.
        leaks: rows on both sides; None where nobody looked, or copies were kept together.
        column: the column by whose values rows were split, and which is no input therefore; None for none.
        by_class: whether each class is held out in its share; whole groups come only near to it.
        groups: the group of each row of the table, where those of one are kept together.
        times: when each row of the table was, where the newest are held out.
    """

    splits: Splits
    words: str
    at_random: Sequence[str] = ()
    leaks: Leaks | None = None
    column: str | None = None
    by_class: bool = False
    groups: Sequence[Hashable] = ()
    times: Sequence[Any] = ()

    def of(self, used: np.ndarray) -> SplitRows:
        """Return how the table of only these rows is split."""
        train, valid = (np.searchsorted(used, side) for side in (self.splits.train, self.splits.valid))
        groups, times = (
            [part[place] for place in used.tolist()] if len(part) else ()
            for part in (self.groups, self.times)
        )
        return replace(
            self, splits=Splits(train, valid, made_by=self.splits.made_by), groups=groups, times=times
        )


def split_rows(rows: RowsToSplit, settings: TrainSettings, events: Events) -> SplitRows:
    """Split the rows of a table; say why where it is not at random, and which classes are not measured then.

    Raises:
        ArgumentError: if what is asked for contradicts itself.
        DataError: if there is no such column, or nothing tells groups or times that are asked for.
    """
    split = _split_rows(rows, settings, events)
    if rows.is_class:
        labels = rows.labels
        learned, held = (
            [labels[place] for place in side] for side in (split.splits.train, split.splits.valid)
        )
        known = set(map(str, learned))
        if unseen := sorted(set(map(str, held)) - known):
            raise DataError(
                f"the class {unseen[0]!r} is in the validation set but not in the training set",
                available=listed(sorted(known)),
                remedy=f"Add training {rows.things} of it, or remove it from the validation set.",
            )
        single = {label for label, count in Counter(learned).items() if count == 1} if split.by_class else ()
        said = not_measured(learned, held, "validation set", single)
        if said is not None:
            events.on_note(Note(said))
            return replace(split, by_class=False)
    return split


def _split_rows(rows: RowsToSplit, settings: TrainSettings, events: Events) -> SplitRows:
    warn_of_feedback(rows.frame, events)
    asked = _asked(rows, settings, events)
    chosen = asked or settings.split is not SplitKind.auto
    given = None if chosen else given_sides(rows.frame, rows.target, events)
    if given is not None:
        events.on_note(given.note)
        say_share_unused(settings, events, given.words)
        if settings.check_leaks:
            _warn_of_ids(rows, given.splits, events)
        split = SplitRows(given.splits, given.words, column=given.column)
    elif (suggestion := asked or _suggested(rows, settings, events)) is not None:
        held_out = _newest if suggestion.kind == "time" else _whole_groups
        split = held_out(rows, suggestion, settings)
    else:
        split = _at_random(rows, settings)
        if settings.check_leaks and settings.split is not SplitKind.random:
            return _copies_together(rows, split, settings, events)
    return replace(split, leaks=_leaks(rows, split.splits, settings, events))


def _newest(rows: RowsToSplit, suggestion: Suggestion, settings: TrainSettings) -> SplitRows:
    splits = TimeSplitter(suggestion.values, settings.valid_share)(rows.frame)
    _check_known(rows, splits)
    words = f"the newest {_held_out(splits)} of the rows, by {suggestion.value}"
    return SplitRows(splits, words, times=suggestion.values)


def _whole_groups(rows: RowsToSplit, suggestion: Suggestion, settings: TrainSettings) -> SplitRows:
    groups, seed = suggestion.values, settings.seed
    splits = split_groups_by_class(rows.labels, list(groups), settings.valid_share, seed)
    words = (
        f"{_held_out(splits)} of the rows at random, those of one {suggestion.value} together, seed {seed}"
    )
    return SplitRows(splits, words, DRAWN, column=suggestion.value, groups=groups)


def _at_random(rows: RowsToSplit, settings: TrainSettings) -> SplitRows:
    share, seed = settings.valid_share, settings.seed
    if rows.is_class:
        splits, which = split_by_class(rows.labels, share, seed), "every class"
    else:
        splits, which = RandomSplitter(share, seed)(rows.frame), "the rows"
    words = f"{100 * share:.0f} % of {which} at random, seed {seed}"
    return SplitRows(splits, words, DRAWN, by_class=rows.is_class)


def _warn_of_ids(rows: RowsToSplit, splits: Splits, events: Events) -> None:
    """Warn of ids on both sides of a split that the table gives."""
    frame, target = rows.frame, rows.frame[rows.target].tolist()
    ids = {}
    for name in frame.columns:
        if name == rows.target or name in rows.dates:
            continue
        told = group_column(str(name), frame[name].tolist(), target, rows.is_class, rows.things[:-1])
        if told is not None:
            ids[f"column {told.value!r}"] = told.values
    held_out: list[bool | None] = [None] * len(frame)
    for held, side in ((False, splits.train), (True, splits.valid)):
        for place in side.tolist():
            held_out[place] = held
    warn_of_ids_on_both_sides(ids, held_out, rows.things, events)


def _held_out(splits: Splits) -> str:
    """Return the share that is held out: where rows of one time or group stay together, it is not quite the one asked for."""
    n = len(splits.valid)
    return f"{100 * n / (n + len(splits.train)):.0f} %"


def groups_of_rows(split: SplitRows) -> Callable[[str], tuple[Sequence[Hashable], str]]:
    """Return a function that returns the group of each held-out row, and the column that groups them, or `COPIES`."""
    held_out = [split.groups[place] for place in split.splits.valid.tolist()] if len(split.groups) else ()
    return lambda side: (held_out if side == "valid" else (), split.column or COPIES)


def without_label_facts(frame: Any, settings: TrainSettings, events: Events | None) -> Any:
    """Return a table without the columns that say who labelled its rows, how and when: they are not known of new rows, and the functions
    that labelled them give the labels away.

    Args:
        frame: a pandas DataFrame.
        settings: columns that they name stay.
        events: are told; None where they know already.
    """
    found = facts_of_labels(frame)
    if not found:
        return frame
    asked = (settings.classes, settings.numbers, settings.drop)
    single = (settings.target, settings.text, settings.group_by, settings.time_by)
    named = {*single, *(name for names in asked for name in as_names(names))}
    left_out = [name for name in found if name not in named]
    # else `warn_of_feedback` tells
    if events is not None and not any(name in named for name in source_columns(found)):
        _warn_of_feedback(frame, found[0], events)
    if left_out and events is not None:
        text = f"Columns that say who labelled the rows, and how, are not used: {listed(left_out)}"
        events.on_note(Note(text, "classes", left_out[-1]))
    return frame.drop(columns=left_out)


def warn_of_feedback(frame: Any, events: Events) -> None:
    """Warn if a column says that labels were given by a model, or by functions."""
    for column in source_columns(list(frame.columns))[:1]:
        _warn_of_feedback(frame, column, events)


def _warn_of_feedback(frame: Any, column: str, events: Events) -> None:
    report_sources(label_sources(frame[column].tolist()), events, column)


def _copies_together(
    rows: RowsToSplit, split: SplitRows, settings: TrainSettings, events: Events
) -> SplitRows:
    """Return rows drawn at random with copies on one side, which is said."""
    pairs = COMPARE[rows.things](rows.contents, None)
    warn_of_two_labels(rows.things, pairs, rows.labels, rows.name, events)
    groups = groups_of(len(rows.contents), [(pair.first, pair.second) for pair in pairs]).tolist()
    together = keep_together(split.splits, rows.labels, groups, settings.valid_share, settings.seed)
    if together is not split.splits:
        say_copies(rows.things, pairs, rows.name, events, ("split", "random"))
        split = replace(split, words=f"{split.words}; copies are on the same side")
    return replace(split, splits=together, groups=groups if pairs else ())


def _leaks(rows: RowsToSplit, splits: Splits, settings: TrainSettings, events: Events) -> Leaks | None:
    if not settings.check_leaks:
        return None
    sides = {}
    for name, places in (("train", splits.train), ("valid", splits.valid)):
        kept = places.tolist()
        labels = [str(rows.frame[rows.target].iloc[i]) for i in kept]
        sides[name] = Side([rows.contents[i] for i in kept], [rows.name(i) for i in kept], labels)
    return report_leaks(find_leaks(sides, rows.things), events)


def _asked(rows: RowsToSplit, settings: TrainSettings, events: Events) -> Suggestion | None:
    """Return the split that the user names a column for, if one is named."""
    by_group, by_time = settings.group_by, settings.time_by
    if by_group is not None and by_time is not None:
        raise ArgumentError("group_by= and time_by= ask for different splits", remedy="Omit one of them.")
    column = by_time if by_group is None else by_group
    if column is None:
        return None
    option, kind = ("time_by", SplitKind.time) if by_group is None else ("group_by", SplitKind.groups)
    if settings.split not in (SplitKind.auto, kind):
        raise ArgumentError(
            f"split={settings.split} cannot be used with {option}=", remedy="Omit one of them."
        )
    if column not in rows.frame.columns:
        known = [str(name) for name in rows.frame.columns]
        raise missing_column(column, known, str(settings.source), f"{option}=")
    values = rows.frame[column].tolist()
    empty = [place for place, value in enumerate(values) if is_missing(value)]
    if kind is SplitKind.groups and len(empty) < len(values):
        if empty:
            these = "row, which stands" if len(empty) == 1 else "rows, which stand"
            events.on_note(Note(f"Column {column!r} is empty in {len(empty):,} {these} alone in the split"))
        return Suggestion("groups", alone_without_id(values), "", True, option, column)
    if empty:
        raise DataError(
            f"Column {column!r} is empty in {rows.name(empty[0])}, and {option}= needs it in every row",
            remedy="Fill it in, or remove the row.",
        )
    if len(set(values)) < 2:
        raise DataError(
            f"column {column!r} has the same time in every row, so that none are newer", got=values[0],
            remedy=f"Omit {option}=.",
        )  # fmt: skip
    _check_in_order(rows, column, values)
    return Suggestion("time", _times(rows, column, values), "", True, option, column)


def _check_in_order(rows: RowsToSplit, column: str, values: Sequence[Any]) -> None:
    """Raise DataError if a column that is to say which rows are newest holds neither dates nor numbers."""
    words = [place for place, value in enumerate(values) if isinstance(value, str)]
    if words and column not in rows.dates:
        raise DataError(
            f"time_by= needs numbers or dates, and column {column!r} has something else in {rows.name(words[0])}",
            got=values[words[0]], expected="numbers, or dates such as 2024-02-29",
        )  # fmt: skip


def _suggested(rows: RowsToSplit, settings: TrainSettings, events: Events) -> Suggestion | None:
    if settings.split is SplitKind.random:
        return None
    target, found = rows.frame[rows.target].tolist(), []
    for name in rows.frame.columns:
        cells = rows.frame[name].tolist()
        if name == rows.target:
            continue
        if name in rows.dates:
            found.append(_times_told(rows, name, cells, target))
        else:
            found.append(group_column(str(name), cells, target, rows.is_class))
    seen = [each for each in found if each is not None]
    kind = settings.split
    if kind is not SplitKind.auto:
        chosen = [each for each in seen if each.kind == kind.value]
        if not chosen:
            option = "group_by" if kind is SplitKind.groups else "time_by"
            raise DataError(
                f"split={kind} finds no column of {'ids that repeat' if option == 'group_by' else 'dates'} in {settings.source}",
                available=listed(str(name) for name in rows.frame.columns), remedy=f"Name the column: {option}=.",
            )  # fmt: skip
        events.on_note(Note(_sentence(chosen[0]), "split", "random"))
        return chosen[0]
    strong = [each for each in seen if each.strong]
    if strong:
        events.on_note(Note(_sentence(strong[0]), "split", "random"))
        return strong[0]
    for each in first_of_each_kind(seen):
        events.on_note(Note(f"{each.seen}; the split is random nevertheless", each.option, each.value))
    return None


def _times_told(
    rows: RowsToSplit, name: str, cells: Sequence[Any], target: Sequence[Any]
) -> Suggestion | None:
    """Return what a column of dates says; where it is empty for some rows, the split by it is for the user to decide."""
    known = [place for place, cell in enumerate(cells) if not is_missing(cell)]
    times = _times(rows, name, [cells[place] for place in known])
    found = time_column(name, times, [target[place] for place in known], rows.is_class)
    if found is None or len(known) == len(cells):
        return found
    text = f"{found.seen}, but is empty in {counted(len(cells) - len(known), 'row')}"
    return replace(found, seen=text, strong=False)


def _times(rows: RowsToSplit, column: str, values: Sequence[Any]) -> Sequence[Any]:
    """Return the cells of a column of dates as datetimes, those of another as they are."""
    return [date_in(value, column) for value in values] if column in rows.dates else values


def _sentence(suggestion: Suggestion) -> str:
    if suggestion.kind == "time":
        return f"{suggestion.seen}; the newest rows are held out"
    return f"{suggestion.seen}; rows with the same id stay on the same side of the split, and the ids are not an input"


def _check_known(rows: RowsToSplit, splits: Splits) -> None:
    """Raise DataError if the newest rows have a class that the others have not."""
    if not rows.is_class:
        return
    labels = np.array([str(label) for label in rows.labels], object)
    unseen = sorted(set(labels[splits.valid]) - set(labels[splits.train]))
    if unseen:
        raise DataError(
            f"the class {unseen[0]!r} occurs only in the newest rows, which are held out",
            remedy="Split at random: split='random'.",
        )
