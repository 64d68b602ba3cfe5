"""What a training says of the groups that the labels of a data repository name."""

from __future__ import annotations

from collections.abc import Sequence

from gatera.core.checks import counted, listed
from gatera.data.folders.labels_csv import TABLE
from gatera.program.tables.notes import Note
from gatera.recipes.events import Events
from gatera.recipes.settings import SplitKind, TrainSettings


def say_groups(
    things: str, groups: Sequence[str], split: Sequence[str], settings: TrainSettings, events: Events
) -> None:
    """Say that groups stay together where the sides are drawn, and warn of those that the labels put on both sides.

    Args:
        things: what the items are called: "photos".
        groups: the group of each item, "" for none.
        split: the side that the labels or folders give each item, "" for none.
        settings: how to split.
        events: where to report.
    """
    names = {group for group in groups if group}
    if not names or settings.split is SplitKind.random or settings.group_by is not None:
        return
    if "valid" not in split:
        said = f"{TABLE} puts {things} into {counted(len(names), 'group')}; those of one stay on the same side of the split"
        events.on_note(Note(said) if things == "photos" else Note(said, "split", "random"))
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    for group, side in zip(groups, split, strict=True):
        sides[side in ("valid", "test")].add(group)
    if both := sorted(sides[True] & sides[False] & names):
        are = "is" if len(both) == 1 else "are"
        events.on_warning(
            f"{len(both):,} of {counted(len(names), 'group')} in {TABLE} {are} held out in part only, as its sides say: "
            f"{listed(both, 3)}. The error says little about {things} of other groups."
        )
