"""Masks and points from the folder to the program: they come back in the photo's own pixels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from gatera.core.errors import DataError
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.points import PointBlock
from gatera.data.datablock import DataBlock
from gatera.data.splits.by_position import RandomSplitter
from gatera.data.transforms.item import Resize
from gatera.data.transforms.normalize import Normalize
from gatera.data.transforms.presets import aug_transforms
from gatera.measure.metrics.masks import JaccardCoeffMulti, PixelAccuracy
from gatera.program.program import load_program
from gatera.vision.learner import vision_learner
from gatera.vision.segmentation import SegmentationDataLoaders
from gatera.vision.unet import unet_learner

SIZE = (72, 48)  # width, height of the photos
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[float, float]]]:
    """40 photos of a bright disc on dark ground with masks of it, and where its middle is."""
    folder, middles = tmp_path_factory.mktemp("discs"), {}
    draw = np.random.default_rng(0)
    for name in ("photos", "masks"):
        (folder / name).mkdir()
    for number in range(40):
        x, y = draw.uniform(12, 60), draw.uniform(12, 36)
        photo, mask = Image.new("RGB", SIZE, (30, 40, 50)), Image.new("L", SIZE, 0)
        box = (x - 8, y - 8, x + 8, y + 8)
        ImageDraw.Draw(photo).ellipse(box, (240, 220, 90))
        ImageDraw.Draw(mask).ellipse(box, 1)
        photo.save(folder / "photos" / f"{number}.png")
        mask.save(folder / "masks" / f"{number}.png")
        middles[f"{number}.png"] = (x, y)
    return folder, middles


def files(folder: Path) -> list[Path]:
    return sorted((folder / "photos").iterdir())


@pytest.fixture
def points(discs, tmp_path):
    folder, middles = discs
    dls = DataBlock(
        (ImageBlock, PointBlock), splitter=RandomSplitter(seed=1), get_y=lambda o: middles[o.name],
        item_tfms=Resize(128, "squish"),
    ).dataloaders(files(folder), bs=8, seed=1, device="cpu")  # fmt: skip
    return vision_learner(dls, "efficientnet_lite0", path=tmp_path)


@pytest.mark.whole
def test_points_are_learnt_and_come_back_in_the_photos_own_pixels(points, discs):
    _, middles = discs
    points.fit_one_cycle(20, 1e-2)
    program = load_program(points.export("points.gatera"))
    misses = []
    for photo in points.dls.valid_ds.items:
        answer = program.predict(photo)
        ours = points.predict(photo)
        assert np.allclose(answer.label, ours.label, atol=1e-3)
        misses.append(np.hypot(*(np.ravel(answer.label) - middles[photo.name])))
    assert np.median(misses) < 5  # pixels of the photo; a blind guess misses by 15
    photo = points.dls.valid_ds.items[0]
    large = Image.open(photo).resize((SIZE[0] * 5, SIZE[1] * 5))
    assert np.hypot(*(np.ravel(program.predict(large).label) / 5 - middles[photo.name])) < 10


def test_the_same_seed_gives_the_same_points_learner(points, discs, tmp_path):
    other = vision_learner(points.dls, "efficientnet_lite0", path=tmp_path)
    for (name, one), two in zip(
        points.model.state_dict().items(), other.model.state_dict().values(), strict=True
    ):
        assert one.equal(two), name


@pytest.fixture
def masks(discs, tmp_path):
    folder, _ = discs
    dls = SegmentationDataLoaders.from_label_func(
        folder, files(folder), lambda o: folder / "masks" / o.name, seed=1, codes=["ground", "disc"], bs=8,
        item_tfms=Resize(64, "squish"), batch_tfms=aug_transforms(max_warp=0), device="cpu",
    )  # fmt: skip
    metrics = [PixelAccuracy(), JaccardCoeffMulti()]
    return unet_learner(dls, "resnet18", pretrained=False, metrics=metrics, path=tmp_path)


@pytest.mark.whole
def test_masks_are_learnt_and_come_back_in_the_photos_own_pixels(masks, discs):
    folder, _ = discs
    masks.fit_one_cycle(3, 3e-3)
    _, right, overlap = masks.validate()
    assert right > 0.95 and overlap > 0.7
    path = masks.export("masks.gatera")
    program = load_program(path)
    for photo in masks.dls.valid_ds.items[:4]:
        mask, _, probabilities = program.predict(photo)
        truth = np.asarray(Image.open(folder / "masks" / photo.name))
        assert mask.shape == truth.shape == (SIZE[1], SIZE[0])
        assert (mask == truth).mean() > 0.94
        theirs = masks.predict(photo).probabilities
        np.testing.assert_allclose(np.asarray(theirs), np.asarray(probabilities), atol=1e-4)
    asks = (
        "import sys; from gatera.program.program import load_program; "
        "print(load_program(sys.argv[1]).predict(sys.argv[2]).label.shape); "
        "assert not {'torch', 'pandas'} & set(sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asks, str(path), str(files(folder)[0])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == f"({SIZE[1]}, {SIZE[0]})"


@pytest.mark.parametrize("given", [False, True])
def test_photos_are_normalised_once(discs, tmp_path, given):
    """By the body, as its weights were trained, or by the loaders where the user says so there."""
    folder, _ = discs
    dls = SegmentationDataLoaders.from_label_func(
        folder, files(folder)[:8], lambda o: folder / "masks" / o.name, seed=1, codes=["ground", "disc"], bs=2,
        item_tfms=Resize(32, "squish"), batch_tfms=[Normalize.from_stats((0.5,) * 3, (0.5,) * 3)] if given else None,
        device="cpu",
    )  # fmt: skip
    bodies = [
        unet_learner(dls, "resnet18", pretrained=False, path=tmp_path).model.body,
        vision_learner(dls, "resnet18", pretrained=False, n_out=2, path=tmp_path).model[0],
    ]
    black = torch.zeros(1, 3, 8, 8)
    assert [torch.equal(body.normalized(black), black) for body in bodies] == [given, given]


def test_photos_of_different_sizes_are_named(discs, tmp_path):
    folder, _ = discs
    Image.new("RGB", (50, 50)).save(tmp_path / "odd.png")
    with pytest.raises(DataError, match=r"odd\.png is 50 x 50"):
        SegmentationDataLoaders.from_label_func(
            folder,
            [*files(folder), tmp_path / "odd.png"],
            lambda o: folder / "masks" / o.name,
            codes=["a", "b"],
        )


def test_pictures_of_masks_and_points_can_be_drawn(masks, points, tmp_path):
    for learn in (masks, points):
        for number, figure in enumerate((learn.dls.show_batch(max_n=4), learn.show_results(max_n=4))):
            figure.savefig(tmp_path / f"{number}.png")
            assert len(figure.axes) >= 4
