"""The job of ratings: what a user would think of an item."""

from __future__ import annotations

from pathlib import Path

from gatera.collab.baseline import user_item_means
from gatera.collab.data import CollabDataLoaders
from gatera.collab.learner import OPTIONS, collab_learner
from gatera.data.sources.tables import read_table
from gatera.measure.metrics.standard import rmse
from gatera.recipes.events import Saying
from gatera.recipes.run import Job, Measured, measure_numbers, options_for
from gatera.recipes.settings import TrainSettings

EPOCHS, RATE, WEIGHT_DECAY = 5, 5e-3, 0.1

#: Ratings are kept within their range and this share of it more: a sigmoid never reaches its ends.
BEYOND = 0.1


def rating_job(settings: TrainSettings, say: Saying) -> Job:
    """Prepare a job of ratings: users, items and ratings are found by their columns' names, else in the first three columns.

    Raises:
        DataError: if the table is not usable, or a rating is not a number.
    """
    ratings = read_table(settings.source, on_note=lambda note: say.line(note.for_shell(), style="yellow"))
    dls = CollabDataLoaders.from_df(
        ratings, settings.valid_pct, seed=settings.seed, path=settings.out.parent, bs=settings.bs or 64,
        val_bs=1024, device=settings.device,
    )  # fmt: skip
    users, items = dls.classes
    n_users, n_items = (len(known) - 1 for known in dls.classes.values())  # without the unknown one
    rating = dls.train_ds.fields.y_name
    say.line(
        f"{dls.train.n + dls.valid.n:,} ratings ({rating}) of {n_items:,} items ({items}) "
        f"by {n_users:,} users ({users})"
    )
    say.line(f"{dls.train.n:,} to learn from, {dls.valid.n:,} to measure with")
    say.event(
        "ratings",
        {"user": users, "item": items, "rating": rating, "users": n_users, "items": n_items, "train": dls.train.n,
         "valid": dls.valid.n},
    )  # fmt: skip
    low, high = float(dls.train_ds.targets.min()), float(dls.train_ds.targets.max())
    margin = BEYOND * (high - low)
    learn = collab_learner(
        dls, y_range=(low - margin, high + margin), metrics=rmse, path=settings.out.parent,
        options=options_for(settings, OPTIONS),
    )  # fmt: skip

    def fit(resume: Path | None) -> None:
        learn.fit_one_cycle(settings.epochs or EPOCHS, settings.lr or RATE, wd=WEIGHT_DECAY, resume=resume)

    def measure(side: str) -> Measured:
        means = user_item_means(dls)
        return measure_numbers(
            learn, side, "ratings", {"user and item means": means.value, "the overall mean": means.simplest}
        )

    return Job(
        learn, fit, measure, things="ratings", data=str(settings.source), weights="random weights",
        split=f"{settings.valid_pct:.0%} of the ratings at random, seed {settings.seed}", example=[str(settings.source)],
    )  # fmt: skip
