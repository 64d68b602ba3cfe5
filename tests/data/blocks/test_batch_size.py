from __future__ import annotations

import pandas as pd
import pytest

from gatera.collab.data import CollabDataLoaders
from gatera.data.blocks.base import TransformBlock
from gatera.data.blocks.batch_size import choose_batch_size
from gatera.data.blocks.image import ImageBlock
from gatera.tabular.data import TabularDataLoaders
from gatera.text.data import TextDataLoaders


@pytest.mark.parametrize(
    ("n_train", "chosen", "words"),
    [
        (700, 17, "Batch size 17, so that an epoch of 700 items has 41 updates; pass bs= for another."),
        (72, 8, "Batch size 8, so that an epoch of 72 items has 9 updates; pass bs= for another."),
        (5, 5, "Batch size 5, so that an epoch of 5 items has 1 update; pass bs= for another."),
        (2_520, 63, "Batch size 63, so that an epoch of 2,520 items has 40 updates; pass bs= for another."),
        (2_560, 64, None),
        (100_000, 64, None),
    ],
)
def test_a_batch_size_that_is_chosen_is_said_unless_it_is_the_usual_one(capsys, n_train, chosen, words):
    assert choose_batch_size(ImageBlock(), None, n_train) == chosen
    assert capsys.readouterr().err == ("" if words is None else f"{words}\n")


def test_a_batch_size_that_is_named_is_not_said(capsys):
    assert choose_batch_size(ImageBlock(), 17, 700) == 17
    assert capsys.readouterr() == ("", "")


def test_the_line_goes_where_it_is_wanted_and_names_the_argument_as_there(capsys):
    lines = []
    choose_batch_size(TransformBlock(), None, 100, lines.append, "--batch-size")
    assert lines == [
        "Batch size 10, so that an epoch of 100 items has 10 updates; pass --batch-size for another."
    ]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("n", "expected"), [(100, 8), (400, 32), (1000, 64)])
def test_tables_texts_and_ratings_have_batches_that_suit_their_number(n, expected):
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
    assert {name: dls.bs for name, dls in made.items()} == dict.fromkeys(made, expected)
