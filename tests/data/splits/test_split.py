from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from gatera.core.errors import DataError
from gatera.data.splits.split import Splits, as_splits


def test_splits_unpack_as_fastais_pair_of_lists() -> None:
    splits = Splits([3, 0], (1,), np.array([2]))
    train, valid = splits
    assert (train, valid) == ([3, 0], [1])
    assert all(type(index) is int for index in train)
    assert splits[1] == [1]
    assert len(splits) == 2
    assert splits.test.tolist() == [2]
    assert splits.train.dtype == np.int64
    assert splits.used.tolist() == [0, 1, 2, 3]


def test_splits_are_frozen_and_apart_from_the_callers_array() -> None:
    given = np.array([0, 2])
    splits = Splits(given, [1])
    given[0] = 9
    assert splits.train.tolist() == [0, 2]
    with pytest.raises(ValueError, match="read-only"):
        splits.train[0] = 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        splits.train = np.array([1])  # type: ignore[misc]


def test_splits_tell_their_sizes_and_maker() -> None:
    assert repr(Splits([0], [1, 2], [3], made_by="hand")) == "<Splits by hand: 1 train, 2 valid, 1 test>"
    assert repr(Splits([0], [1, 2])) == "<Splits by Splits: 1 train, 2 valid>"


def test_an_empty_validation_side_is_refused() -> None:
    with pytest.raises(DataError) as err:
        Splits([0, 1, 2], [], made_by="RandomSplitter(valid_pct=0.2, seed=None)")
    assert str(err.value) == (
        "RandomSplitter(valid_pct=0.2, seed=None) leaves the validation set empty (the training set has 3). "
        "Add items, or split another way."
    )


def test_an_empty_training_side_is_refused() -> None:
    with pytest.raises(DataError) as err:
        Splits([], [0])
    assert str(err.value) == (
        "Splits leaves the training set empty (the validation set has 1). Add items, or split another way."
    )


@pytest.mark.parametrize(
    ("train", "valid", "test", "positions"),
    [([0, 1, 2], [2, 1], None, "1, 2"), ([0, 0], [1], None, "0"), ([0], [1], [1], "1")],
    ids=["on both sides", "twice on one", "tested and validated"],
)
def test_an_item_is_used_once(
    train: list[int], valid: list[int], test: list[int] | None, positions: str
) -> None:
    with pytest.raises(DataError) as err:
        Splits(train, valid, test)
    assert str(err.value) == (
        f"Splits uses items more than once, at positions {positions}. Each item may be in one set only, "
        "and only once."
    )


@pytest.mark.parametrize("bad", [5, -1])
def test_a_position_outside_the_items_is_named(bad: int) -> None:
    with pytest.raises(DataError) as err:
        Splits([0, 1], [bad]).check(5)
    assert str(err.value) == (
        f"Splits refers to items that do not exist, at positions {bad}. Expected: 0 to 4 (5 items). "
        "Split the same items that you train on."
    )


@pytest.mark.parametrize(
    "result",
    [
        ([0, 2], [1]),
        [(0, 2), (1,)],
        (np.array([0, 2]), np.array([1])),
        (torch.tensor([0, 2]), torch.tensor([1])),
        (pd.Index([0, 2]), pd.Series([1])),
        ({2, 0}, {1}),
        (range(0, 3, 2), range(1, 2)),
        Splits([0, 2], [1]),
    ],
    ids=lambda value: type(value[0]).__name__,
)
def test_whatever_a_users_splitter_returns_becomes_splits(result: object) -> None:
    assert tuple(as_splits(result, 3)) == ([0, 2], [1])


def test_a_triple_carries_a_test_side() -> None:
    assert as_splits(([0], [1], [2]), 3).test.tolist() == [2]


@pytest.mark.parametrize("result", [None, 3, "train", ([0],), ([0], [1], [2], [3])])
def test_anything_but_a_pair_or_triple_is_refused(result: object) -> None:
    with pytest.raises(DataError) as err:
        as_splits(result, 3, "my_splitter")
    received = "" if result is None else f" Got: {result!r}."
    assert str(err.value) == (
        f"my_splitter did not return index lists.{received} Expected: a pair (train, valid) or a triple "
        "(train, valid, test) of positions. Wrap a function that returns True for validation items in "
        "FuncSplitter(function)."
    )


@pytest.mark.parametrize(
    "side",
    [[True, False], ["a.jpg"], [0.5], [[0], [1, 2]], [[0]]],
    ids=["mask", "names", "floats", "ragged", "nested"],
)
def test_sides_must_be_lists_of_whole_numbers(side: list[object]) -> None:
    with pytest.raises(DataError) as err:
        as_splits((side, [1]), 3, "my_splitter")
    assert str(err.value) == (
        f"my_splitter: train is not a list of positions. Got: {side!r}. Expected: whole numbers from 0 "
        "on. "
        "Wrap a boolean mask in MaskSplitter(mask)."
    )


def test_a_users_splits_are_checked_against_the_number_of_items() -> None:
    with pytest.raises(DataError) as err:
        as_splits(([0], [7]), 3, "my_splitter")
    assert str(err.value) == (
        "my_splitter refers to items that do not exist, at positions 7. Expected: 0 to 2 (3 items). "
        "Split the same items that you train on."
    )
