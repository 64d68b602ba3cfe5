from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gatera.core.errors import ExportError
from gatera.data.blocks.base import TransformBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.loading.pipeline import FixedReader, Pipeline, as_photo
from gatera.data.show.pil import PILImageBW
from gatera.data.transforms.crops import RandomCrop, RandomResizedCrop
from gatera.data.transforms.item import FlipItem, Resize
from gatera.data.transforms.torchvision import item_transforms

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)


def test_the_steps_of_a_reader_are_those_of_a_program():
    reader = FixedReader(ImageBlock(), [Resize(16)])
    assert reader.config == [
        {"op": "read_photo", "mode": "RGB", "at_least": [16, 16]},
        {
            "op": "resize",
            "size": [16, 16],
            "method": "crop",
            "pad_mode": "reflection",
            "resample": "bilinear",
        },
    ]
    assert reader.size == (16, 16)
    np.testing.assert_array_equal(reader(PIXELS), reader.preprocessing()(PIXELS))


def test_a_photo_is_decoded_smaller_only_where_it_is_shrunk_at_once():
    assert FixedReader(ImageBlock(), [RandomCrop(16)]).config[0]["at_least"] is None
    assert FixedReader(ImageBlock()).config == [{"op": "read_photo", "mode": "RGB", "at_least": None}]
    assert FixedReader(ImageBlock()).size is None


def test_a_function_between_the_steps_is_run_too():
    reader = FixedReader(ImageBlock(), item_transforms([Resize(16), lambda image: image.rotate(90)]))
    assert reader.config is None
    expected = np.rot90(FixedReader(ImageBlock(), [Resize(16)])(PIXELS))
    np.testing.assert_array_equal(reader(PIXELS), expected)
    with pytest.raises(ExportError):
        reader.preprocessing()


def test_what_batch_transforms_leave_for_prediction_follows_the_functions():
    more = [{"op": "resize", "size": [8, 8], "method": "squish"}]
    reader = FixedReader(ImageBlock(PILImageBW), item_transforms(lambda image: image.rotate(90)), more)
    assert reader(PIXELS).shape == (8, 8, 1)


def test_tensors_are_read_as_photos():
    reader = FixedReader(ImageBlock(), [Resize(16)])
    tensor = torch.from_numpy(PIXELS).permute(2, 0, 1)
    np.testing.assert_array_equal(reader(tensor), reader(PIXELS))


def test_training_begins_with_what_is_the_same_in_every_epoch():
    pipeline = Pipeline(ImageBlock(), [Resize(20), FlipItem(p=1.0), Resize(10)])
    assert pipeline.random
    assert pipeline.beginning.size == (20, 20)
    assert [type(tfm).__name__ for tfm in pipeline.random_transforms] == ["FlipItem", "Resize"]
    assert pipeline.evaluation.size == (10, 10)
    drawn = pipeline.apply_random(pipeline.beginning.photo(PIXELS), np.random.default_rng(0))
    np.testing.assert_array_equal(
        drawn, Resize(10)(FlipItem(1.0)(Resize(20)(as_photo(PIXELS)), np.random.default_rng()))
    )


def test_without_random_transforms_training_is_evaluation():
    pipeline = Pipeline(ImageBlock(), [Resize(20)])
    assert not pipeline.random
    assert pipeline.beginning is pipeline.evaluation
    at_prediction = Pipeline(ImageBlock(), [Resize(20)], [{"op": "center_crop", "size": [9, 9]}])
    assert at_prediction.beginning.size == (20, 20)
    assert at_prediction.evaluation.size == (9, 9)


def test_a_random_first_transform_gets_the_whole_photo():
    pipeline = Pipeline(ImageBlock(), [RandomResizedCrop(10)])
    assert pipeline.beginning.photo(PIXELS).size == (40, 30)
    assert pipeline.evaluation.size == (10, 10)


def test_grey_photos_become_images_and_back():
    assert as_photo(PIXELS[:, :, :1]).mode == "L"
    assert as_photo(PIXELS).mode == "RGB"


def test_other_values_are_taken_as_they_come():
    assert FixedReader(TransformBlock())([1, 2]).tolist() == [1, 2]
    assert isinstance(FixedReader(ImageBlock()).photo(PIXELS), Image.Image)
