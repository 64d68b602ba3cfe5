from __future__ import annotations

import numpy as np
import pytest

from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.mask import MaskBlock
from gatera.data.datablock import DataBlock
from gatera.data.show.pil import PILImageBW
from gatera.data.sources.items import get_image_files
from gatera.data.sources.labels import parent_label
from gatera.data.splits.by_position import IndexSplitter, RandomSplitter
from gatera.data.transforms.crops import RandomResizedCrop
from gatera.data.transforms.geometry import Rotate
from gatera.data.transforms.item import Resize
from gatera.data.transforms.normalize import Normalize
from gatera.text.block import TextBlock

SHOWN = {
    "ImageBlock()": ImageBlock(),
    "ImageBlock(cls=PILImageBW)": ImageBlock(PILImageBW),
    "CategoryBlock()": CategoryBlock(),
    "CategoryBlock(vocab=['cat', 'dog'])": CategoryBlock().fit(["dog", "cat"]),
    "CategoryBlock(vocab=[0, 1, 2, 3, 4, 5, ... 99 in all])": CategoryBlock().fit(range(99)),
    "MaskBlock(codes={0: 'road', 255: 'sky'})": MaskBlock({0: "road", 255: "sky"}),
    "TextBlock(pad=1)": TextBlock().fit(["many words"] * 1000),
    "Resize(size=224)": Resize(224),
    "RandomResizedCrop(size=(20, 30), min_scale=0.3)": RandomResizedCrop((20, 30), 0.3),
    "Rotate(max_deg=45, p=1.0)": Rotate(45, 1.0),
    "Normalize(mean=(0.3333, 0.5, 0.1), std=(1.0, 1.0, 1.0))": Normalize((1 / 3, 0.5, 0.1), (1.0, 1.0, 1.0)),
    "RandomSplitter(valid_pct=0.2, seed=3)": RandomSplitter(
        seed=3
    ),  # its share is of interest even if it is the usual one
    "IndexSplitter(valid_idx=[7, 8, 9])": IndexSplitter([7, 8, 9]),
    (
        "DataBlock(blocks=(ImageBlock, CategoryBlock), get_items=get_image_files, get_y=parent_label, "
        "item_tfms=[Resize(size=8)])"
    ): DataBlock(
        (ImageBlock, CategoryBlock), get_items=get_image_files, get_y=parent_label, item_tfms=[Resize(8)]
    ),
}


@pytest.mark.parametrize("text", SHOWN)
def test_what_differs_from_the_defaults_is_shown(text):
    assert repr(SHOWN[text]) == text


def test_long_values_are_cut():
    assert len(repr(TextBlock(tok=b"x" * 10_000, pad=0))) < 120
    assert len(repr(IndexSplitter(np.arange(10_000)))) < 120
