"""On real photos: a network that tells cats from dogs looks at the head."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

from gatera.data.transforms.item import Resize
from gatera.learn.learner import Learner
from gatera.models.backbones.architectures import efficientnet_lite0
from gatera.samples import sample_path
from gatera.vision.data import ImageDataLoaders
from gatera.vision.learner import vision_learner

pytestmark = pytest.mark.whole

SAMPLE = sample_path("pets_sample")


def heads() -> dict[str, tuple[int, int, int, int]]:
    """The boxes of the cats' heads by file name."""
    with (SAMPLE / "heads.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        row["file"]: tuple(int(float(row[side])) for side in ("left", "top", "right", "bottom"))
        for row in rows
        if row["file"][0].isupper()
    }


@pytest.fixture(scope="module")
def learn() -> Learner:
    """Trained on the photos without boxes."""
    boxes = heads()
    files = sorted((SAMPLE / "images").rglob("*.jpg"))
    train = [file for file in files if file.name not in boxes]
    dls = ImageDataLoaders.from_path_func(
        SAMPLE, train, lambda file: file.parent.name, valid_pct=0.1, seed=1, item_tfms=Resize(224, "squish"),
        num_workers=0, device="cpu",
    )  # fmt: skip
    learn = vision_learner(dls, efficientnet_lite0)
    learn.display.bar_on = learn.display.table_on = False
    learn.fit(1)
    return learn


def probability_of_cat(learn: Learner, photo: Image.Image) -> float:
    return float(learn.predict(photo).probabilities[list(learn.dls.vocab).index("cats")])


def photo_named(name: str) -> Image.Image:
    [path] = SAMPLE.glob(f"images*/**/{name}")
    with Image.open(path) as photo:
        return photo.convert("RGB")


def hidden(photo: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    copy = photo.copy()
    copy.paste((128, 128, 128), box)
    return copy


def elsewhere(box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box of the same size in the corner farthest from the head."""
    width, height = box[2] - box[0], box[3] - box[1]
    left = 0 if box[0] + box[2] > size[0] else size[0] - width
    top = 0 if box[1] + box[3] > size[1] else size[1] - height
    return left, top, left + width, top + height


def test_hiding_the_head_lowers_the_probability_of_cat_and_hiding_as_much_elsewhere_hardly_does(learn):
    falls, others = [], []
    for name, box in heads().items():
        photo = photo_named(name)
        whole = probability_of_cat(learn, photo)
        falls.append(whole - probability_of_cat(learn, hidden(photo, box)))
        others.append(whole - probability_of_cat(learn, hidden(photo, elsewhere(box, photo.size))))
    assert np.mean(np.array(falls) > 0) >= 0.9
    assert np.mean(falls) > 0.04 and np.mean(falls) > 10 * abs(np.mean(others))


def test_the_square_that_matters_most_lies_on_the_head(learn):
    on_head = []
    for name, box in list(heads().items())[:8]:
        photo = photo_named(name)
        found = learn.occlusion(photo, label="cats", patch=64, stride=32)
        top, left = found.most_important
        x, y = (left + 32) * photo.size[0] / 224, (top + 32) * photo.size[1] / 224
        on_head.append(box[0] - 20 <= x <= box[2] + 20 and box[1] - 20 <= y <= box[3] + 20)
    assert np.mean(on_head) >= 0.6
