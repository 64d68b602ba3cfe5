"""Decide what there is to learn from a folder or a file."""

from __future__ import annotations

from pathlib import Path

from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.data.folders.masks import holds_masks
from gatera.data.sources.items import IMAGE_EXTENSIONS, get_files
from gatera.program.raw.sound import SOUND_SUFFIXES
from gatera.program.raw.text import TEXT_SUFFIXES
from gatera.program.tables.packed import is_table_name
from gatera.program.tables.reader import open_table
from gatera.recipes.settings import Task, TrainSettings

#: The file name endings that tell the task of a folder.
SUFFIXES = {Task.photos: IMAGE_EXTENSIONS, Task.sound: SOUND_SUFFIXES, Task.text: TEXT_SUFFIXES}


def find_task(settings: TrainSettings) -> Task:
    """Return the task of a folder by the kind of file it has most of, or that of a file.

    Raises:
        DataError: if the source is missing, or is a table without a target.
    """
    source = settings.source
    if not source.is_dir() and (source.exists() or settings.target is not None or is_table_name(source)):
        return _task_of_table(source, settings)
    if settings.label_from is None and holds_masks(source):
        return Task.masks
    counts = {task: len(get_files(source, suffixes)) for task, suffixes in SUFFIXES.items()}
    most = max(counts, key=lambda task: counts[task])
    # An empty folder is a folder without photos: the recipe for photos says so.
    return most if counts[most] else Task.photos


def _task_of_table(source: Path, settings: TrainSettings) -> Task:
    columns = open_table(source, **settings.reading).names  # also says so if there is no such file
    if settings.target is not None:
        return Task.table
    raise DataError(
        f"{source} is a table, so target= must name the column to predict", available=listed(columns),
        remedy="If its first three columns are users, items and ratings, pass task=recommend instead.",
    )  # fmt: skip
