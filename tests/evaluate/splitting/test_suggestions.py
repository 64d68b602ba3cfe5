from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gatera.data.sources.looks import Look
from gatera.evaluate.splitting.columns import (
    date_columns_of_files,
    group_column,
    group_columns_of_files,
    names_owner,
    time_column,
)
from gatera.evaluate.splitting.names import suggest_for_files

DRAW = np.random.default_rng(0)


def looks_of(groups, noise=40):
    """Thumbnails that are alike within groups."""
    base = {
        group: DRAW.integers(0, 256, (12, 12)).repeat(4, 0).repeat(4, 1) for group in dict.fromkeys(groups)
    }
    return [
        Look(np.clip(base[group] + DRAW.normal(0, noise, (48, 48)), 0, 255).astype(np.uint8))
        for group in groups
    ]


def suggest(names, labels, groups=None):
    return suggest_for_files(
        [Path(name) for name in names], labels, [] if groups is None else looks_of(groups)
    )


def test_ids_of_patients_in_names_are_a_strong_reason():
    names = [f"scan/patient{i // 4:02}_{i % 4}.png" for i in range(48)]
    (found,) = suggest(names, ["ill" if i // 4 % 2 else "well" for i in range(48)])
    assert (found.kind, found.strong, found.option) == ("groups", True, "group_by")
    assert found.values[:5] == ["patient00"] * 4 + ["patient01"]
    assert found.seen == "File names repeat 12 ids (patient00, patient01, patient02 and others)"


def test_names_of_speakers_are_a_weak_reason_with_the_pattern_to_use():
    speakers = ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
    names = [f"{digit}_{who}_{n}.wav" for digit in range(5) for who in speakers for n in range(3)]
    (found,) = suggest(names, [name[0] for name in names])
    assert (found.strong, found.values[0], found.value) == (
        False,
        "george",
        r"^(?:[^\W_]+[\W_]+){1}([^\W_]+)",
    )


@pytest.mark.parametrize(
    "names",
    [
        [f"cat.{i}.jpg" for i in range(40)],
        [f"{'cat' if i < 20 else 'dog'}_{i % 20}.jpg" for i in range(40)],
        [f"IMG_{2000 + i}.jpg" for i in range(40)],
        [f"{i:05}.png" for i in range(40)],
    ],
)
def test_plain_counters_and_names_of_classes_suggest_nothing(names):
    assert suggest(names, ["cat"] * 20 + ["dog"] * 20, range(40)) == []


def test_ids_whose_pictures_are_alike_are_a_strong_reason():
    names = [f"{i // 4 + 300}_{i % 4}.png" for i in range(80)]
    labels = ["a" if i // 4 % 2 else "b" for i in range(80)]
    assert [found.strong for found in suggest(names, labels, [i // 4 for i in range(80)])][:1] == [True]
    assert not any(found.strong for found in suggest(names, labels, range(80)))


def test_frames_in_a_row_that_are_alike_are_runs():
    names = [f"{label}/{i:04}.png" for label in "ab" for i in range(40)]
    films = [(label, i // 8) for label in "ab" for i in range(40)]
    (found,) = suggest(names, [name[0] for name in names], films)
    assert found.strong
    assert found.seen.endswith("like frames of a film or parts of a recording: 10 runs")
    assert len(set(found.values)) == 10


def test_folders_of_animals_inside_the_classes_are_groups():
    names = [f"{label}/cow{i // 4}/{i}.jpg" for label in ("lame", "sound") for i in range(24)]
    (found,) = suggest(names, [name.split("/")[0] for name in names])
    assert found.strong
    assert len(set(found.values)) == 12


def test_dates_in_names_are_said():
    names = [f"IMG_202305{day:02}_{n}.jpg" for day in range(1, 13) for n in range(3)]
    found = suggest(names, ["a", "b"] * 18)
    assert [(each.kind, each.strong) for each in found if each.kind == "time"] == [("time", False)]
    assert "2023-05-01 to 2023-05-12" in found[-1].seen


def test_columns_that_name_an_owner():
    assert [name for name in ("patient_id", "UserID", "speaker", "id", "colour", "user", "price", "participant", "email") if names_owner(name)] == [
        "patient_id", "UserID", "speaker", "user", "participant", "email",
    ]  # fmt: skip


@pytest.mark.parametrize("is_class", [True, False])
def test_ids_whose_rows_have_like_targets_are_a_strong_reason(is_class):
    ids = [i // 5 for i in range(200)]
    target = [id % 2 for id in ids] if is_class else [id + DRAW.normal() for id in ids]
    assert group_column("patient_id", ids, target, is_class).strong
    assert not group_column("patient_id", ids, DRAW.permutation(target).tolist(), is_class).strong
    assert group_column("colour", ids, target, is_class) is None
    gaps = [None if i % 3 == 0 else id for i, id in enumerate(ids)]
    found = group_column("patient_id", gaps, target, is_class)
    assert (
        found.strong
        and "40 ids for 133 rows (67 more have none and stand alone), and rows with the same id" in found.seen
    )
    assert len(set(found.values)) == 40 + 67


@pytest.mark.parametrize("is_class", [True, False])
def test_dates_along_which_the_target_changes_are_a_strong_reason(is_class):
    times = DRAW.permutation(150).tolist()
    target = [int(time > 75) if is_class else float(time) for time in times]
    assert time_column("sold", times, target, is_class).strong
    assert not time_column("sold", times, DRAW.permutation(target).tolist(), is_class).strong


def test_ratings_in_names_are_no_ids():
    names = [f"{i}_{(1, 2, 3, 4, 7, 8, 9, 10)[i % 8]}.txt" for i in range(160)]
    assert suggest(names, ["neg" if i % 8 < 4 else "pos" for i in range(160)]) == []
    assert suggest(names, ["ab"[i // 80] for i in range(160)]) == []
    (found,) = suggest([name.replace("_", "_user") for name in names], ["ab"[i // 80] for i in range(160)])
    assert found.strong


def test_ids_in_a_table_whose_pictures_are_alike_are_a_strong_reason_though_the_labels_differ():
    ids = [f"P{i // 4}" for i in range(80)]
    labels = ["ab"[(i * 7 // 3) % 2] for i in range(80)]
    columns = {"patient_id": ids}
    (weak,) = group_columns_of_files(columns, labels, "photo", looks_of(range(80)))
    (strong,) = group_columns_of_files(columns, labels, "photo", looks_of(ids))
    assert (weak.strong, strong.strong) == (False, True)
    assert strong.seen == "Column 'patient_id' has 20 ids for 80 photos, whose pictures are alike"


def test_dates_in_a_table_of_labels_are_said():
    days = [f"2023-05-{1 + i % 28:02}" for i in range(60)]
    (found,) = date_columns_of_files({"taken": days, "site": ["a"] * 60})
    assert (found.kind, found.strong, found.option, found.value) == ("time", False, "split", "time")
    assert (
        found.seen == "Column 'taken' has dates, 2023-05-01 to 2023-05-28" and str(found.values[0]) == days[0]
    )
    (found,) = date_columns_of_files({"taken": [f"{day} 12:30" for day in days]})
    assert str(found.values[0]) == "2023-05-01 12:30:00"
    for other in ("", "2023-02-30", "unknown"):
        assert date_columns_of_files({"taken": [*days, other]}) == []
