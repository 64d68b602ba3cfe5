from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from torch import nn

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.mask import MaskBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.datablock import DataBlock
from gatera.data.sources.labels import ItemGetter
from gatera.data.splits.by_position import IndexSplitter
from gatera.evaluate.questions.errors_by_slice import worst
from gatera.evaluate.questions.labels import HALF, label_errors
from gatera.learn.learner import Learner
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.learner import tabular_learner
from gatera.text.block import TextBlock
from gatera.text.learner import text_classifier_learner


def learner(block, y):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(160, 2)), columns=["a", "b"])
    frame["y"] = y(frame)
    dls = TabularDataLoaders.from_df(
        frame, cont_names=["a", "b"], y_names="y", y_block=block, valid_pct=0.3, seed=0, bs=16
    )
    return tabular_learner(dls), frame


@pytest.mark.slow
def test_planted_label_errors_of_rows_are_named_with_what_they_look_like():
    def labels(frame):
        y = np.where(frame.a > 0, "up", "down")
        far = np.flatnonzero(np.abs(frame.a) > 0.8)[:6]
        y[far] = np.where(y[far] == "up", "down", "up")
        return y

    learn, frame = learner(CategoryBlock(), labels)
    far = np.flatnonzero(np.abs(frame.a) > 0.8)[:6]
    found = label_errors(learn)
    named = {int(suspect.name.removeprefix("row ")) - 1 for suspect in found[:8]}
    assert len(named & set(far.tolist())) >= 5
    assert f"{len(found)} of 160 labels look wrong: row " in found.line() and found.line().endswith(HALF)
    assert len(found.clear()) <= len(found)
    assert found.to_dict()["suspects"][0]["side"] in ("train", "valid")
    with pytest.raises(DataError, match="no photos"):
        found.show()


def test_a_slice_is_found_by_a_column_and_by_what_is_said_of_items():
    learn, _ = learner(RegressionBlock(), lambda frame: np.where(frame.a > 1, 50.0, 0.0) + frame.b)
    found = worst(learn)
    assert found[0].name.startswith("a ")
    with pytest.raises(DataError, match="there is no test set: these loaders have none") as err:
        worst(learn, side=2)
    assert "valid_pct=0.2" in str(err.value)
    with pytest.raises(ArgumentError, match="side must be the number of a data set"):
        worst(learn, side="valid")
    with pytest.raises(DataError, match="one class per item"):
        label_errors(learn)
    sets = tabular_learner(
        TabularDataLoaders.from_df(
            pd.DataFrame({"a": np.arange(20.0), "y": [["up", "far"], ["up"], ["far"], ["up"]] * 5}), cont_names=["a"], y_names="y",
            y_block=MultiCategoryBlock(), valid_pct=0.3, bs=8,
        )
    )  # fmt: skip
    with pytest.raises(
        DataError, match=r"one class per item.*gatera report PROGRAM --data SOURCE judges each"
    ):
        label_errors(sets)


def rows(labels):
    frame = pd.DataFrame({"a": np.arange(len(labels), dtype=float), "y": labels})
    held = list(range(0, len(labels), 3))
    dls = TabularDataLoaders.from_df(
        frame, cont_names=["a"], y_names="y", y_block=CategoryBlock(), valid_idx=held, bs=2
    )
    return tabular_learner(dls, layers=[4])


def test_few_items_have_fewer_folds_with_every_class_in_each():
    found = label_errors(rows(["x", "x", "y", "y"]))
    assert found.n == 4
    assert label_errors(rows(["x", "x", "y", "y", "z"])).n == 5
    with pytest.raises(
        DataError, match=r"two classes with at least 2 items each.*1 of 2 classes, in 4 items"
    ):
        label_errors(rows(["x", "y", "x", "x"]))


def test_texts_without_words_of_two_letters_are_told_by_their_characters():
    texts = ["1 2", "a b", "👍", "!", "漢"] * 4
    block = DataBlock(
        (TextBlock, CategoryBlock),
        get_x=ItemGetter(0),
        get_y=ItemGetter(1),
        splitter=IndexSplitter([0, 1, 2, 3]),
    )
    items = [(text, "good" if text in ("👍", "漢") else "bad") for text in texts]
    learn = text_classifier_learner(block.dataloaders(items, bs=4), "AWD_LSTM", pretrained=False)
    assert not label_errors(learn)


def test_no_slice_is_by_the_label_itself():
    found = worst(rows(["x", "y"] * 30), side=0)
    assert {part.name.split(":")[0].split(" ")[0] for part in found} == {"class", "a"}


def test_errors_of_photos_with_masks_and_of_sets_of_labels():
    learn = Learner(
        photos(MaskBlock([0, 1]), [np.full((8, 8), i % 2, np.uint8) for i in range(24)]), nn.Conv2d(3, 2, 1)
    )
    assert {part.n for part in worst(learn, {"camera": ["a"] * 9 + [None] * 3})} == {9}
    several = photos(MultiCategoryBlock(), [["a"], ["a", "b"], []] * 8)
    flat = Learner(several, nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2)))
    parts = {part.name: part for part in worst(flat, {"camera": ["a"] * 9 + [None] * 3})}
    assert parts.keys() == {"camera: a", "has a: yes"} and parts["has a: yes"].n == 8
    assert parts["camera: a"].error in {i / 9 for i in range(10)}


def test_pixels_that_nobody_labelled_are_no_error_of_a_slice():
    masks = [np.full((8, 8), 255, np.uint8) for _ in range(24)]
    for mask in masks:
        mask[:2] = 0
    learn = Learner(photos(MaskBlock({0: "road", 255: "void"}), masks), nn.Conv2d(3, 2, 1))
    nn.init.zeros_(learn.model.weight)
    nn.init.constant_(learn.model.bias, 0)
    assert all(part.error == 0 for part in worst(learn, {"camera": ["a"] * 9 + [None] * 3}))


def photos(block, labels):
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    items = [(Image.fromarray(noise), label) for label in labels]
    recipe = DataBlock(
        (ImageBlock, block), get_x=ItemGetter(0), get_y=ItemGetter(1), splitter=IndexSplitter(range(12))
    )
    return recipe.dataloaders(items, bs=4)
