"""What `gatera train` finds in the data without being told: copies, groups, an order in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageOps

from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders import holdout
from gatera.measure.reports.classes import ErrorReport
from gatera.recipes.evaluation import Evaluation
from gatera.recipes.labelled_files import find_files
from gatera.recipes.photos import KIND
from gatera.recipes.run import train
from gatera.recipes.settings import SplitKind, TrainSettings
from gatera.recipes.splitting.files import facts_of_files, file_leaks, groups_of_files
from gatera.recipes.splitting.rows import groups_of_rows
from gatera.recipes.tables import read, split_table, table_job
from gatera.recipes.texts.recipe import KIND as TEXTS

DRAW = np.random.default_rng(7)


def scene(seed: int) -> Image.Image:
    draw = np.random.default_rng(seed)
    return Image.fromarray(draw.integers(0, 256, (14, 18, 3), np.uint8)).resize(
        (90, 70), Image.Resampling.BICUBIC
    )


def save(folder: Path, photos: dict[str, Image.Image]) -> Path:
    for name, photo in photos.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        photo.save(folder / name)
    return folder


def settings(source: Path, **more) -> TrainSettings:
    return TrainSettings(source, source.parent / "out.gatera", **more)


@pytest.fixture
def with_copies(tmp_path) -> Path:
    photos = {f"{'cat' if i % 2 else 'dog'}/{i}.jpg": scene(i) for i in range(20)}
    photos["cat/again.jpg"] = ImageOps.mirror(scene(3))
    photos["dog/wrong.jpg"] = scene(5).resize((100, 70))
    return save(tmp_path / "photos", photos)


def test_copies_stay_on_one_side_and_two_labels_of_one_photo_are_named(with_copies, events):
    found = find_files(settings(with_copies), events, KIND)
    side = dict(zip((path.name for path in found.files), found.split, strict=True))
    assert side["again.jpg"] == side["3.jpg"]
    assert side["wrong.jpg"] == side["5.jpg"]
    (note,) = [line for line in events.lines if "copies" in line]
    assert note.startswith("4 photos are copies of others, e.g. cat/")
    assert note.endswith("copies stay on the same side of the split (to change: split='random').")
    assert events.warnings == [
        "Copies with different labels, one of which must be wrong: cat/5.jpg (cat) and dog/wrong.jpg (dog)."
    ]
    assert not file_leaks(found, settings(with_copies), events)


@pytest.fixture
def with_ids(tmp_path) -> Path:
    """Photos of 24 patients, three of each, whose names tell nothing; the table of labels does."""
    folder = save(tmp_path / "photos", {f"{i}.png": scene(i) for i in range(72)})
    rows = [f"{i}.png,P{i % 24},{'sick' if i % 24 < 12 else 'well'}" for i in range(72)]
    (folder / "labels.csv").write_text("\n".join(["image,patient_id,diagnosis", *rows]))
    return folder


@pytest.mark.parametrize("how", [{}, {"group_by": "patient_id"}, {"split": SplitKind.groups}])
def test_a_column_of_ids_in_a_table_of_labels_keeps_files_of_one_together(with_ids, events, how):
    """It was not looked at, and with the column of the labels named nothing was said: patients stood on both sides."""
    asked = settings(with_ids, target="diagnosis", **how)
    found = find_files(asked, events, KIND)
    ids = np.array(found.columns["patient_id"])
    assert {*ids[found.indices("train")]}.isdisjoint(ids[found.indices("valid")])
    groups, by = groups_of_files(lambda: found, asked)("valid")
    assert by == "patient_id" == facts_of_files(found)["grouped_by"]
    assert len(set(groups)) == len({*ids[found.indices("valid")]})
    said = "Column 'patient_id' has 24 ids for 72 photos, and photos with the same id have similar labels"
    assert any(line.startswith(said) for line in events.lines) is ("group_by" not in how)


def test_ids_in_a_table_of_labels_that_do_not_show_in_the_labels_are_named(with_ids, events):
    rows = [f"{i}.png,P{i % 24},{'sick' if i % 7 < 3 else 'well'}" for i in range(72)]
    (with_ids / "labels.csv").write_text("\n".join(["image,patient_id,diagnosis", *rows]))
    found = find_files(settings(with_ids, target="diagnosis"), events, KIND)
    assert found.groups == ()
    said = "Column 'patient_id' has 24 ids for 72 photos; the split is random nevertheless"
    assert any(said in line and "group_by='patient_id'" in line for line in events.lines)


def test_files_of_no_id_stand_alone_and_a_split_at_random_is_one(with_ids, events):
    table = (with_ids / "labels.csv").read_text().replace(",P3,", ",NA,")
    (with_ids / "labels.csv").write_text(table)
    asked = settings(with_ids, target="diagnosis", group_by="patient_id")
    found = find_files(asked, events, KIND)
    assert len(set(found.groups)) == 23 + 3
    assert find_files(replace(asked, group_by=None, split=SplitKind.random), events, KIND).groups == ()


def test_dates_in_a_table_of_labels_are_named_and_can_split(with_ids, events):
    """Nothing was said of them, and `--split time` found no date."""
    rows = [
        f"{i}.png,P{i % 24},{date(2024, 1, 1) + timedelta(i)},{'sick' if i % 7 < 3 else 'well'}"
        for i in range(72)
    ]
    (with_ids / "labels.csv").write_text("\n".join(["image,patient_id,taken,diagnosis", *rows]))
    asked = settings(with_ids, target="diagnosis")
    find_files(asked, events, KIND)
    said = "Column 'taken' has dates, 2024-01-01 to 2024-03-12; the split is random nevertheless; the newest"
    assert any(line.startswith(said) and "split='time'" in line for line in events.lines)
    found = find_files(replace(asked, split=SplitKind.time), events, KIND)
    learned, held = ([found.columns["taken"][i] for i in found.indices(side)] for side in ("train", "valid"))
    assert max(learned) < min(held)


def test_ids_on_both_sides_of_a_split_that_the_table_gives_are_named(with_ids, events):
    rows = [
        f"{i}.png,P{i % 24},{'sick' if i % 24 < 12 else 'well'},{'valid' if i < 14 else 'train'}"
        for i in range(72)
    ]
    (with_ids / "labels.csv").write_text("\n".join(["image,patient_id,diagnosis,split", *rows]))
    asked = settings(with_ids, target="diagnosis")
    find_files(asked, events, KIND)
    said = (
        "14 ids in column 'patient_id' are on both sides of the split: P0, P1, P10 and 11 more. "
        "The error on photos of new ones may be larger."
    )
    assert events.warnings == [said]
    find_files(replace(asked, check_leaks=False), events, KIND)
    assert events.warnings == [said]


def test_ids_that_a_given_test_set_shares_with_training_are_named(with_ids, events):
    """Only a given validation set was looked at, and each id was said to stay on one side."""
    rows = [
        f"{i}.png,P{i % 24},{'sick' if i % 24 < 12 else 'well'},{'test' if i < 14 else 'train'}"
        for i in range(72)
    ]
    (with_ids / "labels.csv").write_text("\n".join(["image,patient_id,diagnosis,split", *rows]))
    asked = settings(with_ids, target="diagnosis")
    said = (
        "14 ids in column 'patient_id' are on both sides of the split: P0, P1, P10 and 11 more. "
        "The error on photos of new ones may be larger."
    )
    find_files(asked, events, KIND)
    assert events.warnings == [said]
    (line,) = [line for line in events.lines if line.startswith("Column 'patient_id' has 24 ids")]
    assert "none is in both the training and the validation set" in line
    find_files(replace(asked, group_by="patient_id"), events, KIND)
    assert events.warnings == [said, said]
    find_files(replace(asked, group_by=r"^\d*(\d)\.png"), events, KIND)
    assert events.warnings[3].startswith(
        "10 ids in the names of files are on both sides of the split: 0, 1, 2"
    )


def test_ids_in_names_on_both_sides_of_given_folders_are_named(tmp_path, events):
    names = [f"patient{i % 24}_{i}" for i in range(72)]
    photos = {
        f"{'valid' if i < 14 else 'train'}/{'sick' if i % 24 < 12 else 'well'}/{name}.jpg": scene(i)
        for i, name in enumerate(names)
    }
    find_files(settings(save(tmp_path / "photos", photos)), events, KIND)
    assert events.warnings == [
        "14 ids in the names of files are on both sides of the split: patient0, patient1, patient10 and 11 more. "
        "The error on photos of new ones may be larger."
    ]


def test_ids_on_both_sides_of_a_split_that_a_table_of_rows_gives_are_named(tmp_path, events):
    patients = np.repeat(np.arange(30), 5)
    side = np.where(np.arange(150) < 12, "valid", "train")
    side[148:] = "test"
    frame = pd.DataFrame(
        {
            "patient_id": patients,
            "x": np.linspace(0, 1, 150),
            "split": side,
            "y": np.where(patients % 2, "ill", "well"),
        }
    )
    split(table(tmp_path, frame), events)
    assert events.warnings == [
        "1 id in column 'patient_id' is on both sides of the split: 2. The error on rows of new ones may be larger."
    ]


def test_copies_across_given_folders_are_leaks_and_the_error_is_given_without_them(tmp_path, events):
    photos = {
        f"{'train' if i < 12 else 'valid'}/{'cat' if i % 2 else 'dog'}/{i}.jpg": scene(i) for i in range(18)
    }
    photos["valid/cat/copy.jpg"] = scene(1)
    folder = save(tmp_path / "photos", photos)
    asked = settings(folder)
    found = find_files(asked, events, KIND)
    leaks = file_leaks(found, asked, events)
    assert [(leak.name, leak.train_name) for leak in leaks.pairs] == [
        ("valid/cat/copy.jpg", "train/cat/1.jpg")
    ]
    assert "1 of 7 photos of the validation set is also in the training set" in events.warnings[0]
    assert "check_leaks=False does not look" in events.warnings[0]
    misses = np.zeros(7)
    misses[[0, 1]] = 1
    evaluation = Evaluation(ErrorReport(7, 2, (), ()), misses=misses).without(leaks.places("valid"), "photos")
    assert evaluation.lines()[-1].startswith(
        "Without the photo that is also in the training set: error 33.3 % (2 of 6 wrong)"
    )
    assert evaluation.to_dict()["without_leaks"]["n"] == 6
    assert file_leaks(found, settings(folder, check_leaks=False), events) is None


def test_copies_of_validation_photos_in_a_test_set_are_named(tmp_path, events):
    photos = {
        f"{('train', 'valid', 'test')[i // 8]}/{'cat' if i % 2 else 'dog'}/{i}.jpg": scene(i)
        for i in range(24)
    }
    photos |= {"test/cat/seen.jpg": scene(9).resize((90, 70)), "valid/dog/9.jpg": scene(0)}
    photos |= {"test/dog/leak.jpg": scene(0)}
    asked = settings(save(tmp_path / "photos", photos))
    file_leaks(find_files(asked, events, KIND), asked, events)
    assert events.warnings[-1] == (
        "1 of 10 photos of the test set is also in the validation set, on which training chooses: "
        "test/cat/seen.jpg is the same as valid/cat/9.jpg.\n  The error on photos that are new may be larger."
    )


def test_a_random_split_that_is_asked_for_is_made_and_its_leaks_are_named(with_copies, events):
    asked = settings(with_copies, split=SplitKind.random, seed=2, valid_pct=0.4)
    found = find_files(asked, events, KIND)
    assert found.groups == ()
    leaks = file_leaks(found, asked, events)
    side = dict(zip((path.name for path in found.files), found.split, strict=True))
    crossing = sum(side[a] != side[b] for a, b in (("again.jpg", "3.jpg"), ("wrong.jpg", "5.jpg")))
    assert len(leaks.pairs) == crossing > 0


def test_patients_are_kept_together_and_speakers_are_only_said(tmp_path, events):
    names = [f"{'ill' if i // 4 % 2 else 'well'}/patient{i // 4}_{i % 4}.jpg" for i in range(40)]
    found = find_files(
        settings(save(tmp_path / "a", {name: scene(i) for i, name in enumerate(names)})), events, KIND
    )
    patients = [
        {found.files[i].name.split("_")[0] for i in found.indices(side)} for side in ("train", "valid")
    ]
    assert not patients[0] & patients[1]
    assert any("File names repeat 10 ids" in line and "split='random'" in line for line in events.lines)
    events.lines.clear()
    names = [f"{digit}/{digit}_{who}_{n}.jpg" for digit in range(2) for who in "abcdef" for n in range(4)]
    folder = save(tmp_path / "b", {name: scene(i) for i, name in enumerate(names)})
    found = find_files(settings(folder), events, KIND)
    assert found.groups == ()
    (said,) = [line for line in events.lines if "ids" in line]
    assert "the split is random nevertheless" in said
    assert "(to change: group_by=" in said
    assert find_files(settings(folder, split=SplitKind.groups), events, KIND).groups


def test_files_are_split_by_their_dates_if_asked(tmp_path, events):
    names = [f"{'cat' if i % 2 else 'dog'}/2023-05-{i + 1:02}.jpg" for i in range(20)]
    folder = save(tmp_path / "a", {name: scene(i) for i, name in enumerate(names)})
    found = find_files(settings(folder, split=SplitKind.time, test_pct=0.2), events, KIND)
    days = {side: [found.files[i].stem for i in found.indices(side)] for side in ("train", "valid", "test")}
    assert max(days["train"]) < min(days["valid"]) <= max(days["valid"]) < min(days["test"])
    assert [len(kept) for kept in days.values()] == [12, 4, 4]
    with pytest.raises(DataError, match="split=groups needs names of photos with ids that repeat"):
        find_files(settings(folder, split=SplitKind.groups), events, KIND)


def test_held_out_files_of_one_day_are_not_parted_into_a_validation_and_a_test_set(
    tmp_path, events, monkeypatch
):
    """A year of photos, the last fifth of one day: halving them was an error of TimeSplitter."""
    names = [f"{'cat' if i % 2 else 'dog'}/2023-05-{min(i, 15) + 1:02}_{i}.jpg" for i in range(20)]
    folder = save(tmp_path / "a", {name: scene(i) for i, name in enumerate(names)})
    monkeypatch.setattr(holdout, "ENOUGH_TO_HALVE", 4)
    asked = settings(folder, split=SplitKind.time)
    found = find_files(asked, events, KIND)
    assert len(found.indices("valid")) == 5 and not found.indices("test")
    with pytest.raises(DataError, match="all photos that are held out are of 2023-05-16"):
        find_files(replace(asked, test_pct=0.05), events, KIND)


def test_copies_of_texts_stay_on_one_side(tmp_path, events):
    for i in range(20):
        (tmp_path / "t" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        (tmp_path / "t" / "ab"[i % 2] / f"{i}.txt").write_text(f"text number {i % 19}", encoding="utf-8")
    find_files(settings(tmp_path / "t"), events, TEXTS)
    assert any(line.startswith("2 texts are copies of others") for line in events.lines)


def table(tmp_path, frame, **more):
    frame.to_csv(tmp_path / "t.csv", index=False)
    return TrainSettings(tmp_path / "t.csv", tmp_path / "t.gatera", target="y", **more)


def split(asked, events):
    return split_table(read(asked, events), asked, events)


def test_a_group_leak_in_a_table_is_found_and_the_ids_are_not_an_input(tmp_path, events):
    patients = DRAW.permutation(np.repeat(np.arange(30), 5))
    frame = pd.DataFrame(
        {"patient_id": patients, "x": DRAW.normal(size=150), "y": np.where(patients % 2, "ill", "well")}
    )
    made, rows = split(table(tmp_path, frame), events)
    train, valid = (set(patients[part]) for part in rows.splits)
    assert not train & valid
    assert (made.categories + made.numbers, made.ignored["patient_id"]) == (
        ["x"],
        "the split is by its values",
    )
    assert "those of one patient_id together" in rows.words
    assert any(
        "30 ids for 150 rows, and rows with the same id have similar targets" in line for line in events.lines
    )
    _, rows = split(table(tmp_path, frame, split=SplitKind.random), events)
    assert rows.words == "20 % of every class at random, seed 42"


def test_a_time_leak_in_a_table_is_found(tmp_path, events):
    days = DRAW.permutation(120)
    frame = pd.DataFrame(
        {"sold": [str(date(2020, 1, 1) + timedelta(int(day))) for day in days], "x": DRAW.normal(size=120), "y": days + DRAW.normal(size=120)}
    )  # fmt: skip
    _, rows = split(table(tmp_path, frame), events)
    assert days[rows.splits.train].max() < days[rows.splits.valid].min()
    assert any(
        "close in time have similar targets; the newest rows are held out" in line for line in events.lines
    )
    assert rows.words == "the newest 20 % of the rows, by sold"


def test_a_split_says_how_much_is_held_out_where_rows_of_one_year_or_place_stay_together(tmp_path, events):
    frame = pd.DataFrame(
        {"year": np.repeat([2021, 2022, 2023], 20), "x": DRAW.normal(size=60), "y": [0, 1] * 30}
    )
    _, rows = split(table(tmp_path, frame, time_by="year"), events)
    assert rows.words == "the newest 33 % of the rows, by year"
    _, rows = split(table(tmp_path, frame, group_by="year"), events)
    assert rows.words.startswith("33 % of the rows at random, those of one year together")


def test_whole_numbers_that_rows_are_split_by_in_time_are_numbers(tmp_path, events):
    frame = pd.DataFrame(
        {"quarter": np.repeat(range(1, 7), 20), "x": DRAW.normal(size=120), "y": [0, 1] * 60}
    )
    assert read(table(tmp_path, frame), events).categories == ["quarter"]
    assert read(table(tmp_path, frame, time_by="quarter"), events).numbers == ["quarter", "x"]
    assert read(table(tmp_path, frame, time_by="quarter", classes="quarter"), events).categories == [
        "quarter"
    ]


def test_copies_of_rows_stay_on_one_side_or_are_named(tmp_path, events):
    frame = pd.DataFrame(DRAW.normal(size=(60, 4)), columns=list("abcd"))
    frame = pd.concat([frame, frame.iloc[:12]], ignore_index=True)
    frame["y"] = np.where(frame.a > 0, "up", "down")
    _, rows = split(table(tmp_path, frame), events)
    valid = set(rows.splits.valid.tolist())
    assert all((i in valid) == (i + 60 in valid) for i in range(12))
    assert any(
        line.startswith("24 rows are copies of others, e.g. row 1 and row 61") for line in events.lines
    )
    _, rows = split(table(tmp_path, frame, split=SplitKind.random), events)
    assert rows.leaks.places("valid").size
    assert "rows of the validation set are also in the training set" in events.warnings[-1]


def test_copies_of_held_out_rows_make_no_interval_narrower(tmp_path, events):
    once = pd.DataFrame(np.random.default_rng(5).normal(size=(100, 4)), columns=list("abcd"))
    once["y"] = np.where(once.a > 0, "up", "down")
    _, rows = split(table(tmp_path, once), events)
    assert groups_of_rows(rows)("valid")[0] == ()
    _, rows = split(table(tmp_path, pd.concat([once] * 5, ignore_index=True)), events)
    groups, by = groups_of_rows(rows)("valid")
    assert (len(groups), len(set(groups)), by) == (100, 20, "set of copies")
    wrong = np.isin(groups, list(set(groups))[:2]).astype(float)
    measured = Evaluation(ErrorReport(100, int(wrong.sum()), (), ()), misses=wrong).over_groups(groups, by)
    found = measured.report.grouped
    assert found.n == 20 and found.interval.high - found.interval.low > 1.8 * (
        found.over_items.high - found.over_items.low
    )


def test_equal_rows_with_different_labels_are_named(tmp_path, events):
    frame = pd.DataFrame(np.random.default_rng(3).normal(size=(60, 4)), columns=list("abcd"))
    frame = pd.concat([frame, frame.iloc[:12]], ignore_index=True)
    frame["y"] = ["up"] * 30 + ["down"] * 30 + ["up"] * 11 + ["down"]
    split(table(tmp_path, frame), events)
    said = "Equal rows with different labels, one of each pair may be wrong, and no model tells them apart: row 12 (up) and row 72 (down)."
    assert said in events.warnings
    frame["y"] = DRAW.normal(size=72)  # numbers differ without a mistake
    before = len(events.warnings)
    split(table(tmp_path, frame), events)
    assert not [line for line in events.warnings[before:] if "different labels" in line]


@pytest.mark.parametrize("column", ["split", "patient"])
def test_the_column_that_rows_are_split_by_does_not_hide_copies(tmp_path, events, column):
    frame = pd.DataFrame(DRAW.normal(size=(60, 4)), columns=list("abcd")).assign(y=["up", "down"] * 30)
    frame["split"] = np.where(np.arange(60) < 45, "train", "valid")
    frame["patient"] = np.arange(60) // 4
    frame.loc[50:52, list("abcd")] = frame.loc[0:2, list("abcd")].to_numpy()
    asked = {} if column == "split" else {"group_by": "patient", "valid_pct": 0.5}
    _, rows = split(table(tmp_path, frame[[*"abcdy", column]], **asked), events)
    held = set(rows.splits.valid.tolist())
    crossing = sum((i in held) != (i + 50 in held) for i in range(3))
    assert len(rows.leaks.pairs) == crossing > 0


def test_a_column_that_is_asked_for_decides_and_must_be_there(tmp_path, events):
    frame = pd.DataFrame(
        {"g": list("abcdefghij") * 6, "n": range(60), "x": DRAW.normal(size=60), "y": [0, 1] * 30}
    )
    _, rows = split(table(tmp_path, frame, time_by="n"), events)
    assert rows.splits.valid.tolist() == list(range(48, 60))
    _, rows = split(table(tmp_path, frame, group_by="g"), events)
    assert not {frame.g[i] for i in rows.splits.train} & {frame.g[i] for i in rows.splits.valid}
    assert not rows.by_class  # of eight patients, 4 % of the ill and 20 % of the others may be held out
    with pytest.raises(DataError, match="group_by=: no column 'h'"):
        split(table(tmp_path, frame, group_by="h"), events)
    with pytest.raises(ArgumentError, match="Omit one of them"):
        split(table(tmp_path, frame, group_by="g", time_by="n"), events)
    with pytest.raises(DataError, match="split=time finds no column of dates"):
        split(table(tmp_path, frame, split=SplitKind.time), events)


def test_another_word_for_split_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="split"):
        train(tmp_path, split="grups")


def test_labels_that_a_model_gave_are_counted(tmp_path, events):
    frame = pd.DataFrame(
        {"x": DRAW.normal(size=40), "y": [0, 1] * 20, "labelled_by": ["person"] * 30 + ["model:v3"] * 10}
    )
    split(table(tmp_path, frame), events)
    (warning,) = events.warnings
    assert warning.startswith(
        "10 of 40 labels were given by a model (model:v3 10). A program that learns from its own answers"
    )
    frame["labelled_by"] = "person"
    split(table(tmp_path, frame.assign(labelled_by=["ann", "bob"] * 20)), events)
    assert len(events.warnings) == 1


def test_labels_of_photos_that_a_model_gave_are_counted(with_ids, events):
    """A column of a user's own labels.csv says so as that of a table of rows does."""
    rows = [f"{i}.png,{'sick' if i % 7 < 3 else 'well'},{'model:v3' if i < 18 else 'Ann'}" for i in range(72)]
    (with_ids / "labels.csv").write_text("\n".join(["image,diagnosis,annotator", *rows]))
    find_files(settings(with_ids, target="diagnosis"), events, KIND)
    [warning] = events.warnings
    assert warning.startswith("18 of 72 labels were given by a model (model:v3 18).")
    assert warning.endswith("(column annotator of labels.csv)")


@pytest.mark.parametrize("column", ["label_source", "labelled_by", "annotator"])
def test_who_labelled_a_row_is_not_learned_from(tmp_path, events, column):
    """The rows of a data repository come with a column "label_source"; functions that say one class each gave the labels away."""
    frame = pd.DataFrame({"x": DRAW.normal(size=40), "y": ["no", "yes"] * 20})
    frame[column] = [f"function:says_{label}@a1b2c3d4" for label in frame.y]
    made, _ = split(table(tmp_path, frame), events)
    assert made.categories + made.numbers == ["x"]
    assert f"and how, are not used: {column}" in " ".join(events.lines)
    assert [warning[:39] for warning in events.warnings] == ["40 of 40 labels were given by labelling"]
    named, _ = split(table(tmp_path, frame, classes=[column]), events)
    assert column in named.categories  # asked for
    assert len(events.warnings) == 2


def test_rows_of_one_time_have_no_newest(tmp_path, events):
    frame = pd.DataFrame({"n": [7] * 20, "x": range(20), "y": ["a", "b"] * 10})
    with pytest.raises(DataError, match="column 'n' has the same time in every row"):
        split(table(tmp_path, frame, time_by="n"), events)


def test_a_column_of_other_words_has_no_newest(tmp_path, events):
    frame = pd.DataFrame({"n": ["2023Q1", "2023Q2"] * 10, "x": range(20), "y": ["a", "b"] * 10})
    with pytest.raises(
        DataError, match=r"time_by= needs .*column 'n' has something else in row 1. Got: '2023Q1'"
    ):
        split(table(tmp_path, frame, time_by="n"), events)


def test_copies_inside_a_given_test_set_are_not_counted_and_those_across_it_are_leaks(tmp_path, events):
    photos = {f"train/{'cat' if i % 2 else 'dog'}/{i}.jpg": scene(i) for i in range(12)}
    photos |= {f"train/cat/again{i}.jpg": ImageOps.mirror(scene(i)) for i in (1, 3)}
    photos |= {f"test/cat/{i}.jpg": scene(100 + i // 2) for i in range(6)}
    photos |= {"test/dog/1.jpg": scene(200), "test/dog/leak.jpg": scene(0).resize((99, 80))}
    asked = settings(save(tmp_path / "photos", photos))
    found = find_files(asked, events, KIND)
    (note,) = [line for line in events.lines if "copies of others" in line]
    assert note.startswith("4 photos are copies of others")
    leaks = file_leaks(found, asked, events)
    assert leaks is not None
    assert [(leak.side, leak.name, leak.train_name) for leak in leaks.pairs if leak.side == "test"] == [
        ("test", "test/dog/leak.jpg", "train/dog/0.jpg")
    ]


@pytest.mark.parametrize("option", ["group_by", "time_by"])
def test_what_keeps_rows_apart_does_so_in_tries_on_training_rows_too(tmp_path, events, monkeypatch, option):
    """`gatera train` said 3 % and trained 128 epochs where rows of a patient were on both sides of its tries; 24 % it was."""
    hows = []
    monkeypatch.setattr(
        "gatera.recipes.tables.train_table", lambda learn, how, *rest, **more: hows.append(how) or {}
    )
    owners = DRAW.permutation(60) // 3
    rows = pd.DataFrame({"x": owners * 10.0, "owner": owners, "y": DRAW.choice(["a", "b"], 60)})
    rows.to_csv(tmp_path / "owners.csv", index=False)
    job = table_job(settings(tmp_path / "owners.csv", target="y", **{option: "owner"}), events)
    job.fit(None)
    (how,) = hows
    found, other = (how.groups, how.times) if option == "group_by" else (how.times, how.groups)
    x = np.asarray(job.learn.dls.train_ds.arrays)[:, -1]  # tells the owner, too
    assert other is None and len(found) == len(x) < 60
    assert (
        len(set(zip(x.tolist(), found.tolist(), strict=True)))
        == len(set(found.tolist()))
        == len(set(x.tolist()))
    )
    if option == "time_by":
        assert (np.diff(found[np.argsort(x, kind="stable")]) >= 0).all()


def test_columns_with_empty_cells_still_tell_groups_and_times(tmp_path, events):
    owners = np.arange(200) // 5
    rows = pd.DataFrame({"x": DRAW.normal(size=200), "patient": owners, "y": np.where(owners % 2, "a", "b")})
    rows["patient"] = rows["patient"].astype("Int64").mask(rows.index % 4 == 0)
    rows.to_csv(tmp_path / "owners.csv", index=False)
    for asked in (
        settings(tmp_path / "owners.csv", target="y"),
        settings(tmp_path / "owners.csv", target="y", group_by="patient"),
    ):
        split = split_table(read(asked, events), asked, events)[1]
        sides = [
            set(rows["patient"].iloc[side].dropna()) for side in (split.splits.train, split.splits.valid)
        ]
        assert split.column == "patient" and not sides[0] & sides[1]
        assert len(split.groups) == 200 and len(groups_of_rows(split)("valid")[0]) == len(split.splits.valid)
    assert events.lines[-1] == "Column 'patient' is empty in 50 rows, which stand alone in the split."
    days = [date(2024, 1, 1) + timedelta(days=int(i)) for i in range(200)]
    sold = pd.DataFrame({"x": DRAW.normal(size=200), "sold": days, "y": ["a"] * 100 + ["b"] * 100})
    sold.loc[::10, "sold"] = None
    sold.to_csv(tmp_path / "sold.csv", index=False)
    asked = settings(tmp_path / "sold.csv", target="y")
    split_table(read(asked, events), asked, events)
    (said,) = [line for line in events.lines if "'sold'" in line and "close in time" in line]
    assert "but is empty in 20 rows; the split is random nevertheless" in said
