"""The job of tables: one column from the others."""

from __future__ import annotations

from pathlib import Path

from gatera.core.checks import listed, missing_column
from gatera.core.errors import ArgumentError
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.loading.row_tables import empty_cells
from gatera.data.sources.tables import read_table
from gatera.data.transforms.normalize import Normalize
from gatera.measure.metrics.standard import error_rate, rmse
from gatera.recipes.events import Saying
from gatera.recipes.run import Job, Measured, measure_classes, measure_numbers, options_for
from gatera.recipes.settings import TrainSettings
from gatera.tabular.baseline import boosted_trees
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.learner import OPTIONS, tabular_learner
from gatera.tabular.procs import Categorify, FillMissing
from gatera.tabular.roles import find_roles, is_class

EPOCHS, RATE = 5, 1e-3


def table_job(settings: TrainSettings, say: Saying) -> Job:
    """Prepare a job of a table.

    Raises:
        DataError: if the table is not usable or there is no such column.
        ArgumentError: if no column to predict is named.
    """
    frame = read_table(settings.source, on_note=lambda note: say.line(note.for_shell(), style="yellow"))
    columns = [str(name) for name in frame.columns]
    target = settings.target
    if target is None:
        raise ArgumentError(
            "Nothing says what to predict", expected=listed(columns), remedy="Pass --target COLUMN."
        )
    if target not in columns:
        raise missing_column(target, columns, str(settings.source))
    n = len(frame)
    frame = frame[~empty_cells(frame[target])]
    roles = find_roles(frame, [target])
    numbers, categories = roles.numbers, roles.categories
    classes = is_class(frame[target])
    dls = TabularDataLoaders.from_df(
        frame, settings.out.parent, [Categorify, FillMissing, Normalize], categories, numbers, target,
        CategoryBlock() if classes else RegressionBlock(), valid_pct=settings.valid_pct, seed=settings.seed,
        bs=settings.bs or 64, val_bs=1024, device=settings.device,
    )  # fmt: skip
    say.line(f"{len(frame):,} rows, {target} from {len(categories)} categories and {len(numbers)} numbers")
    say.line(f"{dls.train.n:,} to learn from, {dls.valid.n:,} to measure with")
    if n > len(frame):
        say.line(f"{n - len(frame):,} rows were left out because they have no {target}.", style="yellow")
    if roles.skipped:
        reasons = listed(f"{name} ({reason})" for name, reason in roles.skipped.items())
        say.line(f"Skipping columns that tell nothing: {reasons}.", style="yellow")
    say.event(
        "table",
        {"target": target, "categories": categories, "numbers": numbers, "columns_left_out": list(roles.skipped),
         "rows_left_out": n - len(frame), "train": dls.train.n, "valid": dls.valid.n},
    )  # fmt: skip
    learn = tabular_learner(
        dls,
        metrics=error_rate if classes else rmse,
        path=settings.out.parent,
        options=options_for(settings, OPTIONS),
    )

    def fit(resume: Path | None) -> None:
        learn.fit_one_cycle(settings.epochs or EPOCHS, settings.lr or RATE, resume=resume)

    def measure(side: str) -> Measured:
        trees = boosted_trees(dls, settings.seed)
        if classes:
            return measure_classes(learn, side, "rows", {"gradient-boosted trees": 1 - trees.value})
        return measure_numbers(
            learn, side, "rows", {"gradient-boosted trees": trees.value, "the mean": trees.simplest}
        )

    return Job(
        learn, fit, measure, things="rows", data=str(settings.source), split=_split_words(settings), weights="random weights",
        example=[str(settings.source)], facts={"rows_left_out": n - len(frame)},
    )  # fmt: skip


def _split_words(settings: TrainSettings) -> str:
    return f"{settings.valid_pct:.0%} of the rows at random, seed {settings.seed}"
