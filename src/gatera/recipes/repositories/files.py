"""The labelled files of a data repository, as recipes take them."""

from __future__ import annotations

from gatera.data.folders.labelled import Kind, LabelledFiles
from gatera.evaluate.kept.files import kept_labels
from gatera.recipes.events import Events
from gatera.recipes.repositories.groups import report_sources, say_groups
from gatera.recipes.settings import TrainSettings


def repository_files(settings: TrainSettings, events: Events, kind: Kind) -> LabelledFiles | None:
    """Return the labelled files of a data repository or of a commit of one; None if the source is something else.

    Raises:
        DataError: if none of its items has a label.
    """
    named = settings.label_from is not None or settings.target is not None
    kept = None if named else kept_labels(settings.source, kind, events.on_note)
    if kept is None:
        return None
    report_sources(kept.sources, events)
    say_groups("items", kept.groups, kept.files.split, settings, events)
    return kept.files
