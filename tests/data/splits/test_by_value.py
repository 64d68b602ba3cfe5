from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.data.splits.by_position import ColSplitter, GroupSplitter, TimeSplitter, TrainTestSplitter

PETS = [
    Path(f"pets/{animal}/{animal}_{n}.jpg")
    for animal in ("tom", "kit", "max", "leo", "ada")
    for n in range(4)
]


# ---- ColSplitter


@pytest.mark.parametrize(
    "values",
    [[True, False, True], [1, 0, 1], [1.0, 0.0, 1.0], ["True", "False", "true"], ["1", " 0", "1 "]],
    ids=["bool", "int", "float", "text", "digits"],
)
def test_a_column_of_truth_values_marks_validation_rows(values: list[object]) -> None:
    table = pd.DataFrame({"name": list("abc"), "is_valid": values}, index=[5, 6, 7])
    assert tuple(ColSplitter()(table)) == ([1], [0, 2])
    assert tuple(ColSplitter(1)(table)) == ([1], [0, 2])
    assert tuple(ColSplitter(-1)(table)) == ([1], [0, 2])


@pytest.mark.parametrize(
    "values",
    [["train", "valid", "Training"], ["", "x", ""], [None, "X", None], [float("nan"), "x", float("nan")]],
)
def test_sides_by_name_and_crosses_mark_validation_rows(values: list[object]) -> None:
    assert tuple(ColSplitter()(pd.DataFrame({"is_valid": values}))) == ([0, 2], [1])


def test_a_gap_beside_other_words_than_crosses_is_refused() -> None:
    with pytest.raises(DataError, match="is not boolean"):
        ColSplitter()(pd.DataFrame({"is_valid": ["yes", "x", ""]}))


def test_a_value_or_several_may_mark_validation_rows() -> None:
    table = pd.DataFrame({"split": ["a", "b", "c"]})
    assert tuple(ColSplitter("split", on="b")(table)) == ([0, 2], [1])
    assert tuple(ColSplitter("split", on=["b", "c"])(table)) == ([0], [1, 2])


def test_a_column_named_by_a_number_is_taken_by_its_name() -> None:
    table = pd.DataFrame({7: [True, False], 0: [False, True]})
    assert ColSplitter(0)(table).valid.tolist() == [1]


def test_text_that_is_no_truth_value_is_refused() -> None:
    with pytest.raises(DataError) as err:
        ColSplitter("split")(pd.DataFrame({"split": ["train", "later"]}))
    assert str(err.value) == (
        "Column 'split' is not boolean. Got: 'later'. Expected: True, False, 0, 1. "
        "Name the value that marks validation rows: ColSplitter('split', on=...)."
    )


def test_a_missing_column_is_named_and_the_nearest_offered() -> None:
    with pytest.raises(DataError) as err:
        ColSplitter()(pd.DataFrame({"name": [1], "valid": [True]}))
    assert (
        str(err.value) == "No column 'is_valid' in the table. Available: name, valid. Did you mean 'valid'?"
    )


def test_a_position_beyond_the_table_is_named() -> None:
    with pytest.raises(DataError) as err:
        ColSplitter(4)(pd.DataFrame({"name": [1]}))
    assert str(err.value) == (
        "No column 4 in the table. Available: name. Pass a column's name, or its position from 0 to 0."
    )


def test_a_list_has_no_columns() -> None:
    with pytest.raises(DataError) as err:
        ColSplitter()([1, 2])
    assert str(err.value) == (
        "ColSplitter splits a pandas DataFrame. Got: 'list'. For a list of items use FuncSplitter or "
        "MaskSplitter."
    )


# ---- TrainTestSplitter


def test_labels_keep_their_proportions() -> None:
    labels = ["cat"] * 30 + ["dog"] * 10
    splits = TrainTestSplitter(0.2, random_state=1, stratify=labels)(range(40))
    assert Counter(labels[i] for i in splits.valid) == {"cat": 6, "dog": 2}


def test_labels_may_come_from_folders_functions_and_columns() -> None:
    by_folder = TrainTestSplitter(0.25, random_state=1, stratify=True)(PETS)
    assert Counter(PETS[i].parent.name for i in by_folder.valid) == dict.fromkeys(
        ["tom", "kit", "max", "leo", "ada"], 1
    )
    by_function = TrainTestSplitter(0.25, random_state=1, stratify=lambda path: path.parent.name)(PETS)
    table = pd.DataFrame({"animal": [path.parent.name for path in PETS]})
    by_column = TrainTestSplitter(0.25, random_state=1, stratify="animal")(table)
    assert by_folder.valid.tolist() == by_function.valid.tolist() == by_column.valid.tolist()


def test_a_number_of_validation_items_may_be_given() -> None:
    assert len(TrainTestSplitter(7, random_state=0, stratify=False)(range(20)).valid) == 7
    assert TrainTestSplitter(7, random_state=0)(range(20)).made_by == "TrainTestSplitter(7, random_state=0)"


def test_the_same_random_state_gives_the_same_split() -> None:
    first, second = (TrainTestSplitter(random_state=5)(range(50)) for _ in range(2))
    assert first.valid.tolist() == second.valid.tolist()


def test_a_label_of_one_item_cannot_be_on_both_sides() -> None:
    with pytest.raises(DataError) as err:
        TrainTestSplitter(stratify=["cat"] * 9 + ["dog"])(range(10))
    assert str(err.value) == (
        "TrainTestSplitter cannot put label 'dog' into both sets: it has only one item. "
        "Add items of this label, remove it, or do not stratify."
    )


def test_more_labels_than_validation_items_cannot_be_kept_in_proportion() -> None:
    with pytest.raises(DataError) as err:
        TrainTestSplitter(0.1, stratify=["a", "b", "c"] * 4)(range(12))
    assert str(err.value) == (
        "TrainTestSplitter cannot split 12 items (The test_size = 2 should be greater or equal to the "
        "number of "
        "classes = 3). Change test_size, or add items."
    )


def test_a_test_size_outside_0_to_1_is_refused_at_once() -> None:
    with pytest.raises(ArgumentError) as err:
        TrainTestSplitter(1.5)
    assert str(err.value) == "test_size must be a number in (0, 1). Got: 1.5."
    with pytest.raises(ArgumentError) as err:
        TrainTestSplitter(0)
    assert str(err.value) == "test_size must be at least 1. Got: 0."


# ---- GroupSplitter


def test_no_group_is_on_both_sides() -> None:
    for seed in range(20):
        splits = GroupSplitter(lambda path: path.parent.name, valid_pct=0.4, seed=seed)(PETS)
        train = {PETS[i].parent.name for i in splits.train}
        valid = {PETS[i].parent.name for i in splits.valid}
        assert not train & valid
        assert len(splits.valid) == 8
        assert splits.used.tolist() == list(range(20))


def test_every_group_gets_its_turn_and_a_seed_repeats() -> None:
    chosen = [
        GroupSplitter([p.parent.name for p in PETS], seed=seed)(PETS).valid.tolist() for seed in range(40)
    ]
    assert len({valid[0] for valid in chosen}) == 5
    assert chosen[3] == GroupSplitter([p.parent.name for p in PETS], seed=3)(PETS).valid.tolist()


@pytest.mark.parametrize("seed", range(30))
def test_the_share_is_as_near_as_whole_groups_allow(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 12, size=draw.integers(2, 9))
    share = float(draw.uniform(0.05, 0.95))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    wanted = share * len(groups)
    possible = [
        sum(sizes[list(some)]) for k in range(1, len(sizes)) for some in combinations(range(len(sizes)), k)
    ]
    splits = GroupSplitter(groups, valid_pct=share, seed=seed)(range(len(groups)))
    assert abs(len(splits.valid) - wanted) == pytest.approx(min(abs(total - wanted) for total in possible))
    assert len(splits.train) > 0


def test_without_a_seed_torchs_generator_decides() -> None:
    groups = [path.parent.name for path in PETS]
    torch.manual_seed(1)
    first = GroupSplitter(groups)(PETS).valid.tolist()
    torch.manual_seed(1)
    assert GroupSplitter(groups)(PETS).valid.tolist() == first


def test_a_column_may_name_the_groups() -> None:
    table = pd.DataFrame({"patient": [1, 1, 2, 2, 3, 3], "x": range(6)})
    splits = GroupSplitter("patient", valid_pct=0.33, seed=0)(table)
    assert len(set(table["patient"].iloc[splits.valid])) == 1
    assert len(splits.valid) == 2
    assert splits.made_by == "GroupSplitter(valid_pct=0.33, seed=0)"


def test_many_groups_are_split_quickly() -> None:
    groups = np.arange(60_000) // 3
    assert len(GroupSplitter(groups, seed=1)(range(60_000)).valid) == 12_000


def test_one_group_alone_cannot_be_split() -> None:
    with pytest.raises(DataError) as err:
        GroupSplitter(["tom", "tom"])([1, 2])
    assert str(err.value) == (
        "GroupSplitter needs at least two groups, one of them for training; found 1. Got: "
        "['tom']. "
        "Group by something else, or split at random with RandomSplitter."
    )


def test_an_item_without_a_group_is_named() -> None:
    with pytest.raises(DataError) as err:
        GroupSplitter("patient")(pd.DataFrame({"patient": [1, None, 2]}))
    assert str(err.value) == "GroupSplitter(group) is missing for item 1. Fill it in, or remove the item."


def test_a_group_must_be_something_that_can_be_compared() -> None:
    with pytest.raises(DataError) as err:
        GroupSplitter(lambda item: [item])([1, 2])
    assert str(err.value) == (
        "GroupSplitter(group) gives values that cannot name a group. Got: [1]. "
        "Give a string, a number or a tuple."
    )


def test_there_must_be_one_group_per_item() -> None:
    with pytest.raises(DataError) as err:
        GroupSplitter(["a", "b"])([1, 2, 3])
    assert str(err.value) == "GroupSplitter(group) has 2 values for 3 items. Give one value per item."


def test_a_column_needs_a_table() -> None:
    with pytest.raises(DataError) as err:
        GroupSplitter("patient")([1, 2, 3])
    assert str(err.value) == (
        "GroupSplitter(group) names a column, but the items are not a pandas DataFrame. Got: 'patient'. "
        "Pass a function of an item, or one value per item."
    )


def test_group_splitter_checks_its_arguments_at_once() -> None:
    with pytest.raises(ArgumentError) as err:
        GroupSplitter("patient", valid_pct=1.0)
    assert str(err.value) == "valid_pct must be a number in (0, 1). Got: 1.0."
    with pytest.raises(ArgumentError) as err:
        GroupSplitter("patient", seed=-1)
    assert str(err.value) == "seed must be at least 0. Got: -1."


# ---- TimeSplitter


def test_the_newest_items_are_for_validation() -> None:
    assert tuple(TimeSplitter([5, 1, 4, 2, 3], valid_pct=0.4)(range(5))) == ([1, 3, 4], [0, 2])


@pytest.mark.parametrize("seed", range(20))
def test_no_validation_item_is_older_than_a_training_item_and_ties_stay_together(seed: int) -> None:
    draw = np.random.default_rng(seed)
    times = draw.integers(0, 8, size=30)
    splits = TimeSplitter(times, valid_pct=float(draw.uniform(0.1, 0.9)))(range(30))
    assert times[splits.train].max() < times[splits.valid].min()
    assert splits.used.tolist() == list(range(30))


def test_the_nearest_change_of_time_decides() -> None:
    assert len(TimeSplitter([1, 1, 1, 1, 2, 2, 2, 3, 3, 3], valid_pct=0.2)(range(10)).valid) == 3
    assert len(TimeSplitter([1, 2, 2, 2, 2, 2, 2, 2, 2, 2], valid_pct=0.2)(range(10)).valid) == 9


@pytest.mark.parametrize(
    "times",
    [
        ["2026-11-23", "2025-01-02", "2026-02-01T08:30"],
        [date(2026, 11, 23), date(2025, 1, 2), date(2026, 2, 1)],
        [datetime(2026, 11, 23), datetime(2025, 1, 2), datetime(2026, 2, 1)],
        np.array(["2026-11-23", "2025-01-02", "2026-02-01"], dtype="datetime64[ns]"),
        [np.datetime64("2026-11-23"), np.datetime64("2025-01-02"), np.datetime64("2026-02-01")],
        pd.Series(pd.to_datetime(["2026-11-23", "2025-01-02", "2026-02-01"])),
        [20261123.5, 20250102, np.float32(20260201)],
    ],
    ids=["iso", "date", "datetime", "datetime64", "datetime64 list", "pandas", "numbers"],
)
def test_times_may_have_many_forms(times: object) -> None:
    assert TimeSplitter(times, valid_pct=0.34)(range(3)).valid.tolist() == [0]  # type: ignore[arg-type]


def test_times_may_come_from_a_column_or_a_function() -> None:
    table = pd.DataFrame({"taken": pd.to_datetime(["2026-01-02", "2024-01-01", "2025-01-01"])})
    assert TimeSplitter("taken", valid_pct=0.3)(table).valid.tolist() == [0]
    assert TimeSplitter(lambda row: row["taken"].year, valid_pct=0.3)(table).valid.tolist() == [0]


def test_text_that_may_be_either_of_two_days_is_refused_rather_than_sorted_as_text() -> None:
    with pytest.raises(DataError) as err:
        TimeSplitter(["2026-01-01", "23/11/2026"])(range(2))
    assert str(err.value) == (
        "TimeSplitter cannot read the time of item 1. Got: '23/11/2026'. Expected: numbers, "
        "dates, "
        "datetimes, text like '2026-11-23', '2026-11-23T08:30' or '23 Nov 2026'. Convert it first, e.g. with "
        "pandas.to_datetime."
    )


def test_other_values_are_no_times() -> None:
    with pytest.raises(DataError) as err:
        TimeSplitter([True, False])(range(2))
    assert str(err.value) == (
        "TimeSplitter cannot read the time of item 0. Got: True. Expected: numbers, dates, "
        "datetimes, text like '2026-11-23', '2026-11-23T08:30' or '23 Nov 2026'. Convert it first, e.g. with "
        "pandas.to_datetime."
    )


@pytest.mark.parametrize(
    "times",
    [
        pd.Series(pd.to_datetime(["2026-01-01", None])),
        np.array(["2026-01-01", "NaT"], dtype="datetime64[ns]"),
        [1.0, np.nan],
    ],
    ids=["pandas", "numpy", "number"],
)
def test_an_item_without_a_time_is_named(times: object) -> None:
    with pytest.raises(DataError) as err:
        TimeSplitter(times)(range(2))  # type: ignore[arg-type]
    assert str(err.value) == "TimeSplitter(time) is missing for item 1. Fill it in, or remove the item."


def test_times_with_and_without_a_zone_cannot_be_ordered() -> None:
    with pytest.raises(DataError) as err:
        TimeSplitter([datetime(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC)])(range(2))
    assert str(err.value) == (
        "TimeSplitter cannot order these times (can't compare offset-naive and offset-aware datetimes). "
        "Give all of them the same type, and either all or none a time zone."
    )


def test_one_time_alone_cannot_be_split() -> None:
    with pytest.raises(DataError) as err:
        TimeSplitter([3, 3, 3])(range(3))
    assert str(err.value) == (
        "TimeSplitter needs two different times; all 3 items have the same. Got: 3. "
        "Split at random with RandomSplitter."
    )


def test_time_splitter_checks_its_share_at_once() -> None:
    with pytest.raises(ArgumentError) as err:
        TimeSplitter("taken", valid_pct=0)
    assert str(err.value) == "valid_pct must be a number in (0, 1). Got: 0."
