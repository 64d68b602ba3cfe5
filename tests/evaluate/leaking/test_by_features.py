"""Crops on both sides of a split, which a learner's features propose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from gatera.core.errors import DataError
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.labels import ItemGetter
from gatera.data.sources.looks import look_at_photo
from gatera.data.splits.by_position import IndexSplitter
from gatera.data.transforms.item import Resize
from gatera.evaluate.leaking.by_features import leaks_by_features
from gatera.evaluate.leaking.find import Side, find_leaks
from gatera.evaluate.leaking.found import Leak, Leaks
from gatera.evaluate.leaking.of_loaders import leaks
from gatera.learn.learner import Learner
from gatera.samples import sample_path
from gatera.text.block import TextBlock
from gatera.vision.learner import vision_learner


def loaders(block, items, valid, **transforms) -> DataLoaders:
    x, y, split = ItemGetter(0), ItemGetter(1), IndexSplitter(valid)
    return DataBlock((block, CategoryBlock), get_x=x, get_y=y, splitter=split, **transforms).dataloaders(
        items, bs=2
    )


def cropped(photo: Image.Image) -> Image.Image:
    wide, high = photo.size
    return ImageOps.mirror(photo.crop((wide // 10, high // 5, wide * 85 // 100, high * 95 // 100)))


def pictures(n: int) -> list[Image.Image]:
    files = sorted((sample_path("pets_sample") / "images" / "cats").glob("*.jpg"))[:n]
    return [Image.open(file).convert("RGB") for file in files]


def side(photos: list[Image.Image], name: str) -> Side:
    places = range(len(photos))
    return Side(
        [look_at_photo(photo) for photo in photos], [f"{name}/{i}.jpg" for i in places], ["cat"] * len(photos)
    )


def test_more_copies_are_told_besides_those_that_are_known():
    photos = pictures(4)
    sides = {
        "train": side(photos[:3], "train"),
        "valid": side([photos[3], cropped(photos[1]), photos[2]], "valid"),
    }
    known = find_leaks(sides, "photos")
    assert known.places("valid").tolist() == [2]
    near = np.eye(3, dtype=np.float32)
    found = leaks_by_features(sides, {"train": near, "valid": near}, known)
    assert [(leak.place, leak.name, leak.train_name) for leak in found.pairs] == [
        (1, "valid/1.jpg", "train/1.jpg")
    ]
    assert found.lines(besides=known) == [
        "1 more of 3 photos of the validation set is also in the training set, cropped, stretched or turned: valid/1.jpg is nearly the "
        "same as train/1.jpg."
    ]
    assert found.lines()[0].startswith("1 of 3 photos")
    assert found.with_more(known).places("valid").tolist() == [1, 2]
    assert leaks_by_features(sides, {"train": near}).pairs == []  # of the other side nothing is known


def test_a_line_that_leaves_pairs_out_ends_with_dots():
    pair = Leak("valid", 0, "a", "b", 1.0)
    assert Leaks([pair] * 2, {"valid": 2}, "photos").lines(most=1)[0].endswith("a is the same as b; ...")


@pytest.mark.slow
def test_leaks_asks_a_learner_where_one_is_given(tmp_path):
    photos = pictures(6)
    items = []
    for place, photo in enumerate([*photos, cropped(photos[0])]):
        photo.save(tmp_path / f"{place}.jpg")
        items.append((tmp_path / f"{place}.jpg", "dog" if place in (2, 5) else "cat"))
    dls = loaders(ImageBlock, items, [4, 5, 6], item_tfms=Resize(96, "squish"))
    assert not leaks(dls)
    (pair,) = leaks(dls, vision_learner(dls, "efficientnet_lite0")).pairs
    assert (Path(pair.name).name, Path(pair.train_name).name, pair.train_label) == ("6.jpg", "0.jpg", "cat")
    with pytest.raises(DataError) as error:
        leaks(dls, Learner(dls, torch.nn.Flatten()))
    assert str(error.value) == (
        "the learner has no features to compare photos by. Got: 'Flatten'. Expected: a vision_learner with a linear head. Leave out "
        "learn=: thumbnails are compared then."
    )


def test_a_learner_of_texts_is_not_asked():
    dls = loaders(TextBlock, [("one good film", "a"), ("a bad one", "b"), ("so so", "a")], [2])
    with pytest.raises(
        DataError, match=r"compares photos by a learner's features, and these are texts\. Leave out learn="
    ):
        leaks(dls, Learner(dls, torch.nn.Flatten()))
