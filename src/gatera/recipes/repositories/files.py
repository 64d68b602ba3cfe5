"""The labelled files of a data repository, as recipes take them."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from pathlib import Path

from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.data.folders.labelled import FROM_TABLE, Kind, LabelledFiles
from gatera.data.folders.labels_csv import sides_beside_table, split_by_folders
from gatera.data.sources.label_sources import label_sources
from gatera.program.tables.notes import Note
from gatera.recipes.events import Events
from gatera.recipes.settings import TrainSettings
from gatera.store.datasets.labels.rows import Row, header_of
from gatera.store.datasets.labels.sheets import TABLE, Sheet
from gatera.store.datasets.labels.spreadsheet import read_any
from gatera.store.datasets.making import is_repository
from gatera.store.datasets.repository import DataRepository

#: How a file of labels begins; a spreadsheet may write semicolons, tabs and quotes.
_OURS = header_of(()).encode()


def repository_files(settings: TrainSettings, events: Events, kind: Kind) -> LabelledFiles | None:
    """Return the labelled files of a data repository or of a commit of one; None if the source is something else.

    Raises:
        DataError: if none of its items has a label.
    """
    folder = settings.source
    rows = None if settings.label_from is not None or settings.target is not None else _rows(folder, events)
    if rows is None:
        return None
    there = {
        path.relative_to(folder).as_posix(): path
        for path in kind.find(folder, on_left_out=lambda path, reason: None)
    }
    items = [row for row in rows if row.file in there]
    labelled = [row for row in items if row.label]
    if not labelled:
        raise DataError(
            f"none of the {kind.count(len(items))} in the labels of {folder} has a label",
            remedy="Give some: gatera data label LABEL PATH",
        )
    _say(labelled, items, there, events, kind)
    groups = _groups(labelled, events)
    files = [(there[row.file], row.label) for row in labelled]
    split = sides_beside_table(folder, files, [row.split for row in labelled], events.on_note)
    return LabelledFiles(
        [path for path, _ in files],
        [label for _, label in files],
        split,
        f"{FROM_TABLE}{TABLE}",
        kind,
        groups=groups,
        split_by=split_by_folders(folder, files, split),
    )


def _rows(folder: Path, events: Events) -> Iterable[Row] | None:
    """Return the rows of a repository's labels; None if the folder has no labels of that form."""
    if not folder.is_dir():
        return None
    if is_repository(folder):
        return sorted(DataRepository(folder).rows())
    table = folder / TABLE
    if not table.is_file():
        return None
    data = table.read_bytes()
    head = data.removeprefix(BOM_UTF8).partition(b"\n")[0].replace(b'"', b"")
    if re.sub(rb"[;\t]", b",", head)[: len(_OURS)] != _OURS:
        return None
    found, notes = read_any(table, data, Sheet())
    for note in notes:
        events.on_note(Note(note))
    return found.rows()


def _say(labelled: list[Row], items: list[Row], there: dict[str, Path], events: Events, kind: Kind) -> None:
    if others := len(items) - len(labelled):
        events.on_note(
            Note(f"{kind.count(others)} without a label in {TABLE} {'is' if others == 1 else 'are'} not used")
        )
    if outside := len(there) - len(items):
        events.on_note(
            Note(
                f"{kind.count(outside)} {'is' if outside == 1 else 'are'} not in {TABLE} and not used (gatera data add)"
            )
        )
    sides = sorted({row.split for row in labelled} - {"train", "valid", "test", ""})
    if sides:
        raise DataError(
            f"{TABLE} has an unknown split", got=sides[0], expected=listed(("train", "valid", "test"))
        )
    sources = label_sources([row.source or "person" for row in labelled])
    if (warning := sources.warning()) is not None:
        events.on_warning(f"{warning} (column source of {TABLE})")
    events.on_event("label_sources", dict(sources.counts))


def _groups(labelled: list[Row], events: Events) -> list[str]:
    """Return a name for each item, the same for those of one group; nothing where there are no groups."""
    count = len({row.group for row in labelled if row.group})
    if not count:
        return []
    events.on_note(
        Note(
            f"{TABLE} puts items into {count:,} groups; those of one stay on the same side of the split",
            "split",
            "random",
        )
    )
    return [f"group {row.group}" if row.group else f"item {row.file}" for row in labelled]
