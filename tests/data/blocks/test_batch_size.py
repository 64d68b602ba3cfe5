from __future__ import annotations

import pandas as pd
import pytest

from gatera.collab.data import CollabDataLoaders
from gatera.data.blocks.base import TransformBlock
from gatera.data.blocks.batch_size import (
    MASKS,
    PAIRS,
    PHOTOS,
    RATINGS,
    RECORDINGS,
    TABLES,
    TEXTS,
    UNKNOWN,
    choose_batch_size,
)
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.mask import MaskBlock
from gatera.data.datablock import DataBlock
from gatera.tabular.data import TabularDataLoaders
from gatera.text.data import TextDataLoaders


@pytest.mark.parametrize(
    ("n_train", "chosen", "words"),
    [
        (700, 17, "Batch size 17: an epoch of 700 items has 41 updates; pass bs= to change it."),
        (72, 8, "Batch size 8: an epoch of 72 items has 9 updates; pass bs= to change it."),
        (5, 5, "Batch size 5: an epoch of 5 items has 1 update; pass bs= to change it."),
        (2_520, 63, "Batch size 63: an epoch of 2,520 items has 40 updates; pass bs= to change it."),
        (2_560, 64, None),
        (100_000, 64, None),
    ],
)
def test_a_batch_size_that_is_chosen_is_said_unless_it_is_the_usual_one(capsys, n_train, chosen, words):
    assert choose_batch_size(ImageBlock().batch_rule, None, n_train) == chosen
    assert capsys.readouterr().err == ("" if words is None else f"{words}\n")


def test_a_batch_size_that_is_named_is_not_said(capsys):
    assert choose_batch_size(ImageBlock().batch_rule, 17, 700) == 17
    assert capsys.readouterr() == ("", "")


def test_the_line_goes_where_it_is_wanted_and_names_the_argument_as_there(capsys):
    lines = []
    choose_batch_size(TransformBlock().batch_rule, None, 100, lines.append, "--batch-size")
    assert lines == ["Batch size 10: an epoch of 100 items has 10 updates; pass --batch-size to change it."]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("rule", "sizes"),
    [
        (PHOTOS, [5, 8, 8, 25, 64, 64]),
        (MASKS, [5, 8, 8, 8, 8, 8]),
        (RECORDINGS, [5, 8, 16, 16, 16, 16]),
        (TEXTS, [5, 8, 16, 16, 16, 16]),
        (TABLES, [5, 8, 8, 25, 250, 256]),
        (RATINGS, [5, 8, 8, 25, 64, 64]),
        (PAIRS, [5, 8, 8, 25, 64, 512]),
        (UNKNOWN, [5, 8, 20, 64, 64, 64]),
    ],
)
def test_the_rule_of_each_task(rule, sizes):
    assert [rule.size(n) for n in (5, 80, 200, 1_000, 10_000, 100_000)] == sizes


@pytest.mark.parametrize(("n", "rows_and_ratings", "texts"), [(100, 8, 8), (400, 8, 16), (1000, 20, 16)])
def test_tables_texts_and_ratings_have_batches_that_suit_their_number(n, rows_and_ratings, texts):
    table = pd.DataFrame({"size": range(n), "text": ["a cat"] * n, "kind": ["x", "y"] * (n // 2)})
    ratings = pd.DataFrame(
        {
            "user": [k % 20 for k in range(n)],
            "item": [k % 30 for k in range(n)],
            "rating": [1.0, 2.0] * (n // 2),
        }
    )
    made = {
        "rows": TabularDataLoaders.from_df(table, cont_names="size", y_names="kind", seed=1),
        "texts": TextDataLoaders.from_df(table, text_col="text", label_col="kind", seed=1),
        "ratings": CollabDataLoaders.from_df(ratings, seed=1),
    }
    assert {name: dls.bs for name, dls in made.items()} == {
        "rows": rows_and_ratings, "texts": texts, "ratings": rows_and_ratings,
    }  # fmt: skip


def test_photos_with_masks_are_few_in_a_batch_however_many_there_are():
    block = DataBlock((ImageBlock, MaskBlock(["sky", "cat"])), get_y=str)
    assert block._batch_rule() == MASKS
