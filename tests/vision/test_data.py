from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pandas as pd
import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.from_files import as_y_block
from gatera.data.show.pil import PILImageBW
from gatera.data.sources.items import get_image_files
from gatera.data.splits.by_position import RandomSplitter
from gatera.data.transforms.item import Resize
from gatera.data.transforms.presets import aug_transforms
from gatera.vision.data import ImageDataLoaders

HOW = {"item_tfms": Resize(16), "bs": 4, "device": "cpu"}


def message(error, call) -> str:
    with pytest.raises(error) as err:
        call()
    return str(err.value)


def is_dog(name: str) -> bool:
    return name.startswith("dog")


@pytest.fixture
def sides(photo_folder: Path, tmp_path: Path) -> Path:
    """train/, valid/ and test/ with a folder per class."""
    for i, file in enumerate(get_image_files(photo_folder)):
        target = tmp_path / ("train", "train", "valid", "test")[i % 4] / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    return tmp_path


@pytest.fixture
def table(photo_folder: Path) -> pd.DataFrame:
    files = [file.relative_to(photo_folder) for file in get_image_files(photo_folder)]
    return pd.DataFrame({
        "name": [str(file) for file in files],
        "label": [file.parent.name for file in files],
        "held_out": [i % 3 == 0 for i in range(len(files))],
    })  # fmt: skip


# -- by name and path


def test_the_books_first_call(photo_folder):
    files = get_image_files(photo_folder)
    dls = ImageDataLoaders.from_name_func(
        photo_folder, files, valid_pct=0.25, seed=42, label_func=is_dog, item_tfms=Resize(16), bs=4
    )
    assert dls.vocab == [False, True]
    assert dls.path == photo_folder
    assert dls.seed == 42
    assert dls.valid_ds.items == [files[i] for i in RandomSplitter(0.25, 42)(files).valid]
    assert all(dls.train_ds.label(i) == is_dog(dls.items[i].name) for i in range(18))
    x, y = dls.one_batch()
    assert (x.shape, y.shape) == ((4, 3, 16, 16), (4,))


def test_all_options_reach_the_loaders(photo_folder):
    files = get_image_files(photo_folder)
    dls = ImageDataLoaders.from_name_func(
        photo_folder, files, is_dog, item_tfms=Resize(20), batch_tfms=aug_transforms(size=16), img_cls=PILImageBW, bs=5,
        val_bs=3, num_workers=0, device="cpu", shuffle=False, cache=False,
    )  # fmt: skip
    assert (dls.train.bs, dls.valid.bs, dls.train.shuffle, dls.train.random) == (5, 3, False, True)
    assert (dls.train.options.num_workers, dls.train.options.cache) == (0, False)
    assert dls.one_batch()[0].shape == (5, 1, 16, 16)


def test_without_a_seed_torchs_generator_splits_and_seeds(photo_folder):
    files = get_image_files(photo_folder)

    def make() -> tuple:
        dls = ImageDataLoaders.from_name_func(photo_folder, files, is_dog, **HOW)
        return tuple(dls.valid_ds.items), dls.seed

    torch.manual_seed(5)
    first, second = make(), make()
    torch.manual_seed(5)
    assert make() == first != second


def test_labels_by_path_and_by_pattern(photo_folder):
    files = get_image_files(photo_folder)
    makers = [
        lambda: ImageDataLoaders.from_path_func(
            photo_folder, files, lambda file: file.parent.name, seed=1, **HOW
        ),
        lambda: ImageDataLoaders.from_path_re(photo_folder, files, r"/([^/]+)_\d+.jpg$", seed=1, **HOW),
        lambda: ImageDataLoaders.from_name_re(photo_folder, files, r"^(.+)_\d+.jpg$", seed=1, **HOW),
        lambda: ImageDataLoaders.from_name_func(photo_folder, files, lambda name: name[:3], seed=1, **HOW),
    ]
    made = [make() for make in makers]
    assert all(dls.vocab == ["cat", "dog"] for dls in made)
    assert all(torch.equal(dls.train_ds.targets, made[0].train_ds.targets) for dls in made)


def test_names_may_be_text(photo_folder):
    files = [str(file) for file in get_image_files(photo_folder)]
    assert ImageDataLoaders.from_name_func(photo_folder, files, is_dog, **HOW).one_batch()[0].shape[0] == 4


def test_no_photos_are_said_at_once(tmp_path):
    for make in (ImageDataLoaders.from_name_func, ImageDataLoaders.from_path_func):
        assert message(DataError, lambda make=make: make(tmp_path, [], is_dog)) == (
            f"There are no photos in {tmp_path}. Check the path."
        )
    for make in (ImageDataLoaders.from_name_re, ImageDataLoaders.from_path_re):
        assert message(DataError, lambda make=make: make(tmp_path, [], "(.)")) == (
            f"There are no photos in {tmp_path}. Check the path."
        )


def test_a_label_function_that_fails_is_called_by_its_name(photo_folder):
    def number_of(name):
        return int(name)

    files = get_image_files(photo_folder)
    assert message(DataError, lambda: ImageDataLoaders.from_name_func(photo_folder, files, number_of)) == (
        f"Could not run get_y (test_a_label_function_that_fails_is_called_by_its_name.<locals>.number_of) on item 0 "
        f"({files[0]}): ValueError: invalid literal for int() with base 10: 'cat_0.jpg'."
    )


def test_a_pattern_that_does_not_fit_names_the_photo(photo_folder):
    files = get_image_files(photo_folder)
    shown = message(DataError, lambda: ImageDataLoaders.from_name_re(photo_folder, files, r"(\d+)_x"))
    assert shown.startswith(
        f"RegexLabeller found no label in 'cat_0.jpg' for item 0 ({files[0]}). Expected: "
    )


# -- by folder


def test_sides_in_folders(sides):
    dls = ImageDataLoaders.from_folder(sides, **HOW)
    assert dls.vocab == ["cat", "dog"]
    assert [loader.n for loader in dls] == [12, 6, 6]
    assert dls.test is not None
    assert {item.parents[1].name for item in dls.test.dataset.items} == {"test"}


def test_sides_with_other_names(sides):
    dls = ImageDataLoaders.from_folder(sides, train="valid", valid="test", **HOW)
    assert [loader.n for loader in dls] == [6, 6]


def test_folders_of_classes_are_split_at_random(photo_folder):
    dls = ImageDataLoaders.from_folder(photo_folder, valid_pct=0.25, seed=1, **HOW)
    assert (dls.train.n, dls.valid.n, dls.test) == (18, 6, None)
    given = ImageDataLoaders.from_folder(photo_folder, valid_pct=0.25, vocab=["dog", "cat"], **HOW)
    assert given.vocab == ["dog", "cat"]


def test_missing_sides_are_named_with_what_is_there(photo_folder, tmp_path):
    assert message(DataError, lambda: ImageDataLoaders.from_folder(photo_folder)) == (
        f"{photo_folder} has no folder 'train'. Available: cat, dog. "
        "For one folder per class, pass valid_pct=0.2; for other names of the two folders, train= and valid=."
    )
    missing = tmp_path / "nothing"
    assert message(DataError, lambda: ImageDataLoaders.from_folder(missing)).startswith(
        f"Folder {missing} does not exist. "
    )


def test_empty_folders_are_said(tmp_path):
    assert message(DataError, lambda: ImageDataLoaders.from_folder(tmp_path, valid_pct=0.2)) == (
        f"There are no photos in {tmp_path}. Check the path."
    )


def test_a_class_that_is_only_in_validation_is_named(sides):
    new = sides / "valid" / "fox" / "1.jpg"
    new.parent.mkdir()
    shutil.copy(sides / "train" / "cat" / "cat_0.jpg", new)
    shown = message(DataError, lambda: ImageDataLoaders.from_folder(sides, **HOW))
    assert shown.startswith("CategoryBlock got an unknown label for item ")
    assert shown.endswith(
        f"({new}). Got: 'fox'. Available: cat, dog. "
        "The known labels were learned from the training set: add 'fox' there, or pass vocab=."
    )


# -- by table


def test_photos_in_a_table(photo_folder, table):
    dls = ImageDataLoaders.from_df(table, photo_folder, seed=1, **HOW)
    assert dls.vocab == ["cat", "dog"]
    assert (dls.train.n, dls.valid.n) == (20, 4)
    assert dls.one_batch()[0].shape == (4, 3, 16, 16)
    held = ImageDataLoaders.from_df(
        table, photo_folder, fn_col="name", label_col="label", valid_col="held_out", **HOW
    )
    assert (held.train.n, held.valid.n) == (16, 8)


def test_names_in_a_table_get_folder_and_suffix(photo_folder, table):
    cats = table[table.label == "cat"].assign(
        name=[f"cat_{i}" for i in range(12)], label=[str(i % 2) for i in range(12)]
    )
    dls = ImageDataLoaders.from_df(cats, photo_folder, folder="cat", suff=".jpg", **HOW)
    assert Path(dls.train_ds.inputs[0]).is_file()
    assert Path(dls.train_ds.inputs[0]).parent == photo_folder / "cat"


def test_several_labels_in_a_cell_or_in_columns(photo_folder, table):
    tagged = table.assign(tags=["pet " + label for label in table.label])
    dls = ImageDataLoaders.from_df(tagged, photo_folder, label_col="tags", label_delim=" ", **HOW)
    assert (dls.task, dls.vocab) == ("multilabel", ["cat", "dog", "pet"])
    columns = table.assign(kind="pet")
    dls = ImageDataLoaders.from_df(columns, photo_folder, label_col=["label", "kind"], **HOW)
    assert (dls.task, dls.vocab) == ("multilabel", ["cat", "dog", "pet"])


def test_a_column_of_categories_keeps_their_order(photo_folder, table):
    ordered = table.assign(label=pd.Categorical(table.label, categories=["dog", "cat"]))
    assert ImageDataLoaders.from_df(ordered, photo_folder, **HOW).vocab == ["dog", "cat"]


def test_numbers_in_a_table(photo_folder, table):
    weights = table.assign(weight=range(24))
    dls = ImageDataLoaders.from_df(weights, photo_folder, label_col="weight", y_block=RegressionBlock, **HOW)
    assert (dls.task, dls.c) == ("regression", 1)


def test_a_table_of_labels_beside_the_photos(photo_folder, table, tmp_path):
    shutil.copytree(photo_folder, tmp_path / "photos")
    path = tmp_path / "photos"
    table.to_csv(path / "labels.csv", index=False)
    assert ImageDataLoaders.from_csv(path, **HOW).vocab == ["cat", "dog"]
    table.to_csv(path / "plain.tsv", index=False, header=False, sep="\t")
    dls = ImageDataLoaders.from_csv(path, "plain.tsv", header=None, delimiter="\t", **HOW)
    assert dls.vocab == ["cat", "dog"]


def test_trouble_in_a_table_names_its_line(photo_folder, table, tmp_path):
    path = tmp_path / "photos"
    shutil.copytree(photo_folder, path)
    (path / "labels.csv").write_text("name,label\ncat/cat_0.jpg,cat\n\ncat/cat_1.jpg,\n")
    assert message(DataError, lambda: ImageDataLoaders.from_csv(path)) == (
        "Column 1 is empty in line 4. Fill it in, or remove the rows."
    )
    (path / "labels.csv").write_text("cat/cat_0.jpg,cat\ncat/cat_0.jpg,dog\n")
    assert message(DataError, lambda: ImageDataLoaders.from_csv(path, header=None)) == (
        "The table contradicts itself about cat/cat_0.jpg: line 1 says 'cat', line 2 says 'dog'. "
        "Keep the right row. Several labels of one photo go into one cell, with label_delim=."
    )
    gone = table.assign(name=[f"{i}.jpg" for i in range(24)])
    assert message(DataError, lambda: ImageDataLoaders.from_df(gone, path, label_col="lable")) == (
        "No column 'lable' in the table. Available: name, label, held_out. Did you mean 'label'?"
    )
    assert message(DataError, lambda: ImageDataLoaders.from_df(gone, path)).startswith(
        f"24 of the 24 files in the table do not exist: {path}/0.jpg, "
    )


# -- by lists


def test_photos_and_labels_as_lists(photo_folder):
    files = get_image_files(photo_folder)
    dls = ImageDataLoaders.from_lists(
        photo_folder, files, [file.parent.name for file in files], seed=1, **HOW
    )
    assert dls.vocab == ["cat", "dog"]
    numbers = ImageDataLoaders.from_lists(photo_folder, files, [float(i) for i in range(24)], **HOW)
    assert numbers.task == "regression"
    several = ImageDataLoaders.from_lists(photo_folder, files, [["pet", f.parent.name] for f in files], **HOW)
    assert several.vocab == ["cat", "dog", "pet"]


def test_the_block_is_told_from_the_labels():
    assert as_y_block(None, ["a"]) == CategoryBlock()
    assert as_y_block(None, [3]) == CategoryBlock()
    assert as_y_block(None, [("a",)]) == MultiCategoryBlock()
    assert as_y_block(None, [1.5]) == RegressionBlock()
    assert as_y_block(None, pd.Categorical(["b"], categories=["b", "a"])) == CategoryBlock(
        ["b", "a"], sort=False
    )
    assert as_y_block(CategoryBlock, [1.5]) is CategoryBlock


def test_lists_must_be_of_one_length(photo_folder):
    assert message(
        ArgumentError, lambda: ImageDataLoaders.from_lists(photo_folder, ["a.jpg"], ["a", "b"])
    ) == ("fnames and labels differ in length. Got: (1, 2). Expected: one label for each of the photos.")
    assert message(DataError, lambda: ImageDataLoaders.from_lists(photo_folder, [], [])) == (
        f"There are no photos in {photo_folder}. Check the path."
    )


@pytest.mark.parametrize("held", ["test", "Valid", "batch 2"])
def test_files_of_a_test_folder_that_are_split_at_random_are_told(photo_folder, tmp_path, held):
    rows = ["file,label"]
    for side, numbers in (("train", range(9)), (held, range(9, 12))):
        for label in ("cat", "dog"):
            for number in numbers:
                (tmp_path / side).mkdir(exist_ok=True)
                shutil.copy(photo_folder / label / f"{label}_{number}.jpg", tmp_path / side)
                rows.append(f"{side}/{label}_{number}.jpg,{label}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    files, pattern = get_image_files(tmp_path), r"^(.+)_\d+.jpg$"
    for make in (
        lambda: ImageDataLoaders.from_name_re(tmp_path, files, pattern, seed=1, **HOW),
        lambda: ImageDataLoaders.from_csv(tmp_path, seed=1, **HOW),
        lambda: ImageDataLoaders.from_lists(
            tmp_path, files, [path.name[:3] for path in files], seed=1, **HOW
        ),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            make()
        said = [str(warning.message) for warning in caught if "split at random" in str(warning.message)]
        assert bool(said) == (held != "batch 2"), said
        assert all(f"in folders such as '{held}'" in line for line in said) and len(said) <= 1
