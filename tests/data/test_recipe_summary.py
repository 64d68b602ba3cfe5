from __future__ import annotations

from pathlib import Path

import numpy as np

from gatera.data.blocks.base import TransformBlock
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.datablock import DataBlock
from gatera.data.sources.items import get_image_files
from gatera.data.sources.labels import parent_label
from gatera.data.splits.by_position import RandomSplitter
from gatera.data.transforms.item import Resize
from gatera.data.transforms.normalize import Normalize
from gatera.data.transforms.presets import aug_transforms


def recipe(**more) -> DataBlock:
    given = {"get_items": get_image_files, "splitter": RandomSplitter(0.25, seed=0), "get_y": parent_label}
    return DataBlock((ImageBlock, CategoryBlock), **(given | {"item_tfms": Resize(16)} | more))


def stages(text: str) -> dict[str, str]:
    return {line[2:28].strip(): line[29:] for line in text.splitlines() if line.startswith("  ")}


def test_a_summary_tells_what_comes_out_of_every_stage(photo_folder, capsys):
    text = recipe(batch_tfms=[*aug_transforms(size=12), Normalize([0.5] * 3, [0.5] * 3)]).summary(
        photo_folder
    )
    assert capsys.readouterr().out == text + "\n"
    told = stages(text)
    assert told["items"].startswith("24, e.g. ")
    assert told["split"] == "<Splits by RandomSplitter(valid_pct=0.25, seed=0): 18 train, 6 valid>"
    assert told["labels"] == "CategoryBlock, 2 labels (and how often in training): 'cat' (8), 'dog' (10)"
    assert told["read (ImageBlock)"] == "PILImage RGB, 32 x 40 pixels (height x width)"
    assert told["Resize"] == "Image RGB, 16 x 16 pixels (height x width)"
    assert told["to array"].startswith("uint8 [16, 16, 3], ")
    assert told["collate"].startswith("float32 [4, 3, 16, 16], ")
    assert told["x, as the model gets it"].startswith("float32 [4, 3, 12, 12], -")
    assert told["y"].startswith("int64 [4], ")
    assert (
        "    in one go: Flip, Warp, Rotate, Zoom, Brightness, Contrast\n    Normalize(mean=(0.5, 0.5, 0.5), "
        in text
    )


def failure(text: str) -> str:
    assert text.count("FAILED") == 1
    return text.splitlines()[-1].strip()


def test_a_summary_names_the_stage_that_fails(photo_folder, tmp_path):
    assert failure(recipe().summary(tmp_path)).startswith(
        "items                      FAILED: get_image_files found"
    )
    assert failure(recipe(get_y=lambda file: None).summary(photo_folder)).startswith(
        "labels                     FAILED: "
    )

    def broken(value):
        raise ValueError("no")

    shown = failure(recipe(item_tfms=broken).summary(photo_folder))
    assert shown.startswith("FunctionTransform          FAILED: Could not apply the transform to item ")
    shown = failure(recipe(batch_tfms=broken).summary(photo_folder))
    assert shown.startswith(
        "x, as the model gets it    FAILED: Could not apply the batch transform test_a_summary"
    )


def test_a_summary_shows_where_collation_fails(photo_folder, tmp_path):
    files = [*get_image_files(photo_folder), *[np.zeros((n, 9, 3), np.uint8) for n in range(5, 30)]]
    block = recipe(
        get_items=None, item_tfms=None, get_y=lambda item: "array" if isinstance(item, np.ndarray) else "file"
    )
    shown = failure(block.summary(files, bs=16))
    assert shown.startswith("collate                    FAILED: The items of a batch differ in size: item ")
    assert shown.endswith("Make them one size: item_tfms=Resize(224).")


def test_a_summary_of_values_that_are_not_photos():
    text = DataBlock(TransformBlock, splitter=RandomSplitter(0.5, seed=0)).summary([1.5, 2.5, 3.5, 4.5], bs=2)
    told = stages(text)
    assert told["labels"] == "none"
    assert told["to array"].startswith("float64 [], ")
    assert "FAILED" not in text


def test_numbers_as_labels_are_counted(photo_folder: Path):
    block = DataBlock(
        (ImageBlock, RegressionBlock(2)),
        get_image_files,
        RandomSplitter(seed=0),
        get_y=lambda f: (1, 2),
        item_tfms=Resize(8),
    )
    assert stages(block.summary(photo_folder))["labels"] == "RegressionBlock, 2 numbers"


def test_a_notebook_shows_the_summary_once(photo_folder):
    from IPython.core.formatters import DisplayFormatter

    text = recipe().summary(photo_folder)
    assert text.startswith("The recipe\n") and DisplayFormatter().format(text) == ({}, {})
