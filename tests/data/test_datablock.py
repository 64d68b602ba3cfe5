from __future__ import annotations

from dataclasses import FrozenInstanceError

import pandas as pd
import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.sources.items import FileGetter, get_image_files
from gatera.data.sources.labels import ColReader, ItemGetter, parent_label
from gatera.data.splits.by_position import ColSplitter, IndexSplitter, RandomSplitter, Splits
from gatera.data.transforms.item import FlipItem, Resize
from gatera.data.transforms.normalize import Normalize
from gatera.data.transforms.presets import aug_transforms

PETS = (ImageBlock, CategoryBlock)


def recipe(**more) -> DataBlock:
    given = {"get_items": get_image_files, "splitter": RandomSplitter(0.25, seed=0), "get_y": parent_label}
    return DataBlock(PETS, **(given | {"item_tfms": Resize(16)} | more))


def message(error, call) -> str:
    with pytest.raises(error) as err:
        call()
    return str(err.value)


# -- the recipe


def test_a_recipe_is_frozen_and_new_makes_another():
    block = recipe()
    with pytest.raises(FrozenInstanceError):
        block.item_tfms = Resize(8)
    other = block.new(item_tfms=Resize(8), batch_tfms=aug_transforms())
    assert block.item_tfms == Resize(16)
    assert block.batch_tfms is None
    assert other.item_tfms == Resize(8)
    assert other.splitter is block.splitter
    assert other.new(item_tfms=[FlipItem()]).batch_tfms == other.batch_tfms


def test_one_recipe_makes_any_number_of_data_sets(photo_folder, tmp_path):
    block = recipe()
    first = block.datasets(photo_folder)
    second = block.datasets(photo_folder)
    assert first.train.items == second.train.items
    assert first.vocab == ["cat", "dog"]
    assert block.blocks == PETS


def test_the_split_is_what_the_splitter_says(photo_folder):
    data = recipe(splitter=IndexSplitter([0, 13])).datasets(photo_folder)
    files = get_image_files(photo_folder)
    assert data.valid.items == [files[0], files[13]]
    assert data.splits.valid.tolist() == [0, 13]
    assert len(data.train) == 22
    assert data.test is None
    assert len(list(data)) == 2


def test_a_users_splitter_returns_two_lists(photo_folder):
    data = recipe(splitter=lambda items: (range(2, 20), [0, 1])).datasets(photo_folder)
    assert (len(data.train), len(data.valid)) == (18, 2)


def test_a_fifth_is_held_out_unless_told(photo_folder):
    torch.manual_seed(3)
    data = recipe(splitter=None).datasets(photo_folder)
    assert (len(data.train), len(data.valid)) == (20, 4)


def test_labels_are_read_once_per_item_and_only_of_items_in_use(photo_folder):
    calls = []
    block = recipe(
        splitter=lambda items: Splits([0, 20], [1, 21]), get_y=lambda f: calls.append(f) or f.parent.name
    )
    dls = block.dataloaders(photo_folder, bs=2, device="cpu")
    list(dls.train), list(dls.valid)
    files = get_image_files(photo_folder)
    assert calls == [files[i] for i in (0, 1, 20, 21)]


def test_the_vocabulary_is_learned_from_the_training_split(photo_folder):
    files = get_image_files(photo_folder)
    dogs = [i for i, file in enumerate(files) if file.parent.name == "dog"]
    cats = [i for i in range(24) if i not in dogs]
    block = recipe(
        splitter=lambda items: Splits(cats, dogs),
        get_y=lambda f: "dog" if f.parent.name == "dog" else f.stem[-1],
    )
    assert message(DataError, lambda: block.datasets(photo_folder)).startswith(
        f"CategoryBlock got an unknown label for item {dogs[0]} ({files[dogs[0]]}). Got: 'dog'. Available: 0, 1, 2"
    )


# -- the book's shapes


def test_a_table_without_blocks_gives_its_rows():
    table = pd.DataFrame({"fname": ["a", "b", "c", "d", "e"], "labels": ["x y", "x", "y", "x", "y"]})
    data = DataBlock().datasets(table)
    assert len(data.train) == 4
    x, y = data.train[0]
    assert x["fname"] == y["fname"]
    block = DataBlock(get_x=lambda row: row["fname"], get_y=lambda row: row["labels"])
    x, y = block.datasets(table).train[0]
    assert table.set_index("fname").loc[x, "labels"] == y


def test_several_labels_from_a_table(photo_folder):
    files = get_image_files(photo_folder)
    table = pd.DataFrame({
        "file": [str(file.relative_to(photo_folder)) for file in files],
        "tags": [f"pet {file.parent.name}" for file in files],
        "is_valid": [i % 4 == 0 for i in range(24)],
    })  # fmt: skip
    block = DataBlock(
        (ImageBlock, MultiCategoryBlock), splitter=ColSplitter(), get_x=ColReader("file", pref=photo_folder),
        get_y=ColReader("tags", label_delim=" "), item_tfms=Resize(8),
    )  # fmt: skip
    data = block.datasets(table)
    idxs = torch.where(data.train[0][1] == 1.0)[0]
    assert data.train.vocab[idxs] == ["cat", "pet"]
    dls = block.dataloaders(table, bs=6, device="cpu")
    assert dls.one_batch()[1].sum(1).tolist() == [2] * 6
    assert dls.train_ds.items[0]["tags"] == "pet cat"
    assert dls.test_dl(table.iloc[:2]).one_batch()[0].shape == (2, 3, 8, 8)


def test_pairs_are_taken_apart_by_getters(photo_folder):
    pairs = [(file, file.parent.name) for file in get_image_files(photo_folder)]
    block = DataBlock(PETS, getters=[ItemGetter(0), ItemGetter(1)], item_tfms=Resize(8))
    assert block.datasets(pairs).vocab == ["cat", "dog"]


def test_items_may_have_no_labels(photo_folder):
    dls = DataBlock(ImageBlock, get_image_files, item_tfms=Resize(8)).dataloaders(
        photo_folder, bs=4, device="cpu"
    )
    assert len(dls.one_batch()) == 1
    assert (dls.vocab, dls.c, dls.task) == (None, None, None)


def test_normalisation_is_computed_from_the_training_split(photo_folder):
    dls = recipe(batch_tfms=[*aug_transforms(), Normalize()]).dataloaders(photo_folder, bs=6, device="cpu")
    plain = recipe().dataloaders(photo_folder, bs=6, device="cpu").train.for_evaluation()
    x = torch.cat([x for x, _ in plain])
    assert dls.normalize.mean == pytest.approx(x.mean((0, 2, 3)).tolist(), abs=1e-5)
    assert dls.valid.batch_tfms.normalize == dls.normalize
    values = torch.cat([x for x, _ in dls.train.for_evaluation()])
    assert values.mean((0, 2, 3)).abs().max() < 1e-4
    assert (values.std((0, 2, 3)) - 1).abs().max() < 1e-3


# -- what can go wrong


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    shown = message(DataError, lambda: recipe().datasets(tmp_path))
    assert shown.startswith(
        f"get_image_files found nothing in {tmp_path}. Expected: files whose names end in .avif, "
    )
    assert shown.endswith(", .webp. Check the path.")
    getter = FileGetter(extensions=".wav")
    assert message(DataError, lambda: recipe(get_items=getter).datasets(tmp_path)) == (
        f"FileGetter found nothing in {tmp_path}. Expected: files whose names end in .wav. Check the path."
    )
    assert message(DataError, lambda: recipe(get_items=None).datasets([])) == (
        "No items: the list or table is empty."
    )


def test_a_folder_needs_get_items(photo_folder):
    assert message(ArgumentError, lambda: recipe(get_items=None).datasets(photo_folder)) == (
        "source is a path, but this DataBlock has no get_items to list its files. "
        f"Got: {str(photo_folder)!r}. Pass get_items=get_image_files to DataBlock."
    )


def test_a_splitter_that_returns_nonsense_is_named(photo_folder):
    def halves(items):
        return 3

    assert message(DataError, lambda: recipe(splitter=halves).datasets(photo_folder)).startswith(
        "The splitter test_a_splitter_that_returns_nonsense_is_named.<locals>.halves did not return index lists."
    )


def test_a_label_function_that_fails_names_the_photo(photo_folder):
    first = get_image_files(photo_folder)[0]
    assert message(DataError, lambda: recipe(get_y=lambda file: int(file.stem)).datasets(photo_folder)) == (
        "Could not run get_y (test_a_label_function_that_fails_names_the_photo.<locals>.<lambda>.<locals>.<lambda>) on "
        f"item 0 ({first}): ValueError: invalid literal for int() with base 10: 'cat_0'."
    )


def test_a_single_class_is_warned_of(photo_folder):
    with pytest.warns(UserWarning, match="Every training item is labelled 'cat'.* Check get_y"):
        made = recipe().datasets(photo_folder / "cat")
    assert made.vocab == ["cat"] and "1 class: cat" in repr(made)


def test_blocks_are_an_input_and_a_label():
    for blocks in ((), (ImageBlock, CategoryBlock, CategoryBlock)):
        assert message(ArgumentError, lambda given=blocks: DataBlock(given)) == (
            f"A DataBlock takes one input and at most one target. Got: ({list(blocks)!r}, None). "
            "Expected: two blocks, or one for items without labels; n_inp=1."
        )
    with pytest.raises(ArgumentError):
        DataBlock(PETS, get_y=parent_label, n_inp=2)
    assert DataBlock(PETS, get_y=parent_label, n_inp=1)


def test_a_photo_is_not_a_label_yet():
    assert message(ArgumentError, lambda: DataBlock((ImageBlock, ImageBlock))) == (
        "ImageBlock describes inputs, not targets. Expected: CategoryBlock, MultiCategoryBlock, RegressionBlock, "
        "TransformBlock, or another subclass of TargetBlock."
    )


def test_a_label_is_not_an_input():
    assert message(ArgumentError, lambda: DataBlock((CategoryBlock, CategoryBlock))) == (
        "CategoryBlock describes targets, not inputs. Expected: ImageBlock, TransformBlock, or another subclass of "
        "InputBlock."
    )


def test_a_label_needs_get_y():
    assert message(ArgumentError, lambda: DataBlock(PETS)) == (
        "get_y, which returns the label of an item, is missing; CategoryBlock needs it. "
        "For photos in a folder per class: get_y=parent_label."
    )


@pytest.mark.parametrize("more", [{"getters": [len]}, {"getters": [len, len], "get_x": len}])
def test_getters_are_one_per_block(more):
    assert message(ArgumentError, lambda: DataBlock(PETS, **more)) == (
        "getters does not match the blocks. Got: "
        f"{more['getters']!r}. Expected: one function per block, and no get_x or get_y."
    )


def test_transforms_are_checked_when_the_recipe_is_made():
    with pytest.raises(ArgumentError):
        recipe(item_tfms=Resize)
    with pytest.raises(ArgumentError):
        recipe(batch_tfms=[Normalize(), Normalize()])


def test_a_batch_size_that_suits_the_data_is_chosen_and_said(photo_folder, capsys):
    assert recipe().dataloaders(photo_folder, device="cpu").bs == 8
    line = "Batch size 8: an epoch of 18 items has 2 updates; pass bs= to change it.\n"
    assert capsys.readouterr().err == line
    assert recipe().dataloaders(photo_folder, bs=8, device="cpu").bs == 8
    assert capsys.readouterr().err == ""
