from __future__ import annotations

import pickle
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from gatera.core.errors import ArgumentError, DataError, PhotoError
from gatera.data.blocks.base import TransformBlock
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.loading.loaders import Batch, DataLoader, DataLoaders, LoaderOptions
from gatera.data.loading.pipeline import FixedReader
from gatera.data.loading.readers.disk import DiskReader
from gatera.data.loading.readers.items import ItemReader
from gatera.data.sources.items import get_image_files
from gatera.data.sources.labels import parent_label
from gatera.data.splits.by_position import EndSplitter, RandomSplitter
from gatera.data.transforms.crops import RandomResizedCrop
from gatera.data.transforms.item import FlipItem, Resize
from gatera.data.transforms.normalize import Normalize
from gatera.data.transforms.presets import aug_transforms

RECIPES = {
    "plain": {},
    "item": {"item_tfms": [Resize(20), RandomResizedCrop(16), FlipItem()]},
    "batch": {"item_tfms": Resize(20), "batch_tfms": [*aug_transforms(size=16, min_scale=0.7), Normalize()]},
    "torchvision": {"item_tfms": [v2.RandomResizedCrop(16)], "batch_tfms": v2.RandomHorizontalFlip()},
}


def loaders(folder: Path, item_tfms=Resize(16), batch_tfms=None, bs=6, seed=1, **options) -> DataLoaders:  # noqa: B008
    block = DataBlock(
        (ImageBlock, CategoryBlock), get_image_files, RandomSplitter(0.25, seed=0), get_y=parent_label,
        item_tfms=item_tfms, batch_tfms=batch_tfms,
    )  # fmt: skip
    return block.dataloaders(folder, bs=bs, seed=seed, device="cpu", **options)


def epoch(loader: DataLoader, number: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    loader.set_epoch(number)
    batches = list(loader)
    return (
        torch.cat([x for x, _ in batches]),
        torch.cat([y for _, y in batches]),
        torch.cat([batch.index for batch in batches]),
    )


def message(error, call) -> str:
    with pytest.raises(error) as err:
        call()
    return str(err.value)


# -- what a batch is


def test_a_batch_is_a_pair_that_knows_its_items(photo_folder):
    dls = loaders(photo_folder)
    batch = next(iter(dls.train))
    x, y = batch
    assert isinstance(batch, Batch)
    assert (x.dtype, x.shape) == (torch.float32, (6, 3, 16, 16))
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert 0 <= x.min() < x.max() <= 1
    assert (y.dtype, y.shape) == (torch.int64, (6,))
    assert (batch.index.dtype, batch.index.shape) == (torch.int64, (6,))
    assert torch.equal(dls.train.dataset.targets[batch.index], y)


@pytest.mark.parametrize("name", ["plain", "item", "batch"])
def test_x_is_exactly_what_a_program_would_see(photo_folder, name):
    dls = loaders(photo_folder, **RECIPES[name])
    x, _, index = epoch(dls.valid)
    x = x if dls.normalize is None else dls.normalize.undo(x)
    for photo, i in zip(x, index, strict=True):
        pixels = dls.preprocess(dls.valid.dataset.inputs[i])
        expected = torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255
        torch.testing.assert_close(photo, expected, atol=0 if dls.normalize is None else 1e-6, rtol=0)


# -- order


def test_the_order_depends_on_seed_and_epoch_alone(photo_folder):
    dls = loaders(photo_folder)
    first, again = epoch(dls.train, 0)[2], epoch(dls.train, 0)[2]
    assert torch.equal(first, again)
    assert not torch.equal(first, epoch(dls.train, 1)[2])
    assert torch.equal(first, epoch(loaders(photo_folder).train, 0)[2])
    assert not torch.equal(first, epoch(loaders(photo_folder, seed=2).train, 0)[2])


def test_every_training_item_comes_once_and_an_unfilled_batch_is_left_out(photo_folder):
    dls = loaders(photo_folder, bs=4)
    assert dls.train.n == 18
    assert len(dls.train) == 4
    index = epoch(dls.train)[2].tolist()
    assert len(index) == len(set(index)) == 16


def test_validation_is_complete_and_in_order(photo_folder):
    dls = loaders(photo_folder, bs=4)
    assert len(dls.valid) == 2
    assert epoch(dls.valid)[2].tolist() == list(range(6))
    assert [len(batch[0]) for batch in dls.valid] == [4, 2]


def test_training_without_shuffling_keeps_the_order(photo_folder):
    assert epoch(loaders(photo_folder, shuffle=False).train)[2].tolist() == list(range(18))


def test_fewer_items_than_a_batch_make_one_small_batch_and_that_is_said(photo_folder):
    with pytest.warns(UserWarning) as said:
        dls = loaders(photo_folder, bs=64)
    assert [str(warning.message) for warning in said] == [
        "The training set has 18 items, fewer than bs=64: they make one small batch."
    ]
    assert [len(batch[0]) for batch in dls.train] == [18]


# -- workers


@pytest.mark.parametrize("name", RECIPES)
def test_any_number_of_workers_gives_the_same_numbers(photo_folder, name):
    results = [epoch(loaders(photo_folder, num_workers=n, **RECIPES[name]).train, 3) for n in (0, 1, 4)]
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.parametrize("name", list(RECIPES)[1:])
def test_every_item_has_draws_of_its_own(photo_folder, name):
    dls = loaders(photo_folder, shuffle=False, **RECIPES[name])
    dls.train.dataset.inputs[:] = [dls.train.dataset.inputs[0]] * 18
    assert len({photo.numpy().tobytes() for photo in epoch(dls.train)[0]}) > 2


@pytest.mark.parametrize("name", list(RECIPES)[1:])
def test_epochs_and_seeds_draw_differently_and_validation_never(photo_folder, name):
    dls = loaders(photo_folder, shuffle=False, **RECIPES[name])
    assert dls.train.random
    assert not dls.valid.random
    assert not torch.equal(epoch(dls.train, 0)[0], epoch(dls.train, 1)[0])
    other = loaders(photo_folder, shuffle=False, seed=9, **RECIPES[name])
    assert not torch.equal(epoch(dls.train, 0)[0], epoch(other.train, 0)[0])
    assert torch.equal(epoch(dls.valid, 0)[0], epoch(dls.valid, 1)[0])


def test_an_item_is_drawn_the_same_in_any_batch(photo_folder):
    a = epoch(loaders(photo_folder, bs=6, shuffle=False, **RECIPES["batch"]).train)
    b = epoch(loaders(photo_folder, bs=3, shuffle=False, **RECIPES["batch"]).train)
    torch.testing.assert_close(a[0], b[0])


def test_reading_leaves_torchs_generator_alone(photo_folder):
    dls = loaders(photo_folder, **RECIPES["torchvision"])
    state = torch.get_rng_state()
    list(dls.train)
    assert torch.equal(torch.get_rng_state(), state)


def test_threads_end_when_iteration_is_given_up(photo_folder):
    iterator = iter(loaders(photo_folder, bs=2, num_workers=3).train)
    next(iterator)
    assert reading_threads()
    iterator.close()
    deadline = time.monotonic() + 5
    while reading_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not reading_threads()


def reading_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("gatera-loader")]


@pytest.mark.parametrize(("device", "read"), [("cpu", 1), ("meta", 3)])
def test_only_for_a_gpu_are_batches_read_ahead(photo_folder, monkeypatch, device, read):
    started = []
    monkeypatch.setattr(DiskReader, "_start", recording(started, DiskReader._start))
    iterator = iter(loaders(photo_folder, bs=2, num_workers=2).train.to(device))
    next(iterator)
    assert len(started) == read
    iterator.close()


def recording(calls: list, function):
    def recorded(self, *args):
        calls.append(args)
        return function(self, *args)

    return recorded


def test_lambdas_and_local_functions_are_welcome(photo_folder):
    dls = loaders(photo_folder, item_tfms=[Resize(16), lambda image: image.rotate(90)], num_workers=2)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(dls.train.dataset.fields.pipeline.transforms[1].function)
    assert epoch(dls.train)[0].shape == (18, 3, 16, 16)


# -- randomness


def test_random_says_whether_anything_random_acts(photo_folder):
    assert not loaders(photo_folder).train.random
    assert not loaders(photo_folder, batch_tfms=Normalize([0.5] * 3, [0.5] * 3)).train.random
    assert loaders(photo_folder, item_tfms=[Resize(16), FlipItem()]).train.random
    assert loaders(photo_folder, batch_tfms=aug_transforms()).train.random


def test_where_nothing_is_random_training_reads_as_evaluation_does(photo_folder):
    dls = loaders(photo_folder, item_tfms=Resize(20), batch_tfms=v2.Resize((16, 16)))
    x, _, index = epoch(dls.train)
    assert torch.equal(x, epoch(dls.train.for_evaluation())[0][index])


def test_a_loader_for_evaluation_is_plain_and_complete(photo_folder):
    dls = loaders(photo_folder, bs=4, **RECIPES["batch"])
    plain = dls.train.for_evaluation()
    assert plain.dataset is dls.train.dataset
    assert epoch(plain)[2].tolist() == list(range(18))
    assert torch.equal(epoch(plain, 0)[0], epoch(plain, 1)[0])
    assert plain.device == dls.device


def test_augmented_views_of_any_items(photo_folder):
    dls = loaders(photo_folder, **RECIPES["batch"])
    views = [epoch_of(dls.train.augmenting(dls.valid.dataset, view)) for view in (0, 1, 0)]
    assert views[0].shape == (6, 3, 16, 16)
    assert torch.equal(views[0], views[2])
    assert not torch.equal(views[0], views[1])


def epoch_of(loader: DataLoader) -> torch.Tensor:
    return torch.cat([x for x, _ in loader])


def test_one_batch_is_the_first_of_the_epoch(photo_folder):
    dls = loaders(photo_folder, **RECIPES["batch"])
    assert torch.equal(dls.train.one_batch()[0], next(iter(dls.train))[0])
    assert torch.equal(dls.train.one_batch().index, next(iter(dls.train)).index)


# -- the cache


def test_photos_are_decoded_once(photo_folder, monkeypatch):
    calls: list[Path] = []
    monkeypatch.setattr(FixedReader, "__call__", counting(calls, FixedReader.__call__))
    dls = loaders(photo_folder)
    first = epoch(dls.train, 0)
    assert len(calls) == 18
    again = epoch(dls.train, 0)
    assert len(calls) == 18
    assert torch.equal(first[0], again[0])
    assert torch.equal(epoch(loaders(photo_folder).train, 0)[0], first[0])  # a later run
    assert len(calls) == 18
    loaders(photo_folder, cache=False).one_batch()
    assert len(calls) == 24


def counting(calls, function):
    def counted(self, raw):
        calls.append(raw)
        return function(self, raw)

    return counted


@pytest.mark.parametrize("name", ["plain", "batch"])
def test_the_cache_changes_nothing(photo_folder, name):
    without = epoch(loaders(photo_folder, cache=False, **RECIPES[name]).train)[0]
    for _ in range(2):
        assert torch.equal(epoch(loaders(photo_folder, **RECIPES[name]).train)[0], without)


def test_a_changed_photo_is_decoded_again(tmp_path):
    for i in range(4):
        (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), "black").save(tmp_path / "ab"[i % 2] / f"{i}.png")
    block = DataBlock(
        (ImageBlock, CategoryBlock(vocab="ab")),
        get_image_files,
        EndSplitter(0.5),
        get_y=parent_label,
        item_tfms=Resize(4),
    )
    dls = block.dataloaders(tmp_path, bs=2, device="cpu")
    assert epoch(dls.valid)[0].max() == 0
    Image.new("RGB", (9, 9), "white").save(dls.valid.dataset.inputs[0])
    assert epoch(dls.valid)[0].amax((1, 2, 3)).tolist() == [1, 0]


# -- what can go wrong


def test_an_unreadable_photo_is_named(photo_folder, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"")
    for workers in (0, 2):
        dls = loaders(photo_folder, num_workers=workers)
        dls.train.dataset.inputs[3] = bad
        assert message(PhotoError, lambda given=dls: epoch(given.train)) == (
            f"{bad} is empty (0 bytes). Download it again, or remove it."
        )


def test_items_without_a_path_are_named_by_number(photo_folder):
    dls = loaders(photo_folder, shuffle=False, num_workers=0)
    dls.train.dataset.inputs[0] = b"nothing"
    position = dls.train.dataset.positions[0]
    assert message(DataError, lambda: epoch(dls.train)).startswith(
        f"a photo of 7 bytes is not an image in a known format; it begins with b'nothing' for item {position} "
    )


def test_a_transform_that_fails_names_the_item(photo_folder):
    def broken(image):
        raise ValueError("too dark")

    dls = loaders(photo_folder, item_tfms=broken, shuffle=False)
    assert message(DataError, lambda: epoch(dls.train)) == (
        f"Could not read {dls.train.dataset.name(0)}: ValueError: too dark."
    )


@pytest.mark.parametrize("workers", [0, 4])
def test_photos_of_different_sizes_need_a_resize(photo_folder, workers):
    dls = loaders(photo_folder, item_tfms=None, shuffle=False, num_workers=workers)
    dls.train.dataset.inputs[4] = np.zeros((9, 7, 3), np.uint8)
    first, second = dls.train.dataset.name(0), dls.train.dataset.name(4)
    assert message(DataError, lambda: epoch(dls.train)) == (
        f"The items of a batch differ in size: {first} is 32 x 40 pixels (height x width), {second} is 9 x 7 pixels "
        "(height x width). Make them one size: item_tfms=Resize(224)."
    )


def test_batch_size_and_workers_are_numbers(photo_folder):
    assert message(ArgumentError, lambda: loaders(photo_folder, bs=0)) == ("bs must be at least 1. Got: 0.")
    assert message(ArgumentError, lambda: loaders(photo_folder, num_workers=-1)) == (
        "num_workers must be at least 0. Got: -1."
    )
    with pytest.raises(ArgumentError):
        LoaderOptions(seed=-1)


def test_a_list_of_pairs_is_for_torchs_loader():
    assert message(ArgumentError, lambda: DataLoader([(1, 2)])) == (
        "dataset is not a Gatera Dataset. Got: 'list'. "
        "Use torch.utils.data.DataLoader for it: DataLoaders takes both kinds of loaders."
    )


def test_batch_transforms_need_photos():
    block = DataBlock(
        (TransformBlock, TransformBlock), splitter=EndSplitter(0.5), batch_tfms=aug_transforms()
    )
    assert message(ArgumentError, lambda: block.dataloaders([1, 2, 3, 4], bs=2)) == (
        "batch_tfms act on photos. Got: 'TransformBlock'. Expected: ImageBlock."
    )


def test_other_values_than_photos_are_stacked_as_they_are():
    items = [(np.full(3, i, np.float32), i) for i in range(8)]
    block = DataBlock(splitter=EndSplitter(0.25), getters=[lambda item: item[0], lambda item: item[1]])
    dls = block.dataloaders(items, bs=3, shuffle=False, device="cpu")
    x, y, _ = epoch(dls.train)
    assert x[:, 0].tolist() == y.tolist() == [0, 1, 2, 3, 4, 5]
    assert dls.task is None
    assert dls.valid.show_batch()["input"].tolist() == ["[6. 6. 6.]", "[7. 7. 7.]"]


# -- looking


def test_a_batch_is_shown_with_its_labels(photo_folder):
    dls = loaders(photo_folder, **RECIPES["batch"])
    figure = dls.train.show_batch(max_n=4)
    titles = [axes.get_title() for axes in figure.axes]
    x, y = dls.train.one_batch()
    assert titles == [dls.vocab[i] for i in y[:4]]
    assert figure.get_suptitle() == "4 of 18 items"
    shown = figure.axes[0].images[0].get_array()
    expected = dls.normalize.undo(x)[0].permute(1, 2, 0) * 255
    np.testing.assert_allclose(shown, expected.numpy().round(), atol=1)


def test_one_item_is_shown_many_times(photo_folder):
    dls = loaders(photo_folder, **RECIPES["batch"])
    figure = dls.train.show_batch(max_n=3, unique=True)
    file = dls.train.dataset.inputs[int(dls.train.one_batch().index[0])]
    assert figure.get_suptitle() == f"{file.name}, seen 3 times"
    views = {axes.images[0].get_array().tobytes() for axes in figure.axes[:3]}
    assert len(views) == 3


def test_items_in_order_are_shown_from_all_over(photo_folder):
    dls = loaders(photo_folder)
    figure = dls.valid.show_batch(nrows=1, ncols=3)
    expected = [dls.valid.dataset.title(i) for i in (0, 2, 5)]
    assert [axes.get_title() for axes in figure.axes] == expected


def test_reading_knows_what_it_may_do_in_threads(photo_folder):
    dls = loaders(photo_folder, **RECIPES["torchvision"])
    assert ItemReader(dls.train.dataset, dls.train.batch_tfms, True, 0, on_gpu=False).finish_later
    assert not ItemReader(dls.train.dataset, dls.train.batch_tfms, False, 0, on_gpu=False).finish_later


def test_8_bits_for_a_gpu_and_floats_for_a_cpu_give_the_same(photo_folder):
    dls = loaders(photo_folder, item_tfms=Resize(20), batch_tfms=aug_transforms(size=16))
    expected = dls.train.one_batch()[0]
    loader = dls.train
    loader._reader.items = ItemReader(
        loader.dataset, loader.batch_tfms, True, loader.options.seed, on_gpu=True
    )
    loader._reader.items.pin = False
    x = loader.one_batch()[0]
    torch.testing.assert_close(x, expected, atol=2e-5, rtol=0)
    assert x.is_contiguous(memory_format=torch.channels_last)
