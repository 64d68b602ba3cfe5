"""The recipe for ratings: how a user would rate an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gatera.collab.baseline import user_item_means
from gatera.collab.data import batch_rule, rating_loaders
from gatera.collab.implicit import IMPLICIT, NEGATIVES, is_implicit, pair_names, with_negatives
from gatera.collab.learner import collab_learner
from gatera.collab.task_defaults import MARGIN, RATINGS, epochs_for
from gatera.core.checks import counted, listed
from gatera.data.arguments import LOADER_DEFAULTS, LoaderArguments
from gatera.data.loading.rating_columns import column_names
from gatera.data.loading.row_loaders import RowLoaders
from gatera.data.loading.row_tables import check_varies, empty_cells, unusable_targets
from gatera.data.sources.tables import as_written, read_table
from gatera.data.splits.by_position import RandomSplitter
from gatera.evaluate.input_names import input_table
from gatera.evaluate.items import item_name
from gatera.measure.metrics.standard import rmse
from gatera.program.tables.notes import Note
from gatera.recipes.evaluation import Evaluation, evaluate_numbers
from gatera.recipes.events import Events
from gatera.recipes.job import Job, one_cycle, options_for
from gatera.recipes.labelled_files import report_sides
from gatera.recipes.odd_values import check_target_numbers, stand_ins, zero_ratings
from gatera.recipes.settings import TrainSettings
from gatera.recipes.splitting.given import given_sides, say_share_unused


def rating_job(settings: TrainSettings, events: Events) -> Job:
    """Prepare training on ratings; see `column_names` for which columns are users, items and ratings.

    Raises:
        DataError: if the table is not usable, a rating is not a number, or all ratings are the same.
    """
    ratings, (user, item, rating), rows = read(settings, events)
    given = None if rating == IMPLICIT else given_sides(ratings, rating)
    if given is None:
        ratings = with_negatives(ratings, settings.seed) if rating == IMPLICIT else ratings
        splits = RandomSplitter(settings.valid_share, settings.seed)(ratings)
        split_by = f"{100 * settings.valid_share:.0f} % of the ratings at random, seed {settings.seed}"
    else:
        events.on_note(given.note._replace(option=None))
        splits, split_by = given.splits, given.words
        say_share_unused(settings, events, split_by)
    bs = settings.bs or batch_rule(rating).size(len(splits.train))
    loading: LoaderArguments = {**LOADER_DEFAULTS, "bs": bs, "val_bs": 1024, "device": settings.device}
    dls = rating_loaders(ratings, (user, item, rating), splits, settings.seed, loading, settings.out.parent)
    _report_ratings(events, dls)
    used = (user, item, rating, *([] if given is None else [given.column]))
    if unused := [str(name) for name in ratings if name not in used]:
        events.on_line(f"Not used: {listed(unused)}; ratings are learned from users and items alone.")
    if settings.check_leaks and rating != IMPLICIT:
        _warn_of_pairs_on_both_sides(events, dls, user, item, rows)
    low, high = float(dls.train_ds.targets.min()), float(dls.train_ds.targets.max())
    margin = 0.0 if rating == IMPLICIT else MARGIN * (high - low)
    learn = collab_learner(
        dls, y_range=(low - margin, high + margin), metrics=rmse, path=settings.out.parent,
        options=options_for(settings, RATINGS),
    )  # fmt: skip
    updates = len(dls.train)
    epochs = RATINGS.epochs if rating == IMPLICIT else epochs_for(updates)
    if settings.epochs is None and epochs > RATINGS.epochs:
        said = f"Training {epochs} epochs, because one has only {counted(updates, 'update')}"
        events.on_note(Note(said, "epochs", RATINGS.epochs))

    def evaluate(side: str) -> Evaluation:
        means = user_item_means(dls)
        baselines = {"user and item means": means.misses[0], "the overall mean": means.misses[1]}
        return evaluate_numbers(learn, side, baselines)

    return Job(
        learn, one_cycle(learn, settings, replace(RATINGS, epochs=epochs)), evaluate, data=str(settings.source), example=[str(settings.source)],
        split_by=split_by, at_random=("valid",) if given is None else (), rows=rows,
    )  # fmt: skip


def read(settings: TrainSettings, events: Events) -> tuple[Any, list[str], np.ndarray | None]:
    """Return the ratings of a table, its columns of users, items and ratings, and the row in it of each rating; None where pairs count."""
    whole = read_table(settings.source, on_note=events.on_note, **settings.reading)
    if settings.rating is None and is_implicit(whole):
        names = pair_names(whole, (settings.user, settings.item))
        return _read_pairs(as_written(whole, names, settings.source, settings.reading), names, events)
    columns, note = column_names(
        whole, (settings.user, settings.item, settings.rating), ("user", "item", "rating")
    )
    if note is not None:
        events.on_note(note)
    whole = as_written(whole, columns[:2], settings.source, settings.reading)
    rating = columns[2]
    if settings.rating is None and whole[rating].nunique() == 1 and not unusable_targets(whole[rating]).any():
        same = f"Column {rating!r} is {whole[rating].iloc[0]} in every row and is left out"
        events.on_note(Note(same, "rating", rating))
        return _read_pairs(whole, columns[:2], events)
    usable = ~unusable_targets(whole[rating])
    for name in columns[:2]:
        usable &= ~empty_cells(whole[name])
    if skipped := int((~usable).sum()):
        events.on_warning(f"Skipped {counted(skipped, 'row')} without user, item or rating.")
    ratings = whole[usable]
    check_varies(ratings[rating], settings.source)
    check_target_numbers(ratings, rating, settings.source)
    for odd in filter(None, (*stand_ins(ratings, [], rating), zero_ratings(ratings[rating]))):
        events.on_note(odd)
    return ratings, columns, np.flatnonzero(usable)


def _read_pairs(whole: Any, names: Sequence[str], events: Events) -> tuple[Any, list[str], None]:
    """Return the pairs of a table without ratings, and its columns of users and items; pairs that are drawn are in no row."""
    usable = ~(empty_cells(whole[names[0]]) | empty_cells(whole[names[1]]))
    if skipped := int((~usable).sum()):
        events.on_warning(f"Skipped {counted(skipped, 'row')} without user or item.")
    said = f"each pair counts as 1, and {NEGATIVES} items drawn at random for it as 0; predictions are 0 to 1"
    events.on_note(Note(f"No column has ratings: {said}", "user", names[0]))
    if unused := [str(name) for name in whole if name not in names]:
        example = Note(
            f"Not used: {listed(unused)}; each row says that the user took the item", "rating", unused[0]
        )
        events.on_note(example)
    return whole.loc[usable, list(names)], [*names, IMPLICIT], None


def _warn_of_pairs_on_both_sides(
    events: Events, dls: RowLoaders, user: str, item: str, rows: np.ndarray | None
) -> None:
    """Warn if users rated items of the validation set in the training set, too: such a rating is remembered, not predicted."""
    known, held = (input_table(dataset)[[user, item]] for dataset in (dls.train_ds, dls.valid_ds))
    pairs = set(known.itertuples(index=False, name=None))
    twice = [place for place, pair in enumerate(held.itertuples(index=False, name=None)) if pair in pairs]
    if twice:
        place = int(dls.valid_ds.positions[twice[0]])
        first = item_name(None, place if rows is None else int(rows[place]))
        events.on_warning(
            f"{len(twice):,} of {len(held):,} ratings of the validation set are of a user and an item that are also together in the "
            f"training set, e.g. {first}; the error on pairs that are new may be larger."
        )
        events.on_event("leaks", {"counts": {"train": len(known), "valid": len(held)}, "pairs": len(twice)})


def _report_ratings(events: Events, dls: RowLoaders) -> None:
    user, item = dls.classes
    n_users, n_items = (len(known) - 1 for known in dls.classes.values())  # without the unknown one
    rating, counts = dls.train_ds.fields.y_name, {"train": dls.train.n, "valid": dls.valid.n}
    events.on_line(
        f"{sum(counts.values()):,} ratings ({rating}) of {counted(n_items, 'item')} ({item}) by {counted(n_users, 'user')} ({user})"
    )
    report_sides(events, counts)
    facts = {"user": user, "item": item, "rating": rating, "users": n_users, "items": n_items}
    events.on_event("ratings", {**facts, **counts})
