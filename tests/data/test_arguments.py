"""Arguments that are written once: they are shown, checked by name, and taken by position where fastai does."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from gatera.audio.data import AudioDataLoaders
from gatera.collab.data import CollabDataLoaders
from gatera.core.errors import ArgumentError
from gatera.data.arguments import LOADER_DEFAULTS, LoaderArguments, loader_arguments
from gatera.data.blocks.image import ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.transforms.item import Resize
from gatera.data.transforms.presets import aug_transforms
from gatera.tabular.data import TabularDataLoaders
from gatera.text.data import TextDataLoaders
from gatera.vision.data import ImageDataLoaders
from gatera.vision.segmentation import SegmentationDataLoaders

CONSTRUCTORS = [
    getattr(owner, name)
    for owner in (
        ImageDataLoaders, AudioDataLoaders, SegmentationDataLoaders, TextDataLoaders, TabularDataLoaders, CollabDataLoaders,
    )
    for name in dir(owner)
    if name.startswith("from_")
]  # fmt: skip


def named(function) -> str:
    return function.__qualname__ + (
        f" of {function.__self__.__name__}" if hasattr(function, "__self__") else ""
    )


def test_the_defaults_are_those_of_the_record():
    assert set(LOADER_DEFAULTS) == set(LoaderArguments.__annotations__)
    assert loader_arguments({"bs": 3, "item_tfms": 4, "cache": False}) == {"bs": 3, "cache": False}


@pytest.mark.parametrize("function", [*CONSTRUCTORS, DataBlock.dataloaders], ids=named)
def test_every_argument_of_loaders_is_shown(function):
    parameters = inspect.signature(function).parameters
    assert set(LOADER_DEFAULTS) < set(parameters)
    assert not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())


@pytest.mark.parametrize("function", CONSTRUCTORS, ids=named)
def test_an_unknown_name_is_refused_before_anything_is_read(function):
    wanted = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    with pytest.raises(ArgumentError) as err:
        function(*(None for _ in wanted), num_worker=0)
    owner = (
        function.__self__.__name__ if hasattr(function, "__self__") else function.__qualname__.split(".")[0]
    )
    assert str(err.value).startswith(f"{owner}.{function.__name__} has no argument 'num_worker'. Available: ")
    assert str(err.value).endswith("Did you mean 'num_workers'?")


def test_a_recipe_and_augmentation_refuse_unknown_names_too():
    with pytest.raises(
        ArgumentError, match=r"^DataBlock.dataloaders has no argument 'batch_size'\. Available: "
    ):
        DataBlock(ImageBlock).dataloaders([], batch_size=3)
    with pytest.raises(
        ArgumentError, match=r"^aug_transforms has no argument 'sise'.* Did you mean 'size'\?$"
    ):
        aug_transforms(sise=224)
    assert inspect.signature(aug_transforms).parameters["p_affine"].default == 0.75


def test_the_first_arguments_are_taken_by_position_as_in_fastai(photo_folder):
    files = sorted(photo_folder.glob("*/*.jpg"))
    dls = ImageDataLoaders.from_path_func(
        photo_folder,
        files,
        lambda file: file.parent.name,
        0.5,
        3,
        item_tfms=Resize(8),
        bs=2,
        val_bs=5,
        device="cpu",
    )
    assert (dls.train.n, dls.valid.n, dls.train.bs, dls.valid.bs) == (12, 12, 2, 5)
    again = ImageDataLoaders.from_folder(photo_folder, "train", "valid", 0.5, 3, item_tfms=Resize(8), bs=2)
    assert again.seed == dls.seed == 3
    assert np.array_equal(again.train_ds.targets, dls.train_ds.targets)
