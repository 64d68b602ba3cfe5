"""A table that says which rows are held out is taken at its word."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import DataError
from gatera.recipes.settings import SplitKind, Task, TrainSettings
from gatera.recipes.splitting.given import given_sides
from gatera.recipes.tables import read, split_table, table_loaders
from gatera.recipes.texts.rows import TableOfTexts

N = 40


def frame(**columns) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    return pd.DataFrame({"x": draw.normal(size=N), "y": np.where(np.arange(N) % 3, "a", "b"), **columns})


def asked(tmp_path, table: pd.DataFrame, **more) -> TrainSettings:
    table.to_csv(tmp_path / "t.csv", index=False)
    return TrainSettings(tmp_path / "t.csv", tmp_path / "t.gatera", target="y", **more)


@pytest.mark.parametrize(
    ("column", "held_out", "others"),
    [
        ("is_valid", True, False), ("is_valid", 1, 0), ("is_valid", "x", ""), ("Split", "Val", "Train"), ("usage", "PublicTest", "Training"),
        ("subset", "test", "train"), ("split", "va", "tr"), ("set", "TE", "tr"),
    ],
)  # fmt: skip
def test_its_rows_are_held_out_and_the_column_is_not_an_input(column, held_out, others, tmp_path, events):
    marked = np.arange(N) % 5 == 1
    settings = asked(tmp_path, frame(**{column: [held_out if mark else others for mark in marked]}))
    table, split = split_table(read(settings, events), settings, events)
    assert split.splits.valid.tolist() == np.flatnonzero(marked).tolist()
    assert (table.categories + table.numbers, split.words) == (["x"], f"as column '{column}' says")
    assert (
        f"Column '{column}' says which rows are held out; it is not an input (to change: split='random')."
        in events.lines
    )


def test_rows_of_a_third_side_are_left_out_and_counted(tmp_path, events):
    sides = ["train", "valid", "train", "test"] * (N // 4)
    table = frame(set=sides)
    settings = asked(tmp_path, table)
    made, split = split_table(read(settings, events), settings, events)
    assert len(made.frame) == 30
    assert made.frame["x"].iloc[split.splits.valid].tolist() == pytest.approx(table["x"][1::4].tolist())
    dls = table_loaders(made, settings, split.splits)
    assert (dls.train.n, dls.valid.n) == (20, 10)
    assert any("Its 10 test rows are not used (to change" in line for line in events.lines)


@pytest.mark.parametrize(
    "column",
    [
        {"split": ["left", "right"] * (N // 2)}, {"is_valid": ["maybe", "no"] * (N // 2)}, {"split": ["train"] * N},
        {"train": ["train", "valid"] * (N // 2)}, {"split": ["train", None] * (N // 2)}, {"set": ["test", "valid"] * (N // 2)},
    ],
)  # fmt: skip
def test_other_columns_are_columns_like_any(column):
    assert given_sides(frame(**column), "y") is None


@pytest.mark.parametrize(
    ("column", "cells", "why"),
    [
        (
            "fold_type",
            ["train", "Test"],
            "it is not called so. To hold these rows out, rename it to 'split'.",
        ),
        ("split", ["train", "later"], "it also has later. Name the side in each cell: train, valid or test."),
    ],
)
def test_a_column_that_seems_to_name_sides_and_is_not_taken_is_said(column, cells, why, tmp_path, events):
    """Its test rows were trained on, and it was an input, without a word."""
    settings = asked(tmp_path, frame(**{column: cells * (N // 2)}))
    split_table(read(settings, events), settings, events)
    said = [
        line for line in (*events.lines, *events.warnings) if "does not say which rows are held out" in line
    ]
    assert len(said) == 1 and said[0].endswith(why)


@pytest.mark.parametrize("cells", [["train", "bus"], ["train", "tram"], ["test", "exam"]])
def test_other_words_are_not_said(cells, tmp_path, events):
    settings = asked(tmp_path, frame(ride=cells * (N // 2)))
    split_table(read(settings, events), settings, events)
    assert not any("held out:" in line for line in (*events.lines, *events.warnings))


@pytest.mark.parametrize(
    ("column", "marked"), [("split", "test"), ("Split", "valid"), ("is_valid", 1.0), ("is_valid", "True")]
)  # fmt: skip
def test_rows_where_it_is_blank_are_trained_on(column, marked, tmp_path, events):
    """The column was left out as always the same, and its test rows were trained on."""
    cells = [marked if n % 4 == 1 else None for n in range(N)]
    settings = asked(tmp_path, frame(**{column: cells}))
    _, split = split_table(read(settings, events), settings, events)
    assert split.splits.valid.tolist() == list(range(1, N, 4)) and len(split.splits.train) == 30
    blank = any("The 30 rows where it is blank are trained on" in line for line in events.lines)
    assert blank == (column != "is_valid")


def test_the_target_and_a_split_at_random_are_never_taken_for_it(tmp_path, events):
    sides = ["train", "valid"] * (N // 2)
    assert given_sides(frame(split=sides), "split") is None
    settings = asked(tmp_path, frame(split=sides), split=SplitKind.random)
    _, split = split_table(read(settings, events), settings, events)
    assert split.words.endswith("at random, seed 42")


def test_texts_in_a_table_have_sides_too(tmp_path, events):
    texts = [f"the film number {n} was {'good' if n % 3 else 'bad'} and long" for n in range(N)]
    table = frame(review=texts, is_valid=[n % 4 == 0 for n in range(N)]).drop(columns="x")
    settings = asked(tmp_path, table, task=Task.text)
    splits = TableOfTexts(settings, events).split(events).splits
    assert splits.valid.tolist() == list(range(0, N, 4))


@pytest.mark.parametrize(
    "more", [{"group_by": "site"}, {"time_by": "day"}, {"split": SplitKind.auto}], ids=["groups", "time", "given"]
)  # fmt: skip
def test_a_class_that_is_not_held_out_is_named(tmp_path, events, more):
    """The error said nothing of it, and a line said that each class is held out in its share."""
    marks = {} if len(more) and "split" not in more else {"is_valid": [False] * 30 + [True] * 10}
    days = [f"2024-01-{1 + row // 2:02d}" for row in range(N)]
    table = frame(site=[f"s{row // 4}" for row in range(N)], day=days, **marks)
    table.loc[:2, "y"] = "rare"
    settings = asked(tmp_path, table, **more)
    made, split = split_table(read(settings, events), settings, events)
    assert "rare" not in set(made.frame["y"].iloc[split.splits.valid])
    said = "The class 'rare' is in the training set and not in the validation set, whose error says nothing about it."
    assert said in events.lines
    assert not split.by_class, "no line says that each class is held out in its share"


@pytest.mark.parametrize("asked_for", [0.1, None])
def test_a_share_that_is_not_used_is_said(asked_for, tmp_path, events):
    """It was ignored, unsaid."""
    settings = asked(tmp_path, frame(split=["train", "test"] * (N // 2)), valid_pct=asked_for)
    split_table(read(settings, events), settings, events)
    said = "valid_pct= is not used: the validation set is given, as column 'split' says."
    assert (said in events.lines) == (asked_for is not None)


@pytest.mark.parametrize("texts", [False, True])
def test_a_class_that_is_only_held_out_is_refused_in_the_words_of_tables(texts, tmp_path, events):
    """It was "CategoryBlock got an unknown label for item 1 (row 1) ... pass vocab=", which no command takes."""
    table = frame(split=["train", "valid"] * (N // 2))
    table.loc[1, "y"] = "c"
    if texts:
        table["x"] = [f"some words of number {i}" for i in range(N)]
    settings = asked(tmp_path, table)
    with pytest.raises(DataError) as error:
        if texts:
            TableOfTexts(settings, events).split(events)
        else:
            split_table(read(settings, events), settings, events)
    assert str(error.value) == (
        "the class 'c' is in the validation set but not in the training set. Available: a, b. Add training "
        f"{'texts' if texts else 'rows'} of it, or remove it from the validation set."
    )
