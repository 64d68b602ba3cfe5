"""`gatera.train`: from files to a program, in one call."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from gatera import recipes
from gatera.core.checks import check_choice, counted
from gatera.core.errors import ArgumentError, PretrainedError
from gatera.core.files import at_home, check_can_write, check_free_to_write, check_not_an_input
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.device import as_device
from gatera.evaluate.kept.origin import find_origin
from gatera.evaluate.questions.sealed import SUFFIX, seal_of
from gatera.learn.signals import stopping_signals
from gatera.recipes.events import Events, Notes
from gatera.recipes.find_task import OtherTask, find_task, with_columns_of_table
from gatera.recipes.job import Job, TrainedProgram, run_job
from gatera.recipes.page.training import check_page, write_page
from gatera.recipes.repositories.groups import with_groups
from gatera.recipes.settings import (
    DEFAULTS,
    READING,
    ModelKind,
    SplitKind,
    Task,
    TrainArguments,
    TrainSettings,
    program_beside,
)
from gatera.recipes.unfinished.work import UnfinishedRun

#: Settings that only some tasks have.
ONLY_FOR = {
    "target": (Task.table, Task.photos, Task.sound, Task.text),
    "text": (Task.text,),
    "numbers": (Task.table,),
    **dict.fromkeys(("classes", "drop"), (Task.table, Task.text)),
    **dict.fromkeys(("user", "item", "rating"), (Task.recommend,)),
    "label_from": (Task.photos, Task.sound, Task.text),
    "group_by": (Task.photos, Task.sound, Task.text, Task.table),
    "time_by": (Task.table, Task.text),
    "split": (Task.photos, Task.sound, Task.text, Task.table),
    "class_level": (Task.photos, Task.sound, Task.text),
    "test_pct": (Task.photos, Task.masks, Task.sound, Task.text),
    "mask_values": (Task.masks,),
    "model": (Task.table, Task.text),
    "arch": (Task.photos, Task.masks, Task.sound, Task.text),
    "weights": (Task.photos, Task.masks, Task.sound, Task.text),
    "freeze_epochs": (Task.photos, Task.masks, Task.sound, Task.text),
    "size": (Task.photos, Task.masks),
    "augment": (Task.photos, Task.masks),
    "embeddings": (Task.photos, Task.sound, Task.text, Task.table),
    **dict.fromkeys(READING, (Task.table, Task.recommend, Task.photos, Task.sound, Task.text)),
}

#: Models that are no networks, and the task that has them.
WITHOUT_NETWORK = {ModelKind.trees: Task.table, ModelKind.linear: Task.table, ModelKind.words: Task.text}

#: Settings that only networks have.
OF_NETWORKS = ("epochs", "freeze_epochs", "lr", "bs")

#: What learners say of `pretrained=`, as regular expressions, and its replacement here, where that is `weights=`.
OF_PRETRAINED = (
    (r"Pass pretrained=True to find", "Omit weights= to find"),
    (r"pretrained=True to find", "omit weights= to find"),
    (r"\n? *(?:arch=AWD_LSTM, )?pretrained=False for random weights[^\n]*", ""),
    (r"^pretrained(?= (?:must|has|is)\b)|\bpretrained(?==)", "weights"),
)

#: Settings that are given as text, and what they become.
CONVERSIONS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("report", at_home), ("resume", at_home), ("weights", str), ("model", ModelKind), ("split", SplitKind),
)  # fmt: skip


@spelled_out(TrainArguments, {name: DEFAULTS[name] for name in TrainArguments.__annotations__})
def train(
    source: str | Path,
    target: str | None = None,
    *,
    task: str = "auto",
    out: str | Path | None = None,
    events: Events | None = None,
    **settings: Unpack[TrainArguments],
) -> TrainedProgram:
    """Train on a folder of photos, recordings or texts, or on a table; write a program and measure it.

    Args:
        source: a folder (a folder per class, train and valid folders, labels.csv, or photos and masks), a CSV file, or
            "DATA@COMMIT" for a commit of a data repository, which the program then records.
        target: the column of a table to predict.
        task: "photos", "masks", "sound", "text", "table" or "recommend"; "auto" looks at what `source` holds.
        out: the program to write; by default named after `source`, in the current folder.
        events: receives what the run reports; by default lines are printed. `Events()` keeps quiet.
        **settings: see `TrainSettings`. None means: choose what suits the task; for `header`, that the columns have no names.

    Returns:
        The trained program: its path, its report, and the learner.

    Raises:
        GateraError: if something is wrong with the data, a setting or the disk.
        TrainingInterrupted: after Ctrl-C, SIGTERM or SIGHUP; what was trained is kept, and the same call goes on from there.

    Example:
        trained = gatera.train("photos/")
        trained.report.error                # share of the validation set that is wrong
        trained.program.predict("cat.jpg")
    """
    check_arguments(train, settings)
    check_choice("task", task, [str(known) for known in Task])
    given: dict[str, Any] = {
        name: _listed(name, _plain(value))
        for name, value in settings.items()
        if value is not None or name == "header"
    }
    check_kinds(given if target is None else {"target": target, **given})
    if "model" in given:
        check_choice("model", given["model"], [str(known) for known in ModelKind])
    if "split" in given:
        check_choice("split", given["split"], [str(known) for known in SplitKind])
    for name, convert in CONVERSIONS:
        if name in given:
            given[name] = convert(given[name])
    if not isinstance(source, str | os.PathLike):
        raise ArgumentError(
            "source must be the path of a folder or a table", got=type(source).__name__,
            remedy="Save a DataFrame first (frame.to_csv), or train on it with TabularDataLoaders.from_df.",
        )  # fmt: skip
    program = program_beside(at_home(source)) if out is None else at_home(out)
    asked = TrainSettings(source=at_home(source), out=program, task=Task(task), target=target, **given)
    try:
        return run(asked, Notes() if events is None else events)
    except PretrainedError as err:
        raise _about_weights(err) from err.__cause__


def run(settings: TrainSettings, events: Events) -> TrainedProgram:
    """Train as asked; `train` in the terms of the two records. Mistakes in the settings are found before training."""
    check_can_write(settings.out)
    origin = find_origin(settings.source)
    settings = replace(settings, source=origin.source)
    if settings.task is Task.recommend:
        settings = replace(settings, rating=settings.rating or origin.target)
    else:
        settings = replace(settings, target=settings.target or origin.target)
        settings = with_groups(settings, origin.group_by)
    settings = with_columns_of_table(settings)
    check_not_an_input(settings.out, settings.source, settings.resume)
    as_device(settings.device)
    task = find_task(settings, events) if settings.task is Task.auto else settings.task
    check_settings(settings, task)
    say_network_unused(settings, events)
    say_sealed(settings.source, events)
    started = time.perf_counter()
    with UnfinishedRun.open(settings, task, events) as unfinished, stopping_signals():
        settings = unfinished.settings
        check_free_to_write(settings.out, settings.force)
        check_page(settings, task)
        with events.status(f"Reading {settings.source}"):
            job = prepare(task, settings, events)
        if origin.left_out:
            events.on_warning(f"Skipped {counted(origin.left_out, 'row')} without a label.")
        if origin.facts:
            events.on_line(f"Learning from {origin.words}.")
            job = replace(job, data=f"{job.data}; {origin.words}", facts={**job.facts, "data": origin.facts})
        if settings.report:
            job = replace(job, report_page=partial(write_page, job, settings, task, started))
        return run_job(job, unfinished)


def _about_weights(error: PretrainedError) -> PretrainedError:
    """Return an error about a learner's `pretrained=` in the words of `train`."""

    def said(text: str | None) -> Any:
        for pattern, words in OF_PRETRAINED:
            text = text and re.sub(pattern, words, text)
        return text

    return PretrainedError(
        said(error.problem), got=error.got, expected=said(error.expected), available=said(error.available),
        remedy=said(error.remedy),
    )  # fmt: skip


def say_network_unused(settings: TrainSettings, events: Events) -> None:
    """Say which settings of a network are not used, where another model was asked for."""
    if settings.model not in WITHOUT_NETWORK:
        return
    unused = [events.argument(name) for name in OF_NETWORKS if getattr(settings, name) is not None]
    if unused:
        events.on_line(
            f"{' and '.join(unused)} {'is' if len(unused) == 1 else 'are'} not used: no network is trained."
        )


def say_sealed(source: Path, events: Events) -> None:
    """Warn where training uses a sealed test set."""
    if seal_of(source) is not None:
        events.on_warning(
            f"{source} is a sealed test set: a program trained on it has seen it, so its error there says nothing about new items."
        )
    for seal in sorted(source.glob(f"*{SUFFIX}")) if source.is_dir() else ():
        if seal_of(source / seal.stem) is not None:
            events.on_warning(
                f"{source / seal.stem} is a sealed test set, and its use in this training is not recorded as an opening."
            )


def check_settings(settings: TrainSettings, task: Task) -> None:
    """Raise ArgumentError if a setting was given that the task does not have."""
    for name, tasks in ONLY_FOR.items():
        if getattr(settings, name) != DEFAULTS[name] and task not in tasks:
            *more, last = tasks
            allowed = f"{', '.join(more)} or {last}" if more else last
            raise ArgumentError(f"{name}= can only be used with task={allowed}, not with task={task}")
    if WITHOUT_NETWORK.get(settings.model, task) is not task:
        raise ArgumentError(
            f"model={settings.model} can only be used with task={WITHOUT_NETWORK[settings.model]}, not with task={task}"
        )
    if settings.model in WITHOUT_NETWORK and settings.resume is not None:
        raise ArgumentError(
            f"resume= can only be used where a network is trained: model={settings.model} has no checkpoints",
            got=str(settings.resume), remedy="Leave out resume=, or choose model=network or model=both.",
        )  # fmt: skip
    if settings.model in WITHOUT_NETWORK and settings.embeddings:
        raise ArgumentError(
            f"embeddings= needs a network: model={settings.model} has no features",
            remedy="Leave out embeddings=, or choose model=network or model=both.",
        )


def prepare(task: Task, settings: TrainSettings, events: Events) -> Job:
    """Let the task's recipe prepare its training. The recipe, and with it the application, is imported here."""
    match task:
        case Task.photos:
            return recipes.photo_job(settings, events)
        case Task.masks:
            return recipes.mask_job(settings, events)
        case Task.sound:
            return recipes.sound_job(settings, events)
        case Task.text:
            return recipes.text_job(settings, events)
        case Task.table:
            try:
                return recipes.table_job(settings, events)
            except OtherTask as other:
                check_settings(settings, other.task)  # what only tables have was asked for
                return prepare(other.task, settings, events)
        case Task.recommend:
            return recipes.rating_job(settings, events)
        case Task.auto:
            raise ArgumentError("task=auto must be replaced by find_task first")


#: Settings that are checked where they are used, which take more than their type says.
CHECKED_ELSEWHERE = ("arch", "device", "header", "model", "split")

#: Settings that each name a column of a table.
COLUMNS = {each.name for each in fields(TrainSettings) if each.metadata.get("metavar") == "COLUMN"}

#: Settings that are regular expressions, which may be compiled.
PATTERNS = ("label_from", "group_by")


def _listed(name: str, value: Any) -> Any:
    """Return a setting that is text or several texts with these in a list: they may come as a set, an array or an iterator."""
    several = _kind(name) == TEXTS and isinstance(value, Iterable) and not isinstance(value, str)
    return list(value) if several else value


def _plain(value: Any) -> Any:
    """Return a number or truth value of numpy as Python's: the program keeps the settings as JSON."""
    return value.item() if isinstance(value, np.generic) else value


def check_kinds(given: Mapping[str, Any]) -> None:
    """Raise ArgumentError unless each setting is text, a path, True or False, or a list of texts, as its type says.

    Numbers are checked by `TrainSettings`. The text "no" would count as True, and a number as no name of a column.
    """
    for name, value in given.items():
        if name in CHECKED_ELSEWHERE or _kind(name) not in KINDS:
            continue
        words, holds = KINDS[_kind(name)]
        words = "the name of a column" if words == "text" and name in COLUMNS else words
        if not holds(value) and not (name in PATTERNS and isinstance(value, re.Pattern)):
            raise ArgumentError(f"{name} must be {words}", got=value)


def _kind(name: str) -> str:
    """Return the type of a setting, as it is written."""
    kind: Any = TrainArguments.__annotations__.get(name, "str | None")
    return str(getattr(kind, "__forward_arg__", kind))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


#: The type of settings that are text, or several texts.
TEXTS = "str | Sequence[str] | None"

#: What a type asks for in words, and whether a value is that.
KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("text", _is_text),
    "str | None": ("text", _is_text),
    "bool": ("True or False", lambda value: hasattr(type(value), "__bool__")),  # of numpy, too; text has none
    "str | Path | None": ("a path", lambda value: isinstance(value, str | os.PathLike)),
    TEXTS: (
        "text, or a list of texts",
        lambda value: _is_text(value) or (isinstance(value, Collection) and all(map(_is_text, value))),
    ),
}
