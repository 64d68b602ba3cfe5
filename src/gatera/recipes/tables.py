"""The job of tables: one column from the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.sources.tables import read_table
from gatera.data.transforms.normalize import Normalize
from gatera.measure.metrics.standard import error_rate, rmse
from gatera.recipes.events import Saying
from gatera.recipes.run import Job, Measured, measure_classes, measure_numbers, options_for
from gatera.recipes.settings import TrainSettings
from gatera.tabular.baseline import boosted_trees
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.frames import cont_cat_split
from gatera.tabular.learner import OPTIONS, tabular_learner
from gatera.tabular.procs import Categorify, FillMissing

EPOCHS, RATE = 5, 1e-3

#: A label of whole numbers that takes at most so many values is a class.
MOST_CLASSES = 20

#: A column of texts in which more than this share of the rows differ says who a row is, not what it is like.
TELLS_ROWS_APART = 0.5


def table_job(settings: TrainSettings, say: Saying) -> Job:
    """Prepare a job of a table.

    Raises:
        DataError: if the table is not usable or there is no such column.
        ArgumentError: if no column to predict is named.
    """
    frame = read_table(settings.source)
    columns = [str(name) for name in frame.columns]
    target = settings.target
    if target is None:
        raise ArgumentError(
            "Nothing says what to predict", expected=listed(columns), remedy="Pass --target COLUMN."
        )
    if target not in columns:
        raise DataError(
            f"{settings.source} has no column {target!r}", expected=listed(columns), remedy=did_you_mean(target, columns)
        )  # fmt: skip
    n = len(frame)
    frame = frame[frame[target].notna()]
    numbers, categories = cont_cat_split(frame, dep_var=target)
    names = [name for name in categories if frame[name].nunique() > TELLS_ROWS_APART * len(frame)]
    categories = [name for name in categories if name not in names]
    classes = _is_class(frame[target])
    dls = TabularDataLoaders.from_df(
        frame, settings.out.parent, [Categorify, FillMissing, Normalize], categories, numbers, target,
        CategoryBlock() if classes else RegressionBlock(), valid_pct=settings.valid_pct, seed=settings.seed,
        bs=settings.bs or 64, val_bs=1024, device=settings.device,
    )  # fmt: skip
    say.line(f"{len(frame):,} rows, {target} from {len(categories)} categories and {len(numbers)} numbers")
    say.line(f"{dls.train.n:,} to learn from, {dls.valid.n:,} to measure with")
    if n > len(frame):
        say.line(f"{n - len(frame):,} rows were left out because they have no {target}.", style="yellow")
    if names:
        say.line(f"Left out, for nearly every row has another text there: {listed(names)}.", style="yellow")
    say.event(
        "table",
        {"target": target, "categories": categories, "numbers": numbers, "columns_left_out": names,
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


def _is_class(labels: Any) -> bool:
    """Whether a column of labels holds classes rather than numbers to predict."""
    whole = labels.dtype.kind in "iu"
    return labels.dtype.kind != "f" and not (whole and labels.nunique() > MOST_CLASSES)


def _split_words(settings: TrainSettings) -> str:
    return f"{settings.valid_pct:.0%} of the rows at random, seed {settings.seed}"
