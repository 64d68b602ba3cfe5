from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader as TorchLoader
from torch.utils.data import TensorDataset

from gatera.core.errors import DataError, ExportError
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.datablock import DataBlock
from gatera.data.loading.loaders import DataLoader, DataLoaders
from gatera.data.sources.items import get_image_files
from gatera.data.sources.labels import parent_label
from gatera.data.splits.by_position import RandomSplitter, Splits
from gatera.data.transforms.item import Resize
from gatera.data.transforms.normalize import Normalize, imagenet_stats
from gatera.data.transforms.presets import aug_transforms


def loaders(
    folder: Path, y_block=CategoryBlock, get_y=parent_label, splitter=None, bs=6, **tfms
) -> DataLoaders:
    block = DataBlock(
        (ImageBlock, y_block), get_image_files, splitter or RandomSplitter(0.25, seed=0), get_y=get_y,
        **({"item_tfms": Resize(16)} | tfms),
    )  # fmt: skip
    return block.dataloaders(folder, folder, bs=bs, seed=4, device="cpu")


def message(error, call) -> str:
    with pytest.raises(error) as err:
        call()
    return str(err.value)


def test_loaders_know_their_data(photo_folder):
    dls = loaders(photo_folder)
    assert (dls.vocab, dls.c, dls.task) == (["cat", "dog"], 2, "classification")
    assert (dls.seed, dls.path, dls.bs, dls.device) == (4, photo_folder, 6, torch.device("cpu"))
    assert dls[0] is dls.train
    assert dls[1] is dls.valid
    assert dls[2] is dls.test is None
    assert list(dls) == [dls.train, dls.valid]
    assert dls.train_ds is dls.train.dataset
    assert dls.valid_ds is dls.valid.dataset
    assert dls.items == dls.train_ds.items
    assert dls.decode_label(torch.tensor(1)) == "dog"
    assert dls.normalize is None
    assert dls.one_batch()[0].shape == (6, 3, 16, 16)


def test_a_third_side_becomes_the_test_loader(photo_folder):
    dls = loaders(photo_folder, splitter=lambda items: Splits([0, 20], [1, 21], [2, 22, 23]), bs=2)
    assert dls.test.n == 3
    assert dls[2] is dls.test
    assert not dls.test.random


def test_a_given_seed_is_kept_and_none_is_drawn_from_torch(photo_folder):
    block = DataBlock(
        (ImageBlock, CategoryBlock),
        get_image_files,
        RandomSplitter(0.25, seed=0),
        get_y=parent_label,
        item_tfms=Resize(8),
    )

    def seed() -> int:
        return block.dataloaders(photo_folder, bs=4, device="cpu").seed

    torch.manual_seed(1)
    first = seed()
    second = seed()
    torch.manual_seed(1)
    assert seed() == first != second


def test_labels_are_counted(photo_folder):
    dls = loaders(photo_folder)
    counts = dls.class_counts
    assert counts.dtype == np.int64
    assert counts.tolist() == [
        sum(dls.train_ds.label(i) == label for i in range(18)) for label in ("cat", "dog")
    ]


def test_several_labels_are_counted_each(photo_folder):
    dls = loaders(
        photo_folder,
        MultiCategoryBlock,
        lambda file: ["pet", parent_label(file)],
        splitter=RandomSplitter(0.25, seed=0),
    )
    assert dls.task == "multilabel"
    assert dls.vocab == ["cat", "dog", "pet"]
    assert dls.class_counts[2] == 18
    assert dls.one_batch()[1].shape == (6, 3)
    assert dls.decode_label(torch.tensor([1.0, 0, 1])) == ["cat", "pet"]


def test_numbers_are_labels_too(photo_folder):
    dls = loaders(photo_folder, RegressionBlock, lambda file: len(file.stem))
    assert (dls.task, dls.vocab, dls.c) == ("regression", None, 1)
    assert dls.one_batch()[1].shape == (6, 1)
    assert message(DataError, lambda: dls.class_counts) == (
        "class_counts needs class labels. Got: 'regression'."
    )


# -- prediction


def test_what_happens_before_prediction_is_data(photo_folder):
    dls = loaders(photo_folder, item_tfms=Resize(20), batch_tfms=aug_transforms(size=16, min_scale=0.7))
    assert [op["op"] for op in dls.preprocess.config] == ["read_photo", "resize", "resize"]
    assert dls.preprocess(dls.items[0]).shape == (16, 16, 3)


def test_one_input_is_prepared_as_at_validation(photo_folder):
    dls = loaders(photo_folder, batch_tfms=[*aug_transforms(), Normalize.from_stats(*imagenet_stats)])
    x = dls.valid.one_batch()[0]
    for item in (dls.valid_ds.inputs[0], str(dls.valid_ds.inputs[0]), dls.valid_ds.inputs[0].read_bytes()):
        one = dls.input_batch(item)
        assert torch.equal(one, x[:1])
    assert one.is_contiguous(memory_format=torch.channels_last)


def test_code_cannot_be_data(photo_folder):
    def sharpen(image):
        return image

    dls = loaders(photo_folder, item_tfms=[Resize(8), sharpen])
    assert message(ExportError, lambda: dls.preprocess) == (
        "The item transform test_code_cannot_be_data.<locals>.sharpen acts at prediction and is Python code, which "
        "cannot be written into a program. Do it once on the files beforehand, or use Resize, CropPad or another item transform of Gatera."
    )
    dls = loaders(photo_folder, batch_tfms=sharpen)
    with pytest.raises(ExportError):
        dls.preprocess


def test_other_items_make_a_test_loader(photo_folder):
    dls = loaders(photo_folder, batch_tfms=aug_transforms())
    files = [dls.items[3], dls.items[1]]
    loader = dls.test_dl(files)
    ((x,),) = list(loader)  # as in fastai, a batch without labels has one field
    assert x.shape == (2, 3, 16, 16)
    assert torch.equal(x[:1], dls.input_batch(files[0]))
    ((_, y),) = list(dls.test_dl(files, with_labels=True))
    assert y.tolist() == [dls.vocab.o2i[parent_label(file)] for file in files]
    assert len(dls.test_dl(files, bs=1)) == 2
    pixels = np.zeros((9, 9, 3), np.uint8)
    assert dls.test_dl([pixels, torch.zeros(3, 9, 9), files[0].read_bytes()]).one_batch()[0].shape[0] == 3


def test_loaders_move_to_a_device(photo_folder):
    dls = loaders(photo_folder)
    assert dls.to("meta") is dls
    assert dls.device == dls.train.device == dls.valid.device == torch.device("meta")
    assert dls.one_batch()[0].device.type == "meta"
    assert dls.test_dl([dls.items[0]]).device.type == "meta"


# -- looking


def test_training_photos_are_shown(photo_folder):
    assert len(loaders(photo_folder).show_batch(max_n=2).axes) == 2


def test_results_are_shown_with_what_they_should_have_been(photo_folder):
    dls = loaders(photo_folder, batch_tfms=Normalize([0.5] * 3, [0.5] * 3))
    x, y = dls.valid.one_batch()
    labels = [dls.decode_label(i) for i in y[:3]]
    figure = dls.show_results(x[:3], labels, ["cat", "cat", "dog"])
    for axes, label, guess in zip(figure.axes, labels, ["cat", "cat", "dog"], strict=False):
        assert axes.get_title() == (f"✓ {guess}" if label == guess else f"✗ {guess}\nactually {label}")
    shown = np.asarray(figure.axes[0].images[0].get_array(), dtype=int)
    expected = dls.preprocess(dls.valid_ds.inputs[0]).astype(int)
    assert np.abs(shown - expected).max() <= 1
    assert dls.show_results(x[:1], [None], ["cat"]).axes[0].get_title() == "cat"


def test_numbers_are_shown_beside_each_other_and_not_marked(photo_folder):
    dls = loaders(photo_folder, RegressionBlock, lambda file: 889_000.0)
    x, _ = dls.one_batch()
    figure = dls.show_results(x[:2], [889_000.0, None], [871_234.0, 0.000123456])
    assert [axes.get_title() for axes in figure.axes[:2]] == ["871,200\nactually 889,000", "0.0001235"]


# -- loaders that are not ours


def plain() -> TorchLoader:
    return TorchLoader(TensorDataset(torch.rand(8, 3, 4, 4), torch.arange(8) % 2), batch_size=4)


def test_plain_torch_loaders_are_taken():
    dls = DataLoaders(plain(), plain(), device="cpu", seed=3)
    assert (dls.vocab, dls.c, dls.task, dls.bs, dls.seed) == (None, None, None, 4, 3)
    assert dls.one_batch()[0].shape == (4, 3, 4, 4)
    assert DataLoaders([(torch.ones(1), torch.ones(1))]).one_batch()[0].tolist() == [1]
    named = DataLoaders(plain(), vocab=["cat", "dog"], task="classification")
    assert (named.vocab, named.c, named.valid) == (["cat", "dog"], 2, None)
    assert named.normalize is None


def test_what_needs_our_loaders_says_so():
    dls = DataLoaders(plain(), plain())
    calls = {
        "show_batch": dls.show_batch,
        "test_dl": lambda: dls.test_dl([1]),
        "preprocess": lambda: dls.preprocess,
        "class_counts": lambda: dls.class_counts,
        "items": lambda: dls.items,
        "input_batch": lambda: dls.input_batch(1),
        "decode_label": lambda: dls.decode_label(1),
        "show_results": lambda: dls.show_results(torch.zeros(1), [1], [1]),
    }
    for name, call in calls.items():
        assert message(DataError, call) == (
            f"{name} needs loaders made by Gatera. Got: 'DataLoader'. "
            "Make them with ImageDataLoaders or DataBlock."
        )


def test_a_loader_of_ours_can_stand_alone(photo_folder):
    data = loaders(photo_folder)
    dls = DataLoaders(DataLoader(data.train_ds, 4), DataLoader(data.valid_ds, 4))
    assert dls.vocab == ["cat", "dog"]
    assert dls.seed == 0
