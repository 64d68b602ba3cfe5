from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gatera.data.folders.masks import read_mask_folder
from gatera.recipes import masks as recipe
from gatera.recipes.page.training import known_copies
from gatera.recipes.settings import TrainSettings
from gatera.recipes.splitting.masks import keep_copies_together


def settings(source: Path, **more) -> TrainSettings:
    return TrainSettings(source, source.parent / "out.gatera", **more)


def scene(seed: int) -> Image.Image:
    draw = np.random.default_rng(seed)
    return Image.fromarray(draw.integers(0, 256, (14, 18, 3), np.uint8)).resize(
        (120, 90), Image.Resampling.BICUBIC
    )


def put(folder: Path, side: str, name: str, photo: Image.Image) -> None:
    for kind, picture in (("images", photo), ("masks", Image.fromarray(np.eye(90, 120, dtype=np.uint8)))):
        path = folder / kind / side / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)


@pytest.fixture
def twice(tmp_path):
    for i in range(12):
        put(tmp_path, ".", f"{i}", scene(i // 2))
    return tmp_path


def test_copies_with_masks_stay_on_one_side(twice, events):
    found = read_mask_folder(twice, 0.5, 0)
    together, leaks = keep_copies_together(found, settings(twice), events)
    assert leaks is None
    sides = {photo.stem: side for photo, side in zip(together.photos, together.split, strict=True)}
    assert all(sides[str(i)] == sides[str(i + 1)] for i in range(0, 12, 2))
    (note,) = [line for line in events.lines if "copies" in line]
    assert note.startswith("12 photos are copies of others, e.g. images/")
    assert note.endswith("copies stay on the same side of the split (to change: check_leaks=False).")
    events.lines.clear()
    assert keep_copies_together(found, settings(twice, check_leaks=False), events) == (found, None)
    assert not events.lines


def test_copies_across_given_sides_are_named(tmp_path, events):
    for side, names in (("train", range(4)), ("val", range(3, 6))):
        for i in names:
            put(tmp_path, side, f"{side}{i}", scene(i))
    found = read_mask_folder(tmp_path, 0.5, 0)
    same, leaks = keep_copies_together(found, settings(tmp_path), events)
    assert same is found and [leak.train_name for leak in leaks.pairs] == ["images/train/train3.png"]
    assert len(events.warnings) == 1
    assert any(
        "1 of 3 photos of the validation set is also in the training set: images/val/val3.png" in line
        for line in events.warnings
    )


def test_photos_with_masks_of_a_given_test_set_stay_in_it(tmp_path, events):
    for side, names in (("train", range(8)), ("test", range(6, 10))):
        for i in names:
            put(tmp_path, side, f"{side}{i}", scene(i))
    found = read_mask_folder(tmp_path, 0.25, 0)
    together, leaks = keep_copies_together(found, settings(tmp_path), events)
    assert together.split == found.split and found.counts["test"] == 4
    assert {leak.name for leak in leaks.pairs} == {"images/test/test6.png", "images/test/test7.png"}
    assert not any("copies stay" in line for line in events.lines) and events.warnings


def test_copies_of_validation_photos_with_masks_in_the_test_set_are_named(tmp_path, events):
    for side, names in (("train", range(4)), ("val", range(4, 7)), ("test", range(6, 9))):
        for i in names:
            put(tmp_path, side, f"{side}{i}", scene(i))
    keep_copies_together(read_mask_folder(tmp_path, 0.5, 0), settings(tmp_path), events)
    (warning,) = events.warnings
    assert warning.startswith(
        "1 of 3 photos of the test set is also in the validation set, on which training chooses: images/test/test6.png"
    )


def test_the_page_of_a_training_says_what_it_did_about_copies_with_masks_and_nothing_of_ratings(twice):
    """It said "DATA has no training set", as `gatera report` does of photos whose training set it does not know."""
    for op, said in (
        ("read_photo", ["Copies, if there were any, were kept on the same side of the split."]),
        ("read_pair", []),
    ):
        dls = SimpleNamespace(task="segmentation", preprocess=SimpleNamespace(config=[{"op": op}]))
        job = SimpleNamespace(learn=SimpleNamespace(dls=dls), every_leak=None, looked=())
        found = known_copies(job, settings(twice), "valid")
        assert list(found.lines) == said and bool(found.html()) == bool(said)


def test_figures_of_photos_that_are_resized_say_at_which_size_they_are(twice, monkeypatch, events):
    """Training said 43.2 % of the pixels, `gatera test` 42.9 %, and neither why."""
    monkeypatch.setattr(recipe, "measure_masks", lambda *given: None)
    for size, remarks in ((None, []), (16, [recipe.AT_ITS_SIZE])):
        assert list(recipe.mask_job(settings(twice, size=size), events).evaluate("valid").remarks) == remarks


def test_a_share_that_folders_of_masks_leave_unused_is_said(tmp_path, events):
    """It was ignored, unsaid."""
    for side, names in (("train", range(4)), ("val", range(4, 8))):
        for i in names:
            put(tmp_path, side, f"{i}", scene(i))
    recipe.mask_job(settings(tmp_path, valid_pct=0.1), events)
    said = "valid_pct= is not used: the validation set is given, by the folders train and valid."
    assert said in events.lines
