from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.data.splits.by_position import (
    EndSplitter,
    FileSplitter,
    FuncSplitter,
    GrandparentSplitter,
    GroupSplitter,
    IndexSplitter,
    MaskSplitter,
    RandomSplitter,
    RandomSubsetSplitter,
)

TEN = list(range(10))


def paths(*names: str) -> list[Path]:
    return [Path("photos") / name for name in names]


def test_split_of_seed_42_equals_fastais() -> None:
    splits = RandomSplitter(valid_pct=0.2, seed=42)(range(20))
    assert splits.valid.tolist() == [2, 14, 18, 15]
    # Recorded from fastai 2.8.12: RandomSplitter(seed=42)(range(20)).
    assert splits.train.tolist() == [1, 10, 0, 4, 6, 11, 8, 3, 7, 17, 13, 12, 19, 5, 16, 9]


def test_a_seeded_split_is_torchs_permutation_and_leaves_torchs_generator_alone() -> None:
    torch.manual_seed(7)
    expected = torch.randperm(1001)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    train, valid = RandomSplitter(0.3, seed=7)(range(1001))
    assert valid + train == expected.tolist()
    assert len(valid) == 300
    assert torch.equal(torch.get_rng_state(), before)


def test_without_a_seed_the_global_generator_decides() -> None:
    torch.manual_seed(3)
    first, second = RandomSplitter()(range(100)), RandomSplitter()(range(100))
    torch.manual_seed(3)
    assert RandomSplitter()(range(100)).valid.tolist() == first.valid.tolist()
    assert first.valid.tolist() != second.valid.tolist()


def test_a_table_is_split_like_a_list() -> None:
    table = pd.DataFrame({"x": range(20)}, index=list("abcdefghijklmnopqrst"))
    train, valid = RandomSplitter(seed=42)(table)
    assert valid == [2, 14, 18, 15]
    assert len(train) == 16


def test_random_splitter_says_what_it_is() -> None:
    splits = RandomSplitter(0.25, seed=np.int64(3))(TEN)
    assert repr(RandomSplitter(0.25, seed=3)) == "RandomSplitter(valid_pct=0.25, seed=3)"
    assert splits.valid.tolist() == RandomSplitter(0.25, seed=3)(TEN).valid.tolist()


def test_too_few_items_leave_no_validation_item() -> None:
    with pytest.raises(DataError) as err:
        RandomSplitter(seed=1)(range(4))
    assert str(err.value) == (
        "RandomSplitter(valid_pct=0.2, seed=1) leaves the validation set empty (the training set has 4). "
        "Add items, or split another way."
    )


@pytest.mark.parametrize("share", [0, 1, -0.1, 20, float("nan")])
def test_a_share_outside_0_to_1_is_refused_at_once(share: float) -> None:
    with pytest.raises(ArgumentError) as err:
        RandomSplitter(valid_pct=share)
    assert str(err.value) == f"valid_pct must be a number in (0, 1). Got: {share!r}."
    with pytest.raises(ArgumentError, match="valid_pct must be a number in"):
        EndSplitter(valid_pct=share)
    with pytest.raises(ArgumentError, match="train_sz must be a number in"):
        RandomSubsetSplitter(share, 0.1)
    with pytest.raises(ArgumentError, match="valid_sz must be a number in"):
        RandomSubsetSplitter(0.1, share)


@pytest.mark.parametrize("seed", [1.5, "42", True])
def test_a_seed_that_is_no_integer_is_refused_at_once(seed: Any) -> None:
    for make in (RandomSplitter, partial(RandomSubsetSplitter, 0.5, 0.2), partial(GroupSplitter, "animal")):
        with pytest.raises(ArgumentError) as err:
            make(seed=seed)
        assert str(err.value) == f"seed is not a whole number. Got: {seed!r}. Expected: an integer, or None."


def test_a_random_subset_is_fastais() -> None:
    train, valid = RandomSubsetSplitter(0.3, 0.2, seed=42)(range(20))
    torch.manual_seed(42)
    order = torch.randperm(20).tolist()
    assert train == order[:6]
    assert valid == order[6:10]


def test_a_random_subset_takes_at_most_all() -> None:
    with pytest.raises(ArgumentError) as err:
        RandomSubsetSplitter(0.8, 0.3)
    assert str(err.value) == (
        "train_sz + valid_sz is more than 1. Got: (0.8, 0.3). Expected: a sum of at most 1."
    )


def test_the_end_or_the_start_is_for_validation() -> None:
    assert tuple(EndSplitter(0.3)(TEN)) == ([0, 1, 2, 3, 4, 5, 6], [7, 8, 9])
    assert tuple(EndSplitter(0.3, valid_last=False)(TEN)) == ([3, 4, 5, 6, 7, 8, 9], [0, 1, 2])


def test_an_end_of_no_items_is_refused() -> None:
    with pytest.raises(DataError, match="leaves the validation set empty"):
        EndSplitter(0.05)(TEN)


def test_given_positions_are_for_validation() -> None:
    assert tuple(IndexSplitter([7, 2])(TEN)) == ([0, 1, 3, 4, 5, 6, 8, 9], [7, 2])


@pytest.mark.parametrize("position", [-1, 10])
def test_given_positions_must_exist(position: int) -> None:
    with pytest.raises(DataError) as err:
        IndexSplitter([position])(TEN)
    assert str(err.value) == (
        f"IndexSplitter refers to items that do not exist, at positions {position}. Expected: 0 to 9 (10 items). "
        "Split the same items that you train on."
    )


def test_given_positions_must_be_numbers() -> None:
    with pytest.raises(DataError) as err:
        IndexSplitter(["a.jpg"])(TEN)  # type: ignore[list-item]
    assert str(err.value) == (
        "IndexSplitter: valid_idx is not a list of positions. Got: ['a.jpg']. Expected: whole numbers "
        "from 0 on. "
        "Wrap a boolean mask in MaskSplitter(mask)."
    )


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series], ids=lambda kind: kind.__name__)
def test_a_mask_marks_validation_items(kind: type) -> None:
    assert tuple(MaskSplitter(kind([True, False, True]))("abc")) == ([1], [0, 2])


def test_a_mask_must_have_one_mark_per_item() -> None:
    with pytest.raises(DataError) as err:
        MaskSplitter([True, False])("abc")
    assert str(err.value) == "MaskSplitter has 2 marks for 3 items. Give one mark per item."


def test_a_function_marks_validation_items() -> None:
    assert tuple(FuncSplitter(lambda item: item > 7)(TEN)) == ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])


def test_a_function_sees_a_table_row_by_row() -> None:
    table = pd.DataFrame({"age": [3, 5, 9]})
    assert tuple(FuncSplitter(lambda row: row["age"] > 4)(table)) == ([0], [1, 2])


def test_a_list_of_names_marks_validation_items(tmp_path: Path) -> None:
    (tmp_path / "valid.txt").write_text(
        "1.jpg\r\n\n dog/2.jpg \ngone.jpg\n", encoding="utf-8-sig", newline=""
    )
    items = paths("cat/1.jpg", "cat/2.jpg", "dog/2.jpg", "dog/11.jpg")
    with pytest.warns(UserWarning, match=r"1 of the 3 names in .* match no item: gone.jpg"):
        splits = FileSplitter(tmp_path / "valid.txt")(items)
    assert tuple(splits) == ([1, 3], [0, 2])


def test_a_list_has_accents_in_either_notation(tmp_path: Path) -> None:
    (tmp_path / "valid.txt").write_text("caf\u00e9/1.jpg\ne\u0301.jpg", encoding="utf-8")
    items = paths("cafe\u0301/1.jpg", "cat/\u00e9.jpg", "cat/2.jpg")
    assert tuple(FileSplitter(tmp_path / "valid.txt")(items)) == ([2], [0, 1])


def test_a_list_written_on_windows_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "valid.txt").write_text("dog\\2.jpg")
    assert FileSplitter(str(tmp_path / "valid.txt"))(paths("cat/2.jpg", "dog/2.jpg")).valid.tolist() == [1]


def test_a_missing_list_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError) as err:
        FileSplitter(tmp_path / "valid.txt")
    assert str(err.value) == (
        f"FileSplitter found no file {tmp_path / 'valid.txt'}. Pass the path of the list of validation files."
    )


def test_a_list_that_fits_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "valid.txt").write_text("3.jpg\n4.jpg")
    with pytest.raises(DataError) as err:
        FileSplitter(tmp_path / "valid.txt")(paths("1.jpg"))
    assert str(err.value) == (
        f"FileSplitter: none of the 2 names in {tmp_path / 'valid.txt'} matches any of the 1 items. "
        "Each line must be a file's name, or the end of its path with '/' between folders."
    )


def test_the_folder_two_levels_up_decides_the_side() -> None:
    items = paths("train/cat/1.jpg", "valid/cat/2.jpg", "train/dog/3.jpg", "extra/dog/4.jpg")
    splits = GrandparentSplitter()(items)
    assert tuple(splits) == ([0, 2], [1])
    assert splits.test is None
    assert splits.made_by == "GrandparentSplitter(train_name='train', valid_name='valid', test_name='test')"


def test_a_test_folder_becomes_the_test_side() -> None:
    items = paths("test/cat/1.jpg", "train/cat/2.jpg", "valid/dog/3.jpg")
    assert GrandparentSplitter()(items).test.tolist() == [0]


def test_the_books_names_of_sides_work() -> None:
    items = [str(path) for path in paths("training/3/1.png", "testing/3/2.png")]
    assert tuple(GrandparentSplitter("training", "testing")(items)) == ([0], [1])
    as_validation = GrandparentSplitter(valid_name="test")(paths("train/pos/1.txt", "test/pos/2.txt"))
    assert as_validation.valid.tolist() == [1]
    assert as_validation.test is None


def test_several_folders_may_make_up_a_side() -> None:
    items = paths("a/cat/1.jpg", "b/cat/2.jpg", "c/cat/3.jpg")
    assert tuple(GrandparentSplitter(("a", "b"), "c")(items)) == ([0, 1], [2])


def test_a_missing_train_folder_is_told_from_what_is_there() -> None:
    with pytest.raises(DataError) as err:
        GrandparentSplitter()(paths("trian/cat/1.jpg", "valid/cat/2.jpg"))
    assert str(err.value) == (
        "GrandparentSplitter found no item under a folder 'train'. Available: "
        "trian, valid (two levels above the items). Did you mean 'trian'?"
    )


def test_a_missing_validation_folder_without_a_likeness_gets_advice() -> None:
    with pytest.raises(DataError) as err:
        GrandparentSplitter()(paths("train/cat/1.jpg", "heldout/cat/2.jpg"))
    assert str(err.value) == (
        "GrandparentSplitter found no item under a folder 'valid'. Available: "
        "heldout, train (two levels above the items). Pass valid_name=, or split at random with RandomSplitter."
    )


def test_paths_without_two_folders_get_advice_too() -> None:
    with pytest.raises(DataError) as err:
        GrandparentSplitter(train_name=("a", "b"))([Path("1.jpg")])
    assert str(err.value) == (
        "GrandparentSplitter found no item under a folder ('a', 'b'). "
        "Pass train_name=, or split at random with RandomSplitter."
    )


def test_path_splitters_refuse_what_is_no_path() -> None:
    with pytest.raises(DataError) as err:
        GrandparentSplitter()([Path("train/cat/1.jpg"), 7])
    assert str(err.value) == (
        "GrandparentSplitter needs paths, but item 1 is not one. Got: 7. "
        "Split rows of a table with ColSplitter, GroupSplitter or FuncSplitter."
    )
