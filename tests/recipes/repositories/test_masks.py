"""Masks are labels: the repository's rows name the photo of each, a changed mask is a changed label, and training takes the pairs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import gatera
from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders import mask_places
from gatera.data.folders.masks import read_mask_folder
from gatera.evaluate.find_masked import find_masks
from gatera.evaluate.items import Asked
from gatera.evaluate.kept.masks import kept_masks
from gatera.evaluate.kept.origin import find_origin
from gatera.measure.duplicates.pairs import Pair
from gatera.program.package import read_package
from gatera.recipes.find_task import find_task
from gatera.recipes.repositories.groups import say_groups
from gatera.recipes.settings import SplitKind, Task, TrainSettings
from gatera.recipes.splitting.masks import _together
from gatera.store import DataRepository
from gatera.store.datasets.labels import masks
from gatera.store.datasets.merging import MergeConflictError


def paint(root, number, left=3, folder="masks", photo=True):
    draw = np.random.default_rng(number)
    pixels = draw.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    mask = np.zeros((32, 32), np.uint8)
    mask[8:20, left : left + 12] = 1
    pixels[mask == 1] = (250, 40, 40)
    for name, array in ((f"images/{number}.png", pixels), (f"{folder}/{number}.png", mask)):
        if photo or folder in name:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(root / name)


@pytest.fixture
def data(tmp_path, monkeypatch):
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ann@example.org")
    root = tmp_path / "streets"
    for number in range(10):
        paint(root, number)
    (root / "codes.txt").write_text("road\ncar\n")
    said: list[str] = []
    found = DataRepository.init(root, on_note=said.append)
    found.add()
    found.commit("First")
    assert "10 files are the masks of photos, e.g. masks/0.png of images/0.png (column mask_of)." in said
    return found


def test_the_words_are_among_those_of_training():
    assert {*masks.PHOTOS} < {*mask_places.IMAGES} and {*masks.MASKS} < {*mask_places.MASKS}


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["train/images/1.jpg", "train/masks/1.png"], {"train/masks/1.png": "train/images/1.jpg"}),
        (["images/val/1.jpg", "Masks/val/mask_1.png"], {"Masks/val/mask_1.png": "images/val/1.jpg"}),
        (["images/1.jpg", "masks/1.png", "masks/1_mask.png"], {}),  # which of them is not known
        (["cat/1.jpg", "dog/1.jpg", "images/1.jpg"], {}),
    ],
)
def test_masks_are_found_by_their_folders(names, found):
    assert masks.find_masks(names) == found


def test_a_mask_is_the_label_of_its_photo(data):
    rows = {row.file: row for row in data.rows()}
    assert data.columns() == ("mask_of",) and rows["masks/3.png"].more == ("images/3.png",)
    assert {row.label for row in rows.values()} == {""} and (
        rows["masks/3.png"].by,
        rows["images/3.png"].by,
    ) == ("Ann", "")
    assert data.status().unlabelled == 1  # codes.txt
    for number in (2, 5, 7):
        paint(data.root, number, left=10, photo=False)
    assert data.add(by="Ben").sentence() == "3 changed."
    changes = list(data.diff())
    assert changes[0].words == "mask of images/2.png changed" and changes[0].giver == "Ben"
    assert data.commit("Wider")[1].sentence() == "mask of 3 changed; by Ben"
    assert [step.change.words for step in data.blame("masks/5.png")] == [
        "mask of images/5.png changed",
        "added",
    ]


def test_two_people_who_paint_the_same_mask_are_in_conflict(data):
    data.checkout("ben", new_branch=True)
    paint(data.root, 2, left=10, photo=False)
    paint(data.root, 4, left=10, photo=False)
    data.add(by="Ben")
    data.commit("Ben")
    data.checkout("main")
    paint(data.root, 2, left=15, photo=False)
    data.add()
    data.commit("Ann")
    with pytest.raises(
        MergeConflictError,
        match=r"mask of images/2\.png: [0-9a-f]{8} \(by Ann\) or [0-9a-f]{8} \(by Ben\), was",
    ) as err:
        data.merge("ben")
    assert [conflict.file for conflict in err.value.conflicts] == ["masks/2.png"]
    with pytest.raises(ArgumentError, match="not the label is in conflict"):
        data.merge("ben", answers={"masks/2.png": "car"})
    data.merge("ben", answers={"masks/2.png": "theirs"})
    assert {row.file: row.by for row in data.rows()}["masks/2.png"] == "Ben" and data.status().is_clean


def test_photos_that_are_moved_keep_their_masks(data):
    (data.root / "photos").mkdir()
    (data.root / "images/3.png").rename(data.root / "photos/three.png")
    data.add()
    assert {row.file: row.more for row in data.rows()}["masks/3.png"] == ("photos/three.png",)


def test_training_takes_pairs_sides_and_groups_from_the_labels(data):
    data.label(None, "images/0.png", "images/1.png", group="street 1")
    data.put_rows(
        row._replace(source="program:old@12345678")
        for row in list(data.rows())
        if row.file.startswith("masks/")
    )
    data.commit("Groups")
    origin = find_origin(data.root.with_name("streets@HEAD"))
    assert origin.facts["labels"] == {"program:old@12345678": 10}
    assert find_task(TrainSettings(source=origin.source, out=data.root / "a.gatera")) is Task.masks
    rows = kept_masks(origin.source)
    found = read_mask_folder(origin.source, 0.5, 0, given=rows.given)
    assert [photo.name for photo in found.photos] == [
        f"{i}.png" for i in range(10)
    ] and found.block.vocab == ["road", "car"]
    for seed in range(8):
        kept = read_mask_folder(origin.source, 0.5, seed, given=rows.given)
        assert kept.split[0] == kept.split[1] and kept.counts["valid"] == 5
    data.label(None, "images/4.png", split="valid")
    rows = kept_masks(data.root)
    found = read_mask_folder(data.root, 0.2, 0, given=rows.given)
    assert (found.indices("valid"), len(found.indices("train")), found.split_by) == ([4], 9, "by labels.csv")


def test_whole_groups_of_photos_with_masks_are_held_out(data):
    """Photos of a film that were held out one by one all had others of it in the training set."""
    for place in range(10):
        data.label(None, f"images/{place}.png", group=f"film {place % 5}")
    given = kept_masks(data.root).given
    for seed in range(6):
        found = read_mask_folder(data.root, 0.2, seed, test_pct=0.2, given=given)
        assert found.counts == {"train": 6, "valid": 2, "test": 2}
        sides = {(group, side) for group, side in zip(found.groups, found.split, strict=True)}
        assert len(sides) == 5
    assert found.split_by == "20 % at random, seed 5; groups kept together; 20 % at random for the test set"
    data.label(None, *[f"images/{place}.png" for place in range(10)], group="film 1")
    with pytest.raises(DataError, match="all of one group"):
        read_mask_folder(data.root, 0.2, 0, given=kept_masks(data.root).given)


def test_a_held_out_photo_whose_copy_is_trained_on_takes_its_group_along():
    """The copy alone would leave its group on both sides."""
    split = ["train", "valid", "valid", "valid"]
    assert _together(split, [Pair(0, 1, 1.0)], ["a", "b", "b", "c"]) == ["train", "train", "train", "valid"]


def test_groups_are_said_to_stay_together_only_where_they_do():
    def said(sides, **options):
        notes, warnings = [], []
        events = SimpleNamespace(on_note=lambda note: notes.append(str(note)), on_warning=warnings.append)
        settings = TrainSettings(source=Path("a"), out=Path("a.gatera"), **options)
        say_groups("items", ["tom", "tom", "kit", ""], sides, settings, events)
        return notes, warnings

    drawn = said(["", "", "", ""])
    assert "2 groups; those of one stay on the same side" in drawn[0][0] and not drawn[1]
    assert said(["", "", "", ""], split=SplitKind.random) == ([], [])
    assert said(["train", "train", "valid", "valid"]) == ([], [])
    (warning,) = said(["train", "valid", "valid", "valid"])[1]
    assert warning.startswith("1 of 2 groups in labels.csv is held out in part only, as its sides say: tom.")


def test_measuring_takes_pairs_and_sides_from_the_labels_as_training_does(data):
    (data.root / "photos").mkdir()
    (data.root / "images/3.png").rename(data.root / "photos/three.png")
    data.add()
    data.label(None, "images/4.png", "photos/three.png", split="valid")
    found = find_masks(data.root, ["road", "car"], Asked())
    assert [each.name for each in found.examples] == ["images/4.png", "photos/three.png"]


@pytest.mark.whole
def test_a_program_is_trained_on_the_masks_of_a_commit(data, tmp_path):
    first = data.head
    paint(data.root, 3, left=18, photo=False)
    data.add()
    data.commit("Another mask")
    trained = gatera.train(
        tmp_path / f"streets@{first[:10]}",
        out=tmp_path / "streets.gatera",
        epochs=1,
        freeze_epochs=0,
        size=32,
    )
    assert read_package(trained.path).program["training"]["data"]["commit"] == first
