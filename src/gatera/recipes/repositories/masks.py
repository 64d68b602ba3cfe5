"""What a training says of the masks of a data repository."""

from __future__ import annotations

from gatera.data.sources.who_labelled import label_sources
from gatera.evaluate.kept.masks import MaskRows
from gatera.recipes.events import Events
from gatera.recipes.repositories.groups import say_groups
from gatera.recipes.settings import TrainSettings
from gatera.store.datasets.labels.sheets import TABLE


def report_sources(found: MaskRows, settings: TrainSettings, events: Events) -> None:
    """Say what the masks come from, with a warning where most come from programs, and which groups stay together."""
    sources = label_sources(found.sources)
    if (warning := sources.warning()) is not None:
        events.on_warning(f"{warning} (column source of {TABLE})")
    events.on_event("label_sources", dict(sources.counts))
    groups, sides = [each.group for each in found.given], [each.side for each in found.given]
    say_groups("photos", groups, sides, settings, events)
