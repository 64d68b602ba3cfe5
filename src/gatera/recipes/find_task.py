"""Decide what there is to learn from a folder or a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatera.core.checks import as_called, listed, listed_columns
from gatera.core.errors import DataError
from gatera.data.folders.labels_csv import TABLE
from gatera.data.folders.mask_pairs import holds_masks
from gatera.data.loading.rating_columns import usual_columns
from gatera.data.sources.items import IMAGE_EXTENSIONS, get_files
from gatera.evaluate.kept.files import holds_kept_labels
from gatera.evaluate.kept.masks import kept_masks
from gatera.program.raw.sound import SOUND_SUFFIXES
from gatera.program.raw.text import TEXT_SUFFIXES
from gatera.program.tables.notes import Note
from gatera.program.tables.packed import is_table_name
from gatera.program.tables.reader import open_table
from gatera.recipes.events import Events
from gatera.recipes.settings import ModelKind, Task, TrainSettings

#: The file name endings that tell the task of a folder.
SUFFIXES = {Task.photos: IMAGE_EXTENSIONS, Task.sound: SOUND_SUFFIXES, Task.text: TEXT_SUFFIXES}

#: What messages call them.
THINGS = {Task.photos: "photos", Task.sound: "recordings", Task.text: "texts"}


#: Settings of texts that other tables do not have: whoever gives one means the texts of a table.
OF_TEXTS = ("text", "arch", "weights", "freeze_epochs")

#: Settings that name columns of a table.
NAMING_COLUMNS = (
    "target",
    "text",
    "group_by",
    "time_by",
    "classes",
    "numbers",
    "drop",
    "user",
    "item",
    "rating",
)

#: A kind of file of which there are at least this many times the most frequent ones makes a near tie.
NEAR = 0.5


class OtherTask(Exception):
    """The content of a table turned out to be for another task.

    Args:
        task: that task.
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.task = task


def find_task(settings: TrainSettings, events: Events | None = None) -> Task:
    """Return the task of a folder by the kind of file it has most of, or that of a file.

    Args:
        settings: what is asked for.
        events: is told where another task is nearly as likely.

    Raises:
        DataError: if the source is missing, holds nothing to learn from, or is a table without a target.
    """
    source = settings.source
    if not source.is_dir() and (source.exists() or settings.target is not None or is_table_name(source)):
        return _task_of_table(source, settings, events)
    by_files = settings.label_from is not None or settings.class_level is not None
    if not by_files and (holds_masks(source) or kept_masks(source) is not None):
        return Task.masks
    files = get_files(source, on_left_out=lambda path, reason: None)  # the recipe names what cannot be listed
    endings = Counter(path.suffix.lower() for path in files)
    counts = {task: sum(endings[suffix] for suffix in suffixes) for task, suffixes in SUFFIXES.items()}
    most = max(counts, key=lambda task: counts[task])
    if not counts[most]:
        _refuse_tables(source, files)
        # An empty folder is a folder without photos: the recipe for photos says so.
        return Task.photos
    near = [task for task in counts if task is not most and counts[task] >= NEAR * counts[most]]
    if near and events is not None:
        there = listed(f"{counts[task]:,} {THINGS[task]}" for task in (most, *near))
        events.on_note(Note(f"{source} holds {there}; training on the {THINGS[most]}", "task", str(near[0])))
    return most


def with_columns_of_table(settings: TrainSettings) -> TrainSettings:
    """Return the settings with columns as the table calls them, whose accents may be in another notation there."""
    given = {name: value for name in NAMING_COLUMNS if (value := getattr(settings, name)) is not None}
    if not settings.source.is_file() or all("".join(value).isascii() for value in given.values()):
        return settings
    names = open_table(settings.source, **settings.reading).names
    called: dict[str, Any] = {
        name: as_called(value, names)
        if isinstance(value, str)
        else [as_called(each, names) for each in value]
        for name, value in given.items()
    }
    return replace(settings, **called)


def _refuse_tables(folder: Path, files: Sequence[Path]) -> None:
    """Raise DataError if there are tables among the files of a folder, which holds nothing else to learn from."""
    tables = [path.relative_to(folder).as_posix() for path in files if is_table_name(path)]
    if TABLE in tables and holds_kept_labels(folder):  # such as git itself cloned it
        raise DataError(
            f"none of the files in the labels of {folder} is there", remedy="Fetch them: gatera data pull"
        )
    if tables:
        raise DataError(
            f"{folder} holds no photos, recordings or texts, but tables", available=listed(tables, 5),
            remedy=f"Pass one of them and the column to predict: {folder / tables[0]}, target=.",
        )  # fmt: skip


def means_texts(settings: TrainSettings) -> bool:
    """Whether settings say that a table is learned from its texts, before its columns are looked at."""
    asked = settings.task is Task.text or settings.model is ModelKind.words
    return asked or any(getattr(settings, name) is not None for name in OF_TEXTS)


def _task_of_table(source: Path, settings: TrainSettings, events: Events | None) -> Task:
    columns = open_table(source, **settings.reading).names  # also says so if there is no such file
    if settings.target is not None:
        roles = usual_columns(columns)
        if None not in roles and settings.target == roles[2] and events is not None:
            text = f"{settings.target} is predicted from all columns, though they are called as users, items and ratings"
            events.on_note(Note(text, "task", "recommend"))
        return Task.text if means_texts(settings) else Task.table
    raise DataError(
        f"{source} is a table, so target= must name the column to predict", available=listed_columns(columns),
        remedy="If its columns are users, items and ratings, pass task='recommend' instead.",
    )  # fmt: skip
