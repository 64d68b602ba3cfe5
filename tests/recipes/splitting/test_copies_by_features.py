"""`gatera train` and `gatera report` find crops on both sides of a split, as features of their network propose them."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageOps

import gatera
from gatera.data.folders.labelled import LabelledFiles
from gatera.evaluate.items import Asked
from gatera.evaluate.leaking.found import Leak, Leaks
from gatera.learn.checkpoints.tensor_file import write_tensors
from gatera.recipes.events import Events
from gatera.recipes.labelled_files import find_files
from gatera.recipes.page.copies import NOBODY
from gatera.recipes.photos import KIND
from gatera.recipes.settings import SplitKind, TrainSettings
from gatera.recipes.splitting import changed_copies
from gatera.recipes.splitting.changed_copies import KEPT, kept_copies, train_on_changed_copies
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
    kept = {KEPT: {"left": asdict(more), "moved": [], "pairs": []}}
    write_tensors(tmp_path / "kept.safetensors", {**kept, "other": {}})
    assert kept_copies(tmp_path / "kept.safetensors") == (more, [], [])
    learn = SimpleNamespace(keeper=SimpleNamespace(facts={}))
    found = train_on_changed_copies(
        learn, files, None, tmp_path / "kept.safetensors", settings, events, loaders=None
    )
    assert found.left == more and found.files == files
    assert (
        "1 of 5 photos of the validation set is also in the training set, cropped: valid/dogs/again.jpg"
        in events.warnings[-1]
    )
    assert learn.keeper.facts == kept  # for the next stop
    write_tensors(tmp_path / "older.safetensors", {"other": {}})
    assert kept_copies(tmp_path / "older.safetensors") is None


def drawn_of(folder: Path, n: int = 5) -> Path:
    """Write a folder per class without sides; a dog called "again.jpg" is the first cat, cropped and mirrored."""
    for name in ("cats", "dogs"):
        (folder / name).mkdir(parents=True)
        for file in sorted((sample_path("pets_sample") / "images" / name).glob("*.jpg"))[:n]:
            (folder / name / file.name).write_bytes(file.read_bytes())
    first = sorted((folder / "cats").iterdir())[0]
    cropped(Image.open(first).convert("RGB")).save(folder / "dogs" / "again.jpg")
    return folder


class Cache:
    """Stands for the kept features: takes what is asked of it."""

    def rearrange(self, old, new, rows):
        self.rows = [each.tolist() for each in rows]


def looked_at(tmp_path, events, monkeypatch, resume=None, **settings):
    """Let features propose "again.jpg" and the first cat, of 11 photos of which these are on two sides."""
    folder = tmp_path / "photos"
    folder = folder if folder.exists() else drawn_of(folder)
    settings = TrainSettings(folder, tmp_path / "a.gatera", valid_pct=0.3, **settings)
    files = find_files(settings, events, KIND)
    names = [path.name for path in files.files]
    features = np.eye(len(names), dtype=np.float32)
    features[names.index("again.jpg")] = features[0]
    monkeypatch.setattr(
        changed_copies, "features_of_sides",
        lambda learn, loaders: {side: features[files.indices(side)] for side in loaders},
    )  # fmt: skip
    loaders = SimpleNamespace(train=object(), valid=object(), test=None)
    learn = SimpleNamespace(dls=loaders, feature_cache=Cache(), keeper=SimpleNamespace(facts={}))
    after = SimpleNamespace(train=object(), valid=object(), test=None)
    found = train_on_changed_copies(learn, files, None, resume, settings, events, lambda files: after)
    return files, found, learn, after


def seed_that_parts(tmp_path, **settings):
    """Return the first seed by which "again.jpg" is held out and the photo that it was cropped from is not."""
    folder = drawn_of(tmp_path / "photos") if not (tmp_path / "photos").exists() else tmp_path / "photos"
    for seed in range(30):
        asked = TrainSettings(folder, tmp_path / "a.gatera", valid_pct=0.3, seed=seed, **settings)
        files = find_files(asked, Events(), KIND)
        at = [path.name for path in files.files].index("again.jpg")
        if files.split[0] == "train" and files.split[at] == "valid":
            return seed
    raise AssertionError("no such seed")


def test_a_crop_that_was_drawn_at_random_is_trained_on_like_any_other_copy(tmp_path, events, monkeypatch):
    seed = seed_that_parts(tmp_path)
    files, found, learn, after = looked_at(tmp_path, events, monkeypatch, seed=seed)
    at = [path.name for path in files.files].index("again.jpg")
    assert files.split[at] == "valid" and found.files.split[at] == "train"
    assert [a for a, b in zip(files.split, found.files.split, strict=True) if a != b] == ["valid"]
    assert not found.left and learn.dls is after
    assert (
        f"1 held-out photo is a copy of a training photo, cropped, stretched or turned, e.g. dogs/again.jpg of cats/{files.files[0].name}; "
        "copies stay on the same side of the split, so it is trained on" in events.lines[-2]
    )
    n_train = files.counts["train"]
    assert (
        events.lines[-1] == f"Training set: {n_train + 1}  Validation set: {len(files.files) - n_train - 1}"
    )
    assert found.split == "1 held-out photo moved to the training set, as a copy of its photos"
    before = [*files.indices("train"), *files.indices("valid")]
    assert learn.feature_cache.rows == [
        [before.index(place) for place in found.files.indices(side)] for side in ("train", "valid")
    ]
    wrong = f"Copies with different labels, one of which must be wrong: dogs/again.jpg (dogs) and cats/{files.files[0].name} (cats)."
    assert events.warnings == [wrong]
    # a run that goes on does the same without looking again
    write_tensors(tmp_path / "kept.safetensors", learn.keeper.facts)
    monkeypatch.setattr(changed_copies, "leaks_by_features", None)
    _, again, _, _ = looked_at(tmp_path, events, monkeypatch, tmp_path / "kept.safetensors", seed=seed)
    assert again.files.split == found.files.split and events.warnings == [wrong, wrong]


def test_a_crop_is_only_named_where_copies_are_not_kept_together_or_too_little_would_be_left(
    tmp_path, events, monkeypatch
):
    for settings in ({"split": SplitKind.random}, {"group_by": "(.)[.]jpg"}):
        settings["seed"] = seed_that_parts(tmp_path, **settings)
        files, found, learn, _ = looked_at(tmp_path, events, monkeypatch, **settings)
        assert found.files == files and [leak.name for leak in found.left.pairs] == ["dogs/again.jpg"]
        assert "also in the training set" in events.warnings[-1]
        assert not hasattr(learn.feature_cache, "rows")
    monkeypatch.setattr(changed_copies, "MOST_MOVED", 0.1)
    files, found, _, _ = looked_at(tmp_path, events, monkeypatch, seed=seed_that_parts(tmp_path))
    assert found.files == files and len(found.left.pairs) == 1


def test_what_belongs_to_a_copy_goes_with_it_and_a_test_set_of_the_folder_stays():
    files = LabelledFiles(
        [Path(name) for name in "abcdef"], list("xxxyyy"), ["valid", "valid", "test", "train", "valid", "valid"], "x", KIND,
        groups=[7, 7, 7, 3, 4, 5], drawn=["valid"],
    )  # fmt: skip
    assert changed_copies._moved(files, [0]).split == ["train", "train", "test", "train", "valid", "valid"]
    alone = replace(files, groups=())
    assert changed_copies._moved(alone, [0, 2]).split == ["train", "valid", "test", "train", "valid", "valid"]


def test_where_nobody_looked_closer_the_page_says_so(tmp_path, events, monkeypatch):
    _, found, _, _ = looked_at(tmp_path, events, monkeypatch, augment=True)
    assert found.remark == (
        "Rotated photos, and crops of more than an eighth, were not looked for: training changes the photos at random, so that no "
        "features are kept."
    )
    _, found, _, _ = looked_at(tmp_path, events, monkeypatch, check_leaks=False)
    assert found.remark == "" and found.left is None


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


@pytest.mark.whole
def test_train_moves_a_crop_and_measures_without_it(tmp_path, events):
    folder = drawn_of(tmp_path / "photos", 15)
    settings = TrainSettings(folder, tmp_path / "a.gatera")
    seed = next(
        seed
        for seed in range(30)
        if (files := find_files(replace(settings, seed=seed), events, KIND)).split[0] == "train"
        and files.split[[path.name for path in files.files].index("again.jpg")] == "valid"
    )
    made = dict(out=tmp_path / "a.gatera", events=events, epochs=1, size=96, seed=seed, report=tmp_path / "r")
    trained = gatera.train(folder, **made)
    n = files.counts["valid"] - 1
    assert trained.report.n == n == len(trained.learner.dls.valid_ds)
    assert len(trained.learner.dls.train_ds) == len(files.files) - n
    assert "1 held-out photo moved to the training set" in trained.program.card
    assert not [line for line in events.warnings if "also in the training set" in line]
