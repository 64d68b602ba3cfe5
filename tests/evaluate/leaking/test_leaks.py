from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageOps

from gatera.core.errors import DataError
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.labels import ItemGetter
from gatera.data.splits.by_position import IndexSplitter
from gatera.data.transforms.item import Resize
from gatera.evaluate.leaking.of_loaders import leaks
from gatera.tabular.data import TabularDataLoaders
from gatera.text.block import TextBlock


def scene(seed: int) -> Image.Image:
    draw = np.random.default_rng(seed)
    return Image.fromarray(draw.integers(0, 256, (14, 18, 3), np.uint8)).resize(
        (120, 90), Image.Resampling.BICUBIC
    )


def loaders(block, items, valid, **transforms):
    recipe = DataBlock(
        (block, CategoryBlock),
        get_x=ItemGetter(0),
        get_y=ItemGetter(1),
        splitter=IndexSplitter(valid),
        **transforms,
    )
    return recipe.dataloaders(items, bs=2)


def test_photos_on_both_sides_are_named_with_their_labels(tmp_path: Path):
    items = []
    for place, photo in enumerate([scene(0), scene(1), scene(2), ImageOps.mirror(scene(1)), scene(4)]):
        photo.save(tmp_path / f"{place}.png")
        items.append((tmp_path / f"{place}.png", "dog" if place in (0, 3) else "cat"))
    items.append((tmp_path / "2.png", "cat"))  # the same file again
    found = leaks(loaders(ImageBlock, items, [3, 4, 5], item_tfms=Resize(32)))
    assert [(leak.place, leak.side) for leak in found.pairs] == [(2, "valid"), (0, "valid")]
    assert found.places("valid").tolist() == [0, 2]
    (line,) = found.lines()
    assert line.startswith("2 of 3 photos of the validation set are also in the training set: ")
    assert "2.png is the same as" in line
    assert "3.png is nearly the same as" in line
    assert "1.png (labelled dog, there cat)" in line
    assert found.to_dict()["pairs"][1]["train_label"] == "cat"


def test_texts_and_rows_on_both_sides_are_found():
    texts = ["one good film", "a bad one", "so so", "A bad one!"]
    found = leaks(loaders(TextBlock, [(text, "ab"[i % 2]) for i, text in enumerate(texts)], [3]))
    assert [str(leak) for leak in found.pairs] == ["row 4 is the same as row 2"]
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(30, 4)), columns=list("abcd")).assign(y=[0, 1] * 15)
    frame.loc[29, list("abcd")] = frame.loc[3, list("abcd")]
    dls = TabularDataLoaders.from_df(
        frame, cont_names=list("abcd"), y_names="y", y_block=CategoryBlock(), valid_idx=[28, 29], bs=8
    )
    assert [str(leak) for leak in leaks(dls).pairs] == ["row 30 is the same as row 4"]


def test_no_leaks_say_so_and_need_two_sides():
    found = leaks(loaders(TextBlock, [("one good film", "a"), ("a bad one", "b"), ("so so", "a")], [2]))
    assert not found
    assert repr(found) == "No texts of the validation or test set are in the training set."
    with pytest.raises(
        DataError,
        match="leaks need a training and a validation set made by Gatera, and these loaders have no validation set",
    ):
        leaks(DataLoaders([(1, 2)]))


def test_copies_of_rows_are_found_whatever_their_labels():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(30, 4)), columns=list("abcd")).assign(y=[0, 1] * 15)
    frame.loc[29, list("abcd")] = frame.loc[2, list("abcd")]
    dls = TabularDataLoaders.from_df(
        frame, cont_names=list("abcd"), y_names="y", y_block=CategoryBlock(), valid_idx=[28, 29], bs=8
    )
    assert [str(leak) for leak in leaks(dls).pairs] == ["row 30 is the same as row 3 (labelled 1, there 0)"]
