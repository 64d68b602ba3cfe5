from __future__ import annotations

import torch
from torch.utils.data import TensorDataset

from gatera.data.blocks.base import TransformBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.points import PointBlock
from gatera.data.datablock import DataBlock
from gatera.data.loading.loaders import DataLoaders
from gatera.data.splits.by_position import IndexSplitter
from gatera.data.transforms.item import Resize
from gatera.data.transforms.presets import aug_transforms
from gatera.vision.data import ImageDataLoaders

PETS = "ImageBlock -> CategoryBlock, 2 classes: cat, dog"


def pets(folder):
    return ImageDataLoaders.from_folder(
        folder,
        valid_pct=0.25,
        seed=1,
        item_tfms=Resize(24),
        batch_tfms=aug_transforms(size=16),
        bs=4,
        device="cpu",
    )


def test_loaders_show_inputs_classes_counts_and_sizes(photo_folder):
    dls = pets(photo_folder)
    assert repr(dls) == (
        f"<DataLoaders: {PETS}; photos of 16 x 16 pixels, on cpu\n"
        "  train: 18 items in 4 batches of 4\n"
        "  valid: 6 items in 2 batches of 4>"
    )
    assert repr(dls.train) == "<DataLoader: 18 items in 4 batches of 4, shuffled, augmented, on cpu>"
    assert repr(dls.valid) == "<DataLoader: 6 items in 2 batches of 4, on cpu>"
    assert repr(dls.train_ds) == f"<Dataset of 18 items: {PETS}>"
    assert repr(dls.train_ds.fields.pipeline) == "<Pipeline: ImageBlock -> Resize(size=24) -> resize>"
    assert repr(dls.train.batch_tfms).startswith("<BatchPipeline: Flip(size=16) -> Warp(size=16, p=0.75) -> ")


def test_a_photo_is_so_many_pixels_high_and_wide(photo_folder):
    dls = ImageDataLoaders.from_folder(photo_folder, valid_pct=0.25, seed=1, item_tfms=Resize((16, 24)), bs=4)
    assert "photos of 16 x 24 pixels" in repr(dls)


def test_a_notebook_shows_a_table(photo_folder):
    dls = pets(photo_folder)
    page = dls._repr_html_()
    assert page.startswith("<div ") and page.endswith("</table>")
    assert "<caption" not in page  # a caption is no wider than its table: four lines of a few words each
    assert (
        "DataLoaders: ImageBlock -&gt; CategoryBlock, 2 classes: cat, dog; photos of 16 x 16 pixels, on cpu"
        in page
    )
    assert "train</th>" in page and "18 items in 4 batches of 4</td>" in page


def test_a_recipes_data_sets_show_their_sizes(photo_folder):
    files = sorted(photo_folder.glob("*/*.jpg"))
    block = DataBlock((ImageBlock, PointBlock), splitter=IndexSplitter([0]), get_y=lambda file: [(1, 2)])
    assert repr(block.datasets(files)) == "<Datasets: 23 train, 1 valid; ImageBlock -> PointBlock, 2 numbers>"
    plain = DataBlock(TransformBlock, splitter=IndexSplitter([0])).datasets([1.0, 2.0, 3.0])
    assert repr(plain) == "<Datasets: 2 train, 1 valid; TransformBlock>"


def test_loaders_of_others_show_what_they_know():
    loader = torch.utils.data.DataLoader(TensorDataset(torch.zeros(5, 2), torch.zeros(5)), batch_size=2)
    dls = DataLoaders(loader, [(torch.zeros(1), torch.zeros(1))], device="cpu")
    assert repr(dls) == "<DataLoaders, on cpu\n  train: 3 batches of 2\n  valid: 1 batch>"
    assert "valid: batches" in repr(DataLoaders(loader, iter([]), device="cpu"))
