"""What `gatera train` does: see what there is to learn from, prepare that job, and run it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gatera.core.checks import listed
from gatera.core.device import as_device
from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import check_can_write, check_free_to_write
from gatera.data.folders.masks import holds_masks
from gatera.data.sources.items import IMAGE_EXTENSIONS, get_files
from gatera.program.raw.sound import SOUND_SUFFIXES
from gatera.program.tables.reader import read_table
from gatera.recipes.events import Saying
from gatera.recipes.masks import mask_job
from gatera.recipes.photos import photo_job
from gatera.recipes.ratings import rating_job
from gatera.recipes.report import report_files
from gatera.recipes.run import Job, run_job
from gatera.recipes.settings import Task, TrainSettings
from gatera.recipes.sounds import sound_job
from gatera.recipes.tables import table_job
from gatera.recipes.texts import text_job

#: How each kind of job is prepared.
JOBS: dict[Task, Callable[[TrainSettings, Saying], Job]] = {
    Task.photos: photo_job,
    Task.masks: mask_job,
    Task.sound: sound_job,
    Task.text: text_job,
    Task.table: table_job,
    Task.recommend: rating_job,
}

#: File name endings by which a folder is known.
SUFFIXES = {Task.photos: IMAGE_EXTENSIONS, Task.sound: SOUND_SUFFIXES, Task.text: frozenset((".txt",))}

#: Options that belong to some tasks only.
BELONGS = {
    "target": (Task.table,),
    "group_by": (Task.sound, Task.text),
    "label_from": (Task.photos, Task.sound, Task.text),
    "size": (Task.photos, Task.masks),
    "report": (Task.photos,),
}


def run(settings: TrainSettings) -> None:
    """Train as asked.

    Raises:
        GateraError: for whatever is wrong with the data, the options, or the disk.
        SystemExit: after Ctrl-C, with status 130.
    """
    say = Saying(settings.json)
    for file in [settings.out, *(report_files(settings.report) if settings.report else [])]:
        check_free_to_write(file, settings.force)
        check_can_write(file)
    as_device(settings.device)
    task = settings.task if settings.task is not Task.auto else find_task(settings)
    for option, tasks in BELONGS.items():
        if getattr(settings, option) is not None and task not in tasks:
            raise ArgumentError(
                f"--{option.replace('_', '-')} is not for the task {task}", got=str(getattr(settings, option)),
                expected=f"with the task {listed(tasks)}",
            )  # fmt: skip
    run_job(JOBS[task](settings, say), settings, say)


def find_task(settings: TrainSettings) -> Task:
    """Return what there is to learn from: by the kind of file that a folder holds most of, or by the file itself.

    Raises:
        DataError: if the source is missing, or nothing says what to predict of a table.
    """
    source = settings.source
    if source.is_file():
        return _task_of_table(source, settings.target)
    if settings.label_from is None and holds_masks(source):
        return Task.masks
    counts = {task: len(get_files(source, suffixes)) for task, suffixes in SUFFIXES.items()}
    most = max(counts, key=lambda task: counts[task])
    # An empty folder is a folder without photos: the usual job says so.
    return most if counts[most] else Task.photos


def _task_of_table(source: Path, target: str | None) -> Task:
    if target is not None:
        return Task.table
    columns = read_table(source).names
    raise DataError(
        f"{source} is a table, and nothing says what to predict", expected=f"its columns: {listed(columns)}",
        remedy="Pass --target COLUMN; or --task recommend, if its first columns are users, items and ratings.",
    )  # fmt: skip
