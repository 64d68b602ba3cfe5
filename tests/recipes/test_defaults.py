"""What the help of the command line says of the defaults is what the recipes use."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gatera.audio.task_defaults import RECORDINGS
from gatera.collab.data import CollabDataLoaders
from gatera.collab.task_defaults import RATINGS
from gatera.data.blocks import batch_size
from gatera.recipes.ratings import rating_job
from gatera.recipes.settings import ModelKind, TrainSettings
from gatera.recipes.tables import table_job
from gatera.recipes.texts.recipe import text_job
from gatera.tabular.task_defaults import FAST, MANY_ROWS, SLOW
from gatera.text.task_defaults import MOST_EPOCHS, TEXTS
from gatera.vision.learner import ONE_GROUP_LR
from gatera.vision.task_defaults import ARCHITECTURE, EPOCHS_FROM_ZERO, MASKS, PHOTOS, SMALL_SIZE

SHOWN = {field.name: field.metadata.get("shown", "") for field in fields(TrainSettings)}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("arch", f"{PHOTOS.arch}; {TEXTS.arch} for texts"),
        ("epochs", f"{PHOTOS.epochs} for photos (skipped if it would not help), {MASKS.epochs} for masks, {TEXTS.epochs} for texts (up to {MOST_EPOCHS} if there are few), as many as help for tables, else {RATINGS.epochs} (more if there are few ratings)"),
        ("freeze_epochs", f"{PHOTOS.freeze_epochs} for photos, or {EPOCHS_FROM_ZERO} if the body has much to learn; {RECORDINGS.freeze_epochs} for sound and texts, else {MASKS.freeze_epochs}"),
        (
            "lr",
            f"{PHOTOS.lr:g} for photos, {MASKS.lr:g} for masks and texts, {ONE_GROUP_LR:g} for sound, {FAST:g} for tables "
            f"({SLOW:g} from {MANY_ROWS:,} rows on) and ratings",
        ),
        ("size", f"{PHOTOS.size}, or {SMALL_SIZE} if most are tiny; {MASKS.size} for masks"),
        (
            "bs",
            f"{batch_size.PHOTOS.most}; {batch_size.TEXTS.most} for sound and texts, {batch_size.MASKS.most} for masks, "
            f"{batch_size.TABLES.most_of_many} for large tables, {batch_size.PAIRS.most_of_many} for many pairs without ratings; "
            "fewer for small data sets",
        ),
    ],
)  # fmt: skip
def test_the_words_of_a_default_are_its_value(name, words):
    assert SHOWN[name] == words


def test_the_same_number_serves_the_tasks_that_share_it_in_words():
    assert RECORDINGS.epochs == RATINGS.epochs and RATINGS.lr == FAST
    assert PHOTOS.freeze_epochs == MASKS.freeze_epochs and RECORDINGS.freeze_epochs == TEXTS.freeze_epochs
    assert RECORDINGS.lr is None and TEXTS.lr == MASKS.lr  # None: the learner chooses
    assert batch_size.TEXTS == batch_size.RECORDINGS and batch_size.TABLES.many == MANY_ROWS
    assert MASKS.arch == PHOTOS.arch == ARCHITECTURE


def _rows(n: int) -> str:
    return "".join(f"{k},{k % 7},{('yes', 'no')[k % 2]}\n" for k in range(n))


@pytest.mark.parametrize(
    ("job", "text", "chosen"),
    [
        (table_job, f"a,b,label\n{_rows(600)}", {"target": "label"}),
        (rating_job, "user,item,rating\n" + "".join(f"u{k % 25},i{k % 24},{k % 5}\n" for k in range(600)), {}),
        (rating_job, "user,item\n" + "".join(f"u{k % 25},i{k % 24}\n" for k in range(200)), {}),
        (text_job, "text,label\n" + "".join(f"a fine cat {k},{'ab'[k % 2]}\n" for k in range(600)), {"target": "label"}),
    ],
    ids=["table", "ratings", "pairs", "texts"],
)  # fmt: skip
def test_training_chooses_the_batch_size_that_the_loaders_choose(job, text, chosen, tmp_path, events):
    """`gatera.train` had rules of its own: 16 texts, 32 rows, 512 pairs."""
    (tmp_path / "a.csv").write_text(text)
    settings = TrainSettings(tmp_path / "a.csv", out=tmp_path / "a.gatera", model=ModelKind.network, **chosen)
    dls = job(settings, events).learn.dls
    assert dls.bs == dls.train_ds.fields.x.batch_rule.size(dls.train.n) != 64


def test_many_pairs_without_ratings_have_the_batches_of_the_loaders(tmp_path, events):
    rows = [
        f"u{k % 130},i{20 * (k // 130) + k % 20}\n" for k in range(15_600)
    ]  # more than 62,500 with those that are drawn
    (tmp_path / "a.csv").write_text("user,item\n" + "".join(rows))
    settings = TrainSettings(tmp_path / "a.csv", out=tmp_path / "a.gatera", device="cpu")
    ours = rating_job(settings, events).learn.dls
    theirs = CollabDataLoaders.from_csv(tmp_path / "a.csv", seed=42, device="cpu")
    assert ours.bs == theirs.bs == 512
