"""What the help of the command line says of the defaults is what the recipes use."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gatera.audio.block import AudioBlock
from gatera.audio.defaults import RECORDINGS
from gatera.collab.task_defaults import RATINGS
from gatera.recipes.settings import TrainSettings
from gatera.tabular.defaults import FAST, MANY_ROWS, SLOW, TABLES, batch_size
from gatera.text.defaults import MOST_EPOCHS, TEXTS
from gatera.vision.defaults import ARCHITECTURE, EPOCHS_FROM_ZERO, MASKS, PHOTOS, SMALL_SIZE
from gatera.vision.learner import ONE_GROUP_LR

SHOWN = {field.name: field.metadata.get("shown", "") for field in fields(TrainSettings)}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("arch", f"{PHOTOS.arch}; {TEXTS.arch} for texts"),
        ("epochs", f"{PHOTOS.epochs} for photos (skipped where it would not pay), {MASKS.epochs} for masks, {TEXTS.epochs} for texts (up to {MOST_EPOCHS} if there are few), for tables as many as help, else {RATINGS.epochs} (more of few ratings)"),
        ("freeze_epochs", f"{PHOTOS.freeze_epochs} for photos, or {EPOCHS_FROM_ZERO} if they have much to learn; {RECORDINGS.freeze_epochs} for sound and texts, else {MASKS.freeze_epochs}"),
        (
            "lr",
            f"{PHOTOS.lr:g} for photos, {MASKS.lr:g} for masks and texts, {ONE_GROUP_LR:g} for sound, {FAST:g} for tables "
            f"({SLOW:g} from {MANY_ROWS:,} rows on) and ratings",
        ),
        ("size", f"{PHOTOS.size}, or {SMALL_SIZE} if most are tiny; {MASKS.size} for masks"),
        (
            "bs",
            f"{TABLES.bs}, {AudioBlock.most_per_batch} for sound and texts, fewer for small folders and tables, {batch_size(MANY_ROWS)} for "
            f"large tables; {MASKS.bs} for masks",
        ),
    ],
)  # fmt: skip
def test_the_words_of_a_default_are_its_value(name, words):
    assert SHOWN[name] == words


def test_the_same_number_serves_the_tasks_that_share_it_in_words():
    assert RECORDINGS.epochs == RATINGS.epochs and RATINGS.lr == FAST
    assert PHOTOS.freeze_epochs == MASKS.freeze_epochs and RECORDINGS.freeze_epochs == TEXTS.freeze_epochs
    assert RECORDINGS.lr is None and TEXTS.lr == MASKS.lr  # None: the learner chooses
    assert TEXTS.bs == AudioBlock.most_per_batch
    assert MASKS.arch == PHOTOS.arch == ARCHITECTURE and TABLES.bs == RATINGS.bs
