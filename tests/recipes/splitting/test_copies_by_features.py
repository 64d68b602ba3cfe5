"""`gatera train` and `gatera report` find crops on both sides of a split, as features of their network propose them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image, ImageOps

import gatera
from gatera.evaluate.items import Asked
from gatera.evaluate.leaking.found import Leak, Leaks
from gatera.learn.checkpoints.tensor_file import write_tensors
from gatera.recipes.files import find_files
from gatera.recipes.page.copies import NOBODY
from gatera.recipes.photos import KIND
from gatera.recipes.settings import TrainSettings
from gatera.recipes.splitting.files import KEPT, kept_leaks, leaks_in_training
from gatera.samples import sample_path


def cropped(photo: Image.Image) -> Image.Image:
    wide, high = photo.size
    return ImageOps.mirror(photo.crop((wide // 10, high // 5, wide * 85 // 100, high * 95 // 100)))


def sides_of(folder: Path, train: int = 6, valid: int = 10) -> Path:
    """Write a folder with train and valid; the first cat of the training set is in valid, too, cropped and mirrored."""
    for name in ("cats", "dogs"):
        files = sorted((sample_path("pets_sample") / "images" / name).glob("*.jpg"))[: train + valid]
        for place, file in enumerate(files):
            to = folder / ("train" if place < train else "valid") / name / file.name
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(file.read_bytes())
    first = sorted((folder / "train" / "cats").iterdir())[0]
    cropped(Image.open(first).convert("RGB")).save(folder / "valid" / "dogs" / "again.jpg")
    return folder


def test_a_run_that_goes_on_tells_what_it_had_found(tmp_path, events):
    folder = sides_of(tmp_path / "photos", 2, 2)
    settings = TrainSettings(folder, tmp_path / "a.gatera")
    files = find_files(settings, events, KIND)
    more = Leaks(
        [Leak("valid", 2, "valid/dogs/again.jpg", "train/cats/a.jpg", 0.93, "dogs", "cats")],
        {"train": 4, "valid": 5},
        "photos",
        "cropped",
    )
    write_tensors(tmp_path / "kept.safetensors", {KEPT: asdict(more), "other": {}})
    assert kept_leaks(tmp_path / "kept.safetensors") == more
    learn = SimpleNamespace(head_start=object(), keeper=SimpleNamespace(facts={}))
    assert leaks_in_training(learn, files, None, tmp_path / "kept.safetensors", settings, events) == [more]
    assert (
        "1 of 5 photos of the validation set is also in the training set, cropped: valid/dogs/again.jpg"
        in events.warnings[-1]
    )
    assert learn.keeper.facts == {KEPT: asdict(more)}  # for the next stop
    write_tensors(tmp_path / "older.safetensors", {"other": {}})
    assert kept_leaks(tmp_path / "older.safetensors") is None
    learn.head_start = None
    assert leaks_in_training(learn, files, None, None, settings, events) == []


@pytest.mark.whole
def test_train_and_report_find_a_crop_without_being_told_and_not_where_that_is_asked_for(tmp_path, events):
    folder = sides_of(tmp_path / "photos")
    trained = gatera.train(folder, out=tmp_path / "a.gatera", events=events, epochs=1, size=96)
    (line,) = [line for line in events.warnings if "also in the training set" in line]
    assert (
        "1 of 21 photos of the validation set is also in the training set, cropped, stretched or turned: valid/dogs/again.jpg"
        in line
    )
    assert trained.evaluations["valid"].unleaked["left_out"] == 1
    for check, said in (
        (True, "1 of 21 photos of the validation set is also in the training set: valid/dogs/again.jpg"),
        (False, NOBODY.lines[0]),
    ):
        asked = Asked(side="valid", check_leaks=check)
        made = gatera.report(
            trained.path, folder, tmp_path / "page.html", asked=asked, inside=False, force=True
        )
        assert made.lines()["Copies"][0].startswith(said)
