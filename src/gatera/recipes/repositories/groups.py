"""What a training makes of the labels of a data repository, and says of them: what they come from, and which items they group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gatera.core.checks import counted, listed
from gatera.data.folders.labels_csv import TABLE
from gatera.data.sources.who_labelled import LabelSources
from gatera.program.tables.notes import Note
from gatera.recipes.events import Events
from gatera.recipes.settings import SplitKind, TrainSettings


def report_sources(sources: LabelSources, events: Events, column: str = f"source of {TABLE}") -> None:
    """Report what the labels come from, as a column says, with a warning where many come from programs or functions."""
    if (warning := sources.warning()) is not None:
        events.on_warning(f"{warning} (column {column})")
    events.on_event("label_sources", dict(sources.counts))


def say_groups(
    things: str,
    groups: Sequence[str],
    split: Sequence[str],
    settings: TrainSettings,
    events: Events,
    change: tuple[str, str] | tuple[()] = ("split", "random"),
) -> None:
    """Say that groups stay together where the sides are drawn, and warn of those that the labels put on both sides.

    Args:
        things: what the items are called: "photos".
        groups: the group of each item, "" for none.
        split: the side that the labels or folders give each item, "" for none.
        settings: how to split.
        events: where to report.
        change: the setting that does not keep groups together, and its value; () where there is none.
    """
    names = {group for group in groups if group}
    if not names or settings.split is SplitKind.random or settings.group_by is not None:
        return
    if "valid" not in split and settings.split is SplitKind.time:
        events.on_note(
            Note(
                f"The groups in {TABLE} do not count, as the newest {things} are held out", "split", "groups"
            )
        )
    elif "valid" not in split:
        said = f"{TABLE} puts {things} into {counted(len(names), 'group')}; those of one stay on the same side of the split"
        events.on_note(Note(said, *change))
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    for group, side in zip(groups, split, strict=True):
        sides[side in ("valid", "test")].add(group)
    if both := sorted(sides[True] & sides[False] & names):
        are = "is" if len(both) == 1 else "are"
        events.on_warning(
            f"{len(both):,} of {counted(len(names), 'group')} in {TABLE} {are} held out in part only, as its sides say: "
            f"{listed(both, 3)}. The error says little about {things} of other groups."
        )


def with_groups(settings: TrainSettings, column: str | None) -> TrainSettings:
    """Return settings that keep the groups of a repository's rows together; where another split is asked for, they are not an input."""
    if column is None or settings.group_by is not None:
        return settings
    if settings.time_by is None and settings.split in (SplitKind.auto, SplitKind.groups):
        return replace(settings, group_by=column)
    dropped = [settings.drop] if isinstance(settings.drop, str) else settings.drop or ()
    return replace(settings, drop=[*dropped, column])
