"""The recipe for tables: one column from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.data.blocks import batch_size
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.loading.row_tables import check_varies, unusable_targets
from gatera.data.sources.tables import formats_of, frame_of
from gatera.data.splits.split import Splits
from gatera.data.transforms.normalize import Normalize
from gatera.evaluate.questions.labels import HeldOut, LabelErrors
from gatera.measure.metrics.standard import error_rate, rmse
from gatera.models.linear_table import LinearTable
from gatera.program.tables.notes import Note
from gatera.program.tables.reader import open_table
from gatera.recipes.evaluation import Evaluation, evaluate_classes, evaluate_numbers
from gatera.recipes.events import Events
from gatera.recipes.find_task import OtherTask
from gatera.recipes.job import Job, options_for
from gatera.recipes.labelled_files import report_sides
from gatera.recipes.odd_values import (
    check_not_nearly_numbers,
    check_target_numbers,
    giveaways,
    stand_ins,
    totals,
)
from gatera.recipes.odd_words import alike_categories, lists_in_cells, single_classes
from gatera.recipes.settings import ModelKind, Task, TrainSettings
from gatera.recipes.splitting.end_warnings import report_suspects_by_answers
from gatera.recipes.splitting.rows import (
    RowsToSplit,
    SplitRows,
    groups_of_rows,
    split_rows,
    without_label_facts,
)
from gatera.recipes.texts.rows import named_target, numbers_from_texts, text_columns
from gatera.tabular.baseline import boosted_trees, constant_misses, linear_misses
from gatera.tabular.candidates.choose import Trial
from gatera.tabular.candidates.train import TableModel, TableTraining, train_table
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.frames import as_names
from gatera.tabular.learner import TabularLearner, tabular_learner
from gatera.tabular.loaders import TableLoaders
from gatera.tabular.procs import Categorify, FillMissing
from gatera.tabular.roles import ColumnChoices, Roles, find_roles, is_class_as_asked, not_used, target_note
from gatera.tabular.task_defaults import TABLES, learning_rate
from gatera.tabular.trees.fit import MOST_TREE_CLASSES

#: A table needs this many rows: four to learn from, one to measure with.
FEWEST_ROWS = 5

#: What is said where no network is trained.
OPENINGS = {ModelKind.trees: "Training boosted trees.", ModelKind.linear: "Training a linear model."}

#: The least probability whose logarithm is taken.
TINY = 1e-9


@dataclass(frozen=True)
class Table:
    """A table, and which of its columns are what.

    Attributes:
        frame: a pandas DataFrame, without the rows that have no target.
        target: the column to predict.
        classes: whether the target is a class; else it is a number.
        categories: columns of categories.
        numbers: columns of numbers and of dates.
        ignored: columns that are not used -> why.
        n_skipped: rows without a target.
        dates: those of `numbers` that are dates.
        rows: the row in the file of each row here, from 0, int64.
    """

    frame: Any
    target: str
    classes: bool
    categories: list[str]
    numbers: list[str]
    ignored: dict[str, str]
    n_skipped: int
    dates: Sequence[str] = ()
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))


def table_job(settings: TrainSettings, events: Events) -> Job:
    """Prepare training on a table.

    Raises:
        DataError: if the table is not usable, or has no such column.
        ArgumentError: if no column to predict is named.
        OtherTask: if there is only free text to predict a class from.
    """
    table = read(settings, events)
    table, split = split_table(table, settings, events)
    dls = table_loaders(table, settings, split.splits)
    _report_table(events, table, dls, by_class=split.by_class)
    learn = tabular_learner(
        dls, metrics=error_rate if table.classes else rmse, path=settings.out.parent,
        options=options_for(settings, TABLES),
    )  # fmt: skip
    classes, of_file = table.classes, table.rows  # not the table: it would stay in memory
    facts: dict[str, Any] = {"rows_skipped": table.n_skipped}
    if written := formats_of(table.frame).get(table.target):
        facts["target_format"] = written
    rate = learning_rate(dls.train.n) if settings.lr is None else settings.lr
    groups, times = _training_groups_and_times(split, len(table.frame))
    how = TableTraining(
        cast(TableModel, settings.model.value), settings.epochs, rate, dls.train.bs, TABLES.wd, settings.seed, groups, times,
    )  # fmt: skip

    suspects: list[LabelErrors] = []

    def look(trial: Trial) -> None:
        suspects.extend(report_suspects_by_answers(learn, _held_out(learn, trial), events, of_file.item))

    def fit(resume: Path | None) -> None:
        on_trial = look if classes else None
        facts.update(train_table(learn, how, events.on_note, resume, status=events.status, on_trial=on_trial))

    return Job(
        learn, fit, lambda side: _evaluate(learn, side, classes, settings.seed, times), data=str(settings.source),
        opening=OPENINGS.get(settings.model),
        example=[str(settings.source)], facts=facts, split_by=split.words, at_random=split.at_random, leaks=split.leaks,
        suspects=suspects, rows=of_file, groups=groups_of_rows(split),
    )  # fmt: skip


def _training_groups_and_times(split: SplitRows, n: int) -> list[np.ndarray | None]:
    """Return the group and the time of each training row as numbers, int64 [n], in the order of the table; None where there are none."""
    import pandas as pd

    train = np.setdiff1d(np.arange(n), split.splits.valid)
    return [
        pd.factorize(pd.Series(list(values), dtype=object).iloc[train], sort=in_order)[0]
        if len(values)
        else None
        for values, in_order in ((split.groups, False), (split.times, True))
    ]


def _held_out(learn: TabularLearner, trial: Trial) -> list[HeldOut]:
    """Return what was said of rows by models that did not learn from them: the held-out training rows, the validation set."""
    predictions = learn.get_preds(dl=learn.dls.valid.for_evaluation())[0]
    assert predictions is not None  # for the type checker: nothing is left out
    said = predictions.double().numpy()
    sides = (("train", trial.places, trial.answers), ("valid", np.arange(len(said)), said))
    return [HeldOut(side, places, np.log(np.maximum(answers, TINY))) for side, places, answers in sides]


def _read_file(settings: TrainSettings, choices: ColumnChoices, events: Events) -> Any:
    """Return the file as a DataFrame; classes keep their names, "7:30" and "320i", though they could be numbers."""
    file = open_table(settings.source, **settings.reading)
    table = file.read()
    named = [
        name for name in choices.classes if name in table.columns and "unit" in table.columns[name].written
    ]
    return frame_of(file.read(named) if named else table, events.on_note)


def read(settings: TrainSettings, events: Events) -> Table:
    """Read the table, and decide what its columns are.

    Raises:
        OtherTask: if there is only free text to predict a class from.
    """
    choices = ColumnChoices(
        *(as_names(names) for names in (settings.classes, settings.numbers, settings.drop))
    )
    whole = _read_file(settings, choices, events)
    target = named_target(whole, settings)
    whole = without_label_facts(whole, settings, events)
    unusable = unusable_targets(whole[target])
    frame = whole[~unusable] if unusable.any() else whole  # a copy of a large table is not made for nothing
    check_varies(frame[target], settings.source)
    if target not in choices.classes:
        check_not_nearly_numbers(frame, target, settings.source)
    roles = _roles(frame, target, choices, settings.time_by, events)
    texts = [
        name for name in text_columns(frame, target) if name in roles.skipped and name not in choices.drop
    ]
    roles.skipped.update(dict.fromkeys(texts, "free text"))
    numbers = [*roles.numbers, *roles.dates]
    classes = is_class_as_asked(frame[target], choices)
    table = Table(
        frame, target, classes, roles.categories, numbers, roles.skipped,
        len(whole) - len(frame), roles.dates, np.flatnonzero(~unusable),
    )  # fmt: skip
    has_inputs = bool(roles.categories or numbers)
    if texts and classes and not has_inputs:
        raise OtherTask(Task.text)
    for note in filter(None, (target_note(frame[target], choices), *roles.notes)):
        events.on_note(note)
    if not has_inputs:
        raise _no_inputs(table, settings.source, numbers_from_texts(target) if texts else None)
    if not classes:
        check_target_numbers(frame, target, settings.source)
    for note in (*totals(whole), *_odd_cells(table, roles.numbers)):
        events.on_note(note)
    if texts:
        events.on_note(Note(f"Free text is not used: {listed(texts, 6)}", "text", texts[0]))
    return table


def _no_inputs(table: Table, source: Path, remedy: str | None) -> DataError:
    reasons = listed(f"{name} ({reason})" for name, reason in table.ignored.items())
    return DataError(
        f"No column of {source} can be used to predict {table.target}", got=reasons or "no other column",
        expected="columns of numbers or of categories that occur more than once", remedy=remedy,
    )  # fmt: skip


def _odd_cells(table: Table, plain_numbers: Sequence[str]) -> list[Note]:
    """Return what looks odd in the columns that are used; `plain_numbers` are those of numbers that are no dates."""
    frame, target, categories = table.frame, table.target, table.categories
    labels = [target] if table.classes else []
    single = single_classes(frame, target) if table.classes else None
    return [
        *stand_ins(frame, plain_numbers, target),
        *giveaways(frame, target, table.classes, categories, table.numbers),
        *alike_categories(frame, categories),
        *lists_in_cells(frame, [*categories, *labels], target),
        *([single] if single else []),
    ]


def _roles(frame: Any, target: str, choices: ColumnChoices, time_by: str | None, events: Events) -> Roles:
    """Return what the columns are. Whole numbers by which rows are split in time are numbers: as categories the newest would be unknown."""
    roles = find_roles(frame, [target], choices=choices)
    if (
        time_by not in roles.categories
        or time_by in choices.classes
        or frame[time_by].dtype.kind not in "iuf"
    ):
        return roles
    events.on_note(Note(f"{time_by} is a number, since rows are split by its order", "classes", time_by))
    return find_roles(frame, [target], choices=replace(choices, numbers=[*choices.numbers, time_by]))


def split_table(table: Table, settings: TrainSettings, events: Events) -> tuple[Table, SplitRows]:
    """Return how a table is split, and the table as it is trained on.

    Rows on neither side go, and so does the column by whose values rows were split.
    """
    _check_enough(table, settings)
    rows = RowsToSplit(table.frame, table.rows, table.target, table.classes, table.dates)
    split = split_rows(rows, settings, events)
    used = split.splits.used
    if len(used) < len(table.frame):
        table = replace(table, frame=table.frame.iloc[used].reset_index(drop=True), rows=table.rows[used])
        split = split.of(used)
    column = split.column
    if column is None or table.categories + table.numbers == [column]:
        return table, split
    categories, numbers = (
        [name for name in names if name != column] for names in (table.categories, table.numbers)
    )
    ignored = {**table.ignored, column: "the split is by its values"}
    return replace(table, categories=categories, numbers=numbers, ignored=ignored), split


def table_loaders(table: Table, settings: TrainSettings, splits: Splits) -> TableLoaders:
    """Return loaders for a table that is split."""
    return TabularDataLoaders.from_df(
        table.frame, settings.out.parent, [Categorify, FillMissing, Normalize], table.categories, table.numbers,
        table.target, CategoryBlock() if table.classes else RegressionBlock(), seed=settings.seed,
        valid_idx=splits.valid.tolist(), bs=settings.bs or batch_size.TABLES.size(len(splits.train)), val_bs=1024, device=settings.device,
    )  # fmt: skip


def _check_enough(table: Table, settings: TrainSettings) -> None:
    """Raise DataError if nothing can be held out, or next to nothing is left to learn from."""
    n = len(table.frame)
    if n < FEWEST_ROWS:
        raise DataError(
            f"{settings.source} has too few rows with a value in {table.target}", got=n, expected=f"at least {FEWEST_ROWS}",
            remedy="Add rows.",
        )  # fmt: skip
    if table.classes and table.frame[table.target].nunique() == n:
        raise DataError(
            f"Every value of {table.target} in {settings.source} occurs once: there is nothing to hold out",
            got=f"{n:,} classes", expected="classes of several rows",
            remedy="Name another column: target=. A column that identifies rows cannot be predicted.",
        )  # fmt: skip


def _report_table(events: Events, table: Table, dls: TableLoaders, by_class: bool) -> None:
    categories = counted(len(table.categories), "category", "categories")
    numbers = counted(len(table.numbers), "number")
    events.on_line(f"{counted(len(table.frame), 'row')}, {table.target} from {categories} and {numbers}")
    counts = {"train": dls.train.n, "valid": dls.valid.n}
    report_sides(events, counts)
    if by_class:
        text = "The split is stratified by class; a class with a single row is only trained on"
        events.on_note(Note(text, "valid_pct", 0.1))
    if table.n_skipped:
        events.on_warning(f"Skipped {counted(table.n_skipped, 'row')} without a value in {table.target}.")
    if table.ignored:
        use = f"{events.argument('classes')} or {events.argument('numbers')}"
        events.on_warning(not_used(table.ignored, use))
    facts = {"target": table.target, "categories": table.categories, "numbers": table.numbers}
    skipped = {"columns_ignored": list(table.ignored), "rows_skipped": table.n_skipped}
    events.on_event("table", {**facts, **skipped, **counts})


def _evaluate(
    learn: TabularLearner, side: str, classes: bool, seed: int, times: np.ndarray | None
) -> Evaluation:
    if classes and len(learn.dls.vocab or ()) > MOST_TREE_CLASSES:
        return evaluate_classes(learn, side)
    trees = boosted_trees(learn.dls, seed)
    # beside itself a linear model would tell nothing
    linear = None if isinstance(learn.model, LinearTable) else linear_misses(learn.dls)
    simpler = {
        "gradient-boosted trees": trees.misses,
        **({} if linear is None else {"a linear model": linear}),
    }
    if classes:
        return evaluate_classes(learn, side, {name: float(misses.mean()) for name, misses in simpler.items()})
    return evaluate_numbers(learn, side, simpler | constant_misses(learn.dls, times))
