"""What a training says of the masks of a data repository."""

from __future__ import annotations

from gatera.data.sources.who_labelled import label_sources
from gatera.evaluate.kept.masks import MaskRows
from gatera.program.tables.notes import Note
from gatera.recipes.events import Events
from gatera.store.datasets.labels.sheets import TABLE


def report_sources(found: MaskRows, events: Events) -> None:
    """Say what the masks come from, with a warning where most come from programs, and that groups stay together."""
    sources = label_sources(found.sources)
    if (warning := sources.warning()) is not None:
        events.on_warning(f"{warning} (column source of {TABLE})")
    events.on_event("label_sources", dict(sources.counts))
    if found.groups:
        count = len(set(found.groups.values()))
        events.on_note(
            Note(
                f"{TABLE} puts photos into {count:,} groups; those of one stay on the same side of the split"
            )
        )
