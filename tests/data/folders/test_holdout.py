"""A third part, on which nothing is chosen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders.holdout import hold_out
from gatera.data.folders.labelled import Kind, LabelledFiles
from gatera.data.sources.items import decode_photo, get_image_files

PHOTOS = Kind(get_image_files, "photo", ".jpg or .png", decode_photo)


def files(counts: dict[str, int], sides: str = "") -> LabelledFiles:
    labels = [label for label, n in counts.items() for _ in range(n)]
    paths = [Path(f"{label}/{label}_{number % 7}_{number}.jpg") for number, label in enumerate(labels)]
    return LabelledFiles(paths, labels, [sides] * len(labels), "a folder per class", PHOTOS)


def shares(found: LabelledFiles, side: str) -> Counter:
    return Counter(found.labels[index] for index in found.indices(side))


def test_a_test_set_is_drawn_class_by_class(tmp_path):
    notes = []
    found = hold_out(files({"a": 100, "b": 40, "c": 1}), 0.2, 1, test_pct=0.1, on_note=notes.append)
    assert shares(found, "valid") == {"a": 20, "b": 8}
    assert shares(found, "test") == {"a": 10, "b": 4} or shares(found, "test") == {"a": 10, "b": 5}
    assert "c" in shares(found, "train")
    assert found.split_by == "20 % of every class at random, seed 1; 10 % for the test set"


def test_half_of_a_large_validation_set_is_kept_for_the_end_where_the_other_half_chooses():
    notes = []
    found = hold_out(files({"a": 1500, "b": 520}), 0.2, 1, on_note=notes.append, chooses=True)
    assert found.counts == {"train": 1616, "valid": 202, "test": 202}
    assert abs(shares(found, "test")["b"] - 52) <= 1
    assert [str(note) for note in notes] == [
        "Half of the validation set becomes the test set, which no choice depends on (to change: test_pct=0)."
    ]
    whole = hold_out(files({"a": 1500, "b": 520}), 0.2, 1, test_pct=0, chooses=True)
    assert whole.counts == {"train": 1616, "valid": 404, "test": 0}
    assert hold_out(files({"a": 1500, "b": 520}), 0.2, 1).counts["test"] == 0  # nothing is chosen
    assert hold_out(files({"a": 150, "b": 52}), 0.2, 1, chooses=True).counts["test"] == 0  # too few


@pytest.mark.parametrize("more", [0, 3])
def test_of_many_classes_one_held_out_file_each_may_fall_on_either_side(more):
    found = hold_out(files({f"class {n}": 5 for n in range(420)} | {"large": 5 * more}), 0.2, 1, chooses=True)
    assert abs(found.counts["valid"] - found.counts["test"]) <= 1
    assert found.counts["valid"] + found.counts["test"] == 420 + more
    assert abs(shares(found, "valid")["large"] - more / 2) < 1


@pytest.mark.parametrize(
    ("n", "sides", "less", "held"),
    [(1000, ["", "test"], True, 100), (990, ["", "test"], True, 198), (1000, [""], True, 200), (1000, ["", "test"], False, 200)],
)  # fmt: skip
def test_half_of_a_validation_set_suffices_beside_a_test_set(n, sides, less, held):
    found = files({"a": n // 2, "b": n // 2})
    more = [path.with_name(f"more{path.name}") for path in found.files] if "test" in sides else []
    both = LabelledFiles(
        [*found.files, *more],
        found.labels * (2 if more else 1),
        [*found.split, *["test"] * len(more)],
        "x",
        PHOTOS,
    )
    notes = []
    split = hold_out(both, 0.2, 1, on_note=notes.append, less_beside_test=less)
    said = (
        "The validation set is 10 % of every class, because there is a test set (to change: valid_pct=0.2)."
    )
    assert [str(note) for note in notes] == [said] * (held == 100)
    assert split.counts == {"train": n - held, "valid": held, "test": len(more)}
    assert split.split_by == f"{100 * held / n:.0f} % of every class at random, seed 1"


def test_whole_groups_are_tested_too():
    found = hold_out(files({"a": 70, "b": 70}), 0.2, 1, group_by=r"_(\d)_", test_pct=0.2)
    groups = {
        side: {found.files[index].name.split("_")[1] for index in found.indices(side)}
        for side in ("train", "valid", "test")
    }
    assert (
        all(groups.values())
        and not (groups["valid"] & groups["test"])
        and not (groups["train"] & groups["test"])
    )


def test_a_test_set_that_is_there_already():
    found = files({"a": 10, "b": 10})
    split = ["test" if index % 5 == 0 else "" for index in range(20)]
    with pytest.raises(ArgumentError) as err:
        hold_out(LabelledFiles(found.files, found.labels, split, "x", PHOTOS), 0.2, 1, test_pct=0.1)
    assert (
        str(err.value)
        == "test_pct= chooses a test set, but the folder already has one. Got: 0.1. Omit test_pct=."
    )


def test_shares_that_leave_too_little():
    with pytest.raises(DataError) as err:
        hold_out(files({"a": 10, "b": 10}), 0.2, 1, test_pct=0.8)
    assert (
        str(err.value) == "with test_pct=0.8, no photo is left to train on. Lower test_pct=, or valid_pct=."
    )
    with pytest.raises(
        DataError,
        match=r"^with test_pct=0.04, the test set would have 1 of 16 photos, fewer than there are classes",
    ):
        hold_out(files({"a": 10, "b": 10}), 0.2, 1, test_pct=0.04)


def test_a_class_that_is_only_tested(tmp_path):
    found = files({"a": 6, "b": 6, "c": 2})
    split = ["test" if label == "c" else "" for label in found.labels]
    with pytest.raises(DataError) as err:
        hold_out(LabelledFiles(found.files, found.labels, split, "x", PHOTOS), 0.2, 1)
    assert str(err.value) == (
        "the class 'c' is in the test set but not in the training set. Available: a, b. Add training photos of it, or remove "
        "it from the test set."
    )


def grouped(rare: str, n: int = 8) -> LabelledFiles:
    """Photos of two classes in groups 0 to n-1, and of a third in some of them."""
    names = [f"{label}_{group}_.jpg" for label in ("cat", "dog") for group in range(n)]
    names += [f"rare_{group}_.jpg" for group in rare]
    return LabelledFiles([Path(name) for name in names], [name.split("_")[0] for name in names], [""] * len(names), "x", PHOTOS)  # fmt: skip


def test_classes_that_whole_groups_leave_unmeasured_are_named():
    notes = []
    found = hold_out(grouped("33"), 0.2, 1, group_by=r"_(\d)_", on_note=notes.append)
    assert not shares(found, "valid")["rare"]
    assert [str(note) for note in notes] == [
        "The class 'rare' is in the training set and not in the validation set, whose error says nothing about it."
    ]


def test_a_class_all_of_whose_groups_are_held_out_is_an_error_that_says_what_to_do():
    """It was the words of Python about a block: "pass vocab="."""
    found = grouped("01234567", 8)
    with pytest.raises(DataError) as err:
        hold_out(found, 0.2, 1, group_by=r"^(\w+?)_")  # each class is a group
    assert str(err.value).startswith("all groups that have photos of the class ")
    assert "Draw other groups: seed=." in str(err.value)


def test_a_class_of_the_newest_photos_alone_is_told_with_what_to_do():
    """It said to remove photos from a validation set that nobody made."""
    labels = ["cat", "dog"] * 10 + ["new"] * 2
    files = [Path(f"{day:02d}.jpg") for day in range(22)]
    found = LabelledFiles(
        files, labels, [""] * 22, "x", PHOTOS, times=[f"2024-01-{day + 1:02d}" for day in range(22)]
    )
    with pytest.raises(DataError) as err:
        hold_out(found, 0.2, 1)
    assert str(err.value) == (
        "the class 'new' occurs only in the newest photos, which are held out. Split at random: split='random'."
    )


def test_what_is_drawn_at_random_is_a_fact_of_its_own():
    """Whole groups and the half of a validation set are drawn as well; the newest are not, nor what the folder says."""
    plain = files({"a": 300, "b": 300})
    assert hold_out(plain, 0.2, 1).at_random == ["valid"]
    assert hold_out(plain, 0.2, 1, test_pct=0.1).at_random == ["valid", "test"]
    assert hold_out(files({"a": 1500, "b": 520}), 0.2, 1, chooses=True).at_random == ["valid", "test"]
    assert hold_out(plain, 0.3, 1, group_by=r"_(\d)_").at_random == ["valid"]
    assert (
        hold_out(replace(plain, times=range(600), labels=["a", "b"] * 300), 0.2, 1, test_pct=0.1).at_random
        == []
    )
    given = replace(plain, split=["valid" if place % 3 else "train" for place in range(600)])
    assert hold_out(given, 0.2, 1).at_random == []
    assert hold_out(given, 0.2, 1, test_pct=0.1).at_random == ["test"]
