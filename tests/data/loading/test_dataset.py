from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.base import TransformBlock
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.loading.dataset import Dataset, FittedFields, Rows, apply_getter, as_items, take
from gatera.data.loading.pipeline import Pipeline
from gatera.data.sources.items import Items
from gatera.data.sources.labels import ColReader, parent_label
from gatera.data.transforms.crops import RandomResizedCrop
from gatera.data.transforms.item import Resize

TABLE = pd.DataFrame(
    {"file": ["a.jpg", "b.jpg", "c.jpg"], "label": ["cat", "dog", "cat"]}, index=[10, 20, 30]
)


def fields(*tfms, get_x=None, get_y=parent_label, y=None) -> FittedFields:
    block = CategoryBlock().fit(["cat", "dog"]) if y is None else y
    return FittedFields(ImageBlock(), block, get_x, get_y, Pipeline(ImageBlock(), tfms))


def make(files, labels=("cat", "dog"), *tfms, **more) -> Dataset:
    return Dataset(fields(*tfms, **more), Items(files), list(files), list(labels))


@pytest.fixture
def two(photo_folder: Path) -> Dataset:
    return make([photo_folder / "cat" / "cat_0.jpg", photo_folder / "dog" / "dog_3.jpg"])


def message(error, call) -> str:
    with pytest.raises(error) as err:
        call()
    return str(err.value)


# -- items


def test_a_table_is_a_sequence_of_rows():
    rows = as_items(TABLE)
    assert isinstance(rows, Rows)
    assert as_items(rows) is rows
    assert len(rows) == 3
    assert rows[1]["file"] == "b.jpg"
    assert rows[-1].name == 30
    assert [row["file"] for row in rows[1:]] == ["b.jpg", "c.jpg"]
    assert [row["file"] for row in take(rows, [2, 0])] == ["c.jpg", "a.jpg"]


def test_other_collections_become_items():
    assert as_items(("a", "b")) == Items(["a", "b"])
    assert take(Items("abc"), [2, 0]) == ["c", "a"]


def test_a_getter_is_called_once_per_item():
    calls = []
    found = apply_getter(lambda item: calls.append(item) or item.upper(), "get_y", Items("abc"), [2, 0])
    assert found == {2: "C", 0: "A"}
    assert calls == ["c", "a"]
    assert apply_getter(None, "get_x", Items("abc"), [1]) == {1: "b"}


def test_a_getter_that_fails_names_the_item():
    def get_y(path):
        raise KeyError("no such breed")

    assert message(DataError, lambda: apply_getter(get_y, "get_y", Items([Path("a/1.jpg")]), [0])) == (
        "Could not run get_y (test_a_getter_that_fails_names_the_item.<locals>.get_y) on item 0 (a/1.jpg): "
        "KeyError: 'no such breed'."
    )
    reader = ColReader("breed")
    row = TABLE.iloc[0]
    assert " for item 0 (row 10). Available: file, label." in message(
        DataError, lambda: apply_getter(reader, "get_y", [row], [0])
    )


# -- the data set


def test_an_item_is_its_photo_and_its_encoded_label(two):
    x, y = two[1]
    assert isinstance(x, Image.Image)
    assert int(y) == 1
    assert len(two) == 2
    assert two.targets.tolist() == [0, 1]
    assert two.targets.dtype == torch.int64
    assert two.vocab == ["cat", "dog"]
    assert [two.label(i) for i in range(2)] == [two.title(i) for i in range(2)] == ["cat", "dog"]


def test_items_without_labels_have_none(two):
    plain = Dataset(two.fields, two.items, two.inputs, None)
    assert plain.targets is None
    assert len(plain[0]) == 1
    assert plain.label(0) is None
    assert plain.title(0) == ""


def test_values_that_are_no_labels_are_kept_raw():
    data = Dataset(
        FittedFields(TransformBlock(), TransformBlock(), None, None, Pipeline(TransformBlock())),
        Items([1, 2]), [1, 2], [{"a": 1}, {"b": 2}],
    )  # fmt: skip
    assert data.raw_labels[1] == {"b": 2}


def test_an_unusable_label_names_its_item(photo_folder):
    file = photo_folder / "cat" / "cat_0.jpg"
    assert message(DataError, lambda: Dataset(fields(), [file], [file], ["fox"], positions=[731])) == (
        f"CategoryBlock got an unknown label for item 731 ({file}). Got: 'fox'. Available: cat, dog. "
        "The known labels were learned from the training set: add 'fox' there, or pass vocab=."
    )
    assert message(DataError, lambda: Dataset(fields(), [file], [file], [None])) == (
        f"CategoryBlock got no label (None) for item 0 ({file}). Label it, or remove the item."
    )


def test_items_have_names(two):
    assert two.name(1) == f"item 1 ({two.inputs[1]})"


def test_a_subset_keeps_names_and_labels(two):
    part = two.subset([1])
    assert len(part) == 1
    assert part.label(0) == "dog"
    assert part.name(0) == two.name(1)


# -- other items


def test_other_items_are_read_like_these(two, photo_folder):
    files = [str(photo_folder / "dog" / "dog_1.jpg"), two.inputs[0]]
    other = two.like(files, with_labels=True)
    assert other.targets.tolist() == [1, 0]
    assert two.like(files).targets is None


def test_paths_go_through_get_x_only_where_items_are_paths(two):
    data = make([Path("a.jpg")], ["cat"], get_x=lambda path: Path("photos") / path)
    assert data.like([Path("b.jpg")]).inputs == [Path("photos/b.jpg")]
    pixels = np.zeros((4, 4, 3), np.uint8)
    assert data.like([pixels]).inputs[0] is pixels
    rows = Dataset(fields(get_x=ColReader("file")), as_items(TABLE), ["a.jpg"] * 3, ["cat"] * 3)
    assert rows.like([Path("x.jpg")]).inputs == [Path("x.jpg")]
    assert rows.like(TABLE.iloc[1:]).inputs == ["b.jpg", "c.jpg"]
    assert rows.like([b"\xff"]).inputs == [b"\xff"]


def test_other_items_come_as_a_list(two):
    assert message(ArgumentError, lambda: two.like("a.jpg")) == (
        "items must be a list. Got: 'a.jpg'. Expected: a list of them. Write [item]."
    )
    assert message(DataError, lambda: two.like([])) == "There are no items to predict."


# -- caches


def test_there_is_one_cache_for_one_way_of_reading(two, photo_folder):
    data = make(two.inputs, ["cat", "dog"], Resize(8))
    reader = data.fields.pipeline.evaluation
    assert data.cache(reader) is data.cache(reader) is not None


def test_only_files_of_one_fixed_size_are_cached(two, monkeypatch):
    assert two.cache(two.fields.pipeline.evaluation) is None  # every photo keeps its own size
    random = make(two.inputs, ["cat", "dog"], RandomResizedCrop(8))
    assert random.cache(random.fields.pipeline.beginning) is None
    assert random.cache(random.fields.pipeline.evaluation) is not None
    arrays = make([np.zeros((4, 4, 3), np.uint8)], ["cat"], Resize(8))
    assert arrays.cache(arrays.fields.pipeline.evaluation) is None
    monkeypatch.setenv("GATERA_CACHE", "off")
    assert random.cache(random.fields.pipeline.evaluation) is None
